// Which packets does a person want to see? `--filter` on addresses and ports, in the words of tcpdump's filters:
//
//   host 10.0.0.5    net 10.0.0.0/8    port 8280    10.0.0.5:8280    [::1]:8280    10.0.0.5    not, and, or, ( )
//
// Compiled once; a match reads numbers of the packet slot and allocates nothing.

import { UsageError } from "./errors.ts";
import type { Packet } from "./packet.ts";

export type PacketFilter = (p: Packet) => boolean;

interface Network {
  family: 4 | 6;
  /** Four 32-bit words; one for IPv4. */
  words: number[];
  masks: number[];
}

/** Throws {@link UsageError} that points at the word it could not read. */
export function parseFilter(text: string): PacketFilter {
  const words = text.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const fail = (why: string): never => {
    throw new UsageError(`--filter ${JSON.stringify(text)}: ${why}; write for example: host 10.0.0.5 and port 8280`);
  };
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

function readNetwork(text: string): Network | null {
  const [address, prefix] = text.split("/") as [string, string | undefined];
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return null;
  const words = readIpv4(address) ?? readIpv6(address);
  if (words === null) return null;
  const bits = words.length * 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return null;
  const masks = words.map((_, i) => maskOf(Math.min(32, Math.max(0, length - i * 32))));
  return { family: words.length === 1 ? 4 : 6, words, masks };
}

const maskOf = (bits: number): number => (bits === 0 ? 0 : -1 << (32 - bits));

function readIpv4(text: string): number[] | null {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (m === null) return null;
  const parts = m.slice(1).map(Number);
  if (parts.some((n) => n > 255)) return null;
  return [(parts[0]! << 24) | (parts[1]! << 16) | (parts[2]! << 8) | parts[3]!];
}

function readIpv6(text: string): number[] | null {
  if (!text.includes(":")) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const groups = (half: string): number[] | null => {
    if (half === "") return [];
    const out: number[] = [];
    for (const part of half.split(":")) {
      const v4 = readIpv4(part);
      if (v4 !== null) out.push(v4[0]! >>> 16, v4[0]! & 0xffff);
      else if (/^[0-9a-f]{1,4}$/i.test(part)) out.push(Number.parseInt(part, 16));
      else return null;
    }
    return out;
  };
  const head = groups(halves[0]!);
  const tail = halves.length === 2 ? groups(halves[1]!) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return [0, 2, 4, 6].map((i) => (all[i]! << 16) | all[i + 1]!);
}
