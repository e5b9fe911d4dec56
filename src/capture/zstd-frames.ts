// Where do the frames and blocks of a Zstandard stream begin and end? (RFC 8878 §3.1)
//
// Only the framing is read here; what is in a block is the decompressor's matter. Fed block by block it can never be made
// to put out more than 128 KiB at once, frames can follow each other, skippable ones among them, a cut is told from
// an end, and no window is granted that a crafted header asks for.

import { u16, u32 } from "./record-reader.ts";
import { type ByteStream, CaptureError } from "./source.ts";
import { MAX_BLOCK } from "./zstd-literals.ts";

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const SKIPPABLE_MASK = 0xffff_fff0;
const BLOCK_HEADER = 3;
const CHECKSUM = 4;
const BlockType = { raw: 0, rle: 1, compressed: 2, reserved: 3 } as const;
/** What the zstd program itself grants without --long=31: 2^27 bytes. */
const MAX_WINDOW = 1 << 27;
const READ_BYTES = 1 << 16;

/** A piece of a frame: its header, or a block; the last block comes with the checksum. Valid until the next one is read. */
export interface ZstdPiece {
  bytes: Uint8Array;
  first: boolean;
  last: boolean;
}

export class ZstdFrames {
  /** Bytes of the last frame's window: how far back it may copy from. */
  window = 0;
  readonly #input: ByteStream;
  #buffer = new Uint8Array(READ_BYTES + MAX_BLOCK + BLOCK_HEADER + CHECKSUM);
  #pos = 0;
  #end = 0;
  /** Offset in the compressed stream of buffer[0]. */
  #origin = 0;
  #inFrame = false;
  #checksum = false;

  constructor(input: ByteStream) {
    this.#input = input;
  }

  /** The next piece; null at the end of the stream. Throws a {@link CaptureError} where it is cut or damaged. */
  async next(): Promise<ZstdPiece | null> {
    return this.#inFrame ? this.#block() : this.#frame();
  }

  async #frame(): Promise<ZstdPiece | null> {
    for (;;) {
      if (!(await this.#have(1))) return null;
      await this.#require(4);
      const magic = u32(this.#buffer, this.#pos, true);
      if (magic === FRAME_MAGIC) return this.#header();
      if ((magic & SKIPPABLE_MASK) >>> 0 !== SKIPPABLE_MAGIC) throw this.#damaged("no frame starts");
      await this.#require(8);
      let left = 8 + u32(this.#buffer, this.#pos + 4, true);
      while (left > 0) {
        await this.#require(1);
        const step = Math.min(left, this.#end - this.#pos);
        this.#pos += step;
        left -= step;
      }
    }
  }

  async #header(): Promise<ZstdPiece> {
    await this.#require(6);
    const descriptor = this.#buffer[this.#pos + 4];
    const singleSegment = (descriptor & 0x20) !== 0;
    const windowBytes = singleSegment ? 0 : 1;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
    const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6];
    const length = 5 + windowBytes + dictionaryBytes + sizeBytes;
    await this.#require(length);
    if (descriptor & 0x08) throw this.#damaged("a frame header has its reserved bit set");
    const at = this.#pos;
    const dictionary = this.#buffer.subarray(at + 5 + windowBytes, at + 5 + windowBytes + dictionaryBytes);
    if (dictionary.some((byte) => byte !== 0)) {
      throw this.#error(
        "zstd-dictionary",
        "it was compressed with a dictionary; decompress it first: zstd -d -D DICTIONARY",
      );
    }
    this.window = singleSegment ? this.#size(at + length - sizeBytes, sizeBytes) : windowSize(this.#buffer[at + 5]);
    if (this.window > MAX_WINDOW) {
      throw this.#error("zstd-window", "its window is larger than 128 MiB; decompress it first: zstd -d --long=31");
    }
    this.#inFrame = true;
    this.#checksum = (descriptor & 4) !== 0;
    this.#pos = at + length;
    return { bytes: this.#buffer.subarray(at, at + length), first: true, last: false };
  }

  async #block(): Promise<ZstdPiece> {
    await this.#require(BLOCK_HEADER);
    const header = this.#buffer[this.#pos] | (u16(this.#buffer, this.#pos + 1, true) << 8);
    const last = (header & 1) !== 0;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === BlockType.reserved || size > MAX_BLOCK) throw this.#damaged("a block header cannot be");
    const content = type === BlockType.rle ? 1 : size;
    const length = BLOCK_HEADER + content + (last && this.#checksum ? CHECKSUM : 0);
    await this.#require(length);
    const at = this.#pos;
    this.#pos += length;
    this.#inFrame = !last;
    return { bytes: this.#buffer.subarray(at, at + length), first: false, last };
  }

  #size(at: number, bytes: number): number {
    if (bytes === 1) return this.#buffer[at];
    if (bytes === 2) return u16(this.#buffer, at, true) + 256;
    const low = u32(this.#buffer, at, true);
    return bytes === 4 ? low : low + u32(this.#buffer, at + 4, true) * 4_294_967_296;
  }

  async #require(bytes: number): Promise<void> {
    if (await this.#have(bytes)) return;
    throw this.#error(
      "zstd-cut-short",
      `the compressed stream is cut short at compressed byte ${this.#origin + this.#end}`,
    );
  }

  async #have(bytes: number): Promise<boolean> {
    while (this.#end - this.#pos < bytes) {
      if (this.#pos > 0 && this.#pos + bytes + READ_BYTES > this.#buffer.length) {
        this.#buffer.copyWithin(0, this.#pos, this.#end);
        this.#origin += this.#pos;
        this.#end -= this.#pos;
        this.#pos = 0;
      }
      const room = Math.min(READ_BYTES, this.#buffer.length - this.#end);
      const count = await this.#input.read(this.#buffer, this.#end, room);
      if (count === 0) return false;
      this.#end += count;
    }
    return true;
  }

  #damaged(what: string): CaptureError {
    const at = this.#origin + this.#pos;
    return this.#error("zstd-damaged", `the compressed stream is damaged: ${what} at compressed byte ${at}`);
  }

  #error(code: string, message: string): CaptureError {
    return new CaptureError(message, { code, path: "" });
  }
}

/** Window_Descriptor, §3.1.1.1.2. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}
