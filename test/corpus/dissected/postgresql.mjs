// Which PostgreSQL commands did tshark see, and where does the answer to each begin? (PostgreSQL documentation, "Message Flow")
//
// A simple query or function call is answered up to ReadyForQuery. In the extended protocol everything up to an Execute is one
// command; what is left before a Sync without an Execute is one as well, but for a Close behind an Execute. After an error the server
// is silent up to the Sync, whose ReadyForQuery tells the others that they failed too.

import { find, shown } from "../dissect.mjs";
import { answered, asked, Connections } from "./exchange.mjs";

const typeOf = (node) => String.fromCharCode(Number.parseInt(find(node, "pgsql.type")?.value || "0", 16));
/** The server says these on its own, or before the first command: authentication, settings, notices, CopyInResponse. */
const UNASKED = "RKSNAvG";
const ENDS_EXECUTE = "CIs";

/** @returns {import("./exchange.mjs").Told} */
export function postgresql(messages) {
  const exchanges = [];
  const refusals = [];
  const connections = new Connections(() => ({
    /** What is to be answered, in order: {kind: "query" | "group" | "sync", exchange, acks} */
    waiting: [],
    group: null,
    inCycle: false,
    takesCopy: false,
    failure: null,
    last: null,
  }));
  for (const m of messages) {
    const c = connections.of(m);
    const type = typeOf(m.node);
    if (shown(m.node, "pgsql.frontend") === "1") client(c, type, m.at, exchanges);
    else server(c, type, m.at, m.node, refusals);
  }
  return { exchanges, unread: [], refusals };
}

function client(c, type, at, exchanges) {
  const begin = (kind) => {
    const entry = { kind, exchange: asked(at), acks: 0, types: "", executes: false, isFirst: !c.inCycle };
    c.waiting.push(entry);
    return entry;
  };
  const report = (entry) => exchanges.push(entry.exchange);
  const closeGroup = () => {
    const g = c.group;
    c.group = null;
    if (g !== null && !(g.types.replaceAll("C", "") === "" && !g.isFirst)) report(g);
  };
  switch (type) {
    case "Q":
    case "F":
      closeGroup();
      report(begin("query"));
      c.inCycle = false;
      return;
    case "P":
    case "B":
    case "D":
    case "C":
    case "E":
      c.group ??= begin("group");
      c.inCycle = true;
      if (type !== "E") {
        c.group.acks++;
        c.group.types += type;
        return;
      }
      c.group.executes = true;
      report(c.group);
      c.group = null;
      return;
    case "H":
      if (!c.takesCopy) closeGroup();
      return;
    case "S": {
      if (c.takesCopy) return;
      closeGroup();
      const sync = begin("sync");
      if (!c.inCycle) report(sync);
      c.inCycle = false;
      return;
    }
    case "c":
    case "f":
      c.takesCopy = false;
      c.inCycle = true;
      return;
  }
}

function server(c, type, at, node, refusals) {
  const head = c.waiting[0];
  if (type === "G") c.takesCopy = true;
  if (type === "E" && head === undefined) refusals.push({ frame: at, code: shown(node, "pgsql.code") });
  if (UNASKED.includes(type) || head === undefined) return;
  if (type === "Z") {
    // What an error made the server skip hears of it here.
    for (;;) {
      const entry = c.waiting.shift();
      if (entry === undefined) break;
      if (entry.exchange.response === null) answered(entry.exchange, at, c.failure);
      if (entry.kind !== "group") break;
    }
    c.failure = null;
    return;
  }
  if (type === "E") {
    const code = shown(node, "pgsql.code");
    if (head.kind === "sync") {
      // What was put off to the end of the transaction failed.
      if (c.last !== null) c.last.code ??= code;
      return;
    }
    c.failure = head.kind === "group" ? code : null;
    answered(head.exchange, at, code);
    if (head.kind === "group") c.waiting.shift();
    return;
  }
  if (head.kind === "sync") return;
  answered(head.exchange, at, null);
  c.last = head.exchange;
  if (head.kind === "query") return;
  if (ENDS_EXECUTE.includes(type)) c.waiting.shift();
  else if ("123nT".includes(type)) {
    head.acks--;
    if (head.acks === 0 && !head.executes && head !== c.group) c.waiting.shift();
  }
}
