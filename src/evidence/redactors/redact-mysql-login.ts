// What of a MySQL login may leave? Versions, capabilities, names; no scramble, no answer to one. (MySQL Internals, "Connection Phase")
//
// The offsets are those of decoders/mysql-login.ts.

import type { RedactionPolicy, RedactionSink } from "../stream-redactor.ts";
import { redactMysqlError, redactMysqlOk } from "./redact-mysql-answer.ts";
import { MysqlFields } from "./redact-mysql-fields.ts";
import { redactName } from "./redact-name.ts";

const CONNECT_WITH_DB = 1 << 3;
const PROTOCOL_41 = 1 << 9;
const SECURE_CONNECTION = 1 << 15;
const PLUGIN_AUTH = 1 << 19;
const CONNECT_ATTRIBUTES = 1 << 20;
const PLUGIN_AUTH_LENENC = 1 << 21;

const OK = 0x00;
const EOF = 0xfe;
const ERR = 0xff;
const PROTOCOL_10 = 0x0a;
const THREAD_ID = 4;
const SCRAMBLE = 8;
/** A NUL; flags, character set, status, flags (2, 1, 2, 2); the scramble's length; ten reserved bytes. */
const FIXED_BEHIND_SCRAMBLE = 1 + 7 + 1 + 10;
/** The rest of the scramble: 12 bytes and a NUL. */
const SCRAMBLE_REST = 12;
const LOGIN_FIXED = 32;
const OLD_FIXED = 5;

export function redactGreeting(b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink | null): void {
  if (b[0] === ERR) {
    redactMysqlError(b, policy, sink);
    return;
  }
  const f = new MysqlFields(b);
  if (f.p.byte(0) !== PROTOCOL_10) return;
  const scramble = f.p.nul(1) + 1 + THREAD_ID;
  f.keep(0, scramble);
  const fixed = scramble + SCRAMBLE;
  const rest = f.keep(fixed, fixed + FIXED_BEHIND_SCRAMBLE);
  f.keep(rest + SCRAMBLE_REST, b.length);
  sink?.count("credentials");
}

/** `length`: of the packet. `offered`: the server's capabilities, when they are known. */
export function redactLogin(
  b: Uint8Array,
  length: number,
  offered: number | null,
  policy: RedactionPolicy,
  sink: RedactionSink | null,
): void {
  const f = new MysqlFields(b);
  const { p } = f;
  const is41 = (p.u16(0) & PROTOCOL_41) !== 0;
  const flags = (is41 ? p.u32(0) : p.u16(0)) & (offered ?? -1);
  const fixed = is41 ? LOGIN_FIXED : OLD_FIXED;
  f.keep(0, fixed);
  if (length <= fixed) return;
  let at = f.name(fixed, policy, sink) + 1;
  sink?.count("credentials");
  if (flags & PLUGIN_AUTH_LENENC) at = f.text(at);
  else if (flags & SECURE_CONNECTION) at = f.keep(at, at + 1) + p.byte(at);
  else {
    at = p.nul(at);
    f.keep(at, at + 1);
    at++;
  }
  if (flags & CONNECT_WITH_DB) at = f.name(at, policy, sink) + 1;
  if (flags & PLUGIN_AUTH) {
    const end = p.nul(at) + 1;
    f.keep(at, end);
    at = end;
  }
  if (flags & CONNECT_ATTRIBUTES) attributes(f, at, policy, sink);
}

/** Names stay, and the program's; of the others (a host, a user of the operating system, a process) the lengths. */
function attributes(f: MysqlFields, from: number, policy: RedactionPolicy, sink: RedactionSink | null): void {
  const { p } = f;
  let at = f.keep(from, from + p.lenencSize(from));
  while (at < p.known && p.lenencSize(at) > 0) {
    const name = at + p.lenencSize(at);
    const value = f.keptText(at);
    const isProgram = p.text(name, value) === "program_name";
    if (value <= at || p.lenencSize(value) === 0) return;
    at = isProgram ? f.keptText(value) : f.text(value);
    if (isProgram) redactName(f.b, value + p.lenencSize(value), at, policy, sink);
  }
}

/** What follows the answer to a scramble: the end of the login, or more to prove. */
export function redactLoginAnswer(b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink | null): void {
  if (b[0] === ERR) redactMysqlError(b, policy, sink);
  else if (b[0] === OK) redactMysqlOk(b, policy, sink);
  else {
    const f = new MysqlFields(b);
    // To whoever reads the slice: 0xfe asks for another plugin, 0x01 goes on with this one.
    if (f.original[0]! <= 1 || f.original[0] === EOF) f.keep(0, 1);
    sink?.count("credentials");
  }
}
