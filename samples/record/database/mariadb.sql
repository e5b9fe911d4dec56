-- What does the shop's MariaDB hold? Orders, a view of them, and the stock, which another session will lock.
CREATE DATABASE shop;
USE shop;
CREATE TABLE orders (id INT PRIMARY KEY, total_cents INT NOT NULL);
INSERT INTO orders (id, total_cents) SELECT seq, 1000 + seq * 37 FROM seq_1_to_50;
CREATE VIEW order_totals AS SELECT id, total_cents FROM orders;
CREATE TABLE stock (id INT PRIMARY KEY, pieces INT NOT NULL);
INSERT INTO stock (id, pieces) SELECT seq, seq * 11 FROM seq_1_to_50;
CREATE USER 'shop'@'127.0.0.1' IDENTIFIED BY 'shop';
GRANT SELECT ON shop.* TO 'shop'@'127.0.0.1';
