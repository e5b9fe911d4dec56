// Which memory is read into? Buffers that one file has done with serve the next: a fresh one costs its pages, a thousand files a thousand times.

/** Kept for later use; what comes back beyond that is left to the collector. The buffers of two files, one being read and the next. */
const MAX_KEPT_BYTES = 14 << 20;

export class BufferPool {
  readonly #free: Uint8Array[] = [];
  #freeBytes = 0;

  /** A buffer of exactly this size, with whatever is in it. */
  take(size: number): Uint8Array {
    const at = this.#free.findIndex((buffer) => buffer.length === size);
    if (at < 0) return this.make(size);
    this.#freeBytes -= size;
    return this.#free.splice(at, 1)[0];
  }

  /** Nothing may read or write this buffer any more. */
  giveBack(buffer: Uint8Array): void {
    if (this.#freeBytes + buffer.length > MAX_KEPT_BYTES) return;
    this.#free.push(buffer);
    this.#freeBytes += buffer.length;
  }

  protected make(size: number): Uint8Array {
    return new Uint8Array(size);
  }
}
