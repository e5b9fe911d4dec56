// What did a program say on standard error? Its last lines, however much it wrote, safe to show.

import { visible } from "../../core/escape.ts";

/** A complaint of dumpcap about permissions has 20 lines. */
const MAX_LINES = 40;
/** A longer line is cut: a filter of some pages may be in it. */
const MAX_LINE_BYTES = 1000;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class BoundedLines {
  /** The first ones and the last ones, escaped; what is between is gone. */
  readonly #first: string[] = [];
  #last: string[] = [];
  #line: number[] = [];
  readonly #onLine: (line: string) => void;

  /** `onLine` is called for every line, escaped and cut. */
  constructor(onLine: (line: string) => void = () => {}) {
    this.#onLine = onLine;
  }

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === NEWLINE || byte === CARRIAGE_RETURN) this.end();
      else if (this.#line.length < MAX_LINE_BYTES) this.#line.push(byte);
    }
  }

  /** What stands behind the last line's end is a line too. */
  end(): void {
    if (this.#line.length === 0) return;
    const line = visible(new TextDecoder().decode(Uint8Array.from(this.#line)).trim());
    this.#line = [];
    if (line === "") return;
    if (this.#first.length < MAX_LINES / 2) this.#first.push(line);
    else {
      this.#last.push(line);
      if (this.#last.length > MAX_LINES) this.#last = this.#last.slice(-MAX_LINES / 2);
    }
    this.#onLine(line);
  }

  get lines(): readonly string[] {
    return [...this.#first, ...this.#last.slice(-MAX_LINES / 2)];
  }
}
