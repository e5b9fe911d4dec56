// How does a service of a recording ask its Redis? RESP2 over plain sockets, one shared connection or a pool of them.
//
// One connection is shared: commands of several requests are in flight on it at once. Of a pool each caller has a
// connection to itself for one command, and waits in a queue when all are taken.

import { once } from "node:events";
import { connect } from "node:net";

/** A bulk string's reply: its length, then as many bytes; -1 is "no such key". */
const REPLY = /^\$(-?\d+)\r\n/;

class Connection {
  #socket;
  #text = "";
  #waiting = [];

  constructor(port) {
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.ready = once(this.#socket, "connect");
    this.#socket.on("data", (chunk) => this.#read(chunk.toString("latin1")));
  }

  get localPort() {
    return this.#socket.localPort;
  }

  get(key) {
    this.#socket.write(`*2\r\n$3\r\nGET\r\n$${key.length}\r\n${key}\r\n`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #read(text) {
    this.#text += text;
    for (let head = REPLY.exec(this.#text); head !== null; head = REPLY.exec(this.#text)) {
      const length = Number(head[1]);
      const end = head[0].length + (length === -1 ? 0 : length + 2);
      if (this.#text.length < end) return;
      const value = length === -1 ? null : this.#text.slice(head[0].length, end - 2);
      this.#text = this.#text.slice(end);
      this.#waiting.shift()(value);
    }
  }
}

/** Resolves to `{get(key, id)}` when all `size` connections are there. Every command and reply is logged. */
export async function openCache(port, size, journal) {
  const connections = Array.from({ length: size }, () => new Connection(port));
  await Promise.all(connections.map((connection) => connection.ready));
  const idle = size === 1 ? null : [...connections];
  const queue = [];

  const take = () => idle.pop() ?? new Promise((resolve) => queue.push(resolve));
  const giveBack = (connection) => {
    const next = queue.shift();
    if (next === undefined) idle.push(connection);
    else next(connection);
  };

  return {
    async get(key, id) {
      const connection = idle === null ? connections[0] : await take();
      journal("asked_cache", { id, key, local_port: connection.localPort });
      const value = await connection.get(key);
      journal("cache_replied", { id, key, local_port: connection.localPort });
      if (idle !== null) giveBack(connection);
      return value;
    },
  };
}
