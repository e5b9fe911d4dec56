// Which packets does a person want to see? `--filter` on addresses and ports, in the words of tcpdump's filters:
//
//   host 10.0.0.5    net 10.0.0.0/8    port 8280    10.0.0.5:8280    [::1]:8280    10.0.0.5    not, and, or, ( )
//
// Compiled once; a match reads numbers of the packet slot and allocates nothing.

import { UsageError } from "./errors.ts";
import { type Network, readNetwork } from "./network.ts";
import type { Packet } from "./packet.ts";

/** More words are no filter that a person wrote; nested as deep, reading it and matching would run out of stack. */
const MAX_WORDS = 1000;

export type PacketFilter = (p: Packet) => boolean;

/** Throws {@link UsageError} that points at the word it could not read. */
export function parseFilter(text: string): PacketFilter {
  const words = text.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const fail = (why: string): never => {
    throw new UsageError(`--filter ${JSON.stringify(text)}: ${why}; write for example: host 10.0.0.5 and port 8280`);
  };
  if (words.length > MAX_WORDS) throw new UsageError(`--filter: ${words.length} words are more than ${MAX_WORDS}`);
  const peek = (): string | undefined => words[at]?.toLowerCase();

  const parseOr = (): PacketFilter => {
    let left = parseAnd();
    while (peek() === "or" || peek() === "||") {
      at++;
      const [a, b] = [left, parseAnd()];
      left = (p) => a(p) || b(p);
    }
    return left;
  };
  const parseAnd = (): PacketFilter => {
    let left = parseNot();
    while (peek() === "and" || peek() === "&&") {
      at++;
      const [a, b] = [left, parseNot()];
      left = (p) => a(p) && b(p);
    }
    return left;
  };
  const parseNot = (): PacketFilter => {
    if (peek() === "not" || peek() === "!") {
      at++;
      const inner = parseNot();
      return (p) => !inner(p);
    }
    if (peek() === "(") {
      at++;
      const inner = parseOr();
      if (peek() !== ")") fail("a parenthesis is not closed");
      at++;
      return inner;
    }
    return parsePrimitive();
  };
  const parsePrimitive = (): PacketFilter => {
    const word = words[at++];
    if (word === undefined) return fail("it ends too soon");
    const kind = word.toLowerCase();
    if (kind === "host" || kind === "net" || kind === "port") {
      const value = words[at++];
      if (value === undefined) return fail(`${kind} needs a value`);
      if (kind === "port") return onPort(readPort(value) ?? fail(`${value} is no port`));
      return onNetwork(readNetwork(value) ?? fail(`${value} is no address`));
    }
    const pair = /^\[?([0-9a-fA-F:.]+?)\]?:(\d+)$/.exec(word);
    const whole = readNetwork(word);
    if (whole !== null) return onNetwork(whole);
    if (pair !== null) {
      const network = readNetwork(pair[1]!) ?? fail(`${pair[1]} is no address`);
      return onEndpoint(network, readPort(pair[2]!) ?? fail(`${pair[2]} is no port`));
    }
    return fail(`${word} is not understood`);
  };

  const filter = parseOr();
  if (at < words.length) fail(`${words[at]} is not understood there`);
  return filter;
}

const onPort =
  (port: number): PacketFilter =>
  (p) =>
    p.srcPort === port || p.dstPort === port;
const onNetwork =
  (n: Network): PacketFilter =>
  (p) =>
    matches(n, p, true) || matches(n, p, false);
const onEndpoint =
  (n: Network, port: number): PacketFilter =>
  (p) =>
    (p.srcPort === port && matches(n, p, true)) || (p.dstPort === port && matches(n, p, false));

function matches(n: Network, p: Packet, source: boolean): boolean {
  if (p.family !== n.family) return false;
  if (n.family === 4) return (((source ? p.src : p.dst) ^ n.words[0]!) & n.masks[0]!) === 0;
  const at = source ? p.srcOffset : p.dstOffset;
  for (let i = 0; i < 4; i++) {
    const o = at + i * 4;
    const word = (p.buf[o]! << 24) | (p.buf[o + 1]! << 16) | (p.buf[o + 2]! << 8) | p.buf[o + 3]!;
    if (((word ^ n.words[i]!) & n.masks[i]!) !== 0) return false;
  }
  return true;
}

function readPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : null;
}
