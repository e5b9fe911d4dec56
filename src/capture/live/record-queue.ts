// Which records wait to be written? A bounded queue of bytes; what finds no room is counted.

import { type PacketTime, RECORD_HEADER } from "./cap-records.ts";

export class RecordQueue {
  dropped = 0;
  taken = 0;
  #bytes: Uint8Array;
  #view: DataView;
  #start = 0;
  #end = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get waiting(): number {
    return this.#end - this.#start;
  }

  /** Bytes in order that wait; a view, valid until the next call. */
  get front(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  shift(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  add(bytes: Uint8Array): void {
    if (!this.#room(bytes.length)) return;
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  // hot: per packet.
  record(time: PacketTime, packet: Uint8Array, captured: number, original: number): void {
    if (!this.#room(RECORD_HEADER + captured)) {
      this.dropped++;
      return;
    }
    const view = this.#view;
    const at = this.#end;
    view.setUint32(at, time.seconds, true);
    view.setUint32(at + 4, time.nanos, true);
    view.setUint32(at + 8, captured, true);
    view.setUint32(at + 12, original, true);
    this.#bytes.set(captured === packet.length ? packet : packet.subarray(0, captured), at + RECORD_HEADER);
    this.#end = at + RECORD_HEADER + captured;
    this.taken++;
  }

  /** Moves what waits to the beginning when the end has no room; rare, as that is done only once half of the buffer is free. */
  #room(size: number): boolean {
    const capacity = this.#bytes.length;
    if (this.#end + size <= capacity) return true;
    if (this.#start < capacity / 2) return false;
    this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    return this.#end + size <= capacity;
  }
}
