// Which memcached commands did tshark see, and where does the answer to each begin? (memcached doc/protocol.txt)
//
// tshark 4.0 knows the commands of old: of `touch`, `gat`, the meta commands and others it says nothing, nor of the errors in an
// answer. It takes a segment with several commands for one.

import { find, shown } from "../dissect.mjs";
import { answered, asked, Connections } from "./exchange.mjs";

/** Of errors in an answer tshark says nothing. */
const UNTOLD = undefined;

/** @returns {import("./exchange.mjs").Told} */
export function memcached(messages, isServer) {
  const exchanges = [];
  const connections = new Connections(() => ({ waiting: [] }));
  for (const m of messages) {
    const c = connections.of(m);
    if (!isServer(m.to)) {
      const next = c.waiting.shift();
      if (next !== undefined) answered(next, m.at, UNTOLD);
      continue;
    }
    // What tshark does not know may have no answer.
    c.waiting = c.waiting.filter((exchange) => !exchange.optional);
    if (find(m.node, "memcache.noreply") !== null) continue;
    const command = shown(m.node, "memcache.command");
    if (command === "quit") continue;
    const exchange = asked(m.at, { code: undefined, optional: command === null, several: true });
    exchanges.push(exchange);
    c.waiting.push(exchange);
  }
  return { exchanges, unread: [] };
}
