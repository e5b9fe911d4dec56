// How are the fields of a PostgreSQL message walked, keeping what frames them? (PostgreSQL documentation, "Message Formats")

import { int32, uint16 } from "../../../decoders/bytes.ts";
import { WhiteList } from "./white-list.ts";

export class PostgresFields extends WhiteList {
  at = 0;

  get isOver(): boolean {
    return this.at >= this.b.length;
  }

  /** The next n bytes stay. */
  stay(n: number): void {
    this.at = this.keep(this.at, this.at + n);
  }

  /** A number of two bytes that stays; 0 when it is not there. */
  short(): number {
    const { at } = this;
    this.stay(2);
    return this.at - at === 2 ? uint16(this.original, at) : 0;
  }

  /** Where the text at hand ends: at its NUL, or where the message does. */
  get textEnd(): number {
    const end = this.original.indexOf(0, this.at);
    return end < 0 ? this.b.length : end;
  }

  /** A text that stays, with its NUL. */
  text(): void {
    this.at = this.keep(this.at, this.textEnd + 1);
  }

  /** A text that is filled; its NUL stays. */
  filledText(): void {
    const end = this.textEnd;
    this.at = this.keep(end, end + 1);
  }

  /** A value that is filled; its length stays. */
  value(): void {
    const { at } = this;
    this.stay(4);
    if (this.at - at < 4) return;
    const length = int32(this.original, at);
    if (length > 0) this.at = Math.min(this.b.length, this.at + length);
  }

  /** A count, and so many values. */
  values(): void {
    for (let n = this.short(); n > 0 && !this.isOver; n--) this.value();
  }

  /** A count, and so many formats, which stay. */
  formats(): void {
    this.stay(2 * this.short());
  }
}
