// Where does the answer to a MySQL command begin and end? (MySQL Internals, "Text Resultset", "COM_STMT_PREPARE response")

import type { Failure } from "../src/core/stream-decoder.ts";
import { Answer } from "./mysql-commands.ts";
import type { PacketReader } from "./mysql-packets.ts";
import { withoutPasswords } from "./sql-text.ts";

const OK = 0x00;
const LOCAL_INFILE = 0xfb;
const EOF = 0xfe;
const ERR = 0xff;
/** Shorter packets that begin with 0xfe are no rows: a row's first value of that length would be longer. */
const MAX_EOF = 9;
const MAX_PACKET = 0xffffff;

const IN_TRANSACTION = 0x0001;
const MORE_RESULTS = 0x0008;
const CURSOR_EXISTS = 0x0040;

const Phase = { first: 0, definitions: 1, definitionsEnd: 2, rows: 3, file: 4, stream: 5 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** What a packet of the server did to the answer. */
export interface Step {
  done: boolean;
  failure: Failure | null;
  /** Null when the packet says nothing of it. */
  inTransaction: boolean | null;
  /** The id that a PREPARE was given. */
  statement: number | null;
}

export class AnswerReader {
  private kind: Answer = Answer.status;
  private phase: Phase = Phase.first;
  private definitions = 0;
  /** A second list of definitions: of the columns, behind the parameters'. */
  private moreDefinitions = 0;
  private afterDefinitions: Phase = Phase.rows;
  /** CLIENT_DEPRECATE_EOF: null while it is not known (joined midway). */
  deprecatesEof: boolean | null = null;

  begin(kind: Answer): void {
    this.kind = kind;
    this.phase = kind === Answer.rows ? Phase.rows : kind === Answer.stream ? Phase.stream : Phase.first;
    this.moreDefinitions = 0;
  }

  /** The next packet of the answer. */
  packet(p: PacketReader): Step {
    const first = p.known > 0 ? p.bytes[0]! : OK;
    if (first === ERR && this.phase !== Phase.definitions) return done(failureOf(p));
    switch (this.phase) {
      case Phase.first:
        return this.first(p, first);
      case Phase.definitions:
        if (--this.definitions > 0) return GOES_ON;
        if (this.deprecatesEof === true) return this.definitionsDone(null);
        this.phase = Phase.definitionsEnd;
        return GOES_ON;
      case Phase.definitionsEnd:
        if (first === EOF && p.length < MAX_EOF) {
          this.deprecatesEof = false;
          return this.definitionsDone(p);
        }
        this.deprecatesEof = true;
        this.definitionsDone(null);
        return this.packet(p);
      case Phase.rows:
        return this.row(p, first);
      case Phase.file:
        this.phase = Phase.first;
        return this.first(p, first);
      default:
        return first === EOF && p.length < MAX_EOF ? done(null) : GOES_ON;
    }
  }

  private first(p: PacketReader, first: number): Step {
    if (this.kind === Answer.text) return done(null);
    if (this.kind === Answer.login) return first === OK ? this.ok(p) : GOES_ON;
    if (this.kind === Answer.prepared) return this.prepared(p);
    if (first === OK) return this.ok(p);
    if (first === EOF && p.length < MAX_EOF) return this.status(p.u16(3));
    if (this.kind !== Answer.result) return done(null);
    if (first === LOCAL_INFILE) {
      this.phase = Phase.file;
      return GOES_ON;
    }
    const size = p.lenencSize(0);
    const isCached = p.length > size && p.bytes[size] === 0;
    this.define(isCached ? 0 : p.lenenc(0), Phase.rows);
    return GOES_ON;
  }

  private prepared(p: PacketReader): Step {
    const [columns, parameters] = [p.u16(5), p.u16(7)];
    const statement = p.u32(1);
    if (parameters > 0) {
      this.moreDefinitions = columns;
      this.define(parameters, Phase.first);
    } else if (columns > 0) this.define(columns, Phase.first);
    else return { ...DONE, statement };
    return { ...GOES_ON, statement };
  }

  private define(count: number, after: Phase): void {
    this.definitions = count;
    this.afterDefinitions = after;
    if (count > 0) this.phase = Phase.definitions;
    else this.phase = this.deprecatesEof === true ? after : Phase.definitionsEnd;
  }

  /** Behind the definitions, and behind their EOF where there is one. */
  private definitionsDone(eof: PacketReader | null): Step {
    if (this.afterDefinitions === Phase.rows) {
      this.phase = Phase.rows;
      // A cursor: the rows are fetched.
      return eof !== null && (eof.u16(3) & CURSOR_EXISTS) !== 0 ? this.status(eof.u16(3)) : GOES_ON;
    }
    if (this.moreDefinitions === 0) return DONE;
    this.define(this.moreDefinitions, Phase.first);
    this.moreDefinitions = 0;
    return GOES_ON;
  }

  private row(p: PacketReader, first: number): Step {
    if (first !== EOF || p.length >= (this.deprecatesEof === true ? MAX_PACKET : MAX_EOF)) return GOES_ON;
    return this.deprecatesEof === true && p.length > 5 ? this.ok(p) : this.status(p.u16(3));
  }

  private ok(p: PacketReader): Step {
    const affected = p.lenencSize(1);
    const id = p.lenencSize(1 + affected);
    return this.status(p.u16(1 + affected + id));
  }

  private status(flags: number): Step {
    const inTransaction = (flags & IN_TRANSACTION) !== 0;
    if ((flags & MORE_RESULTS) === 0) return { ...DONE, inTransaction };
    this.phase = Phase.first;
    return { ...GOES_ON, inTransaction };
  }
}

const GOES_ON: Step = { done: false, failure: null, inTransaction: null, statement: null };
const DONE: Step = { ...GOES_ON, done: true };
const done = (failure: Failure | null): Step => ({ ...DONE, failure });

/** An ERR packet: code, SQL state, text. */
export function failureOf(p: PacketReader): Failure {
  const text = p.bytes[3] === 0x23 ? p.text(9) : p.text(3);
  return { code: String(p.u16(1)), text: withoutPasswords(text) };
}
