// RESP 2 and 3: where does a value begin and end, and which words does it begin with? (Redis serialization protocol
// specification, redis.io/docs/latest/develop/reference/protocol-spec)
//
//   + simple   - error   : integer   _ null   , double   # boolean   ( big number          one line
//   $ bulk     ! error   = verbatim                                                        length, bytes; `$?` in pieces `;`
//   * array    ~ set     > push   % map (pairs)   | attribute (pairs, before its value)     count, values; `*?` until `.`
//   anything else, where commands are read: an inline command, one line of words
//
// The signs stand in redis-types.ts. Reads any segmentation, steps over strings by counting, keeps the words asked for (`keep`) and at most one incomplete line.

import {
  isScalar,
  isScalarText,
  isString,
  isText,
  isValue,
  lengthOf,
  MAX_NUMBER,
  NO_LENGTH,
  NULL_LENGTH,
  STREAMED,
  Type,
} from "./redis-types.ts";
import { Words } from "./redis-words.ts";

/** What came of reading: `more` wants the next segment; `head` and `word` are stops on the way; `broken` is not RESP. */
export const Step = { more: 0, head: 1, word: 2, done: 3, broken: 4 } as const;
export type Step = (typeof Step)[keyof typeof Step];

/** Servers nest a handful of levels (COMMAND DOCS); what nests deeper was made to do harm. */
const MAX_DEPTH = 128;
/** Redis takes no more than 2³¹ elements, and 512 MiB a string unless it is told otherwise. */
const MAX_COUNT = 2 ** 32;
const MAX_BULK = 2 ** 40;
/** Kept of a line: an error's text, a key in an inline command. */
const MAX_LINE = 2_048;
const FIRST_LINE = 64;

const CR = 0x0d;
const LF = 0x0a;

const Phase = { type: 0, line: 1, bulk: 2, cr: 3, lf: 4 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** Told of what is read. `index` is that of the value among those at the top of the message; −1 further in, and of pieces. */
export interface RespTap {
  /**
   * A line of [at, end) with its type and line end, that fits: bytes[from, to) are the beginning of its text, which starts behind the
   * type, and of an inline command with it.
   */
  line(type: number, index: number, at: number, end: number, bytes: Uint8Array, from: number, to: number): void;
  /** bytes[from, to) of a string. */
  string(index: number, at: number, bytes: Uint8Array, from: number, to: number): void;
  /** The first byte of its line end is at this offset. */
  carriage(at: number): void;
  /** Its line end lies in front of `end`. */
  stringEnd(index: number, end: number): void;
}

export class RespReader {
  /** The value in hand; 0 before its type is known. Attributes come before it and do not count. */
  type = 0;
  /** Its announced number of elements or bytes; −1 for null; Infinity when it is streamed. */
  count = 0;
  /** Bytes of strings and lines in it so far, as announced. */
  payload = 0;
  /** The type of the last value begun at the top of it. */
  elementType = 0;
  /** Elements begun at the top of it. */
  elements = 0;
  /** How many words are kept of the next values. */
  keep = 0;
  /** Only commands are read: arrays of strings, and inline commands. */
  commands = false;
  readonly words = new Words();
  /** Who else is told of every line and string. Offsets are positions in the bytes read, plus `base`. */
  tap: RespTap | null = null;
  base = 0;

  private lineAt = 0;
  private phase: Phase = Phase.type;
  private depth = 0;
  private readonly left: number[] = [];
  private readonly isAttribute: boolean[] = [];
  private lineType = 0;
  private line: Uint8Array | null = null;
  private lineLength = 0;
  private lastByte = 0;
  private bulkLeft = 0;
  private inChunks = false;
  /** Where read() stopped. */
  at = 0;

  /** Within the bytes of a string, off which a gap may be counted. */
  get inString(): boolean {
    return this.phase === Phase.bulk;
  }

  reset(): void {
    this.type = 0;
    this.count = 0;
    this.payload = 0;
    this.elementType = 0;
    this.elements = 0;
    this.phase = Phase.type;
    this.depth = 0;
    this.lineLength = 0;
    this.lastByte = 0;
    this.bulkLeft = 0;
    this.inChunks = false;
    this.words.clear();
  }

  /** Overwrites what was kept of the last message: it may hold a password. */
  wipe(): void {
    this.words.wipe();
    this.line?.fill(0);
  }

  /**
   * Reads on from `start`, and sets `at` behind what was read. `head`: type and length of the value are known. `word`: one
   * more word was kept. `done`: the value is complete; call reset() before the next.
   */
  // hot: per line of a message and per string.
  read(bytes: Uint8Array, start: number, end: number): Step {
    let i = start;
    let step: Step = Step.more;
    while (i < end && step === Step.more) {
      switch (this.phase) {
        case Phase.type:
          this.lineAt = this.base + i;
          step = this.begin(bytes[i]!);
          // An inline command has no type: its first byte is of its line.
          if (this.lineType !== Type.inline) i++;
          break;
        case Phase.line: {
          let to = i;
          while (to < end && bytes[to] !== LF) to++;
          if (to === end) {
            step = this.keepLine(bytes, i, end);
            i = end;
          } else {
            step = this.tap === null ? this.lineDone(bytes, i, to) : this.tappedLine(this.tap, bytes, i, to);
            i = to + 1;
          }
          break;
        }
        case Phase.bulk: {
          const n = Math.min(this.bulkLeft, end - i);
          if (this.keeping) this.words.append(bytes, i, i + n);
          this.tap?.string(this.index, this.base + i, bytes, i, i + n);
          this.bulkLeft -= n;
          i += n;
          if (this.bulkLeft === 0) this.phase = Phase.cr;
          break;
        }
        case Phase.cr:
          if (bytes[i] !== CR) step = Step.broken;
          else this.tap?.carriage(this.base + i);
          this.phase = Phase.lf;
          i++;
          break;
        default:
          if (bytes[i] === LF) this.tap?.stringEnd(this.index, this.base + i + 1);
          step = bytes[i] === LF ? this.stringDone() : Step.broken;
          i++;
      }
    }
    this.at = i;
    return step;
  }

  /** The offset of the type of a line whose end did not come yet; −1 without one, and of an inline command. */
  get openLine(): number {
    return this.phase === Phase.line && this.lineType !== Type.inline ? this.lineAt : -1;
  }

  /** Of the value in hand: its number among those at the top of the message; −1 for one further in, or in pieces. */
  private get index(): number {
    if (this.inChunks || this.depth > 1 || this.isAttribute[0]) return this.depth === 0 && !this.inChunks ? 0 : -1;
    return this.depth === 0 ? 0 : this.elements - 1;
  }

  private tappedLine(tap: RespTap, bytes: Uint8Array, start: number, lf: number): Step {
    const { index, lineType, lineLength } = this;
    const step = this.lineDone(bytes, start, lf);
    if (step === Step.broken) return step;
    const end = this.base + lf + 1;
    if (lineLength === 0) tap.line(lineType, index, this.lineAt, end, bytes, start, Math.min(lf, start + MAX_LINE));
    else tap.line(lineType, index, this.lineAt, end, this.line!, 0, Math.min(MAX_LINE, lineLength + lf - start));
    return step;
  }

  /** Steps over bytes that are missing. What lies beyond the string in hand is returned; then the place is not known. */
  skip(length: number): number {
    if (this.phase !== Phase.bulk) return length;
    const n = Math.min(length, this.bulkLeft);
    this.bulkLeft -= n;
    if (this.bulkLeft === 0) this.phase = Phase.cr;
    return length - n;
  }

  /** The words of this value are kept: at the top of it, as far as asked for. */
  private get keeping(): boolean {
    if (this.words.count >= this.keep) return false;
    return this.depth === 0 || (this.depth === 1 && !this.isAttribute[0]);
  }

  private begin(c: number): Step {
    this.phase = Phase.line;
    this.lineType = c;
    if (this.inChunks) return c === Type.chunk ? Step.more : Step.broken;
    if (this.commands) {
      if (this.depth > 0 && c !== Type.bulk) return Step.broken;
      if (this.depth === 0 && c !== Type.array) this.lineType = Type.inline;
    } else if (c === Type.endOfStream) {
      const streamed = this.depth > 0 && this.left[this.depth - 1] === Number.POSITIVE_INFINITY;
      return streamed ? Step.more : Step.broken;
    } else if (!isValue(c)) return Step.broken;
    if (c === Type.attribute) return Step.more;
    if (this.depth === 0) this.type = this.lineType;
    else if (this.depth === 1 && !this.isAttribute[0]) {
      this.elementType = c;
      this.elements++;
    }
    return Step.more;
  }

  private keepLine(bytes: Uint8Array, start: number, end: number): Step {
    const isLine = isText(this.lineType) || isScalar(this.lineType);
    // The CR comes on top of a number.
    if (!isLine && this.lineLength + end - start > MAX_NUMBER + 1) return Step.broken;
    const n = Math.min(end - start, MAX_LINE - this.lineLength);
    const needed = this.lineLength + n;
    if (this.line === null || this.line.length < needed) {
      const larger = new Uint8Array(Math.max(needed, FIRST_LINE, 2 * (this.line?.length ?? 0)));
      if (this.line !== null) larger.set(this.line.subarray(0, this.lineLength));
      this.line = larger;
    }
    for (let k = 0; k < n; k++) this.line[this.lineLength + k] = bytes[start + k]!;
    this.lineLength = needed;
    if (end > start) this.lastByte = bytes[end - 1]!;
    return Step.more;
  }

  /** A line ended: bytes[start, lf) behind what was kept of it. */
  private lineDone(bytes: Uint8Array, start: number, lf: number): Step {
    let line = bytes;
    let s = start;
    let e = lf;
    const last = lf > start ? bytes[lf - 1] : this.lastByte;
    const total = this.lineLength + lf - start;
    if (this.lineLength > 0) {
      if (this.keepLine(bytes, start, lf) === Step.broken) return Step.broken;
      line = this.line!;
      s = 0;
      e = this.lineLength;
    }
    this.lineLength = 0;
    this.lastByte = 0;
    this.phase = Phase.type;
    if (last === CR) {
      // A line that was cut when it was kept has lost its CR with the rest.
      if (e - s === total) e--;
    } else if (this.lineType !== Type.inline) return Step.broken;
    const cut = Math.min(e, s + MAX_LINE);
    if (this.lineType === Type.inline) return this.inlineDone(line, s, cut);
    if (isText(this.lineType)) {
      for (let k = s; k < cut; k++) if (line[k] === CR) return Step.broken;
      return this.scalarDone(line, s, cut, total - 1);
    }
    if (isScalar(this.lineType)) {
      return isScalarText(this.lineType, line, s, cut) ? this.scalarDone(line, s, cut, total - 1) : Step.broken;
    }
    if (this.lineType === Type.endOfStream) return s === e ? this.popped() : Step.broken;
    const length = lengthOf(line, s, e);
    if (length === NO_LENGTH) return Step.broken;
    if (this.lineType === Type.chunk) return this.chunk(length);
    return isString(this.lineType) ? this.string(length) : this.aggregate(length);
  }

  private scalarDone(line: Uint8Array, s: number, e: number, length: number): Step {
    this.payload += Math.max(0, length);
    // What stands alone is always kept: it may be an error.
    if (this.depth === 0) this.keep = Math.max(1, this.keep);
    if (this.keeping) this.words.append(line, s, e);
    return this.valueDone();
  }

  private string(length: number): Step {
    const top = this.depth === 0;
    if (top) this.count = length === STREAMED ? Number.POSITIVE_INFINITY : length;
    if (length < 0 && this.commands) return Step.broken;
    if (length === NULL_LENGTH) return this.valueDone();
    if (length === STREAMED) this.inChunks = true;
    else if (length > MAX_BULK) return Step.broken;
    else this.bytesFollow(length);
    return top ? Step.head : Step.more;
  }

  private chunk(length: number): Step {
    if (length < 0 || length > MAX_BULK) return Step.broken;
    if (length > 0) {
      this.bytesFollow(length);
      return Step.more;
    }
    this.inChunks = false;
    return this.valueDone();
  }

  private bytesFollow(length: number): void {
    this.payload += length;
    this.bulkLeft = length;
    this.phase = length === 0 ? Phase.cr : Phase.bulk;
  }

  private stringDone(): Step {
    this.phase = Phase.type;
    return this.inChunks ? Step.more : this.valueDone();
  }

  private aggregate(length: number): Step {
    const isAttribute = this.lineType === Type.attribute;
    const top = this.depth === 0 && !isAttribute;
    if (top) this.count = length === STREAMED ? Number.POSITIVE_INFINITY : length;
    if (length > MAX_COUNT || (length === STREAMED && this.commands)) return Step.broken;
    if (length === NULL_LENGTH || length === 0) return isAttribute ? Step.more : this.valueDone();
    if (this.depth === MAX_DEPTH) return Step.broken;
    const pairs = isAttribute || this.lineType === Type.map;
    this.left[this.depth] = length === STREAMED ? Number.POSITIVE_INFINITY : pairs ? 2 * length : length;
    this.isAttribute[this.depth] = isAttribute;
    this.depth++;
    return top ? Step.head : Step.more;
  }

  /** A value is complete, and with it perhaps those around it. */
  private valueDone(): Step {
    for (;;) {
      if (this.depth === 0) {
        if (this.keeping) this.words.close();
        return Step.done;
      }
      const kept = this.depth === 1 && this.keeping;
      if (kept) this.words.close();
      const left = --this.left[this.depth - 1]!;
      if (left > 0) return kept ? Step.word : Step.more;
      const wasAttribute = this.isAttribute[--this.depth];
      // An attribute is no value: the one that it belongs to follows.
      if (wasAttribute) return Step.more;
      if (this.depth === 0) return Step.done;
    }
  }

  /** The end of a streamed aggregate. */
  private popped(): Step {
    const wasAttribute = this.isAttribute[--this.depth];
    if (wasAttribute) return Step.more;
    return this.depth === 0 ? Step.done : this.valueDone();
  }

  /** An inline command: words between blanks, some in quotes. Escapes within quotes are left as they are. */
  private inlineDone(line: Uint8Array, start: number, end: number): Step {
    this.count = 0;
    let i = start;
    while (i < end) {
      while (i < end && isBlank(line[i]!)) i++;
      if (i === end) break;
      const quote = line[i] === 0x22 || line[i] === 0x27 ? line[i]! : 0;
      if (quote !== 0) i++;
      const from = i;
      while (i < end && (quote === 0 ? !isBlank(line[i]!) : line[i] !== quote || line[i - 1] === 0x5c)) {
        if (line[i]! < 0x20) return Step.broken;
        i++;
      }
      if (this.words.count < this.keep) {
        this.words.append(line, from, i);
        this.words.close();
      }
      if (quote !== 0) i++;
      this.count++;
      this.payload += i - from;
    }
    return Step.done;
  }
}

const isBlank = (c: number): boolean => c === 0x20 || c === 0x09;
