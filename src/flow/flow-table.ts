// What happened on each TCP connection? Takes packets one by one and keeps, per flow and side, the facts that every
// output and analysis rests on: who, how much, which state, when each end said FIN or RST, what was acknowledged.
//
// Must not know: files, link layers, analyses. `update` is the hot loop's second half; it allocates nothing for a
// packet that carries no message.

import { formatIpv4, formatIpv6 } from "../core/address.ts";
import type { Nanos } from "../core/clock.ts";
import type { FlagCounts, Moment } from "../core/flow-view.ts";
import { frameRef } from "../core/frame.ts";
import { Flag, type Packet } from "../core/packet.ts";
import { otherSide, type Side, type StreamDecoder } from "../core/stream-decoder.ts";
import { AddressTable } from "./address-table.ts";
import { FlowColumns, Mark } from "./columns.ts";
import { CopyDetector } from "./copies.ts";
import { type ExchangeBook, LedgerBook } from "./exchange-book.ts";
import type { ExchangeLedger } from "./exchange-ledger.ts";
import { FlowIndex } from "./flow-index.ts";
import { type FlowNames, FlowStreams } from "./flow-streams.ts";
import { forget, forgetAddresses, forgetAlone } from "./forget-flow.ts";
import { adoptRows, linkPartners, linkPrevious, successions } from "./joined-rows.ts";
import { RecentSyns } from "./recent-syns.ts";
import { RepetitionLog } from "./repetitions.ts";
import { count, countCopied, countFlags } from "./segment/counting.ts";
import { follow, goesOn } from "./segment/follow.ts";
import { joinRedirected, opensAnew, youngOrPrevious } from "./segment/opening.ts";
import { StateLog } from "./state-log.ts";
import { Succession } from "./succession.ts";
import { exportRows, importRows, type TableExport } from "./table-export.ts";
import { ZeroWindows } from "./zero-windows.ts";

export interface FlowTableOptions {
  decoders: readonly StreamDecoder[];
  /** Keep every exchange, not only the faulty ones. */
  keepExchanges: boolean;
  /** Of all those that were answered, the first so many; all of them where it does not say. */
  maxAnswered?: number;
  /** Unpredictable, against crafted hash collisions. It never shows in a result. */
  seed: number;
  /** Who is told of exchanges, in the place of a ledger of this table's own. */
  book?: ExchangeBook;
}

export class FlowTable implements FlowNames {
  readonly columns = new FlowColumns();
  readonly log = new StateLog(this.columns);
  addresses: AddressTable;
  readonly streams: FlowStreams;
  /** Watching for copies costs; the caller knows when a capture can hold any. */
  watchCopies = false;
  /** Flows of which only one direction was seen, and whose last acknowledgement covered one byte more: the peer's FIN. */
  readonly unseenFins = new Map<number, Nanos>();
  /** New payload sent after the peer's FIN was acknowledged, or after its RST, by column index of the side. */
  readonly lateWrites = new Map<number, { count: number; farewells: number; first: Moment }>();
  /** Flows that go on where another one was forgotten: they begin in the middle. */
  readonly resumed = new Set<number>();
  readonly succession = new Succession(this.columns);
  readonly zeroWindows = new ZeroWindows();
  readonly repetitions = new RepetitionLog();
  /** The other half of a redirected connection. */
  readonly partners = new Map<number, number>();
  /** Flags of copies, by column index of the side: they count in what is told of the capture, and for nothing else. */
  readonly copiedFlags = new Map<number, FlagCounts>();
  /** Packets recognised as copies, by file. */
  readonly copies: number[] = [];

  private kept: LedgerBook;
  private copyDetector = new CopyDetector();
  readonly recentSyns = new RecentSyns();
  readonly index: FlowIndex;
  readonly seed: number;

  constructor(options: FlowTableOptions) {
    this.seed = options.seed | 0;
    this.addresses = new AddressTable(this.seed);
    this.index = new FlowIndex(this.columns, this.seed);
    const { book = new LedgerBook(options.keepExchanges, options.maxAnswered) } = options;
    this.kept = book instanceof LedgerBook ? book : new LedgerBook(false);
    this.streams = new FlowStreams(this.columns, this, options.decoders, { book, notes: this.kept.notes });
  }

  get count(): number {
    return this.index.count;
  }
  get ledger(): ExchangeLedger {
    return this.kept.ledger;
  }

  /** The capture has ended: judges everything that is still open. */
  end(): void {
    this.streams.end();
  }

  // ─────────────────────────── one packet ───────────────────────────

  /** hot: accounts for one TCP segment. Returns its flow. */
  update(p: Packet): number {
    let a = p.src;
    let b = p.dst;
    if (p.family === 6) {
      a = this.addresses.intern(p.buf, p.srcOffset);
      b = this.addresses.intern(p.buf, p.dstOffset);
    }
    const copy = this.watchCopies && this.copyDetector.isCopy(p);
    let ports = (p.srcPort << 16) | p.dstPort;
    const flipped = a > b || (a === b && p.srcPort > p.dstPort) ? 1 : 0;
    if (flipped === 1) {
      const swap = a;
      a = b;
      b = swap;
      ports = (p.dstPort << 16) | p.srcPort;
    }

    const c = this.columns;
    let slot = this.index.find(a, b, ports, p.family);
    let f = this.index.at(slot);
    const flags = p.flags;
    if (f < 0) {
      f = this.create(slot, a, b, ports, p.family, flipped);
      if ((flags & (Flag.syn | Flag.ack)) === (Flag.syn | Flag.ack)) joinRedirected(this, f, p);
    } else if (!copy) {
      if ((flags & (Flag.syn | Flag.rst)) === Flag.syn) {
        if (opensAnew(this, f, flipped ^ c.flipped[f]!, p)) {
          slot = this.index.find(a, b, ports, p.family);
          f = this.create(slot, a, b, ports, p.family, flipped, f);
          if (flags & Flag.ack) joinRedirected(this, f, p);
        }
      } else if (c.previous[f] !== 0 && (c.marks[f]! & Mark.synAck) === 0) {
        f = youngOrPrevious(this, f, flipped ^ c.flipped[f]!, p);
      }
    } else if (c.previous[f] !== 0 && (c.marks[f]! & Mark.synAck) === 0 && (flags & Flag.syn) === 0) {
      f = youngOrPrevious(this, f, flipped ^ c.flipped[f]!, p);
    }

    const s = (flipped ^ c.flipped[f]!) as Side;
    const i = f * 2 + s;
    const frame = frameRef(p.file, p.frame);
    if (frame > c.largestFrame) c.widenFrames();
    if (c.firstFrame[f] === 0) {
      c.firstFrame[f] = frame;
      c.firstTime[f] = p.time;
    }
    if ((flags & (Flag.syn | Flag.ack)) === Flag.syn) this.recentSyns.add(f);
    // A copy is no later news of a flow than what it is a copy of.
    if (!copy || c.lastFrame[f] === 0) {
      c.lastFrame[f] = frame;
      c.lastTime[f] = p.time;
    }
    count(c, i, p);
    if (copy) {
      if ((flags & (Flag.syn | Flag.fin | Flag.rst)) !== 0) countCopied(this.copiedFlags, i, flags);
      c.copies[i]!++;
      this.copies[p.file] = (this.copies[p.file] ?? 0) + 1;
      return f;
    }
    if ((flags & (Flag.syn | Flag.fin | Flag.rst)) !== 0) countFlags(c, i, flags);
    if ((flags & (Flag.syn | Flag.fin | Flag.rst | Flag.ack)) === Flag.ack && goesOn(this, f, s, p, frame)) return f;
    if ((c.marks[f]! & Mark.answers) !== 0 && s === 0) {
      const asked = this.partners.get(f)!;
      follow(this, asked, otherSide(c.client[asked] as Side), p, frame);
    } else {
      follow(this, f, s, p, frame);
    }
    return f;
  }

  /** A segment that goes to another table, which has another share of the flows: how many SYNs there were counts here too. */
  passOver(p: Packet): void {
    if ((p.flags & (Flag.syn | Flag.ack)) === Flag.syn) this.recentSyns.passOver();
  }

  private create(
    slot: number,
    a: number,
    b: number,
    ports: number,
    family: number,
    flipped: number,
    previous?: number,
  ): number {
    const f = this.index.create(slot, a, b, ports, family, flipped, previous);
    this.streams.opened(f);
    return f;
  }

  // ─────────────────────────── forgetting a flow ───────────────────────────

  /** Flows that are known: all of them, but for those that were forgotten. */
  get known(): number {
    return this.index.known;
  }

  isKnown(f: number): boolean {
    return this.columns.firstFrame[f] !== 0;
  }

  /** The answering half of a redirected connection: kept and forgotten with the half that was called. */
  isHalf(f: number): boolean {
    return (this.columns.marks[f]! & Mark.answers) !== 0;
  }

  /** See forget-flow.ts. Its number goes to another flow. */
  forget(f: number): void {
    forget(this, f);
  }

  /** Not the last of several on its 4-tuple: the one before it would be taken for open again. */
  mayForgetAlone(f: number): boolean {
    const { previous, successor } = this.columns;
    return previous[f] === 0 || successor[f] !== 0;
  }

  /** Forgets a flow that {@link mayForgetAlone}, and its other half, which may; those before it on its 4-tuple stay. */
  forgetAlone(f: number): void {
    forgetAlone(this, f);
  }

  /** Forgets the addresses (IPv6) of flows that were forgotten. */
  forgetAddresses(): void {
    forgetAddresses(this);
  }

  // ─────────────────────────── rows of other tables ───────────────────────────

  /** Everything but the streams, which must have ended: for another thread, or a file. */
  exportRows(): TableExport {
    return exportRows(this);
  }

  /** A table with the rows that {@link exportRows} gave. It takes no packets. */
  static fromExport(rows: TableExport, decoders: readonly StreamDecoder[]): FlowTable {
    const table = new FlowTable({ decoders, keepExchanges: false, seed: 0 });
    importRows(table, rows);
    for (let f = 0; f < rows.count; f++) table.index.adopt();
    return table;
  }

  /** Into an empty table: the flows of other tables (joined-rows.ts). Such a table takes no packets. */
  adoptRows(parts: readonly FlowTable[], order: readonly number[]): void {
    adoptRows(this, parts, order);
  }

  /** Flow `f` opened anew on the 4-tuple of `previous`. */
  linkPrevious(f: number, previous: number): void {
    linkPrevious(this, f, previous);
  }

  /** The two halves of a redirected connection: the one that was called, and the one that has the answers. */
  linkPartners(asked: number, answers: number): void {
    linkPartners(this, asked, answers);
  }

  /** Each flow that opened anew on the 4-tuple of another, with that one. */
  successions(): Iterable<[flow: number, previous: number]> {
    return successions(this);
  }

  // ─────────────────────────── reading a flow ───────────────────────────

  /** Where the packets of a side were counted: those of a redirected connection's server, in its other half. */
  counted(f: number, s: Side): number {
    const c = this.columns;
    const isElsewhere = (c.marks[f]! & Mark.redirected) !== 0 && s !== c.client[f];
    return isElsewhere ? this.partners.get(f)! * 2 : f * 2 + s;
  }

  /** Connected to itself (one socket, RFC 9293 §3.5): both ends are one. */
  isSelf(f: number): boolean {
    const c = this.columns;
    return c.keyA[f] === c.keyB[f] && c.keyPorts[f]! >>> 16 === (c.keyPorts[f]! & 0xffff);
  }

  address(f: number, s: Side): string {
    const c = this.columns;
    const key = this.key(f, s);
    return c.family[f] === 6 ? formatIpv6(this.addresses.groups(key)) : formatIpv4(key);
  }

  /** A number that only this address has. */
  hostNumber(f: number, s: Side): number {
    const key = this.key(f, s);
    // Those of IPv4 are the first 2³², interned ones of IPv6 come behind.
    return this.columns.family[f] === 6 ? 2 ** 32 + key : key >>> 0;
  }

  /** The address of a side as the index holds it. */
  key(f: number, s: number): number {
    const c = this.columns;
    return (s ^ c.flipped[f]!) === 0 ? c.keyA[f]! : c.keyB[f]!;
  }

  port(f: number, s: Side): number {
    const ports = this.columns.keyPorts[f]!;
    return (s ^ this.columns.flipped[f]!) === 0 ? ports >>> 16 : ports & 0xffff;
  }
}
