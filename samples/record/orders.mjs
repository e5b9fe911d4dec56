// How does one process of a recording tell another what to do, without a packet? By a line over a Unix socket.

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Calls `obey(order)` for every line and confirms when it is done. */
export function takeOrders(path, obey) {
  createServer((socket) => {
    socket.once("data", async (line) => {
      await obey(line.toString().trim());
      socket.end("done\n");
    });
  }).listen(path);
}

/** Resolves when the order has been carried out. */
export async function order(path, text) {
  const socket = connect(path);
  socket.write(`${text}\n`);
  await once(socket, "data");
  socket.destroy();
}
