// How does the service of these recordings speak to MariaDB? Through mysql2's own pool, with statements as text.

import { createPool } from "mysql2/promise";

export const STATEMENTS = {
  warmUp: "SELECT 1",
  orders: "SELECT total_cents FROM orders WHERE id = ?",
  reports: "SELECT total_cents FROM order_totals WHERE id = ?",
  stock: "SELECT pieces FROM stock WHERE id = ?",
};

export function openPool(port, size) {
  const pool = createPool({
    host: "127.0.0.1",
    port,
    user: "shop",
    password: "shop",
    database: "shop",
    connectionLimit: size,
    // Connections are kept, as most services are told to.
    maxIdle: size,
    // The defaults, spelled out: wait for a connection for ever, in a queue without limit.
    waitForConnections: true,
    queueLimit: 0,
  });
  return {
    async take() {
      const connection = await pool.getConnection();
      return {
        port: connection.connection.stream.localPort,
        backend: connection.threadId,
        asSent: (sql, values) => connection.format(sql, values),
        query: async (sql, values) => (await connection.query(sql, values))[0],
        release: () => connection.release(),
      };
    },
  };
}
