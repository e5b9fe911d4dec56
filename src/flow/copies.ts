// Is this packet a copy of one that another tap of the same capture saw a moment ago?
//
// Bridges, veth pairs, routers and loopback captured without libpcap's care show a packet several times under `-i any`;
// so do captures from two hosts read together. A copy has the same addresses, ports, TCP header and IP identification on
// another tap; on the same tap the same bytes are a real retransmission. TTL is left out: a router lowers it.
//
// The last packets are remembered, in constant memory and time (passed-packets.ts). As long as one tap alone sees packets, and no other
// did a moment ago, none of them is looked up: they are only written down, one behind the other, until another tap sees one.

import { NANOS_PER_MILLISECOND } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import { SLICES } from "../core/slices.ts";
import { wordOfBytes } from "./address-word.ts";
import { sliceOf } from "./flow-slice.ts";
import { PacketList, PacketTable } from "./passed-packets.ts";

/** Copies inside one file come from one kernel within microseconds; a loaded machine gets a millisecond. */
const WITHIN_FILE_NS = NANOS_PER_MILLISECOND;
/** Files of two hosts differ by the path between them and by their clocks. */
const ACROSS_FILES_NS = 100 * NANOS_PER_MILLISECOND;

export class CopyDetector {
  /** By slice of the flows: what is remembered does not depend on who shares them. None before the first packet. */
  private slices: readonly CopiesInSlice[] = [];

  /** hot */
  isCopy(p: Packet): boolean {
    if (this.slices.length === 0) this.slices = Array.from({ length: SLICES }, () => new CopiesInSlice());
    const { buf } = p;
    const a = p.family === 6 ? wordOfBytes(buf, p.srcOffset) : p.src;
    const b = p.family === 6 ? wordOfBytes(buf, p.dstOffset) : p.dst;
    let h = Math.imul(a ^ 0x9e3779b1, 0x85ebca77) ^ b;
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae3d) ^ ((p.srcPort << 16) | p.dstPort);
    h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f) ^ p.seq;
    h = Math.imul(h ^ (h >>> 16), 0x9e3779b1) ^ p.payloadLength;
    let g = Math.imul(p.ack ^ h, 0x85ebca77) ^ ((p.ipId << 16) | p.window);
    g = Math.imul(g ^ (g >>> 15), 0xc2b2ae3d) ^ p.flags;
    // The TCP options (time stamps, SACK) follow the fixed header; the payload does not matter.
    const end = Math.min(p.payloadOffset, p.end);
    for (let i = p.tcpOffset + 20; i < end; i++) g = Math.imul(g ^ buf[i]!, 0x01000193);
    h ^= g >>> 7;
    return this.slices[sliceOf(p.srcPort, p.dstPort)]!.isCopy(h, g, p);
  }
}

class CopiesInSlice {
  /** The tap that saw the last packet, and its file. */
  private tap = Number.NaN;
  private file = Number.NaN;
  private latest = Number.NEGATIVE_INFINITY;
  /** Until then, what this tap sees may be a copy of what another one saw. */
  private othersUntil = Number.NEGATIVE_INFINITY;
  /** Seen by this tap alone, and not in the table. */
  private readonly alone = new PacketList();
  /** There is none as long as there is one tap. */
  private table: PacketTable | null = null;

  /** hot: `h` and `g`: what tells one packet from another. */
  isCopy(h: number, g: number, { time, tap, file }: Packet): boolean {
    if (tap !== this.tap || file !== this.file) this.turnTo(tap, file);
    if (time > this.latest) this.latest = time;
    const { table } = this;
    if (table === null || time > this.othersUntil) {
      this.alone.add(h, g, time);
      return false;
    }
    if (table.isKnown(h, g, time, tap, file, WITHIN_FILE_NS, ACROSS_FILES_NS)) return true;
    table.add(h, g, time, tap, file);
    return false;
  }

  private turnTo(tap: number, file: number): void {
    if (!Number.isNaN(this.tap)) {
      this.table ??= new PacketTable();
      this.alone.moveTo(this.table, this.tap, this.file);
      this.othersUntil = this.latest + ACROSS_FILES_NS;
    }
    this.tap = tap;
    this.file = file;
  }
}
