// How is a trace written in each capture format? pcap and pcapng in either byte order and any resolution, and compressed.

import { gzipSync } from "node:zlib";
import { decompress } from "../../src/capture/decompress.ts";
import { type CaptureSource, sourceFromBytes } from "../../src/capture/source.ts";
import type { Frame, Trace } from "./trace.ts";

class Bytes {
  private bytes = new Uint8Array(1 << 16);
  private view = new DataView(this.bytes.buffer);
  private length = 0;
  private little: boolean;

  constructor(little: boolean) {
    this.little = little;
  }

  u16(value: number): void {
    const at = this.room(2);
    this.view.setUint16(at, value, this.little);
  }

  u32(...values: number[]): void {
    for (const value of values) {
      const at = this.room(4);
      this.view.setUint32(at, value, this.little);
    }
  }

  /** Padded with zeros to a multiple of `to`. */
  put(part: Uint8Array, to = 1): void {
    const at = this.room(Math.ceil(part.length / to) * to);
    this.bytes.set(part, at);
  }

  get whole(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private room(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const wider = new Uint8Array(this.length * 2);
      wider.set(this.bytes);
      this.bytes = wider;
      this.view = new DataView(wider.buffer);
    }
    return at;
  }
}

const SNAP_LENGTH = 262_144;

export interface PcapWish {
  little?: boolean;
  nanos?: boolean;
}

export function pcapOf({ linkType, frames }: Trace, { little = true, nanos = false }: PcapWish = {}): Uint8Array {
  const out = new Bytes(little);
  out.u32(nanos ? 0xa1b23c4d : 0xa1b2c3d4);
  out.u16(2);
  out.u16(4);
  out.u32(0, 0, SNAP_LENGTH, linkType);
  for (const { ns, data, original } of frames) {
    const fraction = ns % 1_000_000_000n;
    out.u32(Number(ns / 1_000_000_000n), Number(nanos ? fraction : fraction / 1000n), data.length, original);
    out.put(data);
  }
  return out.whole;
}

export interface PcapngWish {
  little?: boolean;
  /** The option if_tsresol: a power of ten, or of two with the high bit set. Absent: microseconds, by the format. */
  resolution?: number;
  /** By which interface a frame came; each is described once. */
  interfaceOf?: (frame: Frame) => number;
  interfaces?: number;
}

const unitsPerSecond = (resolution: number): bigint =>
  resolution & 0x80 ? 1n << BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);

export function pcapngOf({ linkType, frames }: Trace, wish: PcapngWish = {}): Uint8Array {
  const { little = true, resolution = 6, interfaceOf = () => 0, interfaces = 1 } = wish;
  const out = new Bytes(little);
  out.u32(0x0a0d0d0a, 28, 0x1a2b3c4d);
  out.u16(1);
  out.u16(0);
  out.u32(0xffffffff, 0xffffffff, 28);
  for (let n = 0; n < interfaces; n++) {
    out.u32(1, 32);
    out.u16(linkType);
    out.u16(0);
    out.u32(SNAP_LENGTH);
    out.u16(9);
    out.u16(1);
    out.put(Uint8Array.of(resolution), 4);
    out.u32(0, 32);
  }
  for (const frame of frames) {
    const { ns, data, original } = frame;
    const units = (ns * unitsPerSecond(resolution)) / 1_000_000_000n;
    const total = 32 + Math.ceil(data.length / 4) * 4;
    out.u32(6, total, interfaceOf(frame), Number(units >> 32n), Number(units & 0xffff_ffffn), data.length, original);
    out.put(data, 4);
    out.u32(total);
  }
  return out.whole;
}

export const gz = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 1 });

/** The longest block of zstd (RFC 8878 §3.1.1.2.3). */
const ZSTD_BLOCK = 1 << 17;

/** A frame of raw blocks, which needs no compressor (Node has one only from 22.15 on): window 128 KiB, no checksum. */
export function zst(bytes: Uint8Array): Uint8Array {
  const out = new Bytes(true);
  out.u32(0xfd2fb528);
  out.put(Uint8Array.of(0, 7 << 3));
  for (let at = 0; at < bytes.length || at === 0; at += ZSTD_BLOCK) {
    const piece = bytes.subarray(at, at + ZSTD_BLOCK);
    const header = (piece.length << 3) | (at + ZSTD_BLOCK >= bytes.length ? 1 : 0);
    out.put(Uint8Array.of(header & 0xff, (header >> 8) & 0xff, header >> 16));
    out.put(piece);
  }
  return out.whole;
}

export const sourceOf = (path: string, bytes: Uint8Array): CaptureSource => ({
  ...sourceFromBytes(path, bytes),
  decompress,
});
