// What of a MySQL command may leave? What it is, its statement without literals, the id of a prepared one; no bound value.

import {
  COM_CHANGE_USER,
  COM_CREATE_DB,
  COM_DROP_DB,
  COM_FIELD_LIST,
  COM_INIT_DB,
  COM_QUERY,
  COM_STMT_BULK_EXECUTE,
  COM_STMT_EXECUTE,
  COM_STMT_PREPARE,
  COM_STMT_SEND_LONG_DATA,
  COMMANDS,
} from "../../../decoders/mysql-commands.ts";
import { chosenBy, VALUE_SIZES } from "../../../decoders/mysql-text.ts";
import type { RedactionPolicy, RedactionSink } from "../stream-redactor.ts";
import { MysqlFields } from "./redact-mysql-fields.ts";
import { redactName } from "./redact-name.ts";
import { redactStatement } from "./redact-statement.ts";

/** Fixed parts: code, statement id, flags and iterations; the same with flags alone; code, id and parameter. */
const EXECUTE_FIXED = 10;
const BULK_FIXED = 7;
const LONG_DATA_FIXED = 7;
/** Commands of a fixed length up to this hold ids, numbers and flags, nothing else. */
const LONGEST_PLAIN = 9;
/** Replication's commands hold names and passwords; only their codes stay. */
const PARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Redacts b, the beginning of a command, in place. Returns up to where more bytes of it cannot change what leaves. */
export function redactMysqlCommand(
  b: Uint8Array,
  isWhole: boolean,
  policy: RedactionPolicy,
  sink: RedactionSink | null,
): number {
  if (b.length === 0) return 0;
  const f = new MysqlFields(b);
  const code = f.original[0]!;
  f.keep(0, 1);
  switch (code) {
    case COM_QUERY:
    case COM_STMT_PREPARE:
      return statement(f, code === COM_QUERY, isWhole, policy, sink);
    case COM_STMT_EXECUTE:
    case COM_STMT_BULK_EXECUTE:
    case COM_STMT_SEND_LONG_DATA: {
      const fixed =
        code === COM_STMT_EXECUTE ? EXECUTE_FIXED : code === COM_STMT_BULK_EXECUTE ? BULK_FIXED : LONG_DATA_FIXED;
      f.keep(1, fixed);
      if (b.length > fixed) sink?.count("payload bytes", b.length - fixed);
      break;
    }
    case COM_INIT_DB:
    case COM_CREATE_DB:
    case COM_DROP_DB:
      f.keep(1, b.length);
      if (!isWhole && policy.level === "strict") return 1;
      redactName(b, 1, b.length, policy, sink);
      break;
    case COM_FIELD_LIST:
      f.keep(1, f.p.nul(1) + 1);
      break;
    case COM_CHANGE_USER: {
      if (!isWhole) return 1;
      const user = f.name(1, policy, sink);
      const secret = f.keep(user + 1, user + 2);
      f.name(secret + f.p.byte(user + 1), policy, sink);
      sink?.count("credentials");
      break;
    }
    default: {
      const command = COMMANDS.get(code);
      if (command !== undefined && command.least === command.most && command.most <= LONGEST_PLAIN) f.keep(1, b.length);
    }
  }
  return b.length;
}

function statement(
  f: MysqlFields,
  mayHaveAttributes: boolean,
  isWhole: boolean,
  policy: RedactionPolicy,
  sink: RedactionSink | null,
): number {
  const { p, b } = f;
  const hasAttributes = mayHaveAttributes && p.byte(1) < 0x20 && p.byte(2) === 1;
  // Where the attributes end is known when they are all there.
  const from = hasAttributes ? attributes(f) : 1;
  if (from >= b.length) return isWhole ? b.length : 1;
  f.keep(from, b.length);
  const to = redactStatement(b, from, b.length, "mysql", isWhole, sink);
  if (policy.level === "strict" && isWhole) chosenDatabase(b, from, policy, sink);
  return policy.level === "strict" && !isWhole ? from : to;
}

/** `USE shop` names a database. */
function chosenDatabase(b: Uint8Array, from: number, policy: RedactionPolicy, sink: RedactionSink | null): void {
  if (b.length - from > MAX_USE) return;
  const text = String.fromCharCode(...b.subarray(from));
  const name = chosenBy(text);
  if (name === null) return;
  const at = from + text.lastIndexOf(name);
  redactName(b, at, at + name.length, policy, sink);
}
const MAX_USE = 600;

/** Query attributes: types, names and lengths stay, and the value of `traceparent`. Returns where they end. */
function attributes(f: MysqlFields): number {
  const { p } = f;
  const count = p.lenenc(1);
  if (count === 0) return f.keep(1, 3);
  const nulls = 3;
  let at = f.keep(1, nulls + ((count + 7) >> 3) + 1);
  const types: number[] = [];
  let parent = -1;
  for (let n = 0; n < count && at < p.known; n++) {
    types.push(p.byte(at));
    const name = at + 2 + p.lenencSize(at + 2);
    const end = name + p.lenenc(at + 2);
    if (p.text(name, end) === "traceparent") parent = n;
    at = f.keep(at, end);
    if (end > at) return end;
  }
  for (const [n, type] of types.entries()) {
    if ((p.byte(nulls + (n >> 3)) >> (n & 7)) & 1) continue;
    const fixed = VALUE_SIZES.get(type);
    const start = at + (fixed === undefined ? p.lenencSize(at) : 0);
    f.keep(at, start);
    const end = start + (fixed ?? p.lenenc(at));
    if (n === parent && fixed === undefined && PARENT.test(p.text(start, end))) f.keep(start, end);
    at = end;
  }
  return at;
}
