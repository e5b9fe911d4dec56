// What does the redactor hold of one direction of an HTTP/2 connection? The frame in hand, and the header block that is not complete.

import { MAX_BLOCK, Mode } from "../../../decoders/http2-direction.ts";
import { Flag, FrameType, HEADER, PRIORITY_LENGTH, PROMISE_LENGTH } from "../../../decoders/http2-frames.ts";
import { HpackWalk } from "./hpack-walk.ts";
import { Remembered } from "./remembered.ts";

export class Direction {
  mode: Mode = Mode.start;
  /** The place is known: a frame was read where one was expected. */
  isSure = false;
  isSnapped = false;
  readonly header = new Uint8Array(HEADER);
  have = 0;
  type = 0;
  flags = 0;
  stream = 0;
  length = 0;
  /** Payload bytes still to come. */
  left = 0;
  /** Bytes of padding at the payload's end. */
  padding = 0;
  /** Identifier of the setting in hand. */
  setting = 0;
  /** Stream of the header block begun; 0: none. */
  blockStream = 0;
  /** Bytes of the block are missing or were too many: what is remembered is its beginning. */
  isCut = false;
  /** Of the block's first frame: bytes in front of its fields. */
  skipped = 0;
  readonly block = new Remembered(MAX_BLOCK);
  readonly walk = new HpackWalk();

  get isOfBlock(): boolean {
    const { type } = this;
    return type === FrameType.headers || type === FrameType.continuation || type === FrameType.pushPromise;
  }

  get isPadded(): boolean {
    const { type } = this;
    const mayBe = type === FrameType.data || type === FrameType.headers || type === FrameType.pushPromise;
    return mayBe && (this.flags & Flag.padded) !== 0;
  }

  /** Bytes in front of the fields of a frame that begins a block: the padding's length, priority, promised stream. */
  get front(): number {
    let n = this.isPadded ? 1 : 0;
    if (this.type === FrameType.headers && (this.flags & Flag.priority) !== 0) n += PRIORITY_LENGTH;
    if (this.type === FrameType.pushPromise) n += PROMISE_LENGTH;
    return n;
  }

  dropBlock(): void {
    this.block.clear();
    this.blockStream = 0;
    this.isCut = false;
  }
}
