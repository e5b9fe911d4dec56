// What was said of the payload of each frame? Kept for a bounded number of frames: the first ones of a pass, the last ones, and those
// that are cited, for these are the packets that a slice keeps. Of a frame that was forgotten, nothing leaves.

import type { FrameRef } from "../core/frame.ts";

/** Of a captured payload, the `length` bytes that begin `fromEnd` bytes before its end: as they are, or `bytes` in their place. */
export interface Mark {
  readonly fromEnd: number;
  readonly length: number;
  readonly bytes: Uint8Array | null;
}

interface Marks {
  seen: number;
  list: Mark[];
  weight: number;
}

/** A mark counts for one, and for one more per 64 bytes that it holds. */
const weightOf = ({ bytes }: Mark): number => 1 + ((bytes?.length ?? 0) >> 6);

/** Frames kept from the start of a pass, and as many from its end: more than a slice of 64 MB holds packets with payload. */
const MAX_FRAMES = 100_000;
/** And the weight of their marks: five a frame, some 30 MB. */
const MAX_WEIGHT = 500_000;
/** Marks of one frame; a payload of 64 KiB with a kept byte in every four. What is beyond is filled. */
const MAX_MARKS_OF_FRAME = 16_384;
const NOTHING: readonly Mark[] = [];

export class MarkStore {
  readonly #cited: ReadonlySet<FrameRef>;
  readonly #maxFrames: number;
  readonly #first = new Map<FrameRef, Marks>();
  #firstWeight = 0;
  /** In order of appearance, so the first key is the oldest. */
  readonly #last = new Map<FrameRef, Marks>();
  #lastWeight = 0;

  constructor(cited: ReadonlySet<FrameRef>, maxFrames = MAX_FRAMES) {
    this.#cited = cited;
    this.#maxFrames = maxFrames;
  }

  of(frame: FrameRef): readonly Mark[] {
    return (this.#first.get(frame) ?? this.#last.get(frame))?.list ?? NOTHING;
  }

  seen(frame: FrameRef): number {
    return (this.#first.get(frame) ?? this.#last.get(frame))?.seen ?? 0;
  }

  saw(frame: FrameRef, length: number): void {
    const known = this.#first.get(frame) ?? this.#last.get(frame);
    if (known !== undefined) known.seen += length;
    else this.#open(frame, length);
  }

  /** Of a frame that {@link saw} was told of, and that was not forgotten since. */
  add(frame: FrameRef, mark: Mark): void {
    const early = this.#first.get(frame);
    const marks = early ?? this.#last.get(frame);
    if (marks === undefined) return;
    const { list } = marks;
    const before = list.at(-1);
    // Runs that touch are one: heads are kept field by field.
    if (before?.bytes === null && mark.bytes === null && before.fromEnd - before.length === mark.fromEnd) {
      list[list.length - 1] = { fromEnd: before.fromEnd, length: before.length + mark.length, bytes: null };
    } else if (list.length < MAX_MARKS_OF_FRAME) {
      list.push(mark);
      const weight = weightOf(mark);
      marks.weight += weight;
      if (early !== undefined) this.#firstWeight += weight;
      else this.#lastWeight += weight;
    }
  }

  #open(frame: FrameRef, seen: number): void {
    const marks: Marks = { seen, list: [], weight: 0 };
    if ((this.#first.size < this.#maxFrames && this.#firstWeight < MAX_WEIGHT) || this.#cited.has(frame)) {
      this.#first.set(frame, marks);
      return;
    }
    this.#last.set(frame, marks);
    for (const [oldest, { weight }] of this.#last) {
      if (this.#last.size <= this.#maxFrames && this.#lastWeight <= MAX_WEIGHT) return;
      this.#last.delete(oldest);
      this.#lastWeight -= weight;
    }
  }
}
