-- What does the shop's PostgreSQL hold? Orders, a view of them, and coupons whose column was renamed under the service's feet.
CREATE TABLE orders (id INT PRIMARY KEY, total_cents INT NOT NULL, payments INT NOT NULL DEFAULT 0);
INSERT INTO orders (id, total_cents) SELECT n, 1000 + n * 37 FROM generate_series(1, 50) AS n;
CREATE VIEW order_totals AS SELECT id, total_cents FROM orders;
CREATE TABLE coupons (code VARCHAR(16) PRIMARY KEY, discount_percent INT NOT NULL);
INSERT INTO coupons VALUES ('SPRING', 10);
CREATE ROLE shop LOGIN PASSWORD 'shop';
GRANT UPDATE ON orders TO shop;
GRANT SELECT ON orders, order_totals, coupons TO shop;
