// What of a MySQL answer may leave? How it ended, how many columns and rows it has and how long they are; no name, no value.

import { Phase } from "../../../decoders/mysql-answer.ts";
import { Reply } from "../../../decoders/mysql-commands.ts";
import type { MysqlServer } from "../../../decoders/mysql-server.ts";
import type { RedactionPolicy, RedactionSink } from "../stream-redactor.ts";
import { redactErrorText } from "./redact-error-text.ts";
import { MysqlFields } from "./redact-mysql-fields.ts";
import { redactName } from "./redact-name.ts";

const OK = 0x00;
const LOCAL_INFILE = 0xfb;
const EOF = 0xfe;
const ERR = 0xff;
/** An ERR with this code tells how far a command is (MariaDB). */
const PROGRESS = 0xffff;
const STATE_MARK = 0x23;
/** Mark, code (2), `#` and five characters. */
const TEXT_BEHIND_STATE = 9;
const TEXT_WITHOUT_STATE = 3;
const MAX_EOF = 9;
const EOF_LENGTH = 5;
/** Status, and ids and numbers, of a prepared statement. */
const PREPARED_LENGTH = 13;
/** A number of columns, and whether definitions follow. */
const COUNT_LENGTH = 10;
const SESSION_CHANGED = 0x4000;
const SCHEMA = 0x01;
/** Catalog, schema, table, its own name, column, its own name. */
const DEFINITION_TEXTS = 6;
/** The catalog is always "def". */
const CATALOG = 3;
/** Length, character set, length, type, flags, decimals, two of filler. */
const DEFINITION_FIXED = 13;

/** Values of these come in binary form, behind a mark and a bitmap; without the definitions their places are not known. */
const BINARY = new Set(["EXECUTE", "BULK_EXECUTE", "FETCH"]);

/** `length`: of the first packet. `isCut`: b is all that the capture has of it. */
export function redactMysqlAnswer(
  b: Uint8Array,
  length: number,
  server: MysqlServer,
  isCut: boolean,
  policy: RedactionPolicy,
  sink: RedactionSink | null,
): void {
  if (b.length === 0) return;
  const first = b[0]!;
  const phase = server.answer.lastPhase;
  if (first === ERR) redactMysqlError(b, policy, sink);
  // Not read as part of an answer: an EOF that came behind what seemed to be the end of one.
  else if (phase === null && first === EOF && length === EOF_LENGTH && !isCut) return;
  else if (phase === null || isCut) keepOnly(b, 1, sink);
  else if (phase === Phase.rows) row(b, length, server, policy, sink);
  else if (phase === Phase.definitions) definition(b, sink);
  else if (phase === Phase.definitionsEnd) keepOnly(b, length < MAX_EOF ? b.length : 1, sink);
  else if (phase === Phase.stream) keepOnly(b, first === EOF && length < MAX_EOF ? b.length : 1, sink);
  else begins(b, length, server.answer.kind, policy, sink);
}

/** The first packet of an answer. */
function begins(b: Uint8Array, length: number, kind: Reply, policy: RedactionPolicy, sink: RedactionSink | null): void {
  const first = b[0]!;
  if (kind === Reply.text) keepOnly(b, 0, sink);
  else if (kind === Reply.prepared && first === OK) keepOnly(b, Math.min(b.length, PREPARED_LENGTH), sink);
  else if (first === OK) redactMysqlOk(b, policy, sink);
  else if (first === EOF && length < MAX_EOF) return;
  else if (kind === Reply.login || first === LOCAL_INFILE || length > COUNT_LENGTH) keepOnly(b, 1, sink);
}

function row(
  b: Uint8Array,
  length: number,
  server: MysqlServer,
  policy: RedactionPolicy,
  sink: RedactionSink | null,
): void {
  if (b[0] === EOF && length < MAX_EOF) return;
  // Longer ones that begin so are an OK only where there are no EOFs; else a value of 2^24 bytes.
  if (b[0] === EOF && length < 0xffffff && server.answer.deprecatesEof !== false) {
    redactMysqlOk(b, policy, sink);
    return;
  }
  const method = server.answering?.exchange.request?.method;
  const f = new MysqlFields(b);
  if (method === undefined || BINARY.has(method) || !f.row(length)) f.keep(0, 1);
  sink?.count("payload bytes", f.filled);
}

function definition(b: Uint8Array, sink: RedactionSink | null): void {
  const f = new MysqlFields(b);
  let at = f.p.lenenc(0) <= CATALOG ? f.keptText(0) : f.text(0);
  for (let n = 1; n < DEFINITION_TEXTS && at < b.length; n++) at = f.text(at);
  f.keep(at, at + DEFINITION_FIXED);
  sink?.count("payload bytes", f.filled);
}

/** Mark, code, SQL state; of the text what is not data. */
export function redactMysqlError(b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink | null): void {
  if ((b[1] ?? 0) + ((b[2] ?? 0) << 8) === PROGRESS) keepOnly(b, TEXT_WITHOUT_STATE, sink);
  else {
    const from = b[3] === STATE_MARK ? TEXT_BEHIND_STATE : TEXT_WITHOUT_STATE;
    redactErrorText(b, Math.min(from, b.length), b.length, policy.level === "strict", sink);
  }
}

/** Mark, numbers, status; of what it tells of the session the database in use. The text behind is filled. */
export function redactMysqlOk(b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink | null): void {
  const f = new MysqlFields(b);
  const { p } = f;
  const affected = 1 + p.lenencSize(1);
  const at = affected + p.lenencSize(affected);
  const status = p.u16(at);
  let next = f.keep(0, at + 4);
  if ((status & SESSION_CHANGED) === 0) return;
  next = f.text(next);
  const changes = f.keep(next, next + p.lenencSize(next));
  const end = Math.min(p.known, changes + p.lenenc(next));
  for (next = changes; next < end; ) {
    const size = p.lenencSize(next + 1);
    if (size === 0) return;
    const value = f.keep(next, next + 1 + size);
    if (p.byte(next) === SCHEMA) {
      const to = f.keptText(value);
      redactName(b, value + p.lenencSize(value), to, policy, sink);
    }
    next = value + p.lenenc(next + 1);
  }
}

function keepOnly(b: Uint8Array, to: number, sink: RedactionSink | null): void {
  if (to < b.length) sink?.count("payload bytes", b.length - to);
  b.fill(0x78, to);
}
