// How does the service of these recordings speak to PostgreSQL? Through pg's own pool, with bound parameters.

import pg from "pg";

export const STATEMENTS = {
  warmUp: "SELECT 1",
  orders: "SELECT total_cents FROM orders WHERE id = $1",
  // The column was renamed under the service's feet: error 42703.
  coupon: "SELECT percent FROM coupons WHERE code = $1",
  begin: "BEGIN",
  pay: "UPDATE orders SET payments = payments + 1 WHERE id = $1",
  commit: "COMMIT",
  reports: "SELECT total_cents FROM order_totals WHERE id = $1",
};

export function openPool(port, size) {
  const pool = new pg.Pool({
    host: "127.0.0.1",
    port,
    user: "shop",
    password: "shop",
    database: "shop",
    application_name: "shop-service",
    max: size,
    // pg's default, spelled out, for it is the incident: wait for a connection for ever.
    connectionTimeoutMillis: 0,
    // Connections are kept, as most services are told to.
    idleTimeoutMillis: 0,
  });
  return {
    async take() {
      const client = await pool.connect();
      // The server may end a connection that is out of the pool: idle_in_transaction_session_timeout.
      const ended = () => {};
      client.on("error", ended);
      return {
        port: client.connection.stream.localPort,
        backend: client.processID,
        asSent: (sql) => sql,
        query: async (sql, values) => (await client.query(sql, values.length === 0 ? undefined : values)).rows,
        release() {
          client.off("error", ended);
          client.release();
        },
      };
    },
  };
}
