// What happened on each TCP connection? Takes packets one by one and keeps, per flow and side, the facts that every
// output and analysis rests on: who, how much, which state, when each end said FIN or RST, what was acknowledged.
//
// Must not know: files, link layers, analyses. `update` is the hot loop's second half; it allocates nothing for a
// packet that carries no message.

import { formatIpv4, formatIpv6 } from "../core/address.ts";
import type { Nanos } from "../core/clock.ts";
import type { FlagCounts, Moment } from "../core/flow-view.ts";
import { type FrameRef, frameRef } from "../core/frame.ts";
import { Flag, type Packet } from "../core/packet.ts";
import { seqDiff } from "../core/seq.ts";
import { otherSide, type Side, type StreamDecoder } from "../core/stream-decoder.ts";
import { AddressTable } from "./address-table.ts";
import { FlowColumns, Mark, SideMark } from "./columns.ts";
import { CopyDetector } from "./copies.ts";
import { type ExchangeBook, LedgerBook } from "./exchange-book.ts";
import type { ExchangeLedger } from "./exchange-ledger.ts";
import { isFarewell } from "./farewell.ts";
import { FlowIndex } from "./flow-index.ts";
import { type FlowNames, FlowStreams } from "./flow-streams.ts";
import { RecentSyns } from "./recent-syns.ts";
import { RepetitionLog } from "./repetitions.ts";
import { Note, StateLog } from "./state-log.ts";
import { EVENT_COUNT, Event, NEXT_STATE, State } from "./states.ts";
import { Succession } from "./succession.ts";
import { adoptSideTables, exportRows, importRows, type TableExport } from "./table-export.ts";
import { ZeroWindows } from "./zero-windows.ts";

/** No TCP window reaches further (RFC 7323 §2.3); a sequence number beyond is not of this connection. */
const MAX_WINDOW = 1 << 30;
/**
 * An ACK that answers a SYN acknowledges it, or a little more when the capture dropped the first packets behind it. Any
 * other number is a challenge (RFC 5961 §4) by a socket from before the capture.
 */
const FIRST_FLIGHT = 1 << 20;
/** Times that a flow may be closed and opened again before its history is kept no further. */
const MAX_REOPENINGS = 64;
/** What an end says right before it closes, of its own accord: a TLS alert, an error message, a 408 (none is longer). */
const LONGEST_LAST_WORDS = 512;
const LAST_WORDS_NS = 20e6;
/** Less than this does not make a state doubtful: between a socket and the tap lie queues and context switches. */
const PROMPT_NS = 5e6;
/** No ACK is delayed for longer (Linux: TCP_DELACK_MAX), and a sender with more to send goes on within such a time. */
const LONGEST_ACK_DELAY_NS = 200e6;
/** What was cut by the snap length and is as short as farewells are, is taken for one. */
const SHORT_UNREAD = 64;
/** Windows seldom reach further, and a capture seldom drops more right before a RST. */
const RESET_REACH = 1 << 24;
/** The most that columns of counts hold while they are narrow. */
const LARGEST_UINT8 = 0xff;
const LARGEST_UINT16 = 0xffff;
const LARGEST_UINT32 = 0xffff_ffff;

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
  private recentSyns = new RecentSyns();
  private index: FlowIndex;
  private seed: number;

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
      if ((flags & (Flag.syn | Flag.ack)) === (Flag.syn | Flag.ack)) this.joinRedirected(f, p);
    } else if (!copy) {
      if ((flags & (Flag.syn | Flag.rst)) === Flag.syn) {
        if (this.opensAnew(f, flipped ^ c.flipped[f]!, p)) {
          slot = this.index.find(a, b, ports, p.family);
          f = this.create(slot, a, b, ports, p.family, flipped, f);
          if (flags & Flag.ack) this.joinRedirected(f, p);
        }
      } else if (c.previous[f] !== 0 && (c.marks[f]! & Mark.synAck) === 0) {
        f = this.youngOrPrevious(f, flipped ^ c.flipped[f]!, p);
      }
    } else if (c.previous[f] !== 0 && (c.marks[f]! & Mark.synAck) === 0 && (flags & Flag.syn) === 0) {
      f = this.youngOrPrevious(f, flipped ^ c.flipped[f]!, p);
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
    c.lastFrame[f] = frame;
    c.lastTime[f] = p.time;
    if (c.packets[i]!++ === LARGEST_UINT16) c.put("packets", i, LARGEST_UINT16 + 1);
    const bytes = c.bytes[i]! + p.payloadLength;
    const wireBytes = c.wireBytes[i]! + p.origLen;
    if (wireBytes > LARGEST_UINT32 || bytes > LARGEST_UINT32) {
      c.put("bytes", i, bytes);
      c.put("wireBytes", i, wireBytes);
    } else {
      c.bytes[i] = bytes;
      c.wireBytes[i] = wireBytes;
    }
    if (copy) {
      if ((flags & (Flag.syn | Flag.fin | Flag.rst)) !== 0) this.countCopied(i, flags);
      c.copies[i]!++;
      this.copies[p.file] = (this.copies[p.file] ?? 0) + 1;
      return f;
    }
    if ((flags & (Flag.syn | Flag.fin | Flag.rst)) !== 0) this.countFlags(i, flags);
    if ((c.marks[f]! & Mark.answers) !== 0 && s === 0) {
      const asked = this.partners.get(f)!;
      this.follow(asked, otherSide(c.client[asked] as Side), p, frame);
    } else {
      this.follow(f, s, p, frame);
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

  private countFlags(i: number, flags: number): void {
    const c = this.columns;
    if (flags & Flag.syn) {
      if ((flags & Flag.ack) === 0) {
        if (c.syns[i]!++ === LARGEST_UINT8) c.put("syns", i, LARGEST_UINT8 + 1);
      } else if (c.synAcks[i]!++ === LARGEST_UINT8) c.put("synAcks", i, LARGEST_UINT8 + 1);
    }
    if (flags & Flag.fin && c.fins[i]!++ === LARGEST_UINT8) c.put("fins", i, LARGEST_UINT8 + 1);
    if (flags & Flag.rst && c.rsts[i]!++ === LARGEST_UINT8) c.put("rsts", i, LARGEST_UINT8 + 1);
  }

  private countCopied(i: number, flags: number): void {
    let copied = this.copiedFlags.get(i);
    if (copied === undefined) {
      copied = { syns: 0, synAcks: 0, fins: 0, rsts: 0 };
      this.copiedFlags.set(i, copied);
    }
    if (flags & Flag.syn) flags & Flag.ack ? copied.synAcks++ : copied.syns++;
    if (flags & Flag.fin) copied.fins++;
    if (flags & Flag.rst) copied.rsts++;
  }

  /** hot: moves both ends on, by a segment of side s that is no copy. */
  private follow(f: number, s: Side, p: Packet, frame: FrameRef): void {
    const c = this.columns;
    const flags = p.flags;
    const i = f * 2 + s;
    const time = p.time;

    if (flags & Flag.rst) {
      this.reset(f, s, p, frame);
      return;
    }
    if ((c.sideMarks[i ^ 1]! & SideMark.calling) !== 0) {
      c.sideMarks[i ^ 1]! &= ~(SideMark.calling | SideMark.callingInVain);
    }
    const peerState = c.state[i ^ 1]!;
    if (peerState === State.synSent && this.isChallenge(i, p)) return;
    // Whatever reaches a TIME_WAIT starts its time anew.
    if (peerState === State.timeWait) this.repeats(i ^ 1, time);
    if (flags & Flag.syn) this.handshake(f, s, p, frame);

    const dataSeq = flags & Flag.syn ? (p.seq + 1) | 0 : p.seq;
    const length = p.payloadLength;
    if ((c.sideMarks[i]! & SideMark.sequence) === 0) {
      c.sideMarks[i]! |= SideMark.sequence;
      c.next[i] = dataSeq;
      c.highest[i] = dataSeq;
    }

    if ((flags & Flag.syn) === 0) {
      if ((c.sideMarks[i]! & SideMark.spoke) === 0) {
        c.sideMarks[i]! |= SideMark.spoke;
        if (c.state[i] === State.established) this.speaks(i, time);
      }
      if (c.state[i]! < State.established && c.state[i] !== State.closed) this.event(i, Event.sendsOther, time);
    }

    // What it acknowledges moves the peer (its SYN, its FIN) and itself (it has the peer's FIN).
    if (flags & Flag.ack) this.acknowledge(f, s, p, frame);

    if (length > 0) {
      if (
        length === 1 &&
        (flags & (Flag.syn | Flag.fin)) === 0 &&
        seqDiff(c.highest[i]!, dataSeq) === 1 &&
        seqDiff(c.next[i]!, dataSeq) > 0 &&
        c.state[i] !== State.synSent
      ) {
        c.probes[i]!++; // keepalive or zero-window probe: not data
        this.calls(i);
        if (c.sideMarks[i ^ 1]! & SideMark.full) this.zeroWindows.press(i ^ 1, time);
      } else {
        this.payload(f, s, p, dataSeq, length, frame);
      }
    } else if ((flags & (Flag.syn | Flag.fin)) === 0 && seqDiff(c.highest[i]!, dataSeq) === 1) {
      c.probes[i]!++;
      this.calls(i);
      if (c.sideMarks[i ^ 1]! & SideMark.full) this.zeroWindows.press(i ^ 1, time);
    }

    const end = (dataSeq + length) | 0;
    if (flags & Flag.fin) this.fin(f, s, end, frame, time);
    else {
      const ahead = seqDiff(end, c.highest[i]!);
      if (ahead > 0 && ahead < MAX_WINDOW) c.highest[i] = end;
    }

    // Proof that it lives, later than its host's time-out may say.
    if (c.state[i] === State.finWait2) this.repeats(i, time);
    if (c.marks[f]! & Mark.held) this.streams.releaseHeld(f, time);
    if (c.finFrame[i] !== 0 && (c.sideMarks[i]! & SideMark.ended) === 0 && c.next[i] === ((c.finEnd[i]! - 1) | 0)) {
      this.streams.endDirection(f, s);
    }
    const stream = this.streams.of(f);
    if (stream?.awaitsReaction) {
      stream.reaction(s, false, p.ack);
      if ((c.sideMarks[i]! & c.sideMarks[i ^ 1]! & SideMark.ended) !== 0) this.streams.endStream(f, null);
    }
  }

  /** Its first word after the handshake proves that side i took what the peer had acknowledged, at the latest now. */
  private speaks(i: number, time: Nanos): void {
    const c = this.columns;
    if (time - this.log.time(this.log.change(c.lastChange[i]!)) <= PROMPT_NS) return;
    const j = i ^ 1;
    const isWaitedFor = c.lastDataFrame[j] !== 0 && time - c.busySince[j]! > LONGEST_ACK_DELAY_NS;
    this.log.note(i, isWaitedFor ? Note.takenLate : Note.settled, time);
  }

  private event(i: number, event: number, time: Nanos): void {
    const c = this.columns;
    const before = c.state[i]!;
    const after = NEXT_STATE[before * EVENT_COUNT + event]!;
    if (after === before) return;
    c.state[i] = after;
    if (before === State.closed && c.rsts[i]! + c.rsts[i ^ 1]! > MAX_REOPENINGS) this.log.replace(i, after, time);
    else this.log.append(i, after, time);
  }

  /** Side i sent again what its state waits for an answer to. */
  private repeats(i: number, time: Nanos): void {
    this.log.repeat(i, time);
  }

  /** Side i asks whether the peer is still there. */
  private calls(i: number): void {
    const marks = this.columns.sideMarks;
    marks[i]! |= marks[i]! & SideMark.calling ? SideMark.callingInVain : SideMark.calling;
  }

  // ─────────────────────────── opening ───────────────────────────

  private handshake(f: number, s: Side, p: Packet, frame: FrameRef): void {
    const c = this.columns;
    const i = f * 2 + s;
    if (p.flags & Flag.ack) {
      if ((c.marks[f]! & Mark.synAck) === 0) {
        c.synAckFrame[f] = frame;
        c.synAckTime[f] = p.time;
      }
      c.marks[f]! |= Mark.synAck;
      if ((c.marks[f]! & Mark.clientKnown) === 0) {
        c.marks[f]! |= Mark.clientKnown;
        c.client[f] = otherSide(s);
      }
      this.event(i, Event.sendsSynAck, p.time);
    } else {
      c.marks[f]! |= Mark.syn;
      if ((c.marks[f]! & Mark.clientKnown) === 0) {
        c.marks[f]! |= Mark.clientKnown;
        c.client[f] = s;
      }
      if (c.state[i] === State.closed) {
        // Refused or reset before, and tried again with the same number, as Windows does.
        c.sideMarks[i]! &= ~SideMark.reset;
        c.sideMarks[i ^ 1]! &= ~SideMark.reset;
      }
      this.event(i, Event.sendsSyn, p.time);
    }
    if ((c.sideMarks[i]! & SideMark.isn) === 0) {
      c.sideMarks[i]! |= SideMark.isn;
      c.isn[i] = p.seq;
    } else if (c.isn[i] === p.seq) {
      c.retransmissions[i]!++;
      if ((p.flags & Flag.ack) !== 0 && (c.sideMarks[i]! & SideMark.spoke) === 0) this.notEstablishedYet(i);
      if ((p.flags & Flag.ack) === 0 && (c.sideMarks[i]! & SideMark.spoke) === 0) this.notAnsweredYet(i);
      if (c.state[i] === State.synSent || c.state[i] === State.synReceived) this.repeats(i, p.time);
    } else if (c.state[i]! <= State.synReceived && c.firstDataFrame[i] === 0) {
      // A SYN-ACK made anew with another number (SYN cookies, a load balancer): the last one counts.
      c.isn[i] = p.seq;
      c.next[i] = (p.seq + 1) | 0;
      c.highest[i] = c.next[i]!;
    }
  }

  /** A SYN-ACK sent again says that the ACK did not count: it was lost, or the accept queue is full. */
  private notEstablishedYet(i: number): void {
    const c = this.columns;
    if (c.state[i] !== State.established || c.syns[i] !== 0) return; // a simultaneous open
    const before = this.log.before(c.lastChange[i]!);
    if (before === 0) return;
    this.log.withdraw(i);
    c.state[i] = State.synReceived;
  }

  /** A SYN sent again says that the SYN-ACK, seen here, did not arrive. */
  private notAnsweredYet(i: number): void {
    const c = this.columns;
    if (c.state[i] !== State.established || c.synAcks[i] !== 0) return; // a simultaneous open
    if (this.log.before(c.lastChange[i]!) === 0) return;
    this.log.withdraw(i);
    c.state[i] = State.synSent;
  }

  /** Does this SYN or SYN-ACK open a new connection on a 4-tuple that is known? `s` is its sender in flow f. */
  private opensAnew(f: number, s: number, p: Packet): boolean {
    const c = this.columns;
    const i = f * 2 + s;
    const j = f * 2 + (s ^ 1);
    const known = (c.sideMarks[i]! & SideMark.isn) !== 0;
    if (p.flags & Flag.ack) {
      if ((c.marks[f]! & Mark.answers) !== 0 && s === 0) return !this.answersTo(this.partners.get(f)!, p);
      // A SYN-ACK answers the SYN it acknowledges.
      if (c.sideMarks[j]! & SideMark.isn) return false;
      if (known) return c.isn[i] !== p.seq && c.state[i]! > State.synReceived;
      return (c.sideMarks[i]! & SideMark.spoke) !== 0 || (c.sideMarks[j]! & SideMark.spoke) !== 0;
    }
    if (known) return c.isn[i] !== p.seq;
    // Nothing of this side yet: a simultaneous open, or its SYN was captured after the SYN-ACK.
    if ((c.sideMarks[i]! & SideMark.sequence) === 0 && c.packets[i] === 0) {
      if (c.state[j] === State.synSent) return false;
      if ((c.marks[f]! & Mark.synAck) !== 0 && c.acked[j] === ((p.seq + 1) | 0)) return false;
    }
    return true;
  }

  /**
   * NAT REDIRECT to a local proxy: on the loopback interface the client's packets go to the proxy, and the answers come from
   * the address that the client called. The half flows join on the client's address and port, and SYN-ACK.ack = ISN + 1.
   */
  private joinRedirected(f: number, p: Packet): void {
    const c = this.columns;
    for (let n = 0, asked = this.recentSyns.newest(0); asked >= 0; asked = this.recentSyns.newest(++n)) {
      if (asked === f) continue;
      const client = asked * 2 + c.client[asked]!;
      if (c.state[client] !== State.synSent || c.packets[client ^ 1] !== 0 || c.family[asked] !== p.family) continue;
      if (!this.answersTo(asked, p) || this.port(asked, c.client[asked] as Side) !== p.dstPort) continue;
      if (this.key(asked, c.client[asked]!) !== this.key(f, 1)) continue;
      c.marks[asked]! |= Mark.redirected;
      this.partners.set(asked, f);
      c.marks[f]! |= Mark.answers | Mark.clientKnown;
      this.partners.set(f, asked);
      c.client[f] = 1;
      return;
    }
  }

  /** Does this SYN-ACK acknowledge the SYN of that flow? */
  private answersTo(asked: number, p: Packet): boolean {
    const c = this.columns;
    const client = asked * 2 + c.client[asked]!;
    return (c.sideMarks[client]! & SideMark.isn) !== 0 && p.ack === ((c.isn[client]! + 1) | 0);
  }

  /**
   * A new SYN waits for its answer on a 4-tuple whose old connection may still live. An ACK that does not fit the new SYN is
   * the old socket's challenge, and a RST that does not is the answer to it: both belong to the old flow.
   */
  private youngOrPrevious(f: number, s: number, p: Packet): number {
    const c = this.columns;
    const old = c.previous[f]! - 1;
    const i = f * 2 + s;
    const j = f * 2 + (s ^ 1);
    if ((c.sideMarks[j]! & SideMark.isn) !== 0 && (c.sideMarks[i]! & SideMark.isn) === 0) {
      // From the side that was called.
      return p.flags & Flag.ack && p.ack !== ((c.isn[j]! + 1) | 0) ? old : f;
    }
    if (c.sideMarks[i]! & SideMark.isn) {
      // From the caller. After SYN it can only speak beyond its ISN.
      const ahead = seqDiff(p.seq, c.isn[i]!);
      return ahead > 0 && ahead < MAX_WINDOW && (p.flags & Flag.rst) === 0 ? f : ahead === 1 || ahead === 0 ? f : old;
    }
    return f;
  }

  /** An ACK to a SYN that does not acknowledge it. Side i sent it; the other one is in SYN_SENT. */
  private isChallenge(i: number, p: Packet): boolean {
    const c = this.columns;
    if ((p.flags & (Flag.syn | Flag.fin | Flag.ack)) !== Flag.ack || p.payloadLength > 0) return false;
    if ((c.sideMarks[i]! & SideMark.isn) !== 0) return false;
    const ahead = seqDiff(p.ack, c.isn[i ^ 1]!);
    return ahead <= 0 || ahead > FIRST_FLIGHT;
  }

  // ─────────────────────────── acknowledging and closing ───────────────────────────

  /** hot */
  private acknowledge(f: number, s: Side, p: Packet, frame: FrameRef): void {
    const c = this.columns;
    const i = f * 2 + s;
    const j = f * 2 + (s ^ 1);
    const ack = p.ack;
    const peer = c.sideMarks[j]!;
    const further = (c.sideMarks[i]! & SideMark.acked) === 0 ? 0 : seqDiff(ack, c.acked[i]!);
    if ((c.sideMarks[i]! & SideMark.acked) === 0 || further > 0) {
      c.sideMarks[i]! |= SideMark.acked;
      c.acked[i] = ack;
      this.notePeerHas(f, otherSide(s), ack, p.time);
    }
    if (p.window === 0) {
      this.leavesNoRoom(j, p.time);
      if ((p.flags & Flag.syn) === 0 && further >= 0) this.fillsUp(i, frame, p.time);
    } else {
      if ((c.sideMarks[i]! & SideMark.full) !== 0 && further >= 0) this.endsSpell(i, frame, p.time, true);
      if (seqDiff(ack, c.highest[j]!) >= 0 && (peer & SideMark.blocked) === 0) c.sideMarks[j]! |= SideMark.quiet;
    }
    if (peer & SideMark.sequence) {
      const peerState = c.state[j]!;
      if (peerState === State.synReceived || peerState === State.synSent) {
        if ((peer & SideMark.isn) !== 0 && seqDiff(ack, c.isn[j]!) > 0) {
          this.event(j, Event.synAcked, p.time);
          if ((p.flags & Flag.syn) === 0) c.marks[f]! |= Mark.handshakeAck;
        }
      } else if ((c.marks[f]! & (Mark.synAck | Mark.handshakeAck)) === Mark.synAck && (p.flags & Flag.syn) === 0) {
        if (s === c.client[f]) c.marks[f]! |= Mark.handshakeAck;
      }
      if (c.finFrame[j] !== 0 && seqDiff(ack, c.finEnd[j]!) >= 0) {
        if (c.finAckFrame[j] === 0) {
          c.finAckFrame[j] = frame;
          c.finAckTime[j] = p.time;
        }
        const arrived = c.state[i] === State.timeWait ? p.time : this.finArrival(j, p.time);
        this.event(j, Event.finAcked, p.time);
        if (c.state[i] === State.finWait2) this.crossed(i, arrived);
        this.event(i, Event.acksPeerFin, arrived);
      }
    } else if (c.state[j] === State.unseen && (p.flags & Flag.syn) === 0) {
      // Only one direction is captured so far, or we joined late: the peer must be there, for it was acknowledged.
      this.event(j, Event.synAcked, p.time);
    } else if (further === 1) {
      this.unseenFins.set(f, p.time);
    } else if (further > 0) {
      this.unseenFins.delete(f);
    }
  }

  /** hot: has the peer of side s more of it than was captured so far, by more than a FIN? */
  private notePeerHas(f: number, s: Side, ack: number, time: Nanos): void {
    const c = this.columns;
    const i = f * 2 + s;
    if ((c.sideMarks[i]! & SideMark.sequence) === 0) return;
    const ahead = seqDiff(ack, c.next[i]!);
    if (ahead > 1 && ahead < MAX_WINDOW) this.streams.of(f)?.peerHas(s, ack, time);
  }

  /** The peer of side j offers a window of zero: what j has to say from now on stays with it. */
  private leavesNoRoom(j: number, time: Nanos): void {
    const c = this.columns;
    if ((c.sideMarks[j]! & SideMark.quiet) !== 0) c.busySince[j] = time;
    c.sideMarks[j] = (c.sideMarks[j]! & ~SideMark.quiet) | SideMark.blocked;
  }

  private fillsUp(i: number, frame: FrameRef, time: Nanos): void {
    if ((this.columns.sideMarks[i]! & SideMark.full) !== 0) return;
    this.columns.sideMarks[i]! |= SideMark.full;
    this.zeroWindows.begin(i, frame, time);
  }

  private endsSpell(i: number, frame: FrameRef, time: Nanos, hasRoom: boolean): void {
    this.columns.sideMarks[i]! &= ~SideMark.full;
    this.zeroWindows.end(i, frame, time, hasRoom);
  }

  /** When side j's FIN reached its peer, which acknowledged it at `acked`: the ACK may lag. A FIN behind a hole, or sent again, came late. */
  private finArrival(j: number, acked: Nanos): Nanos {
    const c = this.columns;
    // Of copies, the last one is the one that arrived: an ACK lags by 200 ms at most, a repetition by more.
    const head = c.lastChange[j]!;
    if (this.log.isRepeat(head)) return this.log.time(head);
    const atOnce = (c.sideMarks[j]! & SideMark.ended) !== 0 && c.lastDataTime[j]! <= c.finTime[j]!;
    return atOnce ? c.finTime[j]! : acked;
  }

  /** The peer's FIN had arrived before the peer acknowledged ours: this end was in CLOSING and not in FIN_WAIT_2. */
  private crossed(i: number, arrived: Nanos): void {
    const head = this.columns.lastChange[i]!;
    const acked = this.log.time(head);
    if (arrived >= acked || this.log.isRepeat(head)) return;
    this.log.replace(i, State.closing, Math.max(arrived, this.log.time(this.log.before(head))));
    this.log.append(i, State.timeWait, acked);
    this.columns.state[i] = State.timeWait;
  }

  private fin(f: number, s: Side, end: number, frame: FrameRef, time: Nanos): void {
    const c = this.columns;
    const i = f * 2 + s;
    const j = f * 2 + (s ^ 1);
    const finEnd = (end + 1) | 0;
    if (c.finFrame[i] !== 0) {
      if (c.finEnd[i] === finEnd) {
        c.retransmissions[i]!++;
        const isUnheard = (c.sideMarks[i]! & SideMark.calling) !== 0;
        this.repetitions.addFin(i, frame, time, isUnheard, c.finAckFrame[i] !== 0, time - c.finTime[i]!);
        if (c.finAckFrame[i] !== 0) this.notAcknowledgedYet(i);
        const state = c.state[i]!;
        if (c.finAckFrame[i] === 0 || state === State.finWait1 || state === State.lastAck || state === State.closing) {
          this.repeats(i, time);
          this.calls(i);
        }
      }
      return;
    }
    if (c.rstFrame[i] === 0) c.idleBeforeEnd[i] = this.idle(i, time);
    c.finFrame[i] = frame;
    c.finTime[i] = time;
    c.finEnd[i] = finEnd;
    if (seqDiff(finEnd, c.highest[i]!) > 0) c.highest[i] = finEnd;
    if (c.finFrame[j] !== 0 && c.finAckFrame[j] === 0) c.marks[f]! |= Mark.finsCrossed;
    if (c.lastDataFrame[i] !== 0 && time - c.busySince[i]! > PROMPT_NS && !this.rests(i, time)) {
      this.log.note(i, Note.blocked, c.busySince[i]!);
    }
    this.event(i, Event.sendsFin, time);
    this.streams.of(f)?.gaveUp(s, frame, time, false);
  }

  /** Had side i nothing left to send before `time`? All was acknowledged, there was room, and for a while nothing came. */
  private rests(i: number, time: Nanos): boolean {
    const c = this.columns;
    return (c.sideMarks[i]! & SideMark.quiet) !== 0 && time - c.lastDataTime[i]! > LONGEST_ACK_DELAY_NS;
  }

  /** A FIN sent again says that its ACK, seen here, did not arrive. */
  private notAcknowledgedYet(i: number): void {
    const c = this.columns;
    if ((c.sideMarks[i]! | c.sideMarks[i ^ 1]!) & SideMark.reset) return;
    const head = this.log.change(c.lastChange[i]!);
    const before = this.log.change(this.log.before(head));
    if (before === 0 || NEXT_STATE[this.log.state(before) * EVENT_COUNT + Event.finAcked] !== this.log.state(head))
      return;
    if (this.log.state(before) === this.log.state(head)) return;
    this.log.withdraw(i);
    c.state[i] = this.log.state(before);
  }

  private reset(f: number, s: Side, p: Packet, frame: FrameRef): void {
    const c = this.columns;
    const i = f * 2 + s;
    const j = f * 2 + (s ^ 1);
    if (c.rstFrame[i] === 0) {
      c.rstFrame[i] = frame;
      c.rstTime[i] = p.time;
      if (c.finFrame[i] === 0) c.idleBeforeEnd[i] = this.idle(i, p.time);
      if (p.flags & Flag.ack) c.sideMarks[i]! |= SideMark.rstWithAck;
    } else if ((p.flags & Flag.ack) !== 0 && p.time - c.rstTime[i]! <= PROMPT_NS) {
      // The abort, captured behind the answer to what it crossed: two processors write to one tap.
      c.sideMarks[i]! |= SideMark.rstWithAck;
    }
    const stream = this.streams.of(f);
    if (stream?.awaitsReaction) stream.reaction(s, true, p.ack);
    if (!this.isResetAcceptable(i, j, p)) return;
    const again = (c.sideMarks[i]! & SideMark.reset) !== 0;
    c.sideMarks[i]! |= SideMark.reset;
    if ((c.sideMarks[i]! & SideMark.full) !== 0) this.endsSpell(i, frame, p.time, false);
    if ((c.sideMarks[j]! & SideMark.full) !== 0) this.endsSpell(j, frame, p.time, false);
    this.event(i, Event.sendsRst, p.time);
    // Who answered nothing before will not have got this either: a host that is gone, or a path that is cut.
    if (c.sideMarks[i]! & SideMark.callingInVain) c.sideMarks[j]! |= SideMark.unreached;
    else this.event(j, Event.receivesRst, p.time);
    if (stream != null && !again) {
      if (p.flags & Flag.ack) this.notePeerHas(f, otherSide(s), p.ack, p.time);
      this.streams.flushHeld(f);
      stream.gaveUp(s, frame, p.time, true);
      if (!stream.mayBeAnsweredLate(s)) this.streams.endStream(f, "reset");
    }
  }

  /**
   * How long no payload has moved, in either direction, when side i closes; since the handshake when none ever has. What it
   * says with its close, after a pause in which nobody had asked it anything, does not end the pause.
   */
  private idle(i: number, time: Nanos): Nanos {
    const c = this.columns;
    const f = i >> 1;
    const began = c.synAckFrame[f] !== 0 ? c.synAckTime[f]! : c.firstTime[f]!;
    const [own, peers] = [
      c.lastDataFrame[i] !== 0 ? c.lastDataTime[i]! : began,
      c.lastDataFrame[i ^ 1] !== 0 ? c.lastDataTime[i ^ 1]! : began,
    ];
    const saidAt = c.lastWordsTime[i]!;
    const isLastWord = c.lastWordsPause[i]! > 0 && peers < saidAt && time - saidAt <= LAST_WORDS_NS;
    return Math.max(0, isLastWord ? time - saidAt + c.lastWordsPause[i]! : time - Math.max(own, peers));
  }

  /** RFC 9293 §3.5.3, RFC 5961 §3.2: a RST counts within the window that the peer offers, and to a SYN only if it acks it. */
  private isResetAcceptable(i: number, j: number, p: Packet): boolean {
    const c = this.columns;
    if (c.state[j] === State.synSent) {
      return (p.flags & Flag.ack) !== 0 && seqDiff(p.ack, c.isn[j]!) > 0 && seqDiff(p.ack, c.highest[j]!) <= 0;
    }
    if (c.state[i] === State.synSent) {
      // Of its own it can only reset what it has begun; any other number answers a challenge, and ends the old socket.
      const ahead = seqDiff(p.seq, c.isn[i]!);
      return ahead >= 0 && ahead <= FIRST_FLIGHT;
    }
    const own = c.sideMarks[i]! & SideMark.sequence;
    const peerAcked = c.sideMarks[j]! & SideMark.acked;
    if (!own && !peerAcked) return true;
    // A capture of SYN, FIN and RST alone: how far the streams had come by now, nobody knows.
    const spoke = ((c.sideMarks[i]! | c.sideMarks[j]!) & SideMark.spoke) !== 0;
    if (!spoke && (c.marks[i >> 1]! & Mark.synAck) !== 0) return true;
    const near = (base: number): boolean => Math.abs(seqDiff(p.seq, base)) <= RESET_REACH;
    return (own !== 0 && near(c.highest[i]!)) || (peerAcked !== 0 && near(c.acked[j]!));
  }

  // ─────────────────────────── payload in order ───────────────────────────

  /** hot: `length` bytes on the wire from `dataSeq`. */
  private payload(f: number, s: Side, p: Packet, dataSeq: number, length: number, frame: FrameRef): void {
    const c = this.columns;
    const i = f * 2 + s;
    let rel = seqDiff(dataSeq, c.next[i]!);
    if (c.firstDataFrame[i] === 0) {
      c.firstDataFrame[i] = frame;
      if ((c.sideMarks[i]! & SideMark.isn) === 0) {
        // Joined late: what comes first is the beginning for us.
        c.next[i] = dataSeq;
        rel = 0;
      }
    }
    if (rel > MAX_WINDOW || rel < -MAX_WINDOW) return;
    if (rel + length > 0 || c.lastDataFrame[i] === 0) {
      if (length <= LONGEST_LAST_WORDS && c.lastDataFrame[i] !== 0 && c.lastDataTime[i]! >= c.lastDataTime[i ^ 1]!) {
        const pause = p.time - c.lastDataTime[i]!;
        if (pause > LAST_WORDS_NS) {
          c.lastWordsTime[i] = p.time;
          c.lastWordsPause[i] = pause;
        }
      }
      if (c.lastDataFrame[i] === 0 || this.rests(i, p.time)) c.busySince[i] = p.time;
      if ((c.sideMarks[i]! & SideMark.blocked) !== 0) this.zeroWindows.press(i ^ 1, p.time);
      c.sideMarks[i]! &= ~(SideMark.quiet | SideMark.blocked);
      c.lastDataFrame[i] = frame;
      c.lastDataTime[i] = p.time;
      const state = c.state[i]!;
      if (state === State.closeWait || state === State.closed) this.writesOn(i, p, frame);
    }

    const again = c.retransmissions[i]!;
    const isUnheard = rel < 0 && (c.sideMarks[i]! & SideMark.calling) !== 0;
    if (rel < 0) {
      c.retransmissions[i]!++;
      if ((c.sideMarks[i ^ 1]! & SideMark.full) !== 0) this.zeroWindows.press(i ^ 1, p.time);
      if (seqDiff(dataSeq, c.acked[i ^ 1]!) >= 0) {
        this.repeats(i, p.time);
        this.calls(i);
      }
    }
    this.streams.take(f, s, p, dataSeq, length, rel, frame);
    if (c.retransmissions[i]! !== again) {
      const end = (dataSeq + length) | 0;
      const isAcked = (c.sideMarks[i ^ 1]! & SideMark.acked) !== 0 && seqDiff(end, c.acked[i ^ 1]!) <= 0;
      const isLast = rel + length <= 0 && end === c.highest[i];
      const age = isLast ? p.time - c.lastDataTime[i]! : Number.POSITIVE_INFINITY;
      this.repetitions.add(i, frame, p.time, isUnheard, isAcked, age);
    }
  }

  /** New payload on a connection that the peer has closed or reset. */
  private writesOn(i: number, p: Packet, frame: FrameRef): void {
    const c = this.columns;
    if (c.state[i] === State.closed && (c.sideMarks[i ^ 1]! & SideMark.reset) === 0) return;
    const known = this.lateWrites.get(i);
    const isWhole = p.payloadCaptured === p.payloadLength;
    const isBye = isWhole
      ? isFarewell(p.buf, p.payloadOffset, p.payloadOffset + p.payloadLength)
      : p.payloadLength <= SHORT_UNREAD;
    const farewells = isBye ? 1 : 0;
    if (known === undefined) this.lateWrites.set(i, { count: 1, farewells, first: { frame, time: p.time } });
    else {
      known.count++;
      known.farewells += farewells;
    }
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

  /**
   * Forgets a flow, the ones before it on its 4-tuple, and its other half. Its number goes to another flow, so that numbers do not
   * tell the order of flows any more. What was counted of its exchanges stays counted.
   */
  forget(f: number): void {
    const c = this.columns;
    const older = c.previous[f]! - 1;
    if (older >= 0) this.forget(older);
    const partner = this.partners.get(f);
    this.streams.forget(f);
    for (const i of [f * 2, f * 2 + 1]) {
      this.log.release(i);
      this.lateWrites.delete(i);
      this.copiedFlags.delete(i);
      this.zeroWindows.forget(i);
      this.repetitions.forget(i);
    }
    this.unseenFins.delete(f);
    this.partners.delete(f);
    this.succession.forget(f);
    this.resumed.delete(f);
    this.index.remove(f);
    if (partner !== undefined && this.partners.delete(partner)) this.forget(partner);
  }

  /** Not the last of several on its 4-tuple: the one before it would be taken for open again. */
  mayForgetAlone(f: number): boolean {
    const { previous, successor } = this.columns;
    return previous[f] === 0 || successor[f] !== 0;
  }

  /** Forgets a flow that {@link mayForgetAlone}, and its other half, which may; those before it on its 4-tuple stay. */
  forgetAlone(f: number): void {
    const partner = this.partners.get(f);
    this.succession.unlink(f);
    if (partner !== undefined) this.succession.unlink(partner);
    this.forget(f);
  }

  /** Forgets the addresses (IPv6) of flows that were forgotten. */
  forgetAddresses(): void {
    const former = this.addresses;
    this.addresses = new AddressTable(this.seed);
    const c = this.columns;
    for (let f = 0; f < this.count; f++) {
      if (this.isKnown(f) && c.family[f] === 6) this.adoptAddresses(f, former);
    }
    this.index.rebuild();
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
    for (let f = 0; f < rows.count; f++) table.streams.opened(table.index.adopt());
    return table;
  }

  /**
   * Into an empty table: the flows of other tables, which are used up. `order` says of which each next flow is. Which flow each follows on
   * its 4-tuple, and whose other half it is, the caller says next, for these have other numbers here. Such a table takes no packets.
   */
  adoptRows(parts: readonly FlowTable[], order: readonly number[]): void {
    this.columns.join(
      parts.map(({ columns }) => columns),
      order,
      new Set(["lastChange", "previous"]),
    );
    const next = parts.map(() => 0);
    const c = this.columns;
    c.previous.fill(0);
    c.successor.fill(0);
    for (const part of order) {
      const from = parts[part]!;
      const g = next[part]!;
      next[part] = g + 1;
      const f = this.index.adopt();
      if (c.family[f] === 6) this.adoptAddresses(f, from.addresses);
      this.log.adopt(f * 2, from.log, g * 2);
      this.log.adopt(f * 2 + 1, from.log, g * 2 + 1);
      adoptSideTables(this, f, from, g);
      this.streams.opened(f);
    }
  }

  /** Flow `f` opened anew on the 4-tuple of `previous`. */
  linkPrevious(f: number, previous: number): void {
    this.columns.previous[f] = previous + 1;
    this.columns.successor[previous] = f + 1;
  }

  /** The two halves of a redirected connection: the one that was called, and the one that has the answers. */
  linkPartners(asked: number, answers: number): void {
    this.partners.set(asked, answers);
    this.partners.set(answers, asked);
  }

  /** Each flow that opened anew on the 4-tuple of another, with that one. */
  *successions(): Iterable<[flow: number, previous: number]> {
    for (let f = 0; f < this.count; f++) {
      const previous = this.columns.previous[f]! - 1;
      if (previous >= 0) yield [f, previous];
    }
  }

  /** The key of flow f, with numbers that another table gave to its addresses, becomes one of this table's. */
  private adoptAddresses(f: number, from: AddressTable): void {
    const c = this.columns;
    const a = this.addresses.add(from, c.keyA[f]!);
    const b = this.addresses.add(from, c.keyB[f]!);
    // The smaller number first, as update() looks for it; the sides stay who they were.
    const isSwapped = a > b;
    c.keyA[f] = isSwapped ? b : a;
    c.keyB[f] = isSwapped ? a : b;
    if (!isSwapped) return;
    c.keyPorts[f] = (c.keyPorts[f]! << 16) | (c.keyPorts[f]! >>> 16);
    c.flipped[f]! ^= 1;
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
  private key(f: number, s: number): number {
    const c = this.columns;
    return (s ^ c.flipped[f]!) === 0 ? c.keyA[f]! : c.keyB[f]!;
  }

  port(f: number, s: Side): number {
    const ports = this.columns.keyPorts[f]!;
    return (s ^ this.columns.flipped[f]!) === 0 ? ports >>> 16 : ports & 0xffff;
  }
}
