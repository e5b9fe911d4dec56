// Which service stands before the database? This one: it takes a connection from its pool, asks, and gives it back.
//
// ERROR_PATH=leak: when looking up a coupon fails, it answers and returns without giving the connection back.
// ERROR_PATH=release: the same error, the same answer, but the connection goes back to the pool.
// A payment whose receipt cannot be printed is answered without COMMIT, and its connection is kept: idle in transaction.
// A caller who is gone while his request waits for a connection costs no query.

import { createServer } from "node:http";
import { openJournal } from "../journal.mjs";

const { DATABASE, DATABASE_PORT, POOL_SIZE, ERROR_PATH, JOURNAL, PORT } = process.env;
const { openPool, STATEMENTS } = await import(`./${DATABASE}.mjs`);
const leaks = ERROR_PATH === "leak";
const journal = openJournal(JOURNAL);
const pool = openPool(Number(DATABASE_PORT), Number(POOL_SIZE));

/** Takes a connection, and says which; null when the caller has gone meanwhile. */
async function take(id, isGone) {
  journal("wants_connection", { id });
  const connection = await pool.take();
  if (isGone()) {
    journal("gone_before_query", { id });
    connection.release();
    return null;
  }
  const ask = async (statement, values) => {
    const sql = connection.asSent(statement, values);
    const on = { id, port: connection.port, backend: connection.backend, sql, statement };
    journal("query", on);
    try {
      const rows = await connection.query(statement, values);
      journal("result", { ...on, rows: rows.length });
      return rows[0];
    } catch (error) {
      journal("failed", { ...on, error: error.code });
      throw error;
    }
  };
  return { ...connection, ask };
}

async function order(id, n, coupon, isGone) {
  const connection = await take(id, isGone);
  if (connection === null) return null;
  const { total_cents } = await connection.ask(STATEMENTS.orders, [n]);
  if (coupon !== null) {
    try {
      await connection.ask(STATEMENTS.coupon, [coupon]);
    } catch {
      if (leaks) journal("leaked", { id, port: connection.port });
      else connection.release();
      return { total_cents, coupon: "unknown" };
    }
  }
  connection.release();
  return { total_cents };
}

async function pay(id, n, receipt, isGone) {
  const connection = await take(id, isGone);
  if (connection === null) return null;
  await connection.ask(STATEMENTS.begin, []);
  await connection.ask(STATEMENTS.pay, [n]);
  if (receipt !== null) {
    journal("forgot_commit", { id, port: connection.port, backend: connection.backend });
    return { receipt };
  }
  await connection.ask(STATEMENTS.commit, []);
  connection.release();
  return { paid: true };
}

async function lookUp(id, table, n, isGone) {
  const connection = await take(id, isGone);
  if (connection === null) return null;
  const row = await connection.ask(STATEMENTS[table], [n]);
  connection.release();
  return row;
}

const server = createServer(async (request, response) => {
  const id = request.headers["x-request-id"];
  const { pathname, searchParams } = new URL(request.url, "http://shop.example");
  const [, table, n] = pathname.split("/");
  let gone = false;
  response.on("close", () => {
    if (response.writableFinished) return;
    gone = true;
    journal("caller_gone", { id });
  });
  journal("received", { id, path: request.url });
  const isGone = () => gone;
  const body =
    table === "healthz"
      ? { alive: true }
      : table === "orders"
        ? await order(id, Number(n), searchParams.get("coupon"), isGone)
        : table === "payments"
          ? await pay(id, Number(n), searchParams.get("receipt"), isGone)
          : await lookUp(id, table, Number(n), isGone);
  if (gone) return;
  // Said when the kernel has taken all of it, which it does not when the caller's RST came first.
  const { socket } = response;
  response.on("finish", () => {
    if (socket.errored === null) journal("answered", { id });
  });
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
});

server.on("connection", () => journal("accepted"));

// As services do: the whole pool is opened, and tried, before the first request is taken.
const warm = await Promise.all(Array.from({ length: Number(POOL_SIZE) }, () => pool.take()));
for (const connection of warm) {
  const on = {
    id: null,
    port: connection.port,
    backend: connection.backend,
    sql: STATEMENTS.warmUp,
    statement: STATEMENTS.warmUp,
  };
  journal("query", on);
  await connection.query(STATEMENTS.warmUp, []);
  journal("result", { ...on, rows: 1 });
}
for (const connection of warm) connection.release();
server.listen(Number(PORT), "127.0.0.1");
