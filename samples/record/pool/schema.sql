-- What does the shop's database hold? Orders, and a coupons table whose column was renamed under the service's feet.
CREATE DATABASE shop;
USE shop;
CREATE TABLE orders (id INT PRIMARY KEY, total_cents INT NOT NULL);
INSERT INTO orders (id, total_cents) SELECT seq, 1000 + seq * 37 FROM seq_1_to_50;
CREATE TABLE coupons (code VARCHAR(16) PRIMARY KEY, discount_percent INT NOT NULL);
INSERT INTO coupons VALUES ('SPRING', 10);
CREATE USER 'shop'@'127.0.0.1' IDENTIFIED BY 'shop';
GRANT SELECT ON shop.* TO 'shop'@'127.0.0.1';
