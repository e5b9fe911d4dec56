// Which Redis commands did tshark see, and where does the answer to each begin?
//
// Answers come in order. tshark 4.0 reads RESP 2 only: a line that is none it calls a fragment. From a client that is an inline
// command; from a server it is RESP 3, and nothing that follows on that connection is compared.

import { find } from "../dissect.mjs";
import { answered, asked, Connections } from "./exchange.mjs";

const SUBSCRIPTIONS = new Set(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]);
const PUSHES = new Set(["message", "pmessage", "smessage"]);
const MONITOR_LINE = /^\d+\.\d+ \[/;

/** @returns {import("./exchange.mjs").Told} */
export function redis(messages, isServer) {
  const exchanges = [];
  const unread = [];
  const refusals = [];
  const connections = new Connections(() => ({
    waiting: [],
    /** Where the last command begins of which more is to come. */
    partialAt: 0,
    lastAt: 0,
    silenced: false,
    skips: false,
    over: false,
  }));
  for (const m of messages) {
    const c = connections.of(m);
    for (const node of m.node.children) {
      if (c.over || !node.name.startsWith("resp.")) continue;
      const at = m.place(node.pos);
      const isClient = isServer(m.to);
      const isFragment = node.name === "resp.fragment";
      if (isPartial(node)) {
        // It comes again with every segment, until it is whole.
        if (isClient && c.partialAt <= c.lastAt) c.partialAt = at;
      } else if ((isFragment && !isClient) || find(node, "resp.malformed_length") !== null) {
        unread.push({ stream: m.stream, from: at, ends: [m.from, m.to] });
        for (const { exchange } of c.waiting) exchange.response = undefined;
        c.over = true;
      } else if (isClient) {
        c.lastAt = Math.max(at, c.partialAt);
        command(c, isFragment ? inlineWords(m.text(node)) : wordsOf(node), at, exchanges);
      } else answer(c, node, at, refusals);
      if (c.replicates) {
        unread.push({ stream: m.stream, from: at + 1, ends: [m.from, m.to] });
        c.over = true;
      }
    }
  }
  for (const { partialAt, lastAt } of connections.all.values()) {
    if (partialAt > lastAt) exchanges.push(asked(partialAt, { optional: true }));
  }
  return { exchanges, unread, refusals };
}

const isPartial = (node) =>
  find(node, "resp.partial") !== null || find(node, "resp.reassembled_in_next_frame") !== null;

/** The words of an array, as far as they are strings. */
const wordsOf = (node) =>
  node.children
    .filter((child) => child.name === "resp.bulk_string")
    .map((child) => {
      const hex = child.children.find(({ name }) => name === "resp.bulk_string.value")?.value ?? "";
      return Buffer.from(hex, "hex").toString("latin1");
    });

const inlineWords = (line) =>
  line
    .trim()
    .split(/ +/)
    .filter((word) => word !== "");

function command(c, words, at, exchanges) {
  if (words.length === 0) return;
  const name = words[0].toUpperCase();
  const [second, third] = words.slice(1).map((word) => word.toUpperCase());
  if (name === "REPLCONF" && second === "ACK") return;
  const isReply = name === "CLIENT" && second === "REPLY";
  if (isReply && third === "ON") c.silenced = false;
  if (isReply && third === "OFF") c.silenced = true;
  if (isReply && third === "SKIP") {
    c.skips = true;
    return;
  }
  const isSkipped = c.skips;
  c.skips = false;
  if (c.silenced || isSkipped) return;
  const exchange = asked(at);
  exchanges.push(exchange);
  c.waiting.push({ exchange, name });
}

function answer(c, node, at, refusals) {
  const first = node.name === "resp.array" ? (wordsOf(node)[0] ?? "") : "";
  if (PUSHES.has(first)) return;
  const next = c.waiting[0];
  if (SUBSCRIPTIONS.has(first.toUpperCase()) && next?.name !== first.toUpperCase()) return; // of another channel
  if (node.name === "resp.string" && MONITOR_LINE.test(node.show)) return;
  const error = node.name === "resp.error" ? node.show.split(" ")[0] : null;
  if (next === undefined) {
    if (error !== null) refusals.push({ frame: at, code: error });
    return;
  }
  c.waiting.shift();
  answered(next.exchange, at, error);
  if (next.name === "PSYNC" || next.name === "SYNC") c.replicates = true;
}
