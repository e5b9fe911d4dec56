// How is one row of the flow columns read? A view with names for what the columns hold as numbers.

import type { Endpoint } from "../core/address.ts";
import type {
  Ending,
  EndRow,
  FlagCounts,
  FlowNotes,
  FlowRow,
  Moment,
  Repetitions,
  Stalls,
  StateHistory,
  StateName,
} from "../core/flow-view.ts";
import { type FrameRef, isBefore } from "../core/frame.ts";
import { otherSide, type Protocol, type Side } from "../core/stream-decoder.ts";
import { Mark, SideMark } from "./columns.ts";
import { type EndFacts, endingOf } from "./ending.ts";
import type { FlowTable } from "./flow-table.ts";
import { History, type HistorySettings } from "./state-history.ts";
import { STATE_NAMES, State } from "./states.ts";

const PORTS = 65_536;
const placeOf = (table: FlowTable, flow: number, side: Side): number =>
  table.hostNumber(flow, side) * PORTS + table.port(flow, side);

const NONE_COPIED: FlagCounts = { syns: 0, synAcks: 0, fins: 0, rsts: 0 };
const moment = (frame: FrameRef, time: number): Moment | null => (frame === 0 ? null : { frame, time });

/** What one end did, for the verdict on how the connection ended. */
function factsOf(table: FlowTable, flow: number, side: Side): EndFacts {
  const c = table.columns;
  const i = flow * 2 + side;
  const counted = table.counted(flow, side);
  return {
    fin: c.fins[counted]! > 0,
    rst: c.rsts[counted]! > 0,
    reset: (c.sideMarks[i]! & SideMark.reset) !== 0,
    syn: c.syns[counted]! > 0,
    synAck: c.synAcks[counted]! > 0,
    spoke: (c.sideMarks[i]! & SideMark.spoke) !== 0,
    packets: c.packets[counted]!,
  };
}

class End implements EndRow {
  readonly side: Side;
  private table: FlowTable;
  private settings: HistorySettings;
  private kept: History;
  private flow = 0;
  private i = 0;

  constructor(table: FlowTable, side: Side, settings: HistorySettings) {
    this.table = table;
    this.settings = settings;
    this.side = side;
    this.kept = new History(table, side, settings);
  }

  moveTo(flow: number): void {
    this.flow = flow;
    this.i = flow * 2 + this.side;
  }

  private get c() {
    return this.table.columns;
  }
  get address(): string {
    return this.table.address(this.flow, this.side);
  }
  get host(): number {
    return this.table.hostNumber(this.flow, this.side);
  }
  get port(): number {
    return this.table.port(this.flow, this.side);
  }
  get place(): number {
    return placeOf(this.table, this.flow, this.side);
  }
  get packets(): number {
    return this.c.packets[this.i]!;
  }
  get bytes(): number {
    return this.c.bytes[this.i]!;
  }
  get wireBytes(): number {
    return this.c.wireBytes[this.i]!;
  }
  get copies(): number {
    return this.c.copies[this.i]!;
  }
  get copiedFlags(): Readonly<FlagCounts> {
    return this.table.copiedFlags.get(this.i) ?? NONE_COPIED;
  }
  get syns(): number {
    return this.c.syns[this.i]!;
  }
  get synAcks(): number {
    return this.c.synAcks[this.i]!;
  }
  get fins(): number {
    return this.c.fins[this.i]!;
  }
  get rsts(): number {
    return this.c.rsts[this.i]!;
  }
  get retransmissions(): number {
    return this.c.retransmissions[this.i]!;
  }
  get state(): StateName {
    return STATE_NAMES[this.c.state[this.i]!]!;
  }
  get remote(): Endpoint {
    const { table, flow, side } = this;
    const c = this.c;
    const isRedirected = (c.marks[flow]! & Mark.redirected) !== 0 && side === c.client[flow];
    if (isRedirected) {
      const answers = table.partners.get(flow)!;
      return { address: table.address(answers, 0), port: table.port(answers, 0) };
    }
    return { address: table.address(flow, otherSide(side)), port: table.port(flow, otherSide(side)) };
  }
  get remotePlace(): number {
    const { table, flow, side } = this;
    const isRedirected = (this.c.marks[flow]! & Mark.redirected) !== 0 && side === this.c.client[flow];
    return isRedirected ? placeOf(table, table.partners.get(flow)!, 0) : placeOf(table, flow, otherSide(side));
  }
  get history(): StateHistory {
    return this.kept.read(this.flow);
  }
  get fin(): Moment | null {
    return moment(this.c.finFrame[this.i]!, this.c.finTime[this.i]!);
  }
  get finAcked(): Moment | null {
    return moment(this.c.finAckFrame[this.i]!, this.c.finAckTime[this.i]!);
  }
  get rst(): Moment | null {
    return moment(this.c.rstFrame[this.i]!, this.c.rstTime[this.i]!);
  }
  get rstWithAck(): boolean {
    return (this.c.sideMarks[this.i]! & SideMark.rstWithAck) !== 0;
  }
  get firstData(): FrameRef {
    return this.c.firstDataFrame[this.i]!;
  }
  get lastData(): Moment | null {
    return moment(this.c.lastDataFrame[this.i]!, this.c.lastDataTime[this.i]!);
  }
  private get closedByFin(): boolean {
    const { fin, rst } = this;
    return fin !== null && (rst === null || !isBefore(rst, fin));
  }
  get idleBeforeFin(): number | null {
    return this.closedByFin ? this.c.idleBeforeEnd[this.i]! : null;
  }
  get idleBeforeRst(): number | null {
    return this.c.rstFrame[this.i] !== 0 && !this.closedByFin ? this.c.idleBeforeEnd[this.i]! : null;
  }
  get writesAfterClose(): number {
    return this.table.lateWrites.get(this.i)?.count ?? 0;
  }
  get firstWriteAfterClose(): Moment | null {
    return this.table.lateWrites.get(this.i)?.first ?? null;
  }
  get farewellsAfterClose(): number {
    return this.table.lateWrites.get(this.i)?.farewells ?? 0;
  }
  get missing(): number {
    return this.c.missing[this.i]!;
  }
  get stalls(): Stalls | null {
    const spells = this.table.zeroWindows.of(this.i);
    if (spells === undefined) return null;
    const { count, since, last, hasRoom, isPressed } = spells;
    let { pressed, total, longest, waited, longestWait, until } = spells;
    if (until === null) {
      const c = this.c;
      const isOver =
        c.state[this.i] === State.closed || c.state[this.i] === State.timeWait || c.successor[this.flow] !== 0;
      if (isOver) until = { frame: c.lastFrame[this.flow]!, time: c.lastTime[this.flow]! };
      const length = (until?.time ?? this.settings.horizon) - last.time;
      total += length;
      longest = Math.max(longest, length);
      if (isPressed) {
        waited += length;
        longestWait = Math.max(longestWait, length);
      }
    }
    const end = until?.time ?? this.settings.horizon;
    const stuck = hasRoom || !isPressed ? 0 : end - last.time;
    return { count, total, longest, pressed, waited, longestWait, since, last, until, open: until === null, stuck };
  }
  get repetitions(): Repetitions | null {
    const kept = this.table.repetitions.of(this.i);
    if (kept === undefined) return null;
    const { echoes, doubtful, first, last } = kept;
    // The peer has not been heard of since: it is gone, or was when the capture ended.
    const unanswered = (this.c.sideMarks[this.i]! & SideMark.calling) !== 0 ? 1 : 0;
    const count = Math.max(0, kept.count - unanswered);
    if (count + echoes + doubtful === 0) return null;
    return { count, events: Math.min(count, kept.events), echoes, doubtful, first, last };
  }
}

export class Row implements FlowRow {
  id = 0;
  private table: FlowTable;
  private ends: readonly [End, End];

  constructor(table: FlowTable, settings: HistorySettings) {
    this.table = table;
    this.ends = [new End(table, 0, settings), new End(table, 1, settings)];
  }

  moveTo(id: number): this {
    this.id = id;
    this.ends[0].moveTo(id);
    this.ends[1].moveTo(id);
    return this;
  }

  private get c() {
    return this.table.columns;
  }
  private has(mark: number): boolean {
    return (this.c.marks[this.id]! & mark) !== 0;
  }
  get clientSide(): Side {
    return this.c.client[this.id] as Side;
  }
  end(side: Side): EndRow {
    return this.ends[side];
  }
  get client(): EndRow {
    return this.ends[this.clientSide];
  }
  get server(): EndRow {
    return this.ends[otherSide(this.clientSide)];
  }
  get notes(): FlowNotes | null {
    return this.table.streams.notesOf(this.id);
  }
  get roleCertain(): boolean {
    return this.has(Mark.clientKnown);
  }
  /** The flow that tells how the connection went: for the answers to a redirected client, the flow that they answer. */
  private get told(): number {
    return this.answersOf ?? this.id;
  }
  get handshake(): "full" | "partial" | "none" {
    const steps = this.c.marks[this.told]! & (Mark.syn | Mark.synAck | Mark.handshakeAck);
    if (steps === (Mark.syn | Mark.synAck | Mark.handshakeAck)) return "full";
    return (steps & (Mark.syn | Mark.synAck)) === 0 ? "none" : "partial";
  }
  get ending(): Ending {
    return endingOf(factsOf(this.table, this.told, 0), factsOf(this.table, this.told, 1));
  }
  get closedFirst(): "client" | "server" | "both" | null {
    const { finFrame, finTime, client, marks } = this.c;
    const flow = this.told;
    const i = flow * 2 + client[flow]!;
    const ofClient = moment(finFrame[i]!, finTime[i]!);
    const ofServer = moment(finFrame[i ^ 1]!, finTime[i ^ 1]!);
    if (ofClient === null) return ofServer === null ? null : "server";
    if (ofServer === null) return "client";
    if (marks[flow]! & Mark.finsCrossed) return "both";
    return isBefore(ofClient, ofServer) ? "client" : "server";
  }
  get protocol(): Protocol {
    const p = this.c.protocol[this.told]!;
    return p === 0 ? "unknown" : this.table.streams.decoders[p - 1]!.protocol;
  }
  get first(): Moment {
    return { frame: this.c.firstFrame[this.id]!, time: this.c.firstTime[this.id]! };
  }
  get last(): Moment {
    return { frame: this.c.lastFrame[this.id]!, time: this.c.lastTime[this.id]! };
  }
  get synAck(): Moment | null {
    return moment(this.c.synAckFrame[this.id]!, this.c.synAckTime[this.id]!);
  }
  get requests(): number {
    return this.c.requests[this.id]!;
  }
  get responses(): number {
    return this.c.responses[this.id]!;
  }
  get hasGaps(): boolean {
    return this.has(Mark.gap);
  }
  get hasSnappedPayload(): boolean {
    return this.has(Mark.snapped);
  }
  get redirected(): boolean {
    return this.has(Mark.redirected);
  }
  get answersOf(): number | null {
    return this.has(Mark.answers) ? this.table.partners.get(this.id)! : null;
  }
  get oneDirection(): boolean {
    if (this.table.isSelf(this.id) || this.has(Mark.answers)) return false;
    const [a, b] = [factsOf(this.table, this.id, 0), factsOf(this.table, this.id, 1)];
    return (a.packets === 0 && b.spoke) || (b.packets === 0 && a.spoke);
  }
}
