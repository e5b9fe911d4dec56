// Where do the lines of a capture under way go? One a second, a header now and then, and what happens in between.

import { ascii, visible } from "../core/escape.ts";
import type { LiveCounts } from "../live/session/live-counts.ts";
import { headerLines, LINES_A_HEADER, summaryLine } from "../live/session/summary-line.ts";
import type { Io, Out } from "./io.ts";
import { showsUnicode } from "./terminal.ts";

/** A reader that is behind by so much gets no more lines until it has caught up. */
const MOST_WAITING = 1 << 20;
/** Into a file or a pipe. */
const COLUMNS_ELSEWHERE = 120;

export class LiveLines {
  private readonly out: Out;
  private readonly unicode: boolean;
  private readonly onClosed: () => void;
  /** Since the header. */
  private lines = Number.POSITIVE_INFINITY;
  private before: LiveCounts | null = null;
  private headed = 0;
  private closed = false;

  /** `closed`: nobody reads any more. */
  constructor(out: Out, env: Io["env"], closed: () => void) {
    this.out = out;
    this.unicode = showsUnicode(env);
    this.onClosed = () => {
      this.closed = true;
      closed();
    };
    out.once("error", this.onClosed);
  }

  get columns(): number {
    return this.out.isTTY === true && this.out.columns !== undefined && this.out.columns > 0
      ? this.out.columns
      : COLUMNS_ELSEWHERE;
  }

  second(counts: LiveCounts, iso: string): void {
    const { columns } = this;
    const again = this.out.isTTY === true && (this.lines >= LINES_A_HEADER || this.headed !== columns);
    if (again || this.headed === 0) {
      this.headed = columns;
      this.lines = 0;
      this.write(headerLines(columns));
    }
    this.lines++;
    this.write([summaryLine(counts, this.before, iso, columns)]);
    this.before = counts;
  }

  /** Lines of their own, each already fit for its width. */
  write(lines: readonly string[]): void {
    if (this.closed || this.out.writableLength > MOST_WAITING) return;
    this.out.write(lines.map((line) => `${(this.unicode ? visible : ascii)(line)}\n`).join(""));
  }

  end(): void {
    this.out.off("error", this.onClosed);
  }
}
