// What is held of one direction of an HTTP/1 flow?
//
// The message in hand, the place in it, and at most one incomplete line.

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import type { Exchange } from "../src/core/stream-decoder.ts";
import { BodyReader } from "./http1-body.ts";
import { Head } from "./http1-head.ts";
import { Start } from "./http1-start-line.ts";
import type { EarlyBytes } from "./http1-tunnel.ts";

/** Enough for the texts that are kept of a field (MAX_TEXT characters of UTF-8). */
const MAX_LINE = 8_192;
/** Servers accept targets of 8 to 32 KiB. In a longer line the version is not looked for. */
const MAX_START_LINE = 65_536;
const FIRST_LINE_BUFFER = 512;

/** Where a direction stands; `http1.ts` has the picture. */
export const Mode = { start: 0, line: 1, fields: 2, body: 3, lost: 4, connects: 5 } as const;
export type Mode = (typeof Mode)[keyof typeof Mode];

export class Direction {
  mode: Mode = Mode.start;
  /** The message in hand: where it began, and what it is. */
  frame: FrameRef = NO_FRAME;
  time: Nanos = 0;
  /** When the last bytes of this direction came, and in which frame. */
  lastTime: Nanos = 0;
  lastFrame: FrameRef = NO_FRAME;
  kind: Start = Start.no;
  method = "";
  target = "";
  status = 0;
  readonly head = new Head();
  readonly body = new BodyReader();
  /** The message whose body is being read. */
  exchange: Exchange | null = null;
  isRequest = false;
  /** The body's length is a guess (until the end; or the request, maybe a HEAD, was not captured). */
  guessed = false;
  /** Between messages: the CR of an empty line was read, its LF not yet. */
  halfLine = false;
  lostBecause: "gap" | "snap" = "gap";
  /** While it connects: what came behind the CONNECT. */
  early: EarlyBytes | null = null;
  /** The incomplete line at the end of the last segment. */
  line: Uint8Array | null = null;
  lineLength = 0;
  lineCut = false;

  keep(bytes: Uint8Array, start: number, end: number): void {
    const limit = this.mode === Mode.line ? MAX_START_LINE : MAX_LINE;
    const n = Math.min(end - start, limit - this.lineLength);
    if (n < end - start) this.lineCut = true;
    if (n <= 0) return;
    const needed = this.lineLength + n;
    if (this.line === null || this.line.length < needed) {
      const larger = new Uint8Array(Math.max(FIRST_LINE_BUFFER, needed, 2 * (this.line?.length ?? 0)));
      if (this.line !== null) larger.set(this.line.subarray(0, this.lineLength));
      this.line = larger;
    }
    for (let i = 0; i < n; i++) this.line[this.lineLength + i] = bytes[start + i]!;
    this.lineLength = needed;
  }

  dropLine(): void {
    this.lineLength = 0;
    this.lineCut = false;
    this.line = null;
  }
}
