// Does this packet belong to a connection that was summarised? A table of fixed size remembers the 4-tuples that were let go of last:
// what is sent again on a connection that is over would look like another connection, and what goes on would be counted twice.

import { Flag, type Packet } from "../core/packet.ts";
import { wordOfBytes, wordOfGroups } from "./address-word.ts";
import type { FlowTable } from "./flow-table.ts";
import { LINGER_NS } from "./forgetting.ts";
import { mixed } from "./mixed.ts";

/** 21 bytes each. A later one takes the place of the earliest in its set; stragglers come within seconds. */
const REMEMBERED = 1 << 18;
/** Places among which a 4-tuple has its choice: with one, a tenth would be lost while three in four places are free. */
const SET = 8;
const GOLDEN = 0x9e3779b1 | 0;

/** over: the packet says nothing new. gone-on: the connection goes on, or is tried again. */
export type Late = "none" | "over" | "gone-on";

const Remembered = { nothing: 0, over: 1, open: 2 } as const;

export class LateComers {
  private checks = new Int32Array(REMEMBERED);
  private isnA = new Int32Array(REMEMBERED);
  private isnB = new Int32Array(REMEMBERED);
  private lastTimes = new Float64Array(REMEMBERED);
  private kinds = new Uint8Array(REMEMBERED);
  private isEmpty = true;

  /** A flow is about to be forgotten. Not one whose 4-tuple was taken over: its packets are told from the successor's by the table. */
  remember(table: FlowTable, f: number, isOver: boolean): void {
    const c = table.columns;
    if (c.successor[f] !== 0 || c.previous[f] !== 0) return;
    const ports = c.keyPorts[f]!;
    const isV6 = c.family[f] === 6;
    const word = (key: number): number => (isV6 ? wordOfGroups(table.addresses.groups(key)) : key);
    const tuple = (endHash(word(c.keyA[f]!), ports >>> 16) + endHash(word(c.keyB[f]!), ports & 0xffff)) | 0;
    const known = this.placeOf(tuple);
    const at = known < 0 ? this.placeFor(tuple) : known;
    this.checks[at] = mixed(tuple ^ GOLDEN);
    this.isnA[at] = c.isn[f * 2]!;
    this.isnB[at] = c.isn[f * 2 + 1]!;
    this.lastTimes[at] = c.lastTime[f]!;
    this.kinds[at] = isOver ? Remembered.over : Remembered.open;
    this.isEmpty = false;
  }

  /** hot: what the packet is to a flow that was forgotten. Whatever opens anew on its 4-tuple takes its place. */
  meet(p: Packet): Late {
    if (this.isEmpty) return "none";
    const isV6 = p.family === 6;
    const a = isV6 ? wordOfBytes(p.buf, p.srcOffset) : p.src;
    const b = isV6 ? wordOfBytes(p.buf, p.dstOffset) : p.dst;
    const tuple = (endHash(a, p.srcPort) + endHash(b, p.dstPort)) | 0;
    const at = this.placeOf(tuple);
    if (at < 0) return "none";
    const kind = this.kinds[at]!;
    const isAgain = (p.flags & Flag.syn) === 0 || this.isOf(at, p.seq) || this.isAnswer(at, p);
    const isOver = kind === Remembered.over;
    // Much later it is another connection, whose SYN the capture lacks.
    if (isOver && isAgain && p.time - this.lastTimes[at]! <= LINGER_NS) return "over";
    this.kinds[at] = Remembered.nothing;
    return isAgain && !isOver ? "gone-on" : "none";
  }

  /** hot: where it is remembered; −1 when it is not. */
  private placeOf(tuple: number): number {
    const check = mixed(tuple ^ GOLDEN);
    const first = firstOf(tuple);
    for (let at = first; at < first + SET; at++) {
      if (this.checks[at] === check && this.kinds[at] !== Remembered.nothing) return at;
    }
    return -1;
  }

  /** A free place, or that of the one that was silent for longest. */
  private placeFor(tuple: number): number {
    const first = firstOf(tuple);
    let oldest = first;
    for (let at = first; at < first + SET; at++) {
      if (this.kinds[at] === Remembered.nothing) return at;
      if (this.lastTimes[at]! < this.lastTimes[oldest]!) oldest = at;
    }
    return oldest;
  }

  private isOf(at: number, isn: number): boolean {
    return this.isnA[at] === isn || this.isnB[at] === isn;
  }

  /** A SYN-ACK to the SYN of either end. */
  private isAnswer(at: number, p: Packet): boolean {
    return (p.flags & Flag.ack) !== 0 && this.isOf(at, (p.ack - 1) | 0);
  }
}

const firstOf = (tuple: number): number => tuple & (REMEMBERED - SET);

/** One end; the sum of both does not depend on their order. */
const endHash = (address: number, port: number): number => mixed(mixed(address ^ GOLDEN) ^ port);
