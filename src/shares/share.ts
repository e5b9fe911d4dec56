// Which packets are this share's? Those of a part of the flows, by a hash of what names a flow: whatever a packet means is found out by
// one. What cannot be told before it is decoded, and SYNs, everybody decodes: so all know the same of them, and no two need to talk.

import { UsageError } from "../core/errors.ts";
import { Flag, type Packet } from "../core/packet.ts";
import { SLICES } from "../core/slices.ts";
import { wordOfBytes } from "../flow/address-word.ts";
import { sliceOf } from "../flow/flow-slice.ts";
import type { FlowTable } from "../flow/flow-table.ts";
import { SYN_REACH } from "../flow/recent-syns.ts";
import type { PassShare } from "../pass.ts";
import { tcpHeaderAt } from "./tcp-header.ts";

/** The `index`-th of `of` shares, from 0 on. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** More shares than slices would leave some without flows. */
export const MAX_SHARES = SLICES;

/** `2/4`: the second of four. */
export function parseShare(text: string, option: string): Share {
  const [, number, of] = /^(\d{1,3})\/(\d{1,3})$/.exec(text.trim()) ?? [];
  const share = { index: Number(number) - 1, of: Number(of) };
  if (!(share.index >= 0 && share.index < share.of && share.of <= MAX_SHARES)) {
    const means = `the second of four is 2/4, and there are at most ${MAX_SHARES}`;
    throw new UsageError(`${option} ${JSON.stringify(text)} names no share: ${means}`);
  }
  return share;
}

/** A SYN of any share. */
interface Syn {
  readonly client: number;
  readonly port: number;
  readonly isn: number;
  readonly slice: number;
  /** It calls a port above its own. */
  readonly isLow: boolean;
}

/** By slice: is it the share's? */
export const slicesOf = ({ index, of }: Share): boolean[] =>
  Array.from({ length: SLICES }, (_, slice) => slice % of === index);

/** No slice: the packet is everybody's. */
export const EVERYBODYS = -1;

export class PacketShare implements PassShare {
  private readonly table: FlowTable;
  /** By slice: is it this share's? */
  private readonly owned: readonly boolean[];
  private readonly syns: Syn[] = [];
  private nextSyn = 0;
  /** How many of them call a port above their own. */
  private lowCallers = 0;
  private readonly countsAll: boolean;
  /** The packet in hand is this share's by its ports alone. */
  protected isOwn = false;
  /** Halves of redirected connections that are not in the slice of their own ports, but in their other half's: by ports, then addresses. */
  private readonly moved = new Map<number, Map<string, number>>();

  /** `countsAll`: of packets that everybody decodes, this share counts those that are no segments. One does. */
  constructor(table: FlowTable, owned: readonly boolean[], countsAll: boolean) {
    this.table = table;
    this.owned = owned;
    this.countsAll = countsAll;
  }

  isOthers(p: Packet): boolean {
    const slice = this.plainSlice(p);
    this.isOwn = slice !== EVERYBODYS && this.owned[slice]!;
    return slice !== EVERYBODYS && !this.isOwn;
  }

  /** hot: the slice of a packet that is only its owner's. */
  protected plainSlice(p: Packet): number {
    const tcp = tcpHeaderAt(p);
    if (tcp < 0) return EVERYBODYS;
    const { buf } = p;
    // How many SYNs there are counts for everybody.
    if ((buf[tcp + 13]! & Flag.syn) !== 0) return EVERYBODYS;
    const port = (buf[tcp]! << 8) | buf[tcp + 1]!;
    const other = (buf[tcp + 2]! << 8) | buf[tcp + 3]!;
    if (this.moved.size > 0 && this.moved.has(pairOf(port, other))) return EVERYBODYS;
    return sliceOf(port, other);
  }

  countsRest(): boolean {
    return this.isOwn || this.countsAll;
  }

  takes(p: Packet): boolean {
    if (this.isOwn) return true;
    let slice = sliceOf(p.srcPort, p.dstPort);
    if (this.moved.size > 0) slice = this.movedTo(p) ?? slice;
    if ((p.flags & Flag.syn) !== 0) slice = this.opening(p, slice);
    if (this.owned[slice]) return true;
    this.table.passOver(p);
    return false;
  }

  /** A SYN is remembered; a SYN-ACK that answers one of another 4-tuple goes where that one went. Returns its slice. */
  private opening(p: Packet, slice: number): number {
    if ((p.flags & Flag.ack) === 0) {
      const isLow = p.srcPort < p.dstPort;
      if (this.syns[this.nextSyn]?.isLow === true) this.lowCallers--;
      if (isLow) this.lowCallers++;
      this.syns[this.nextSyn] = {
        client: addressOf(p, p.src, p.srcOffset),
        port: p.srcPort,
        isn: p.seq,
        slice,
        isLow,
      };
      this.nextSyn = (this.nextSyn + 1) % SYN_REACH;
      return slice;
    }
    // Where the client has the higher port, both halves are in one slice.
    if (p.dstPort > p.srcPort && this.lowCallers === 0) return slice;
    const client = addressOf(p, p.dst, p.dstOffset);
    const asked = this.syns.find(
      (s) => s.port === p.dstPort && s.client === client && p.ack === ((s.isn + 1) | 0) && s.slice !== slice,
    );
    if (asked === undefined) return slice;
    const ports = pairOf(p.srcPort, p.dstPort);
    const addresses = this.moved.get(ports) ?? new Map<string, number>();
    addresses.set(addressesOf(p), asked.slice);
    this.moved.set(ports, addresses);
    return asked.slice;
  }

  private movedTo(p: Packet): number | undefined {
    return this.moved.get(pairOf(p.srcPort, p.dstPort))?.get(addressesOf(p));
  }
}

/** An address as one word; of IPv6, a hash: a wrong match costs balance, and nothing else. */
const addressOf = (p: Packet, word: number, offset: number): number =>
  p.family === 6 ? wordOfBytes(p.buf, offset) : word;

/** The same in both directions. */
const pairOf = (port: number, other: number): number => Math.max(port, other) * 65_536 + Math.min(port, other);
function addressesOf(p: Packet): string {
  const a = addressOf(p, p.src, p.srcOffset);
  const b = addressOf(p, p.dst, p.dstOffset);
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
