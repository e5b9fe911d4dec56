// How are the fields of a MySQL packet walked, keeping their lengths? (MySQL Internals, "Describing Packets")

import { PacketReader } from "../../../decoders/mysql-packets.ts";
import type { RedactionPolicy, RedactionSink } from "../stream-redactor.ts";
import { redactName } from "./redact-name.ts";
import { WhiteList } from "./white-list.ts";

const NULL_VALUE = 0xfb;

export class MysqlFields extends WhiteList {
  /** Reads the original's fields; beyond it, zeros. */
  readonly p = new PacketReader();

  constructor(b: Uint8Array) {
    super(b);
    this.p.bytes = this.original;
    this.p.known = this.original.length;
  }

  /** A text with its length in front, of which the length stays. Returns where it ends. */
  text(at: number): number {
    const size = this.p.lenencSize(at);
    this.keep(at, at + size);
    return at + size + this.p.lenenc(at);
  }

  /** The same, and the text stays. */
  keptText(at: number): number {
    const end = at + this.p.lenencSize(at) + this.p.lenenc(at);
    return this.keep(at, end);
  }

  /** A name up to its NUL, which stays. Returns where the NUL is. */
  name(at: number, policy: RedactionPolicy, sink: RedactionSink | null): number {
    const end = this.p.nul(at);
    this.keep(at, end + 1);
    redactName(this.b, at, Math.min(end, this.b.length), policy, sink);
    return end;
  }

  /** A row in text form, to its end: lengths stay. False, and nothing kept, when these are no such values. */
  row(total: number): boolean {
    const { p } = this;
    let at = 0;
    while (at < p.known) {
      if (p.byte(at) === NULL_VALUE) at++;
      else if (p.lenencSize(at) === 0) return false;
      else at += p.lenencSize(at) + p.lenenc(at);
    }
    if (total === p.known && at !== total) return false;
    for (at = 0; at < p.known; ) {
      if (p.byte(at) === NULL_VALUE) at = this.keep(at, at + 1);
      else at = this.text(at);
    }
    return true;
  }
}
