// What would `ss` have shown of one end's socket, at any moment? Reads the log of what the wire showed, and adds what it
// does not show: timers that end a socket, attempts that were given up without a word, what only later packets make clear.
//
// Nothing is kept: a history is worked out when it is asked for, from the log, the columns and the settings of the host.

import { NANOS_PER_SECOND, type Nanos } from "../core/clock.ts";
import type { StateHistory, StateName } from "../core/flow-view.ts";
import type { Hosts } from "../core/host-settings.ts";
import { seqDiff } from "../core/seq.ts";
import type { Side } from "../core/stream-decoder.ts";
import { Mark, SideMark } from "./columns.ts";
import type { FlowTable } from "./flow-table.ts";
import { Note } from "./state-log.ts";
import { Event, nextState, STATE_NAMES, State } from "./states.ts";

/** The first time-out of a SYN or SYN-ACK (RFC 6298 §2.1); no FIN waits longer for its first repetition where ACKs return. */
const FIRST_TIMEOUT = NANOS_PER_SECOND;
/** Linux repeats a SYN every second so many times before it doubles (tcp_syn_linear_timeouts and the first at 2⁰, since 6.5). */
const LINEAR_SYNS = 5;
/** How often Linux repeats a SYN-ACK (tcp_synack_retries). */
const SYN_ACK_REPEATS = 5;
/** No ACK is delayed for longer (Linux: TCP_DELACK_MAX). */
const LONGEST_ACK_DELAY = 0.2 * NANOS_PER_SECOND;
/** No sender waits longer to repeat (TCP_RTO_MAX). */
const LONGEST_TIMEOUT = 120 * NANOS_PER_SECOND;

/** By how much a timer is late in the mean; the kernel's wheel rounds up by as much as an eighth. */
const MEAN_LATENESS = 1 / 16;

/** A state as logged, and when what it waits for was sent again: the last time, and the one before. */
interface Run {
  state: State;
  from: Nanos;
  repeated: Nanos | null;
  before: Nanos | null;
  notes?: Map<Note, Nanos> | undefined;
}

export interface HistorySettings {
  hosts: Hosts;
  /** The last packet of the capture: until then, silence is silence. */
  horizon: Nanos;
}

export class History implements StateHistory {
  count = 0;
  private states: State[] = [];
  private froms: Nanos[] = [];
  private untils: Nanos[] = [];
  private certains: boolean[] = [];
  private flow = -1;
  private table: FlowTable;
  private side: Side;
  private settings: HistorySettings;

  constructor(table: FlowTable, side: Side, settings: HistorySettings) {
    this.table = table;
    this.side = side;
    this.settings = settings;
  }

  state(n: number): StateName {
    return STATE_NAMES[this.states[n]!]!;
  }
  from(n: number): Nanos {
    return this.froms[n]!;
  }
  until(n: number): Nanos {
    return this.untils[n]!;
  }
  certain(n: number): boolean {
    return this.certains[n]!;
  }

  /** The history of this side of a flow. Read it when the table has ended. */
  read(flow: number): this {
    if (flow === this.flow) return this;
    this.flow = flow;
    this.count = 0;
    const c = this.table.columns;
    // The answering half of a redirected connection: both sockets are told by the half that was called.
    if (c.marks[flow]! & Mark.answers) return this;

    const i = flow * 2 + this.side;
    const isHidden = this.isHidden(i);
    const oneSided = isHidden || this.isHidden(i ^ 1);
    const runs = oneSided ? this.runsOfOneDirection(i) : this.runs(i);
    const began = this.begin(runs, i);
    const sure = !isHidden && (began !== Number.NEGATIVE_INFINITY || (this.hasSpoken(i) && this.hasSpoken(i ^ 1)));
    const cut = this.table.succession.at(i);
    const unproven = oneSided ? [] : this.unproven(runs, i);
    for (let k = 0; k < runs.length; k++) {
      const run = runs[k]!;
      const next = runs[k + 1];
      const isAssumed = oneSided && run.state > State.established;
      this.follow(run, next, runs[k - 1], i, sure && !isAssumed, cut);
    }
    for (const [from, until] of unproven) this.doubt(from, until);
    return this;
  }

  /**
   * When nothing proves the state. Whether an end took the handshake's ACK, only its own next word tells (TCP_DEFER_ACCEPT, SYN
   * cookies, a full accept queue); and a FIN that leaves behind data may have waited with it.
   */
  private unproven(runs: Run[], i: number): [from: Nanos, until: Nanos][] {
    const spans: [Nanos, Nanos][] = [];
    const hasSpoken = (this.table.columns.sideMarks[i]! & SideMark.spoke) !== 0;
    for (let k = 0; k < runs.length; k++) {
      const run = runs[k]!;
      const until = runs[k + 1]?.from ?? Number.POSITIVE_INFINITY;
      const takenLate = run.notes?.get(Note.takenLate);
      const settled = run.notes?.get(Note.settled) ?? takenLate;
      const blocked = run.notes?.get(Note.blocked);
      if (run.state === State.established && k > 0) {
        if (!hasSpoken) spans.push([run.from, until]);
        else if (settled !== undefined) spans.push([run.from, Math.min(settled, until)]);
        const hadToRepeat = runs[k - 1]!.state === State.synReceived && runs[k - 1]!.repeated !== null;
        if (takenLate !== undefined && hadToRepeat) run.from = Math.min(takenLate, until);
      }
      if (blocked !== undefined) spans.push([blocked, until]);
    }
    return spans;
  }

  // ─────────────────────────── what was logged ───────────────────────────

  private runs(i: number): Run[] {
    const { log, columns } = this.table;
    const runs: Run[] = [];
    let repeated: Nanos | null = null;
    let before: Nanos | null = null;
    let notes: Map<Note, Nanos> | undefined;
    for (let entry = columns.lastChange[i]!; entry !== 0; entry = log.before(entry)) {
      if (log.isRepeat(entry)) {
        if (repeated === null) repeated = log.time(entry);
        else before = log.time(entry);
        continue;
      }
      if (log.isNote(entry)) {
        notes ??= new Map();
        notes.set(log.state(entry) as Note, log.time(entry));
        continue;
      }
      runs.push({ state: log.state(entry) as State, from: log.time(entry), repeated, before, notes });
      repeated = null;
      before = null;
      notes = undefined;
    }
    return runs.reverse();
  }

  /**
   * Only one direction was captured. What the other end did shows in the acknowledgements: a FIN that is not sent again has
   * arrived, and one more byte acknowledged, after which nothing comes, was the peer's FIN.
   */
  private runsOfOneDirection(i: number): Run[] {
    const c = this.table.columns;
    const seen = this.isHidden(i) ? i ^ 1 : i;
    const logged = this.runs(seen);
    const peerFin = this.table.unseenFins.get(seen >> 1) ?? null;
    const own: { event: Event; at: Nanos; run?: Run }[] = [];
    for (const run of logged) {
      const event = SENT_INTO[run.state];
      if (event !== undefined) own.push({ event, at: run.from, run });
    }
    const fin = c.finFrame[seen] !== 0 ? c.finTime[seen]! : null;
    const events: { event: Event; at: Nanos; run?: Run }[] = [];
    if (i === seen) {
      events.push(...own);
      const isRepeated = logged.some(
        (r) => r.repeated !== null && (r.state === State.finWait1 || r.state === State.lastAck),
      );
      if (peerFin !== null) events.push({ event: Event.acksPeerFin, at: peerFin });
      if (fin !== null && !isRepeated) events.push({ event: Event.finAcked, at: fin });
    } else {
      for (const { event, at } of own) {
        if (event === Event.sendsSynAck) events.push({ event: Event.sendsSyn, at });
        else if (event === Event.sendsOther) events.push({ event: Event.sendsOther, at });
        else if (event === Event.sendsRst) events.push({ event: Event.receivesRst, at });
      }
      if (fin !== null) events.push({ event: Event.acksPeerFin, at: fin });
      if (peerFin !== null) {
        events.push({ event: Event.sendsFin, at: peerFin });
        events.push({ event: Event.finAcked, at: peerFin });
      }
    }
    // A stable sort: what was listed first goes first.
    events.sort((a, b) => a.at - b.at);
    const runs: Run[] = [];
    let state: State = State.unseen;
    for (const { event, at, run } of events) {
      const after = nextState(state, event);
      if (after === state) continue;
      state = after;
      runs.push({ state, from: at, repeated: run?.repeated ?? null, before: run?.before ?? null });
    }
    return runs;
  }

  /** Not one packet of it was captured, nor of the half flow that would hold its answers. */
  private isHidden(i: number): boolean {
    const c = this.table.columns;
    const isAnswered = (c.marks[i >> 1]! & Mark.redirected) !== 0 && (i & 1) !== c.client[i >> 1];
    return c.packets[i] === 0 && !isAnswered && !this.table.isSelf(i >> 1);
  }

  private hasSpoken(i: number): boolean {
    const c = this.table.columns;
    return c.lastDataFrame[i] !== 0 || c.finFrame[i] !== 0;
  }

  /** When the socket came to be, at the latest. Puts what was before the first thing seen in front of the runs. */
  private begin(runs: Run[], i: number): Nanos {
    const c = this.table.columns;
    const f = i >> 1;
    const first = runs[0];
    if (first === undefined) return 0;
    const marks = c.marks[f]!;
    if (marks & Mark.syn) return first.from;
    if (marks & Mark.synAck) {
      // Its SYN is not in the capture, the answer to it is.
      if (first.state === State.established) first.from = Math.min(first.from, c.synAckTime[f]!);
      return first.from;
    }
    if (first.state === State.closed) return first.from;
    const start = c.previous[f] === 0 ? Number.NEGATIVE_INFINITY : c.firstTime[f]!;
    if (first.state === State.established) first.from = start;
    else runs.unshift({ state: State.established, from: start, repeated: null, before: null });
    return start;
  }

  // ─────────────────────────── what the wire does not show ───────────────────────────

  /** Adds the spans of one run. */
  private follow(
    run: Run,
    next: Run | undefined,
    previous: Run | undefined,
    i: number,
    sure: boolean,
    cut: Nanos,
  ): void {
    const { state, from } = run;
    if (state <= State.closed) return;
    const c = this.table.columns;
    const { horizon } = this.settings;
    const add = (s: State, start: Nanos, end: Nanos, isCertain: boolean): void =>
      this.add(s, start, Math.min(end, cut), isCertain);

    if (from === Number.NEGATIVE_INFINITY) {
      const seen = c.firstTime[i >> 1]!;
      add(state, from, Math.min(seen, next?.from ?? seen), false);
    }
    const start = from === Number.NEGATIVE_INFINITY ? c.firstTime[i >> 1]! : from;
    const until = next?.from ?? Number.POSITIVE_INFINITY;

    if (state === State.timeWait) {
      add(state, start, Math.min(until, (run.repeated ?? from) + this.host(i).timeWait), sure);
      return;
    }
    if (state === State.finWait2) {
      this.finWait2(run, next, i, sure, cut);
      return;
    }
    if (next !== undefined) {
      const doubt = Math.max(start, Math.min(until, this.doubtedFrom(i, state, next)));
      add(state, start, doubt, sure);
      add(state, doubt, until, false);
      return;
    }

    // The last thing that is known of this end.
    switch (state) {
      case State.synSent:
      case State.synReceived: {
        const last = run.repeated ?? from;
        add(state, start, last, sure);
        add(state, last, this.givenUp(run, i), false);
        return;
      }
      case State.finWait1:
      case State.closing:
      case State.lastAck:
        this.unacknowledgedFin(run, i, sure, cut);
        return;
      default:
    }
    const isReached = (c.sideMarks[i]! & SideMark.unreached) === 0;
    if (state === State.established && previous !== undefined && this.isUnansweredSyn(i, previous)) {
      // A client answers a SYN-ACK at once. This one never did; if it sent its SYN again, it has not got it.
      if (previous.repeated === null || horizon - from <= FIRST_TIMEOUT) add(state, start, until, false);
      else add(State.synSent, start, this.givenUp(previous, i), false);
      return;
    }
    if (
      state === State.established &&
      previous?.state === State.synReceived &&
      (c.sideMarks[i]! & SideMark.spoke) === 0
    ) {
      // The client's ACK came; if it was not taken, the SYN-ACK is sent again.
      const end = previous.repeated === null ? Number.NEGATIVE_INFINITY : this.givenUp(previous, i);
      const isTaken = horizon > end && c.synAcks[i]! <= SYN_ACK_REPEATS;
      add(isTaken ? state : State.synReceived, start, isTaken ? until : end, false);
      return;
    }
    const waits = run.before !== null && seqDiff(c.highest[i]!, c.acked[i ^ 1]!) > 0;
    if (waits) {
      add(state, start, run.repeated!, sure);
      add(state, run.repeated!, this.givenUp(run, i), false);
      return;
    }
    add(state, start, until, sure && isReached);
  }

  /**
   * Its FIN was acknowledged, the peer's has not come. If the process called `close`, the socket goes after the host's
   * time-out; if `shutdown` only, it stays. What it took of the peer, or sent, tells that a process still held it.
   */
  private finWait2(run: Run, next: Run | undefined, i: number, sure: boolean, cut: Nanos): void {
    const c = this.table.columns;
    const j = i ^ 1;
    const taken = c.lastDataTime[j]! > run.from && seqDiff(c.acked[i]!, c.next[j]!) >= 0;
    const expires = Math.max(run.from, taken ? c.lastDataTime[j]! : run.from) + this.host(i).finTimeout;
    let until = Math.max(expires, run.repeated ?? expires);
    if (next !== undefined) {
      const isAbort =
        next.state === State.closed && c.rstTime[i] === next.from && (c.sideMarks[i]! & SideMark.rstWithAck) !== 0;
      until = next.state !== State.closed || isAbort ? next.from : Math.min(next.from, until);
    }
    const doubt = Math.max(run.from, Math.min(until, cut, this.doubtedFrom(i, State.finWait2, next)));
    this.add(State.finWait2, run.from, doubt, sure);
    this.add(State.finWait2, doubt, Math.min(until, cut), false);
  }

  /** A FIN that the capture shows no acknowledgement of: sent again until the host gave up, or acknowledged out of sight. */
  private unacknowledgedFin(run: Run, i: number, sure: boolean, cut: Nanos): void {
    const { horizon } = this.settings;
    const { state, from } = run;
    if (run.repeated !== null) {
      this.add(state, from, Math.min(run.repeated, cut), sure);
      this.add(state, run.repeated, Math.min(this.givenUp(run, i), cut), false);
      return;
    }
    if (horizon - from <= FIRST_TIMEOUT) {
      this.add(state, from, cut, sure);
      return;
    }
    const acked: Run = { ...run, state: nextState(state, Event.finAcked) };
    if (acked.state === State.finWait2) this.finWait2(acked, undefined, i, false, cut);
    else if (acked.state === State.timeWait) {
      this.add(acked.state, from, Math.min(from + this.host(i).timeWait, cut), false);
    }
  }

  /**
   * From its first copy to the one that was acknowledged, nobody knows whether the peer's FIN was there; where the FIN itself
   * is not in the capture, nobody knows how far its ACK lagged.
   */
  private doubtedFrom(i: number, state: State, next: Run | undefined): Nanos {
    const c = this.table.columns;
    const isPeersFin =
      next !== undefined &&
      state !== State.closing &&
      (next.state === State.closeWait || next.state === State.closing || next.state === State.timeWait);
    if (!isPeersFin) return Number.POSITIVE_INFINITY;
    const j = i ^ 1;
    if (c.finFrame[j] !== 0 && c.finTime[j]! < next.from) return c.finTime[j]!;
    return this.isHidden(j) ? next.from - LONGEST_ACK_DELAY : Number.POSITIVE_INFINITY;
  }

  /** The SYN-ACK was seen, and nothing but SYNs of the end that it is for. */
  private isUnansweredSyn(i: number, previous: Run | undefined): boolean {
    return (
      previous?.state === State.synSent &&
      (this.table.columns.sideMarks[i]! & SideMark.spoke) === 0 &&
      !this.isHidden(i)
    );
  }

  /** When a sender that repeated what it waits for did not do so once more: it had given up, without a word. */
  private givenUp(run: Run, i: number): Nanos {
    if (run.repeated === null) return run.from + FIRST_TIMEOUT;
    const waited = run.repeated - (run.before ?? run.from);
    // SYN and SYN-ACK wait for powers of two of a second; the timers are late by up to an eighth.
    const isHandshake = run.state === State.synSent || run.state === State.synReceived;
    const nominal =
      isHandshake && waited >= FIRST_TIMEOUT
        ? FIRST_TIMEOUT * 2 ** Math.floor(Math.log2(waited / FIRST_TIMEOUT))
        : waited;
    const isLinear =
      run.state === State.synSent && this.host(i).os === "linux" && this.table.columns.syns[i]! <= LINEAR_SYNS;
    return (
      run.repeated + Math.min(LONGEST_TIMEOUT, isLinear ? nominal : 2 * nominal * (isHandshake ? 1 : 1 - MEAN_LATENESS))
    );
  }

  private host(i: number) {
    return this.settings.hosts.of(this.table.address(i >> 1, (i & 1) as Side));
  }

  /** Nothing between these moments is certain. */
  private doubt(from: Nanos, until: Nanos): void {
    const { states, froms, untils, certains, count } = this;
    if (!(until > from)) return;
    this.states = [];
    this.froms = [];
    this.untils = [];
    this.certains = [];
    this.count = 0;
    for (let n = 0; n < count; n++) {
      const [state, start, end] = [states[n]!, froms[n]!, untils[n]!];
      this.add(state, start, Math.min(end, from), certains[n]!);
      this.add(state, Math.max(start, from), Math.min(end, until), false);
      this.add(state, Math.max(start, until), end, certains[n]!);
    }
  }

  /** Adds a span, or lengthens the last one. */
  private add(state: State, from: Nanos, until: Nanos, certain: boolean): void {
    if (!(until > from)) return;
    const last = this.count - 1;
    if (last >= 0 && this.states[last] === state && this.certains[last] === certain && this.untils[last] === from) {
      this.untils[last] = until;
      return;
    }
    const n = this.count++;
    this.states[n] = state;
    this.froms[n] = from;
    this.untils[n] = until;
    this.certains[n] = certain;
  }
}

/** The segment that brought an end, by itself, into a state. */
const SENT_INTO: Partial<Record<State, Event>> = {
  [State.synSent]: Event.sendsSyn,
  [State.synReceived]: Event.sendsSynAck,
  [State.established]: Event.sendsOther,
  [State.finWait1]: Event.sendsFin,
  [State.lastAck]: Event.sendsFin,
  [State.closed]: Event.sendsRst,
};
