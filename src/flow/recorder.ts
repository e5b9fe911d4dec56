// What was each packet of the cited connections? A small flow table sees only those connections, and what it makes of each packet is
// written down beside it.

import type { FlowRow } from "../core/flow-view.ts";
import { type FrameRef, frameRef } from "../core/frame.ts";
import { Flag, type Packet } from "../core/packet.ts";
import type { Pseudonyms } from "../core/pseudonyms.ts";
import type { RecordedFlow, RecordedHole, RecordedPacket, RecordingRequest } from "../core/recording.ts";
import type { Exchange, Side, StreamDecoder } from "../core/stream-decoder.ts";
import { byRequest } from "./capture-view.ts";
import { Mark } from "./columns.ts";
import { ConnectionSet } from "./connection-set.ts";
import { FlowTable } from "./flow-table.ts";
import { bytesOf, cutBytes, factsOf, type PacketFacts } from "./recorded-packet.ts";
import { FlowLimit, shares } from "./recording-limits.ts";

/** Exchanges that were answered are kept up to this number, over all flows; the others always. */
const MAX_ANSWERED = 200_000;
/** Packets before and after a cited one that are kept with it. */
const NEIGHBOURS = 3;
/** The handshake, and the first request with its answer. */
const FIRST_PACKETS = 8;
/** Of what follows the first FIN or RST. */
const LAST_PACKETS = 64;
const ADDRESS_6 = 16;

export interface RecorderOptions {
  /** The first pass's. */
  table: FlowTable;
  row: (flow: number) => FlowRow;
  decoders: readonly StreamDecoder[];
  pseudonyms: Pseudonyms | null;
  /** The last frame that the first pass saw of each file: what was written since is not of its flows. */
  lastFrames: readonly number[];
  seed: number;
}

/** One flow of the first pass, being recorded. */
interface Recording {
  flow: number;
  row: FlowRow;
  limit: FlowLimit;
  packets: RecordedPacket[];
  exchanges: Exchange[];
  omitted: { packets: number; bytes: number; cut: number };
  holes: { -readonly [K in keyof RecordedHole]: RecordedHole[K] }[];
  /** Packets and copies of either side that were met. */
  seen: [number, number];
  copies: [number, number];
  /** Withheld, right before the one in hand. */
  before: RecordedPacket[];
  /** Neighbours of a cited frame still to come. */
  after: number;
  /** Since the first FIN or RST; 0 before. */
  closing: number;
}

/** The flow and, where it was redirected, its other half, each once. */
function withPartners(table: FlowTable, flows: readonly number[]): number[] {
  // One that goes on where another was forgotten has not the packets that this pass will find on its 4-tuple.
  const isThere = (f: number): boolean => table.isKnown(f) && !table.resumed.has(f);
  const known = flows.filter((f) => Number.isInteger(f) && f >= 0 && f < table.count && isThere(f));
  return [...new Set(known.flatMap((f) => (table.partners.has(f) ? [f, table.partners.get(f)!] : [f])))];
}

export class FlowRecorder {
  private readonly table: FlowTable;
  private readonly wanted: ConnectionSet;
  private readonly recordings: Recording[];
  private readonly byFirstFrame = new Map<FrameRef, Recording>();
  /** By flow of the small table; null where nobody asked for it. */
  private readonly byFlow: (Recording | null)[] = [];
  /** Retransmissions counted so far on the flow, of the small table, that tells how a connection went. */
  private readonly repeated = new Map<number, number>();
  private readonly addresses = new Uint8Array(2 * ADDRESS_6);
  private readonly request: RecordingRequest;
  private readonly options: RecorderOptions;

  constructor(request: RecordingRequest, options: RecorderOptions) {
    const { table, row, decoders, seed } = options;
    this.request = request;
    this.options = options;
    const flows = withPartners(table, request.flows);
    const rows = flows.map(row);
    const packets = rows.map((r) => r.client.packets + r.server.packets);
    const bytes = rows.map((r) => r.client.wireBytes + r.server.wireBytes);
    const mostPackets = shares(packets, request.maxPackets);
    const mostBytes = shares(bytes, request.maxBytes);
    this.recordings = flows.map((flow, n) => ({
      flow,
      row: rows[n]!,
      limit: new FlowLimit(
        { packets: packets[n]!, bytes: bytes[n]! },
        { packets: mostPackets[n]!, bytes: mostBytes[n]! },
      ),
      packets: [],
      exchanges: [],
      omitted: { packets: 0, bytes: 0, cut: 0 },
      holes: [],
      seen: [0, 0],
      copies: [0, 0],
      before: [],
      after: 0,
      closing: 0,
    }));
    for (const r of this.recordings) this.byFirstFrame.set(r.row.first.frame, r);
    this.wanted = new ConnectionSet(table.columns, table.addresses, flows);
    this.table = new FlowTable({ decoders, keepExchanges: true, maxAnswered: MAX_ANSWERED, seed });
  }

  /** No flow that there is was asked for. */
  get isIdle(): boolean {
    return this.recordings.length === 0;
  }

  get watchCopies(): boolean {
    return this.table.watchCopies;
  }
  set watchCopies(watch: boolean) {
    this.table.watchCopies = watch;
  }
  get copies(): readonly number[] {
    return this.table.copies;
  }

  /** hot: nearly all packets are not wanted. */
  update(p: Packet): void {
    if (this.wanted.mayHave(p)) this.take(p);
  }

  private take(p: Packet): void {
    if (p.frame > (this.options.lastFrames[p.file] ?? 0)) return;
    const { pseudonyms } = this.options;
    if (pseudonyms !== null) {
      this.keepAddresses(p);
      pseudonyms.packet(p);
    }
    const f = this.wanted.has(p) ? this.table.update(p) : -1;
    if (pseudonyms !== null) this.restoreAddresses(p);
    if (f >= 0) this.note(f, p);
  }

  /** What is recorded is what was captured: under a pseudonym the table alone knows it. */
  private keepAddresses(p: Packet): void {
    if (p.family !== 6) return;
    this.addresses.set(p.buf.subarray(p.srcOffset, p.srcOffset + ADDRESS_6));
    this.addresses.set(p.buf.subarray(p.dstOffset, p.dstOffset + ADDRESS_6), ADDRESS_6);
  }

  private restoreAddresses(p: Packet): void {
    if (p.family !== 6) return;
    p.buf.set(this.addresses.subarray(0, ADDRESS_6), p.srcOffset);
    p.buf.set(this.addresses.subarray(ADDRESS_6), p.dstOffset);
  }

  private note(f: number, p: Packet): void {
    const frame = frameRef(p.file, p.frame);
    let r = this.byFlow[f];
    // One that begins anywhere else was not asked for: the 4-tuple was used again.
    if (r === undefined) r = this.byFlow[f] = this.byFirstFrame.get(frame) ?? null;
    const isRetransmission = this.isRepeated(f);
    if (r === null) return;
    const c = this.table.columns;
    const side: Side = c.packets[f * 2] !== r.seen[0] ? 0 : 1;
    r.seen[side]++;
    const isCopy = c.copies[f * 2 + side] !== r.copies[side];
    if (isCopy) r.copies[side]++;
    this.keep(r, factsOf(p, frame, side, isCopy, isRetransmission), p);
  }

  /** Did the small table count the packet in hand as sent again? A redirected connection is told by one of its halves. */
  private isRepeated(f: number): boolean {
    const { columns: c, partners } = this.table;
    const other = partners.get(f);
    const told = other !== undefined && (c.marks[f]! & Mark.answers) !== 0 ? other : f;
    const of = (flow: number): number => c.retransmissions[flow * 2]! + c.retransmissions[flow * 2 + 1]!;
    const now = of(f) + (other === undefined ? 0 : of(other));
    const before = this.repeated.get(told) ?? 0;
    if (now !== before) this.repeated.set(told, now);
    return now !== before;
  }

  private keep(r: Recording, facts: PacketFacts, p: Packet): void {
    const isCited = this.request.cited.has(facts.frame);
    if ((facts.flags & (Flag.fin | Flag.rst)) !== 0 || r.closing > 0) r.closing++;
    const isEdge =
      r.seen[0] + r.seen[1] <= FIRST_PACKETS ||
      (facts.flags & (Flag.syn | Flag.fin | Flag.rst)) !== 0 ||
      (r.closing > 0 && r.closing <= LAST_PACKETS);
    if (isCited) this.takeBack(r);
    const isNeeded = isEdge || r.after > 0;
    r.after = isCited ? NEIGHBOURS : Math.max(0, r.after - 1);
    const at = r.packets.length;
    if (this.add(r, facts, p, isNeeded, isCited)) {
      this.leaveOut(r, r.before.splice(0), at);
      return;
    }
    r.before.push({ ...facts, record: this.request.bytes ? bytesOf(p, false) : null });
    if (r.before.length > NEIGHBOURS) this.leaveOut(r, [r.before.shift()!], at);
  }

  private add(r: Recording, facts: PacketFacts, p: Packet, isNeeded: boolean, isCited: boolean): boolean {
    const { bytes } = this.request;
    const size = bytes ? p.end - p.start : 0;
    const head = bytes ? Math.min(size, p.payloadOffset - p.start) : 0;
    const keeping = r.limit.take(size, head, isNeeded, isCited);
    if (keeping === "none") return false;
    if (keeping === "cut") r.omitted.cut++;
    r.packets.push({ ...facts, record: bytes ? bytesOf(p, keeping === "cut") : null });
    return true;
  }

  /** The packets right before a cited one, though they had been withheld. */
  private takeBack(r: Recording): void {
    for (const packet of r.before.splice(0)) {
      const size = packet.record?.bytes.length ?? 0;
      const head = packet.record?.payloadOffset ?? 0;
      const keeping = r.limit.take(size, Math.min(size, head), true, false);
      if (keeping === "none") this.leaveOut(r, [packet], r.packets.length);
      else if (keeping === "whole") r.packets.push(packet);
      else {
        r.omitted.cut++;
        r.packets.push({ ...packet, record: cutBytes(packet.record!) });
      }
    }
  }

  /** `at`: where in the packets they would have stood. */
  private leaveOut(r: Recording, packets: readonly RecordedPacket[], at: number): void {
    for (const { time, length } of packets) {
      r.omitted.packets++;
      r.omitted.bytes += length;
      const last = r.holes.at(-1);
      if (last === undefined || last.before !== at) {
        r.holes.push({ before: at, packets: 1, bytes: length, from: time, until: time });
      } else {
        last.packets++;
        last.bytes += length;
        last.until = time;
      }
    }
  }

  /** After the last packet. In the order asked for; the other half of a redirected connection stands behind it. */
  end(): RecordedFlow[] {
    this.table.end();
    for (const r of this.recordings) this.leaveOut(r, r.before.splice(0), r.packets.length);
    for (const e of this.table.ledger.kept.sort(byRequest)) {
      const r = this.byFlow[e.flow];
      // Whom it was for, the first pass knows: here most requests are not seen.
      if (r != null) r.exchanges.push({ ...e, flow: r.flow, onBehalfOf: null });
    }
    return this.recordings.map(({ flow, row, packets, exchanges, omitted, holes }) => ({
      ...{ flow, row, packets, exchanges, omitted },
      ...(holes.length === 0 ? {} : { holes }),
    }));
  }

  /** Flows of which other packets came than in the first pass: the capture changed in between. */
  get changed(): readonly number[] {
    return this.recordings
      .filter(({ row, seen }) => seen[0] !== row.end(0).packets || seen[1] !== row.end(1).packets)
      .map(({ flow }) => flow);
  }
}
