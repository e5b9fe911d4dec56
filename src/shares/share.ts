// Which packets are this share's? Those of a part of the flows, by a hash of what names a flow. Everybody reads all packets, and takes
// its own: so no two need to talk, and whatever a packet means is found out by one.

import { UsageError } from "../core/errors.ts";
import { Flag, type Packet } from "../core/packet.ts";
import { SLICES } from "../core/slices.ts";
import { wordOfBytes } from "../flow/address-word.ts";
import { sliceOf } from "../flow/flow-slice.ts";
import type { FlowTable } from "../flow/flow-table.ts";
import { SYN_REACH } from "../flow/recent-syns.ts";
import type { PassShare } from "../pass.ts";
import type { EventWriter } from "./event-writer.ts";

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

export class PacketShare implements PassShare {
  private readonly table: FlowTable;
  private readonly events: EventWriter;
  /** By slice: is it this share's? */
  private readonly owned: readonly boolean[];
  private readonly syns: Syn[] = [];
  private nextSyn = 0;
  /** How many of them call a port above their own. */
  private lowCallers = 0;
  private readonly isFirst: boolean;
  /** The packet in hand is this share's by its ports alone. */
  private isOwn = false;
  /** Halves of redirected connections that are not in the slice of their own ports, but in their other half's: by ports, then addresses. */
  private readonly moved = new Map<number, Map<string, number>>();

  constructor(table: FlowTable, events: EventWriter, share: Share) {
    this.table = table;
    this.events = events;
    this.isFirst = share.index === 0;
    this.owned = Array.from({ length: SLICES }, (_, slice) => slice % share.of === share.index);
  }

  isOthers(p: Packet): boolean {
    this.events.nextPacket();
    this.isOwn = false;
    const tcp = plainTcp(p);
    if (tcp < 0 || this.moved.size > 0) return false;
    const { buf } = p;
    // How many SYNs there are counts for everybody.
    if ((buf[tcp + 13]! & Flag.syn) !== 0) return false;
    this.isOwn = this.owned[sliceOf((buf[tcp]! << 8) | buf[tcp + 1]!, (buf[tcp + 2]! << 8) | buf[tcp + 3]!)]!;
    return !this.isOwn;
  }

  /** What is no segment has no ports: the first share counts it, unless only one has decoded it. */
  countsRest(): boolean {
    return this.isOwn || this.isFirst;
  }

  takes(p: Packet): boolean {
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
    const ports = portsOf(p);
    const addresses = this.moved.get(ports) ?? new Map<string, number>();
    addresses.set(addressesOf(p), asked.slice);
    this.moved.set(ports, addresses);
    return asked.slice;
  }

  private movedTo(p: Packet): number | undefined {
    return this.moved.get(portsOf(p))?.get(addressesOf(p));
  }
}

/** An address as one word; of IPv6, a hash: a wrong match costs balance, and nothing else. */
const addressOf = (p: Packet, word: number, offset: number): number =>
  p.family === 6 ? wordOfBytes(p.buf, offset) : word;

/** The same in both directions. */
const portsOf = (p: Packet): number => Math.max(p.srcPort, p.dstPort) * 65_536 + Math.min(p.srcPort, p.dstPort);
function addressesOf(p: Packet): string {
  const a = addressOf(p, p.src, p.srcOffset);
  const b = addressOf(p, p.dst, p.dstOffset);
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

const LINKTYPE_ETHERNET = 1;
const ETHERNET = 14;
const IPV4 = 20;
const TCP = 20;

/**
 * hot: where the TCP header is, in a packet like nearly all: Ethernet, IPv4 without options and fragments, TCP. -1 for any other, which
 * is decoded to know. Whether it is whole, whoever takes it says.
 */
function plainTcp(p: Packet): number {
  const { buf, start } = p;
  if (p.linkType !== LINKTYPE_ETHERNET || p.end - start < ETHERNET + IPV4 + TCP) return -1;
  const ip = start + ETHERNET;
  const isPlain =
    buf[ip - 2] === 0x08 &&
    buf[ip - 1] === 0x00 &&
    buf[ip] === 0x45 &&
    (buf[ip + 6]! & 0x3f) === 0 &&
    buf[ip + 7] === 0 &&
    buf[ip + 9] === 6;
  return isPlain ? ip + IPV4 : -1;
}
