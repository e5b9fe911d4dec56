// Captures for tests, built byte by byte; and all records of a capture set, as plain values.

import { CaptureSet, type CaptureSetOptions } from "../../src/capture/capture-set.ts";
import type { CaptureSummary } from "../../src/capture/capture-summary.ts";
import type { CaptureSource } from "../../src/capture/source.ts";
import { CaptureClock } from "../../src/core/clock.ts";
import { Packet } from "../../src/core/packet.ts";

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** Numbers of 1, 2, 4 or 8 bytes. */
export class Writer {
  readonly little: boolean;
  readonly #bytes: number[] = [];

  constructor(little: boolean) {
    this.little = little;
  }

  put(size: 1 | 2 | 4 | 8, value: number | bigint): this {
    const bytes = Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
    this.#bytes.push(...(this.little ? bytes : bytes.reverse()));
    return this;
  }

  u16 = (value: number): this => this.put(2, value);
  u32 = (value: number): this => this.put(4, value);

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

// ── pcap ──

export interface PcapRecord {
  seconds: number;
  fraction?: number;
  data: Uint8Array;
  original?: number;
}

export interface PcapShape {
  little?: boolean;
  magic?: number;
  version?: readonly [number, number];
  snapLength?: number;
  linkType?: number;
}

export function pcapHeader(shape: PcapShape = {}): Uint8Array {
  const [major, minor] = shape.version ?? [2, 4];
  const w = new Writer(shape.little ?? true)
    .u32(shape.magic ?? 0xa1b2c3d4)
    .u16(major)
    .u16(minor);
  return w
    .u32(0)
    .u32(0)
    .u32(shape.snapLength ?? 262_144)
    .u32(shape.linkType ?? 1).bytes;
}

export function pcapRecord(record: PcapRecord, little = true, after: Uint8Array = new Uint8Array(0)): Uint8Array {
  const { seconds, fraction = 0, data, original = data.length } = record;
  const header = new Writer(little).u32(seconds).u32(fraction).u32(data.length).u32(original).bytes;
  return concat(header, after, data);
}

export const pcap = (records: readonly PcapRecord[], shape: PcapShape = {}): Uint8Array =>
  concat(pcapHeader(shape), ...records.map((record) => pcapRecord(record, shape.little)));

// ── pcapng ──

export function block(type: number, body: Uint8Array, little = true, trailer?: number): Uint8Array {
  const padding = new Uint8Array((4 - (body.length % 4)) % 4);
  const total = 12 + body.length + padding.length;
  const start = new Writer(little).u32(type).u32(total).bytes;
  return concat(start, body, padding, new Writer(little).u32(trailer ?? total).bytes);
}

export function option(code: number, value: Uint8Array, little = true): Uint8Array {
  const padding = new Uint8Array((4 - (value.length % 4)) % 4);
  return concat(new Writer(little).u16(code).u16(value.length).bytes, value, padding);
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export const section = (little = true, version: readonly [number, number] = [1, 0]): Uint8Array =>
  block(0x0a0d0d0a, new Writer(little).u32(0x1a2b3c4d).u16(version[0]).u16(version[1]).put(8, -1n).bytes, little);

export function describeInterface(
  linkType = 1,
  options: Uint8Array = new Uint8Array(0),
  snapLength = 0,
  little = true,
) {
  return block(1, concat(new Writer(little).u16(linkType).u16(0).u32(snapLength).bytes, options), little);
}

export interface NgPacket {
  interface?: number;
  units: bigint;
  data: Uint8Array;
  original?: number;
  options?: Uint8Array;
}

export function enhanced(packet: NgPacket, little = true): Uint8Array {
  const { data, original = data.length, units } = packet;
  const header = new Writer(little)
    .u32(packet.interface ?? 0)
    .put(4, units >> 32n)
    .put(4, units & 0xffff_ffffn)
    .u32(data.length)
    .u32(original).bytes;
  const padding = new Uint8Array((4 - (data.length % 4)) % 4);
  return block(6, concat(header, data, padding, packet.options ?? new Uint8Array(0)), little);
}

export function simple(data: Uint8Array, original = data.length, little = true): Uint8Array {
  return block(3, concat(new Writer(little).u32(original).bytes, data), little);
}

// ── reading ──

export interface Seen {
  file: number;
  frame: number;
  /** Nanoseconds since 1970. */
  epoch: bigint;
  original: number;
  linkType: number;
  tap: number;
  data: number[];
}

export interface Reading {
  records: Seen[];
  captures: CaptureSummary[];
  clock: CaptureClock;
  set: CaptureSet;
}

/** Fails a test that would go on for ever. */
const MAX_TURNS = 1_000_000;

export async function readAll(sources: readonly CaptureSource[], options: CaptureSetOptions = {}): Promise<Reading> {
  const clock = new CaptureClock();
  const set = new CaptureSet(sources, clock, options);
  const p = new Packet();
  const records: (Omit<Seen, "epoch"> & { time: number })[] = [];
  for (let turn = 0; ; turn++) {
    if (turn > MAX_TURNS) throw new Error("does not end");
    while (set.next(p)) {
      if (p.start > p.end || p.end > p.buf.length) throw new Error("reads outside of the buffer");
      const { file, frame, origLen: original, linkType, tap } = p;
      const data = [...p.buf.subarray(p.start, p.end)];
      records.push({ file, frame, time: p.time, original, linkType, tap, data });
    }
    if (!(await set.fill())) break;
  }
  // The clock may start only after a record without a time stamp.
  const seen = records.map(({ file, frame, time, ...rest }) => ({ file, frame, epoch: clock.epoch(time), ...rest }));
  return { records: seen, captures: set.captures, clock, set };
}

/** A source that gives its bytes in pieces of these sizes, over and over; at once or later. */
export function sourceInPieces(path: string, bytes: Uint8Array, sizes: readonly number[], later = true): CaptureSource {
  return {
    path,
    size: bytes.length,
    open() {
      let position = 0;
      let turn = 0;
      return {
        read(into, offset, length) {
          const size = Math.min(length, sizes[turn++ % sizes.length], bytes.length - position);
          into.set(bytes.subarray(position, position + size), offset);
          position += size;
          return later ? Promise.resolve(size) : size;
        },
        close() {},
      };
    },
  };
}

export const fill = (length: number, value = 0xab): Uint8Array => new Uint8Array(length).fill(value);
