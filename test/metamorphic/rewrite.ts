// How is a TCP packet of a sample changed, with its checksums right afterwards? Addresses, ports, numbers, IP id and TTL of
// IPv4; whatever is not TCP over IPv4 stays as it is.

import { type Frame, mapFrames, type Trace } from "./trace.ts";

export const LINK = { ethernet: 1, raw: 101, sll: 113, sll2: 276 } as const;
const HEADER_LENGTH: Record<number, number> = { 1: 14, 101: 0, 113: 16, 276: 20 };
/** Where the EtherType stands. */
const TYPE_AT: Record<number, number> = { 1: 12, 113: 14, 276: 0 };
const IPV4 = 0x0800;
const TCP = 6;
const OPTION_SACK = 5;

const u16 = (b: Uint8Array, o: number): number => (b[o]! << 8) | b[o + 1]!;
const u32 = (b: Uint8Array, o: number): number => u16(b, o) * 65_536 + u16(b, o + 2);
const set16 = (b: Uint8Array, o: number, value: number): void => {
  b[o] = (value >> 8) & 255;
  b[o + 1] = value & 255;
};
const set32 = (b: Uint8Array, o: number, value: number): void => {
  set16(b, o, value >>> 16);
  set16(b, o + 2, value & 0xffff);
};

export const etherTypeOf = ({ linkType }: Trace, { data }: Frame): number =>
  linkType === LINK.raw ? IPV4 : u16(data, TYPE_AT[linkType]!);

export const headerOf = ({ linkType }: Trace): number => HEADER_LENGTH[linkType]!;

/** One TCP segment over IPv4, to be read and changed in place. */
export class Segment {
  readonly bytes: Uint8Array;
  readonly ip: number;
  readonly tcp: number;

  constructor(bytes: Uint8Array, ip: number) {
    this.bytes = bytes;
    this.ip = ip;
    this.tcp = ip + (bytes[ip]! & 15) * 4;
  }

  get source(): number {
    return u32(this.bytes, this.ip + 12);
  }
  set source(address: number) {
    set32(this.bytes, this.ip + 12, address);
  }
  get target(): number {
    return u32(this.bytes, this.ip + 16);
  }
  set target(address: number) {
    set32(this.bytes, this.ip + 16, address);
  }
  get id(): number {
    return u16(this.bytes, this.ip + 4);
  }
  set id(id: number) {
    set16(this.bytes, this.ip + 4, id);
  }
  set ttl(ttl: number) {
    this.bytes[this.ip + 8] = ttl;
  }
  get ttl(): number {
    return this.bytes[this.ip + 8]!;
  }
  get sourcePort(): number {
    return u16(this.bytes, this.tcp);
  }
  set sourcePort(port: number) {
    set16(this.bytes, this.tcp, port);
  }
  get targetPort(): number {
    return u16(this.bytes, this.tcp + 2);
  }
  set targetPort(port: number) {
    set16(this.bytes, this.tcp + 2, port);
  }
  get seq(): number {
    return u32(this.bytes, this.tcp + 4);
  }
  get flags(): number {
    return this.bytes[this.tcp + 13]!;
  }
  /** Payload on the wire. */
  get length(): number {
    return u16(this.bytes, this.ip + 2) - (this.tcp - this.ip) - this.headerLength;
  }

  /** Adds to the numbers of the sender's bytes, and to those of the receiver's that it acknowledges. */
  shift(own: number, peer: number): void {
    const { bytes, tcp } = this;
    set32(bytes, tcp + 4, this.seq + own);
    if ((this.flags & 0x10) === 0) return;
    set32(bytes, tcp + 8, u32(bytes, tcp + 8) + peer);
    const end = Math.min(tcp + this.headerLength, bytes.length);
    for (let at = tcp + 20; at < end && bytes[at] !== 0; ) {
      const length = bytes[at] === 1 ? 1 : Math.max(2, bytes[at + 1]!);
      if (bytes[at] === OPTION_SACK) {
        for (let edge = at + 2; edge + 4 <= at + length; edge += 4) set32(bytes, edge, u32(bytes, edge) + peer);
      }
      at += length;
    }
  }

  /** Right checksums; that of TCP only where the whole segment was captured, else it stays and nobody can check it. */
  seal(): void {
    const { bytes, ip, tcp } = this;
    set16(bytes, ip + 10, 0);
    set16(bytes, ip + 10, folded(sum(bytes, ip, tcp)));
    const end = ip + u16(bytes, ip + 2);
    if (end > bytes.length || end <= tcp) return;
    set16(bytes, tcp + 16, 0);
    set16(bytes, tcp + 16, folded(sum(bytes, ip + 12, ip + 20) + TCP + (end - tcp) + sum(bytes, tcp, end)));
  }

  private get headerLength(): number {
    return (this.bytes[this.tcp + 12]! >> 4) * 4;
  }
}

function sum(bytes: Uint8Array, from: number, to: number): number {
  let total = 0;
  for (let at = from; at + 1 < to; at += 2) total += u16(bytes, at);
  return (to - from) & 1 ? total + (bytes[to - 1]! << 8) : total;
}

function folded(total: number): number {
  let left = total;
  while (left > 0xffff) left = (left & 0xffff) + Math.floor(left / 65_536);
  return ~left & 0xffff;
}

/** The TCP segment in a frame; null where it is something else, or its header was cut. */
export function segmentIn(trace: Trace, frame: Frame): Segment | null {
  const ip = headerOf(trace);
  const { data } = frame;
  if (etherTypeOf(trace, frame) !== IPV4 || data.length < ip + 40 || data[ip]! >> 4 !== 4) return null;
  if (data[ip + 9] !== TCP || (u16(data, ip + 6) & 0x1fff) !== 0) return null;
  return new Segment(data, ip);
}

/** The trace with each TCP segment changed, and sealed. */
export const rewrite = (trace: Trace, change: (segment: Segment, frame: Frame) => void): Trace =>
  mapFrames(trace, (frame) => {
    const copy = { ...frame, data: frame.data.slice() };
    const segment = segmentIn(trace, copy);
    if (segment !== null) {
      change(segment, copy);
      segment.seal();
    }
    return copy;
  });

export function* segmentsOf(trace: Trace): Iterable<Segment> {
  for (const frame of trace.frames) {
    const segment = segmentIn(trace, frame);
    if (segment !== null) yield segment;
  }
}

const IPV6 = 0x86dd;

export const carriesTcp6 = (trace: Trace): boolean =>
  trace.frames.some((frame) => etherTypeOf(trace, frame) === IPV6 && frame.data[headerOf(trace) + 6] === TCP);
