// What do the frames of a Zstandard stream unpack to, block by block? (RFC 8878 §3.1.1)
//
// What was put out stays in one buffer, as far back as the frame's window says that it may be copied from. When the buffer
// is full, the window is moved to its front. It grows with what is really put out, so that a header alone takes nothing.
// Checksums are not compared.

import { u16 } from "./record-reader.ts";
import { ZstdBlocks } from "./zstd-block.ts";
import { MAX_BLOCK } from "./zstd-literals.ts";

const BLOCK_HEADER = 3;
const BlockType = { raw: 0, rle: 1 } as const;
const FIRST_BYTES = 1 << 19;
/** Put out between two moves of the window: as much as it, so that each byte is moved once; of a large window a quarter. */
const LEAST_ROOM = 1 << 20;
const LARGE_WINDOW = 1 << 23;

export class ZstdUnpacker {
  #out = new Uint8Array(FIRST_BYTES);
  #end = 0;
  #window = 0;
  #most = 0;
  readonly #blocks = new ZstdBlocks();

  /** A frame begins, with its window of so many bytes. */
  begin(window: number): void {
    this.#blocks.reset();
    this.#window = window;
    this.#end = 0;
    const room = window <= LARGE_WINDOW ? Math.max(window, LEAST_ROOM) : Math.max(LARGE_WINDOW, window >> 2);
    this.#most = window + room;
  }

  /** A block with its header. The result is valid until the next one is unpacked. Throws ZstdDamage. */
  unpack(block: Uint8Array): Uint8Array {
    if (this.#end + MAX_BLOCK > this.#out.length) this.#makeRoom();
    const at = this.#end;
    const type = (block[0] >> 1) & 3;
    const size = (block[0] | (u16(block, 1, true) << 8)) >> 3;
    if (type === BlockType.raw) {
      this.#out.set(block.subarray(BLOCK_HEADER, BLOCK_HEADER + size), at);
      this.#end = at + size;
    } else if (type === BlockType.rle) {
      this.#end = at + size;
      this.#out.fill(block[BLOCK_HEADER], at, this.#end);
    } else {
      const from = Math.max(0, at - this.#window);
      this.#end = this.#blocks.decode(block, BLOCK_HEADER, BLOCK_HEADER + size, this.#out, from, at);
    }
    return this.#out.subarray(at, this.#end);
  }

  #makeRoom(): void {
    const kept = this.#out.subarray(Math.max(0, this.#end - this.#window), this.#end);
    if (this.#out.length < this.#most) {
      const grown = new Uint8Array(Math.min(this.#most, 2 * this.#out.length));
      grown.set(kept);
      this.#out = grown;
    } else this.#out.copyWithin(0, kept.byteOffset, kept.byteOffset + kept.length);
    this.#end = kept.length;
  }
}
