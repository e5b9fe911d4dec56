// Which service leaks its database pool away? This one: when looking up a coupon fails, it returns without release.
//
// ERROR_PATH=release is the healthy twin: the same error, the same answer, but the connection goes back to the pool.

import { createServer } from "node:http";
import { createPool } from "mysql2/promise";
import { openJournal } from "../journal.mjs";

const POOL_SIZE = 10;
const leaks = process.env.ERROR_PATH === "leak";
const journal = openJournal(process.env.JOURNAL);

const pool = createPool({
  host: "127.0.0.1",
  port: Number(process.env.DATABASE_PORT),
  user: "shop",
  password: "shop",
  database: "shop",
  connectionLimit: POOL_SIZE,
  // The mysql2 defaults, spelled out, for they are the incident: wait for a connection for ever, in a queue without limit.
  waitForConnections: true,
  queueLimit: 0,
});

const server = createServer(async (request, response) => {
  const id = request.headers["x-request-id"];
  const url = new URL(request.url, "http://shop.example");
  journal("received", { id, proxy_port: request.socket.remotePort });
  request.socket.once("end", () => journal("proxy_closed", { id, proxy_port: request.socket.remotePort }));
  const answer = (body) => {
    journal("answered", { id });
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };

  if (url.pathname === "/healthz") return answer({ alive: true });

  const connection = await pool.getConnection();
  const database = { port: connection.connection.stream.localPort, thread: connection.threadId };
  const query = (sql, values) => {
    journal("query", { id, database, sql: connection.format(sql, values) });
    return connection.query(sql, values);
  };

  const [[order]] = await query("SELECT total_cents FROM orders WHERE id = ?", [Number(url.pathname.split("/")[2])]);
  const coupon = url.searchParams.get("coupon");
  if (coupon !== null) {
    try {
      const [[found]] = await query("SELECT percent FROM coupons WHERE code = ?", [coupon]);
      order.total_cents -= Math.round((order.total_cents * found.percent) / 100);
    } catch (error) {
      journal(leaks ? "leaked" : "released_after_error", { id, database, error: error.code });
      if (!leaks) connection.release();
      answer({ total_cents: order.total_cents, coupon: "unknown" });
      return undefined;
    }
  }
  connection.release();
  return answer({ total_cents: order.total_cents });
});

server.on("connection", (socket) => journal("accepted", { proxy_port: socket.remotePort }));

// Node would answer the proxy's FIN with its own. A service whose handler blocks (a goroutine in database/sql, a thread in
// a pool) does not get to it; this switch makes Node behave like those, and the socket stays in CLOSE_WAIT.
server.httpAllowHalfOpen = true;
server.listen(Number(process.env.PORT), "127.0.0.1");
