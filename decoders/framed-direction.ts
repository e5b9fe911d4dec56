// Where is one direction of a framed stream, and how sure is that?

import type { Nanos } from "../src/core/clock.ts";
import { type FrameRef, NO_FRAME } from "../src/core/frame.ts";
import type { Exchange, Side } from "../src/core/stream-decoder.ts";

/**
 * search: a magic is looked for. lost: without a magic, a segment that holds whole frames is waited for. over: given up, or
 * at its end.
 */
export type Mode = "head" | "body" | "search" | "lost" | "over";

export class FramedDirection {
  readonly side: Side;
  mode: Mode;
  /** The place in the stream is known, not guessed. */
  isSure: boolean;
  /** Of a guess: frames that bore it out, and frames read with it. */
  score = 0;
  guessed = 0;
  why: "gap" | "snap" = "gap";
  /** Bytes of this direction that were shown, gaps included. */
  offset = 0;
  lastFrame: FrameRef = NO_FRAME;
  lastTime: Nanos = 0;

  /** The frame in hand: its first bytes, where it began, and how much of it is to come. */
  readonly head: Uint8Array;
  got = 0;
  isMeasured = false;
  total = 0;
  payload = 0;
  left = 0;
  start = 0;
  startsSegment = false;
  frame: FrameRef = NO_FRAME;
  time: Nanos = 0;
  exchange: Exchange | null = null;
  private hasMagic: boolean;

  constructor(side: Side, kept: number, hasMagic: boolean, fromStart: boolean) {
    this.side = side;
    this.head = new Uint8Array(kept);
    this.hasMagic = hasMagic;
    this.isSure = fromStart;
    this.mode = fromStart ? "head" : hasMagic ? "search" : "lost";
  }

  /** The first byte of a frame comes now. */
  begin(frame: FrameRef, time: Nanos, startsSegment: boolean): void {
    this.frame = frame;
    this.time = time;
    this.start = this.offset;
    this.startsSegment = startsSegment;
    this.isMeasured = false;
  }

  measured(total: number, payload: number): void {
    this.isMeasured = true;
    this.total = total;
    this.payload = payload;
  }

  /** The place is a guess from here on. */
  guess(): void {
    this.mode = "head";
    this.score = 0;
    this.guessed = 0;
  }

  /** The place is not known any more. What is kept of the head stays for a search. */
  lose(why: "gap" | "snap"): void {
    this.mode = this.hasMagic ? "search" : "lost";
    this.isSure = false;
    this.guessed = 0;
    this.why = why;
    this.exchange = null;
  }

  giveUp(): void {
    this.mode = "over";
    this.isSure = false;
    this.exchange = null;
  }
}
