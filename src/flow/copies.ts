// Is this packet a copy of one that another tap of the same capture saw a moment ago?
//
// Bridges, veth pairs, routers and loopback captured without libpcap's care show a packet several times under `-i any`;
// so do captures from two hosts read together. A copy has the same addresses, ports, TCP header and IP identification on
// another tap; on the same tap the same bytes are a real retransmission. TTL is left out: a router lowers it.
//
// A direct-mapped table of the last packets: constant memory and time. A copy whose slot was taken over in between is
// not recognised and then counts as a retransmission.

import { NANOS_PER_MILLISECOND } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import { SLICES } from "../core/slices.ts";
import { wordOfBytes } from "./address-word.ts";
import { sliceOf } from "./flow-slice.ts";

const SLOTS = 16_384;
/** Each slice of the flows has its own: what is remembered does not depend on who shares them. */
const SLOTS_IN_SLICE = SLOTS / SLICES;
/** Packets remembered in each slot: with one alone, whatever falls into it between a packet and its copy makes the copy a repetition. */
const WAYS = 4;
/** Copies inside one file come from one kernel within microseconds; a loaded machine gets a millisecond. */
const WITHIN_FILE_NS = NANOS_PER_MILLISECOND;
/** Files of two hosts differ by the path between them and by their clocks. */
const ACROSS_FILES_NS = 100 * NANOS_PER_MILLISECOND;

export class CopyDetector {
  private first = new Int32Array(SLOTS * WAYS);
  private second = new Int32Array(SLOTS * WAYS);
  private time = new Float64Array(SLOTS * WAYS).fill(Number.NEGATIVE_INFINITY);
  private tap = new Float64Array(SLOTS * WAYS);
  private file = new Float64Array(SLOTS * WAYS);

  /** hot */
  isCopy(p: Packet): boolean {
    const a = p.family === 6 ? wordOfBytes(p.buf, p.srcOffset) : p.src;
    const b = p.family === 6 ? wordOfBytes(p.buf, p.dstOffset) : p.dst;
    let h = Math.imul(a ^ 0x9e3779b1, 0x85ebca77) ^ b;
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae3d) ^ ((p.srcPort << 16) | p.dstPort);
    h = Math.imul(h ^ (h >>> 13), 0x27d4eb2f) ^ p.seq;
    h = Math.imul(h ^ (h >>> 16), 0x9e3779b1) ^ p.payloadLength;
    let g = Math.imul(p.ack ^ h, 0x85ebca77) ^ ((p.ipId << 16) | p.window);
    g = Math.imul(g ^ (g >>> 15), 0xc2b2ae3d) ^ p.flags;
    // The TCP options (time stamps, SACK) follow the fixed header; the payload does not matter.
    const end = Math.min(p.payloadOffset, p.end);
    for (let i = p.tcpOffset + 20; i < end; i++) g = Math.imul(g ^ p.buf[i]!, 0x01000193);
    h ^= g >>> 7;
    const within = (h ^ (h >>> 14)) & (SLOTS_IN_SLICE - 1);
    const from = (sliceOf(p.srcPort, p.dstPort) * SLOTS_IN_SLICE + within) * WAYS;
    let slot = from;
    for (let at = from; at < from + WAYS; at++) {
      const age = p.time - this.time[at]!;
      const window = this.file[at] === p.file ? WITHIN_FILE_NS : ACROSS_FILES_NS;
      if (this.first[at] === h && this.second[at] === g && this.tap[at] !== p.tap && age <= window && age >= -window) {
        return true;
      }
      if (this.time[at]! < this.time[slot]!) slot = at;
    }
    this.first[slot] = h;
    this.second[slot] = g;
    this.time[slot] = p.time;
    this.tap[slot] = p.tap;
    this.file[slot] = p.file;
    return false;
  }
}
