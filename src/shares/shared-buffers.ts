// Which memory is read into, where other threads read their packets in it too? Memory that is shared: it is used again when all are done.

import { BufferPool } from "../capture/buffer-pool.ts";

export class SharedBuffers extends BufferPool {
  /** Of a buffer, for how many batches of packets it is still needed. */
  private readonly needed = new Map<Uint8Array, number>();
  /** Given back, and still needed. */
  private readonly waiting = new Set<Uint8Array>();

  /** A batch has packets in this buffer. */
  need(buffer: Uint8Array): void {
    this.needed.set(buffer, (this.needed.get(buffer) ?? 0) + 1);
  }

  /** A batch that needed it is done. */
  release(buffer: Uint8Array): void {
    const left = this.needed.get(buffer)! - 1;
    if (left > 0) {
      this.needed.set(buffer, left);
      return;
    }
    this.needed.delete(buffer);
    if (this.waiting.delete(buffer)) super.giveBack(buffer);
  }

  override giveBack(buffer: Uint8Array): void {
    if (this.needed.has(buffer)) this.waiting.add(buffer);
    else super.giveBack(buffer);
  }

  protected override make(size: number): Uint8Array {
    return new Uint8Array(new SharedArrayBuffer(size));
  }
}
