// Where does the statement begin behind query attributes? (MySQL Internals, "COM_QUERY", CLIENT_QUERY_ATTRIBUTES, since 8.0.23)

import type { PacketReader } from "./mysql-packets.ts";

/** Bytes of a value by its type; the others begin with their length. */
const FIXED = new Map([
  [0x01, 1],
  [0x02, 2],
  [0x03, 4],
  [0x04, 4],
  [0x05, 8],
  [0x06, 0],
  [0x08, 8],
  [0x09, 4],
  [0x0d, 2],
]);

/** Offset of the statement in a COM_QUERY payload, the command byte included; what cannot be read leaves it at the start. */
export function statementStart(p: PacketReader): number {
  let at = 1 + p.lenencSize(1);
  const count = p.lenenc(1);
  at += p.lenencSize(at);
  if (count === 0) return at;
  const nulls = at;
  at += Math.ceil(count / 8);
  const isNull = (n: number): boolean => ((p.bytes[nulls + (n >> 3)] ?? 0) & (1 << (n & 7))) !== 0;
  if (p.bytes[at++] !== 1) return at;
  const types: number[] = [];
  for (let n = 0; n < count; n++) {
    if (at >= p.known) return 1;
    types.push(p.bytes[at]!);
    at += 2;
    at += p.lenencSize(at) + p.lenenc(at);
  }
  for (let n = 0; n < count; n++) {
    if (at >= p.known) return 1;
    if (!isNull(n)) at += FIXED.get(types[n]!) ?? p.lenencSize(at) + p.lenenc(at);
  }
  return at <= p.known ? at : 1;
}
