// Which words of a MySQL command are kept? The statement without passwords, a request's id, the database it chooses.

import { MAX_TEXT } from "../src/core/stream-decoder.ts";
import { type TextCache, textOf } from "./http1-text.ts";
import type { PacketReader } from "./mysql-packets.ts";
import { withoutPasswords } from "./sql-text.ts";

/** Bytes of a command that are looked at: a statement's text in UTF-8, and the attributes before it. */
export const COMMAND_BYTES = MAX_TEXT * 4 + 1024;
/** Where a tracer's comment is looked for, from the end of what is looked at, when the statement is longer than what is kept. */
const COMMENT_BYTES = 1024;

/** sqlcommenter's form, `traceparent='00-…-…-01'`; the value is URL-encoded, which changes nothing in it. */
const TRACEPARENT = /traceparent\s*[=:]\s*'?([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})/;
const PARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const USE = /^\s*use\s+(?:`((?:[^`]|``)+)`|([^\s;`'"]+))\s*;?\s*$/i;

export interface Statement {
  text: string;
  id: string | null;
}

/** The statement of a QUERY or PREPARE; `mayHaveAttributes`: clients of MySQL 8 put them before a QUERY's. */
export function statementOf(p: PacketReader, texts: TextCache, mayHaveAttributes: boolean): Statement {
  const attributes = mayHaveAttributes && p.byte(1) < 0x20 && p.byte(2) === 1 ? attributesOf(p) : NO_ATTRIBUTES;
  const start = p.start + attributes.end;
  const end = p.start + p.known;
  if (start >= end) return { text: "", id: attributes.id };
  const text = texts.get(p.bytes, start, end);
  let id = attributes.id ?? traceOf(text);
  if (id === null && end - start > text.length)
    id = traceOf(textOf(p.bytes, Math.max(start, end - COMMENT_BYTES), end));
  return { text: withoutPasswords(text), id };
}

const traceOf = (text: string): string | null =>
  text.includes("traceparent") ? (TRACEPARENT.exec(text)?.[1] ?? null) : null;

/** The database that a statement chooses, if that is all it does. */
export function chosenBy(statement: string): string | null {
  const match = USE.exec(statement);
  return match === null ? null : (match[1]?.replaceAll("``", "`") ?? match[2]!);
}

const NO_ATTRIBUTES = { end: 1, id: null as string | null };

/**
 * Query attributes (MySQL 8.0.23, CLIENT_QUERY_ATTRIBUTES): their number, one set, which are null, a type and a name each, and the
 * values. MySQL's telemetry sends `traceparent` as one.
 */
function attributesOf(p: PacketReader): typeof NO_ATTRIBUTES {
  const count = p.lenenc(1);
  if (count === 0) return { end: 3, id: null };
  const nulls = 3;
  let at = nulls + ((count + 7) >> 3) + 1;
  const types: number[] = [];
  let parent = -1;
  for (let n = 0; n < count && at < p.known; n++) {
    types.push(p.byte(at));
    const name = at + 2 + p.lenencSize(at + 2);
    const end = name + p.lenenc(at + 2);
    if (p.text(name, end) === "traceparent") parent = n;
    at = end;
  }
  let id: string | null = null;
  for (const [n, type] of types.entries()) {
    if ((p.byte(nulls + (n >> 3)) >> (n & 7)) & 1) continue;
    const fixed = VALUE_SIZES.get(type);
    const start = at + (fixed === undefined ? p.lenencSize(at) : 0);
    const end = start + (fixed ?? p.lenenc(at));
    if (n === parent && fixed === undefined) {
      const text = p.text(start, end);
      if (PARENT.test(text)) id = text;
    }
    at = end;
  }
  return { end: at, id };
}

/** Bytes of a value, by type; the others begin with their length. */
export const VALUE_SIZES: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 2],
  [3, 4],
  [4, 4],
  [5, 8],
  [6, 0],
  [8, 8],
  [9, 4],
  [13, 2],
]);
