// In which order did the bytes of each flow reach its reader, and what was said with them? Puts payload in order, holds
// what came early, gives up holes that nothing will fill, and hands the rest to the flow's stream.

import type { Endpoint } from "../core/address.ts";
import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import type { Packet } from "../core/packet.ts";
import { seqDiff } from "../core/seq.ts";
import { SLICES } from "../core/slices.ts";
import type { Protocol, Side, StreamDecoder } from "../core/stream-decoder.ts";
import { type FlowColumns, Mark, SideMark } from "./columns.ts";
import type { ExchangeBook, ServiceHandle } from "./exchange-book.ts";
import type { FlowNotes, NotesByFlow } from "./flow-notes.ts";
import { sliceOf } from "./flow-slice.ts";
import { FlowStream } from "./flow-stream.ts";
import { HELD_COST, HeldSegments } from "./held-segments.ts";
import type { StreamRoom } from "./stream-room.ts";

/** Taps and queues swap packets within milliseconds; a hole that is acknowledged for longer is missing from the capture. */
const REORDER_NS = 10e6;
/** In one direction alone nothing tells when the hole is acknowledged: after two seconds no sender still waits. */
const UNACKED_HOLE_NS = 2e9;
/** One number more than came is the FIN's, which the capture lacks; no answer is so short. */
const LEAST_TAIL = 2;
/** Bytes held out of order over all flows of a slice, 64 MiB in all slices. Beyond it, the flow in hand gives up its hole. */
const MAX_HELD_IN_SLICE = (64 << 20) / SLICES;
/** A segment into a hole this soon after the hole was seen was swapped on its way, not sent again. */
const SWAPPED_NS = 3e6;
const LATER_PACKETS = 4096;
/** A power of two less one, so that neighbours in a network do not share a place. */
const KNOWN_HOSTS = 8191;

/**
 * Most systems count their IPv4 packets up: the one that was sent after those beyond the hole fills it as a repetition, however
 * soon, and one that was overtaken does not. Many packets later, the counter says nothing.
 */
const wasSentLater = (ipId: number, other: number): boolean => {
  const later = (ipId - other) & 0xffff;
  return ipId !== 0 && other !== 0 && later > 0 && later < LATER_PACKETS;
};

/** What streams ask of the table that they belong to. */
export interface FlowNames {
  address(flow: number, side: Side): Endpoint["address"];
  /** A number that only this address has. */
  hostNumber(flow: number, side: Side): number;
  port(flow: number, side: Side): Endpoint["port"];
  /** Column index where the packets of a side were counted. */
  counted(flow: number, side: Side): number;
}

/** Where streams write down what was said. */
export interface StreamParts {
  book: ExchangeBook;
  notes: NotesByFlow;
}

export class FlowStreams implements StreamRoom {
  readonly decoders: readonly StreamDecoder[];
  readonly book: ExchangeBook;
  /** What was said beside exchanges. */
  readonly noted: NotesByFlow;
  /** Flows of which somebody reads what is said, or would. */
  openCount = 0;
  private list: (FlowStream | null)[] = [];
  /** Bytes held out of order, by slice of the flows. */
  private heldTotals = new Float64Array(SLICES);
  private columns: FlowColumns;
  private names: FlowNames;
  /** The hosts met last, by their numbers, and how they are written. */
  private readonly hosts = new Float64Array(KNOWN_HOSTS).fill(-1);
  private readonly hostNames: string[] = new Array(KNOWN_HOSTS).fill("");

  constructor(columns: FlowColumns, names: FlowNames, decoders: readonly StreamDecoder[], parts: StreamParts) {
    this.columns = columns;
    this.names = names;
    this.decoders = decoders;
    this.book = parts.book;
    this.noted = parts.notes;
  }

  /** A flow was opened: its place in the list. */
  opened(f: number): void {
    this.list[f] = null;
    this.book.opened(f);
  }

  /** Judges what is still open of a flow, as the end of the capture would, and forgets it. */
  forget(f: number): void {
    this.flushHeld(f);
    this.endStream(f, "capture");
    if (this.list[f] != null) this.openCount--;
    this.list[f] = null;
    this.noted.forget(f);
  }

  /** The stream of a flow; null before its first payload and after its end, and where the flow's row came from another table. */
  of(f: number): FlowStream | null {
    return this.list[f] ?? null;
  }

  // ─────────────────────────── payload in order ───────────────────────────

  /** hot: `length` bytes on the wire from `dataSeq`, which is `ahead` of what is due; negative: `-ahead` bytes are known. */
  take(f: number, s: Side, p: Packet, dataSeq: number, length: number, ahead: number, frame: FrameRef): void {
    const c = this.columns;
    const i = f * 2 + s;
    let skip = ahead < 0 ? -ahead : 0;
    if (skip >= length) return;
    if (ahead > 0) {
      const j = f * 2 + (s ^ 1);
      if ((c.sideMarks[j]! & SideMark.acked) === 0 || seqDiff(c.acked[j]!, dataSeq) < 0) {
        this.hold(f, s, p, dataSeq, length, frame);
        return;
      }
      // The receiver has everything before this segment: it is missing from the capture, not from the stream.
      if ((c.marks[f]! & Mark.held) !== 0) this.flushHeld(f, s, dataSeq);
      const rel = seqDiff(dataSeq, c.next[i]!);
      if (rel > 0) this.declareGap(f, s, rel);
      else if (rel < 0) {
        skip = -rel;
        if (skip >= length) return;
      }
    } else if (ahead === 0 && (c.marks[f]! & Mark.held) !== 0) {
      const first = this.list[f]?.held[s]?.first;
      if (first !== undefined) {
        if (p.time - first.time <= SWAPPED_NS && !wasSentLater(p.ipId, first.ipId)) c.reordered[i]!++;
        else c.retransmissions[i]!++;
      }
    }
    c.next[i] = (dataSeq + length) | 0;
    this.deliver(f, s, p, skip, length, frame);
  }

  /** hot: hands new bytes, [skip, length) of the segment's payload, to the decoder. */
  deliver(f: number, s: Side, p: Packet, skip: number, length: number, frame: FrameRef): void {
    const c = this.columns;
    const captured = p.payloadCaptured;
    if (captured < length) c.marks[f]! |= Mark.snapped;
    if ((c.marks[f]! & (Mark.probed | Mark.streamsEnded)) !== 0) return;
    const stream = this.stream(f);
    if (captured >= length && stream.passes(s, length - skip)) return;
    if (captured > skip) {
      const at = p.payloadOffset;
      stream.data(s, p.buf, at + skip, at + Math.min(length, captured), frame, p.time);
    }
    if (captured < length) stream.gap(s, length - Math.max(captured, skip), "snap");
    if (stream.deaf) c.marks[f]! |= Mark.probed;
  }

  private sliceOf(f: number): number {
    const ports = this.columns.keyPorts[f]!;
    return sliceOf(ports >>> 16, ports & 0xffff);
  }

  private stream(f: number): FlowStream {
    const known = this.list[f];
    if (known != null) return known;
    this.openCount++;
    return (this.list[f] = new FlowStream(f, this, (this.columns.marks[f]! & Mark.syn) === 0));
  }

  private declareGap(f: number, s: Side, length: number, askedBefore?: Nanos): void {
    const c = this.columns;
    const i = f * 2 + s;
    c.marks[f]! |= Mark.gap;
    c.missing[i]! += length;
    c.next[i] = (c.next[i]! + length) | 0;
    this.list[f]?.gap(s, length, "missing", askedBefore);
  }

  /** Nothing more comes of a side, and its peer has acknowledged more than came: the capture lacks the end of what it said. */
  private declareTail(f: number, s: Side, stream: FlowStream): void {
    const acked = stream.ackedUnseen[s];
    if (acked === null) return;
    const c = this.columns;
    const i = f * 2 + s;
    const finSeen = c.finFrame[i] !== 0;
    const fin = (c.finEnd[i]! - 1) | 0;
    const upTo = finSeen && seqDiff(acked.upTo, fin) > 0 ? fin : acked.upTo;
    const length = seqDiff(upTo, c.next[i]!);
    if (length >= (finSeen ? 1 : LEAST_TAIL)) this.declareGap(f, s, length, acked.time);
  }

  private hold(f: number, s: Side, p: Packet, seq: number, length: number, frame: FrameRef): void {
    const c = this.columns;
    if (c.marks[f]! & Mark.streamsEnded) return;
    const stream = this.stream(f);
    const held = (stream.held[s] ??= new HeldSegments());
    const before = held.bytes;
    const wanted = stream.deaf ? 0 : Math.min(length, p.payloadCaptured);
    const bytes = p.buf.slice(p.payloadOffset, p.payloadOffset + wanted);
    if (held.add({ seq, length, bytes, frame, time: p.time, ipId: p.ipId }) === 0) c.retransmissions[f * 2 + s]!++;
    const slice = this.sliceOf(f);
    this.heldTotals[slice]! += held.bytes - before;
    c.marks[f]! |= Mark.held;
    if (held.isFull() || this.heldTotals[slice]! > MAX_HELD_IN_SLICE) this.flushHeld(f, s);
  }

  /** Delivers what is in order now, and gives up holes that will not be filled. */
  releaseHeld(f: number, time: Nanos): void {
    const c = this.columns;
    const stream = this.list[f];
    if (stream == null) return;
    let left = false;
    for (const s of [0, 1] as const) {
      const held = stream.held[s];
      if (held === null) continue;
      const i = f * 2 + s;
      const j = f * 2 + (s ^ 1);
      this.drain(f, s, held);
      let first = held.first;
      while (first !== undefined) {
        const age = time - first.time;
        const acked = (c.sideMarks[j]! & SideMark.acked) !== 0 && seqDiff(c.acked[j]!, first.seq) >= 0;
        if (!(acked ? age > REORDER_NS : c.packets[j] === 0 && age > UNACKED_HOLE_NS)) break;
        this.declareGap(f, s, seqDiff(first.seq, c.next[i]!));
        this.drain(f, s, held);
        first = held.first;
      }
      if (first === undefined) stream.held[s] = null;
      else left = true;
    }
    if (!left) c.marks[f]! &= ~Mark.held;
  }

  /** Gives up every hole of a side (or of both) that lies before `upTo`. */
  flushHeld(f: number, side?: Side, upTo?: number): void {
    const c = this.columns;
    const stream = this.list[f];
    if (stream == null) return;
    for (const s of [0, 1] as const) {
      const held = stream.held[s];
      if (held === null || (side !== undefined && side !== s)) continue;
      this.drain(f, s, held);
      for (let first = held.first; first !== undefined; first = held.first) {
        if (upTo !== undefined && seqDiff(first.seq, upTo) >= 0) break;
        this.declareGap(f, s, seqDiff(first.seq, c.next[f * 2 + s]!));
        this.drain(f, s, held);
      }
      if (held.first === undefined) stream.held[s] = null;
    }
    if (stream.held[0] === null && stream.held[1] === null) c.marks[f]! &= ~Mark.held;
  }

  /** Delivers held segments that are in order. */
  private drain(f: number, s: Side, held: HeldSegments): void {
    const c = this.columns;
    const i = f * 2 + s;
    const stream = this.list[f]!;
    for (let first = held.first; first !== undefined; first = held.first) {
      const overlap = -seqDiff(first.seq, c.next[i]!);
      if (overlap < 0) return;
      held.shift();
      this.heldTotals[this.sliceOf(f)]! -= first.bytes.length + HELD_COST;
      if (overlap >= first.length) continue;
      c.next[i] = (first.seq + first.length) | 0;
      if (stream.deaf) continue;
      if (first.bytes.length > overlap) {
        stream.data(s, first.bytes, overlap, first.bytes.length, first.frame, first.time, first.behind);
      }
      const cut = first.length - Math.max(first.bytes.length, overlap);
      if (cut > 0) stream.gap(s, cut, "snap");
    }
  }

  // ─────────────────────────── ending ───────────────────────────

  endDirection(f: number, s: Side): void {
    const c = this.columns;
    c.sideMarks[f * 2 + s]! |= SideMark.ended;
    const stream = this.list[f];
    if (stream == null) return;
    stream.end(s, "fin");
    if ((c.sideMarks[f * 2 + (s ^ 1)]! & SideMark.ended) !== 0) this.endStream(f, null);
  }

  /** Both directions are over. `how` is null when each had its own end. */
  endStream(f: number, how: "reset" | "capture" | null): void {
    const c = this.columns;
    const stream = this.list[f];
    if (stream == null) return;
    for (const s of [0, 1] as const) this.declareTail(f, s, stream);
    if (how !== null) {
      for (const s of [0, 1] as const) if ((c.sideMarks[f * 2 + s]! & SideMark.ended) === 0) stream.end(s, how);
    }
    if (how === null && stream.awaitsReaction) return; // the next segment tells whether the answer was read
    stream.finish(how !== "capture");
    for (const held of stream.held) if (held !== null) this.heldTotals[this.sliceOf(f)]! -= held.bytes;
    this.list[f] = null;
    this.openCount--;
    this.book.ended(f);
    c.marks[f]! |= Mark.streamsEnded;
    c.marks[f]! &= ~Mark.held;
  }

  /** The capture has ended: judges everything that is still open. */
  end(): void {
    for (let f = 0; f < this.list.length; f++) {
      const stream = this.list[f];
      if (stream == null) continue;
      this.book.closing(f);
      this.flushHeld(f);
      for (const s of [0, 1] as const) {
        const i = f * 2 + s;
        const c = this.columns;
        this.declareTail(f, s, stream);
        if (c.finFrame[i] !== 0 && (c.sideMarks[i]! & SideMark.ended) === 0 && this.list[f] != null) {
          // The FIN was seen, the bytes before it were not all.
          const missing = seqDiff((c.finEnd[i]! - 1) | 0, c.next[i]!);
          if (missing > 0) this.declareGap(f, s, missing);
          this.endDirection(f, s);
        }
      }
      this.endStream(f, "capture");
    }
  }

  // ─────────────────────────── what streams ask (StreamRoom) ───────────────────────────

  noteRequest(f: number, s: Side): void {
    const c = this.columns;
    if (c.requests[f] === 0 && (c.marks[f]! & Mark.clientKnown) === 0) c.client[f] = s;
    c.requests[f]!++;
  }

  noteResponse(f: number): void {
    this.columns.responses[f]!++;
  }

  noteProtocol(f: number, decoder: StreamDecoder): void {
    this.columns.protocol[f] = this.decoders.indexOf(decoder) + 1;
  }

  port(f: number, s: Side): number {
    return this.names.port(f, s);
  }

  hasGap(f: number): boolean {
    return (this.columns.marks[f]! & Mark.gap) !== 0;
  }

  deliveredTo(f: number, s: Side): number {
    return this.columns.next[f * 2 + s]!;
  }

  hasReset(f: number, s: Side): boolean {
    return (this.columns.sideMarks[f * 2 + s]! & SideMark.reset) !== 0;
  }

  packetsFrom(f: number, s: Side): number {
    return this.columns.packets[this.names.counted(f, s)]!;
  }

  finFrame(f: number, s: Side): FrameRef {
    return this.columns.finFrame[f * 2 + s]!;
  }

  service(f: number, responder: Side, protocol: StreamDecoder["protocol"]): ServiceHandle {
    return this.book.service(this.address(f, responder), this.names.port(f, responder), protocol);
  }

  /** One string for one host, as long as few are met: whoever looks it up finds its hash in it. */
  address(f: number, s: Side): string {
    const host = this.names.hostNumber(f, s);
    const place = host % KNOWN_HOSTS;
    if (this.hosts[place] !== host) {
      this.hosts[place] = host;
      this.hostNames[place] = this.names.address(f, s);
    }
    return this.hostNames[place]!;
  }

  notes(f: number): FlowNotes {
    return this.noted.of(f);
  }

  /** With the protocol of its flow. */
  *allNotes(): Iterable<{ notes: FlowNotes; protocol: Protocol }> {
    for (const [f, notes] of this.noted.all()) {
      const decoder = this.decoders[this.columns.protocol[f]! - 1];
      yield { notes, protocol: decoder?.protocol ?? "unknown" };
    }
  }

  notesOf(f: number): FlowNotes | null {
    return this.noted.known(f);
  }
}
