// What is each packet of a connection, in the words of the field? Flags, numbers relative to the first, and what is remarkable.

import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import { Flag } from "../core/packet.ts";
import type { RecordedFlow, RecordedPacket } from "../core/recording.ts";
import { seqDiff } from "../core/seq.ts";
import { type Exchange, otherSide, type Side } from "../core/stream-decoder.ts";
import type { SegmentRow } from "../diagram/ladder/ladder-picture.ts";

/** One packet of a leg, both halves of a redirected connection put together. */
export interface LegPacket {
  readonly frame: FrameRef;
  readonly time: Nanos;
  /** Sides of the flow that tells how the connection went. */
  readonly side: Side;
  readonly isSyn: boolean;
  /** FIN or RST. */
  readonly isEnd: boolean;
  readonly flags: string;
  readonly seq: number;
  readonly ack: number | null;
  readonly length: number;
  readonly marks: SegmentRow["marks"];
}

/** In the order of Wireshark's info column. */
const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [Flag.fin, "FIN"],
  [Flag.syn, "SYN"],
  [Flag.rst, "RST"],
  [Flag.psh, "PSH"],
  [Flag.ack, "ACK"],
];
export const flagsText = (flags: number): string =>
  FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0)
    .map(([, name]) => name)
    .join(", ") || "no flags";

/** A number this far below the first one is one that has gone round; a smaller step back is a packet from before. */
const BACKWARDS = -(1 << 20);
const relative = (seq: number, base: number): number => {
  const d = seqDiff(seq, base);
  return d < BACKWARDS ? d >>> 0 : d;
};

/** The packets of one connection; `other` holds its other half, where it was redirected. */
export function legPackets(flow: RecordedFlow, other: RecordedFlow | null): LegPacket[] {
  const packets = other === null ? [...flow.packets] : joined(flow, other);
  const base = basesOf(packets);
  const sides = [new Direction(), new Direction()] as const;
  return packets.map((p) => {
    const { side, flags } = p;
    const isRst = (flags & Flag.rst) !== 0;
    const marks = sides[side].marksOf(p, sides[otherSide(side)]);
    const peerBase = base[otherSide(side)];
    return {
      frame: p.frame,
      time: p.time,
      side,
      isSyn: (flags & Flag.syn) !== 0,
      isEnd: isRst || (flags & Flag.fin) !== 0,
      flags: flagsText(flags),
      seq: relative(p.seq, base[side] ?? (p.seq - 1) | 0),
      ack: (flags & Flag.ack) === 0 ? null : relative(p.ack, peerBase ?? (p.ack - 1) | 0),
      length: p.length,
      marks,
    };
  });
}

/** Answers go by their own 4-tuple: its first side is the server. */
function joined(flow: RecordedFlow, other: RecordedFlow): RecordedPacket[] {
  const server = flow.row.server.side;
  const answers = other.packets.map((p) => ({ ...p, side: p.side === 0 ? server : otherSide(server) }));
  return [...flow.packets, ...answers].sort((a, b) => a.time - b.time || a.frame - b.frame);
}

/** Each side's first sequence number; as in Wireshark, one less than the first that was seen where no SYN was. */
function basesOf(packets: readonly RecordedPacket[]): [number | undefined, number | undefined] {
  const base: [number | undefined, number | undefined] = [undefined, undefined];
  for (const side of [0, 1] as const) {
    const own = packets.filter((p) => p.side === side);
    const syn = own.find((p) => (p.flags & Flag.syn) !== 0);
    // The number of a RST answers what it refuses.
    const first = own.find((p) => (p.flags & Flag.rst) === 0) ?? own[0];
    base[side] = syn?.seq ?? (first === undefined ? undefined : (first.seq - 1) | 0);
  }
  return base;
}

/** One direction, as far as it was seen. */
class Direction {
  /** One beyond the highest number sent; undefined before the first packet. */
  private next: number | undefined;
  /** One beyond its FIN. */
  private finEnd: number | undefined;
  private hasReset = false;

  marksOf(p: RecordedPacket, peer: Direction): SegmentRow["marks"] {
    const marks: SegmentRow["marks"][number][] = [];
    const { flags, length } = p;
    const isRst = (flags & Flag.rst) !== 0;
    const isControl = (flags & (Flag.syn | Flag.fin | Flag.rst)) !== 0;
    const end = (p.seq + length + ((flags & Flag.syn) !== 0 ? 1 : 0) + ((flags & Flag.fin) !== 0 ? 1 : 0)) | 0;
    const ahead = this.next === undefined ? 0 : seqDiff(p.seq, this.next);
    if (p.isCopy) marks.push("copy");
    else if (p.isRetransmission) marks.push("retransmission");
    else if (length <= 1 && ahead === -1 && !isControl) marks.push("keep-alive");
    else if (length > 0 && ahead < 0 && !isControl) marks.push("out of order");
    if (p.window === 0 && !isRst && (flags & Flag.syn) === 0) marks.push("window 0");
    if (length > 0 && !p.isCopy && peer.isOverFor(p)) marks.push("after close");
    if (isRst) this.hasReset = true;
    else if (this.next === undefined || seqDiff(end, this.next) > 0) this.next = end;
    if ((flags & Flag.fin) !== 0) this.finEnd ??= end;
    return marks;
  }

  /** Its peer has acknowledged its FIN with this packet, or met its RST before. */
  private isOverFor(p: RecordedPacket): boolean {
    if (this.hasReset) return true;
    return this.finEnd !== undefined && (p.flags & Flag.ack) !== 0 && seqDiff(p.ack, this.finEnd) >= 0;
  }
}

/** Longer texts belong into the report. */
const MAX_MESSAGE = 120;
const cutText = (text: string): string => (text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`);

export const requestText = ({ request }: Exchange): string => cutText(`${request!.method} ${request!.target}`.trim());

export function responseText({ response, protocol }: Exchange): string {
  const { status, error } = response!;
  if (status !== null) return error === null ? String(status) : `${status} ${error.code}`;
  if (error !== null) return protocol === "mysql" || protocol === "postgresql" ? `ERR ${error.code}` : error.code;
  return "OK";
}
