// What are the records of a pcapng file? (draft-ietf-opsawg-pcapng)
//
// Blocks are framed by their length before and after. Packets come in enhanced, simple and old packet blocks; sections
// start the interfaces anew and may change the byte order; statistics blocks tell the drops; the rest is skipped without
// being held. Some blocks that hold no packet are frames to Wireshark: they become empty records of NOT_A_PACKET, for
// the frame numbers must agree. Where the framing or a packet's lengths contradict each other, reading stops, as
// Wireshark's does: behind the damage nothing has a frame number that anyone could look up.

import type { CaptureClock, Nanos } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import type { CaptureSummary } from "./capture-summary.ts";
import type { PcapngInterface } from "./pcapng-interface.ts";
import {
  Block,
  BYTE_ORDER_MAGIC,
  COUNTED_BLOCKS,
  EnhancedField,
  isRead,
  MAX_BLOCK,
  MAX_SKIPPED_BLOCK,
  MIN_BLOCK,
  OldField,
  Option,
  padded,
  SectionField,
  SimpleField,
  TRAILER,
} from "./pcapng-layout.ts";
import { PcapngMetadata } from "./pcapng-metadata.ts";
import { eachOption, optionText } from "./pcapng-options.ts";
import {
  MAX_ORIGINAL,
  MAX_RECORD,
  NOT_A_PACKET,
  type ReaderContext,
  type RecordReader,
  u16,
  u32,
} from "./record-reader.ts";
import type { StreamBuffer } from "./stream-buffer.ts";

export class PcapngReader implements RecordReader {
  need = MIN_BLOCK;
  ended = false;
  readonly #file: number;
  readonly #buffer: StreamBuffer;
  readonly #clock: CaptureClock;
  readonly #summary: CaptureSummary;
  readonly #metadata: PcapngMetadata;
  #little = true;
  #frame = 0;
  /** For records without a time stamp: the time of the one before. */
  #time: Nanos = 0;
  /** A block being skipped: its offset, type and padded length, and how many of its bytes before the trailer are left. */
  #skipping = false;
  #skipOffset = 0;
  #skipType = 0;
  #skipTotal = 0;
  #skipLeft = 0;

  constructor(context: ReaderContext) {
    this.#file = context.file;
    this.#buffer = context.buffer;
    this.#clock = context.clock;
    this.#summary = context.summary;
    this.#metadata = new PcapngMetadata(context.summary, context.newTap);
  }

  // hot:
  next(p: Packet): boolean {
    const buffer = this.#buffer;
    for (;;) {
      if (this.ended) return false;
      if (this.#skipping) {
        if (!this.#skip()) return false;
        if (!COUNTED_BLOCKS.has(this.#skipType)) continue;
        const at = buffer.pos;
        return this.#record(p, at, at, this.#skipTotal - MIN_BLOCK - TRAILER, this.#time, NOT_A_PACKET, 0);
      }
      const { bytes, pos } = buffer;
      const available = buffer.end - pos;
      if (available < MIN_BLOCK) return this.#wants(MIN_BLOCK);
      const type = u32(bytes, pos, this.#little);
      if (type === Block.sectionHeader && !this.#byteOrder(pos)) return false;
      const length = u32(bytes, pos + 4, this.#little);
      if (length < MIN_BLOCK) return this.#stop("block-length", `claims ${length} bytes, fewer than any block has`);
      const total = padded(length);
      if (!isRead(type)) {
        if (!this.#startSkipping(type, total)) return false;
        continue;
      }
      if (total > MAX_BLOCK)
        return this.#stop("block-too-long", `claims ${length} bytes, more than one can be (${MAX_BLOCK})`);
      if (available < total) return this.#wants(total);
      const trailer = u32(bytes, pos + total - TRAILER, this.#little);
      if (trailer !== length && trailer !== total) return this.#mismatch(length, trailer);
      if (type === Block.enhancedPacket || type === Block.oldPacket) return this.#packet(p, pos, total, type);
      if (type === Block.simplePacket) return this.#simplePacket(p, pos, total);
      const fault = this.#metadata.take(type, bytes, pos, total, this.#little);
      if (fault !== null) return this.#stop(fault.code, fault.text, fault.code === "unsupported-version");
      buffer.pos = pos + total;
    }
  }

  finish(): void {
    if (this.ended) return;
    this.ended = true;
    const left = this.#buffer.end - this.#buffer.pos;
    if (left === 0 && !this.#skipping) return;
    const offset = this.#skipping ? this.#skipOffset : this.#buffer.offset;
    const there = this.#buffer.offset + left - offset;
    const total = this.#skipping ? this.#skipTotal : this.need;
    const known = this.#skipping || left >= MIN_BLOCK;
    const missing = known ? `${there} of its ${total} bytes are there` : `only ${there} bytes of it are there`;
    this.#summary.problem("block-cut-short", offset, `the block at byte ${offset} is cut short: ${missing}`);
  }

  // hot:
  #packet(p: Packet, pos: number, total: number, type: number): boolean {
    const bytes = this.#buffer.bytes;
    const little = this.#little;
    if (total < EnhancedField.minimum) return this.#stop("block-length", `has ${total} bytes, too few for a packet`);
    const index =
      type === Block.enhancedPacket
        ? u32(bytes, pos + EnhancedField.interface, little)
        : u16(bytes, pos + OldField.interface, little);
    const tap = this.#metadata.interfaces[index];
    if (tap === undefined) return this.#unknownInterface(index);
    const captured = u32(bytes, pos + EnhancedField.captured, little);
    if (captured > MAX_RECORD) return this.#tooLong(captured);
    const optionsAt = EnhancedField.data + padded(captured);
    if (optionsAt + TRAILER > total) return this.#overrun(captured, total);
    const start = pos + EnhancedField.data;
    if (optionsAt + TRAILER < total && !this.#packetOptions(pos + optionsAt, pos + total - TRAILER)) return false;
    const high = u32(bytes, pos + EnhancedField.high, little);
    const low = u32(bytes, pos + EnhancedField.low, little);
    const original = u32(bytes, pos + EnhancedField.original, little);
    this.#time = tap.time(high, low, this.#clock);
    this.#buffer.pos = pos + total;
    return this.#record(p, start, start + captured, original, this.#time, tap.linkType, tap.tap);
  }

  #simplePacket(p: Packet, pos: number, total: number): boolean {
    if (total < SimpleField.minimum) return this.#stop("block-length", `has ${total} bytes, too few for a packet`);
    // It always belongs to the section's first interface, whose snap length says how much of it was captured.
    const tap: PcapngInterface | undefined = this.#metadata.interfaces[0];
    if (tap === undefined) return this.#unknownInterface(0);
    const original = u32(this.#buffer.bytes, pos + SimpleField.original, this.#little);
    const captured = tap.snapLength === 0 ? original : Math.min(original, tap.snapLength);
    if (captured > MAX_RECORD) return this.#tooLong(captured);
    if (SimpleField.data + padded(captured) + TRAILER > total) return this.#overrun(captured, total);
    const start = pos + SimpleField.data;
    this.#buffer.pos = pos + total;
    return this.#record(p, start, start + captured, original, this.#time, tap.linkType, tap.tap);
  }

  // hot:
  #record(
    p: Packet,
    start: number,
    end: number,
    original: number,
    time: Nanos,
    linkType: number,
    tap: number,
  ): boolean {
    p.buf = this.#buffer.bytes;
    p.start = start;
    p.end = end;
    p.origLen = Math.min(original, MAX_ORIGINAL);
    p.time = time;
    p.file = this.#file;
    p.frame = ++this.#frame;
    p.linkType = linkType;
    p.tap = tap;
    const summary = this.#summary;
    summary.packets = this.#frame;
    if (end - start < original && linkType !== NOT_A_PACKET) summary.truncatedBySnap++;
    if (time < summary.earliest) summary.earliest = time;
    if (time > summary.latest) summary.latest = time;
    return true;
  }

  /** Takes comments. False: an option runs over the end of its block. */
  #packetOptions(start: number, end: number): boolean {
    const bytes = this.#buffer.bytes;
    const sane = eachOption(bytes, start, end, this.#little, (code, at, length) => {
      if (code === Option.comment) this.#summary.comment(optionText(bytes, at, length));
    });
    return sane || this.#stop("bad-option", "has an option that is longer than the block");
  }

  /** A section header tells its own byte order. False: more bytes are needed, or it tells none. */
  #byteOrder(pos: number): boolean {
    const bytes = this.#buffer.bytes;
    for (const little of [true, false]) {
      if (u32(bytes, pos + SectionField.byteOrder, little) !== BYTE_ORDER_MAGIC) continue;
      this.#little = little;
      return true;
    }
    return this.#stop("bad-section", "starts a section without the byte-order magic");
  }

  #startSkipping(type: number, total: number): boolean {
    const minimum = COUNTED_BLOCKS.get(type) ?? MIN_BLOCK;
    if (total < minimum) return this.#stop("block-length", `has ${total} bytes, its type needs ${minimum}`);
    if (total > MAX_SKIPPED_BLOCK) {
      return this.#stop("block-too-long", `claims ${total} bytes, more than any block has (${MAX_SKIPPED_BLOCK})`);
    }
    this.#skipping = true;
    this.#skipOffset = this.#buffer.offset;
    this.#skipType = type;
    this.#skipTotal = total;
    this.#skipLeft = total - TRAILER;
    return true;
  }

  /** True when the block has been skipped and its trailer agrees. */
  #skip(): boolean {
    const buffer = this.#buffer;
    const step = Math.min(this.#skipLeft, buffer.end - buffer.pos);
    buffer.pos += step;
    this.#skipLeft -= step;
    if (this.#skipLeft > 0) return this.#wants(1);
    if (buffer.end - buffer.pos < TRAILER) return this.#wants(TRAILER);
    const trailer = u32(buffer.bytes, buffer.pos, this.#little);
    this.#skipping = false;
    if (padded(trailer) !== this.#skipTotal) return this.#mismatch(this.#skipTotal, trailer, this.#skipOffset);
    buffer.pos += TRAILER;
    return true;
  }

  #wants(bytes: number): boolean {
    this.need = bytes;
    return false;
  }

  #mismatch(length: number, trailer: number, offset = this.#buffer.offset): boolean {
    return this.#stop("block-length", `says ${length} bytes at its start and ${trailer} at its end`, false, offset);
  }

  #overrun(captured: number, total: number): boolean {
    return this.#stop("record-overruns-block", `holds a packet of ${captured} bytes in a block of ${total}`);
  }

  #tooLong(captured: number): boolean {
    return this.#stop("record-too-long", `claims ${captured} bytes, more than any packet has (${MAX_RECORD})`);
  }

  #unknownInterface(index: number): boolean {
    const count = this.#metadata.interfaces.length;
    return this.#stop("unknown-interface", `names interface ${index}, of ${count} that its section has described`);
  }

  #stop(code: string, what: string, fatal = false, offset = this.#buffer.offset): boolean {
    this.ended = true;
    const kept = this.#frame === 0 ? "" : "; what is before was read, what is after was not";
    const message = `the block at byte ${offset} (after record ${this.#frame}) ${what}${kept}`;
    this.#summary.problem(code, offset, message, fatal && offset === 0);
    return false;
  }
}
