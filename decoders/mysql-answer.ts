// Where does the answer to a MySQL command begin and end? (MySQL Internals, "Text Resultset", "COM_STMT_PREPARE response")
//
//   first ─▶ definitions ─▶ (EOF) ─▶ rows ─▶ EOF or OK ─▶ first, when more results follow
//
// Whether an EOF stands behind the definitions (CLIENT_DEPRECATE_EOF) is known from the login, or is found out: an EOF has
// 5 bytes, the OK in its place at least 7. Whether the definitions are there at all (metadata that is optional, or cached by
// MariaDB's clients) is told by a byte behind their number.

import type { Failure } from "../src/core/stream-decoder.ts";
import { Reply } from "./mysql-commands.ts";
import { MAX_PACKET, type PacketReader } from "./mysql-packets.ts";
import { withoutPasswords } from "./sql-text.ts";

const OK = 0x00;
const LOCAL_INFILE = 0xfb;
const EOF = 0xfe;
const ERR = 0xff;
/** Shorter packets that begin with 0xfe are no rows: a row's first value of that kind would be longer. */
const MAX_EOF = 9;
const EOF_LENGTH = 5;
/** An ERR with this code is no error: MariaDB tells how far an ALTER TABLE is (CLIENT_PROGRESS). */
const PROGRESS = 0xffff;

const IN_TRANSACTION = 0x0001;
const MORE_RESULTS = 0x0008;
const CURSOR_EXISTS = 0x0040;
const SESSION_CHANGED = 0x4000;
/** Of the changes a session tells: the database in use. */
const SCHEMA = 0x01;

/** Bytes of a packet of the server that are looked at: an error's text, or the end of a result. */
export const ANSWER_BYTES = 2560;

export const Phase = { first: 0, definitions: 1, definitionsEnd: 2, rows: 3, file: 4, stream: 5, done: 6 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/** What a packet of the server did to the answer. */
export interface Step {
  done: boolean;
  /** Not part of the answer: news of how far it is. */
  isNews?: boolean;
  failure: Failure | null;
  /** Null when the packet says nothing of it. */
  inTransaction: boolean | null;
  /** The id that a PREPARE was given. */
  statement: number | null;
  /** The database in use from now on, where the server tells of a change. */
  database: string | null;
}

const GOES_ON: Step = { done: false, failure: null, inTransaction: null, statement: null, database: null };
const NEWS: Step = { ...GOES_ON, isNews: true };
const DONE: Step = { ...GOES_ON, done: true };

export class AnswerReader {
  kind: Reply = Reply.status;
  /** The phase that the last packet was read in; null when it was not read as part of an answer. */
  lastPhase: Phase | null = null;
  private phase: Phase = Phase.done;
  private definitions = 0;
  /** A second list of definitions: of the columns, behind the parameters'. */
  private moreDefinitions = 0;
  private afterDefinitions: Phase = Phase.rows;
  /** CLIENT_DEPRECATE_EOF: null while it is not known (joined midway). */
  deprecatesEof: boolean | null = null;

  begin(kind: Reply): void {
    this.kind = kind;
    this.phase = kind === Reply.rows ? Phase.rows : kind === Reply.stream ? Phase.stream : Phase.first;
    this.moreDefinitions = 0;
  }

  /** The client is to send a file. */
  get awaitsFile(): boolean {
    return this.phase === Phase.file;
  }

  /** Packets are numbered through; only what the client says in between, and replication, moves the number. */
  get isNumbered(): boolean {
    return this.phase !== Phase.file && this.phase !== Phase.stream && this.kind !== Reply.login;
  }

  get isInRows(): boolean {
    return this.phase === Phase.rows;
  }

  /** The next packet of the answer. */
  // hot: per packet.
  packet(p: PacketReader): Step {
    const first = p.byte(0);
    this.lastPhase = this.phase;
    if (first === ERR) return isProgress(p) ? NEWS : this.end({ ...DONE, failure: failureOf(p) });
    switch (this.phase) {
      case Phase.rows:
        return first === EOF && p.length < MAX_PACKET ? this.rowsEnd(p) : GOES_ON;
      case Phase.definitions:
        if (--this.definitions > 0) return GOES_ON;
        if (this.deprecatesEof === true) return this.definitionsDone(null);
        this.phase = Phase.definitionsEnd;
        // Joined midway, the last definition of a PREPARE may be the answer's end. If an EOF follows, see `isLateEof`.
        if (this.deprecatesEof === null && this.afterDefinitions === Phase.first && this.moreDefinitions === 0) {
          return this.end(DONE);
        }
        return GOES_ON;
      case Phase.definitionsEnd:
        return this.definitionsEnd(p, first);
      case Phase.stream:
        return first === EOF && p.length < MAX_EOF ? this.end(DONE) : GOES_ON;
      default:
        return this.first(p, first);
    }
  }

  private first(p: PacketReader, first: number): Step {
    if (this.kind === Reply.text) return this.end(DONE);
    if (this.kind === Reply.login) return first === OK ? this.ok(p) : GOES_ON;
    if (this.kind === Reply.prepared && first === OK) return this.prepared(p);
    if (first === OK) return this.ok(p);
    if (first === EOF) return p.length < MAX_EOF ? this.status(p.u16(3)) : this.end(DONE);
    if (this.kind === Reply.status || this.kind === Reply.prepared) return this.end(DONE);
    if (first === LOCAL_INFILE) {
      this.phase = Phase.file;
      return GOES_ON;
    }
    const size = p.lenencSize(0);
    this.define(p.length > size && p.byte(size) === 0 ? 0 : p.lenenc(0), Phase.rows);
    return GOES_ON;
  }

  private prepared(p: PacketReader): Step {
    const statement = p.u32(1);
    const columns = p.u16(5);
    const parameters = p.u16(7);
    const areTold = !(p.length > 12 && p.byte(12) === 0);
    if (!areTold || parameters + columns === 0) return this.end({ ...DONE, statement });
    this.moreDefinitions = parameters > 0 ? columns : 0;
    this.define(parameters > 0 ? parameters : columns, Phase.first);
    return { ...GOES_ON, statement };
  }

  private define(count: number, after: Phase): void {
    this.definitions = count;
    this.afterDefinitions = after;
    if (count > 0) this.phase = Phase.definitions;
    else this.phase = this.deprecatesEof === true ? after : Phase.definitionsEnd;
  }

  /** Behind the definitions is an EOF, or what follows it. */
  private definitionsEnd(p: PacketReader, first: number): Step {
    if (first === EOF && p.length === EOF_LENGTH) {
      this.deprecatesEof = false;
      return this.definitionsDone(p);
    }
    this.deprecatesEof = true;
    const step = this.definitionsDone(null);
    return step.done ? step : this.packet(p);
  }

  private definitionsDone(eof: PacketReader | null): Step {
    const inTransaction = eof === null ? null : (eof.u16(3) & IN_TRANSACTION) !== 0;
    if (this.afterDefinitions === Phase.rows) {
      this.phase = Phase.rows;
      // A cursor: the rows are fetched.
      if (eof !== null && (eof.u16(3) & CURSOR_EXISTS) !== 0) return this.status(eof.u16(3));
      return GOES_ON;
    }
    if (this.moreDefinitions === 0) return this.end({ ...DONE, inTransaction });
    this.define(this.moreDefinitions, Phase.first);
    this.moreDefinitions = 0;
    return GOES_ON;
  }

  private rowsEnd(p: PacketReader): Step {
    if (p.length === EOF_LENGTH) return this.status(p.u16(3));
    // Before 4.1 an EOF is its first byte alone.
    if (p.length === 1) return this.end(DONE);
    // With old EOFs a longer packet is a row: a value of 2^24 bytes or more needs a longer one still.
    return this.deprecatesEof === false ? GOES_ON : this.ok(p);
  }

  private ok(p: PacketReader): Step {
    const affected = 1 + p.lenencSize(1);
    const at = affected + p.lenencSize(affected);
    const flags = p.u16(at);
    const step = this.status(flags);
    return (flags & SESSION_CHANGED) === 0 ? step : { ...step, database: schemaOf(p, at + 4) };
  }

  private status(flags: number): Step {
    const inTransaction = (flags & IN_TRANSACTION) !== 0;
    if ((flags & MORE_RESULTS) === 0) return this.end({ ...DONE, inTransaction });
    this.phase = Phase.first;
    return { ...GOES_ON, inTransaction };
  }

  private end(step: Step): Step {
    this.phase = Phase.done;
    return step;
  }

  /** An EOF behind definitions that seemed to be the last of the answer. */
  isLateEof(p: PacketReader): boolean {
    if (this.deprecatesEof !== null || p.byte(0) !== EOF || p.length !== EOF_LENGTH) return false;
    this.deprecatesEof = false;
    return true;
  }
}

/** The changes that a session tells, behind a text: each a kind, a length, and what it says. Null when none is a database. */
function schemaOf(p: PacketReader, from: number): string | null {
  const changes = from + p.lenencSize(from) + p.lenenc(from);
  let at = changes + p.lenencSize(changes);
  const end = Math.min(p.known, at + p.lenenc(changes));
  while (at < end) {
    const size = p.lenencSize(at + 1);
    if (size === 0) return null;
    const value = at + 1 + size;
    if (p.byte(at) === SCHEMA)
      return p.text(value + p.lenencSize(value), value + p.lenencSize(value) + p.lenenc(value));
    at = value + p.lenenc(at + 1);
  }
  return null;
}

/** The last bytes of a result, at the end of a segment: are they its EOF, or the OK in its place? Its status, or −1. */
export function resultEnd(b: Uint8Array, start: number, end: number): number {
  for (const length of [EOF_LENGTH, EOF_LENGTH + 2]) {
    const at = end - length - 4;
    if (at < start || b[at] !== length || b[at + 1] !== 0 || b[at + 2] !== 0 || b[at + 4] !== EOF) continue;
    // An EOF counts warnings first; an OK has two numbers that are 0 behind rows.
    if (length === EOF_LENGTH) return b[at + 7]! | (b[at + 8]! << 8);
    if (b[at + 5] === 0 && b[at + 6] === 0) return b[at + 7]! | (b[at + 8]! << 8);
  }
  return -1;
}
export const hasMoreResults = (status: number): boolean => (status & MORE_RESULTS) !== 0;
export const isInTransaction = (status: number): boolean => (status & IN_TRANSACTION) !== 0;

export const isProgress = (p: PacketReader): boolean => p.u16(1) === PROGRESS;

/** An ERR packet: code, SQL state (since 4.1, and not before the login), text. */
export function failureOf(p: PacketReader): Failure {
  return { code: String(p.u16(1)), text: withoutPasswords(p.text(p.byte(3) === 0x23 ? 9 : 3)) };
}
