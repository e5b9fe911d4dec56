// How is one row of the flow columns read? A view with names for what the columns hold as numbers.

import type { EndRow, FlowRow, Moment, StateName } from "../core/flow-view.ts";
import type { FrameRef } from "../core/frame.ts";
import { otherSide, type Protocol, type Side } from "../core/stream-decoder.ts";
import { Mark, SideMark } from "./columns.ts";
import { endingOf } from "./ending.ts";
import type { FlowTable } from "./flow-table.ts";
import { STATE_NAMES } from "./states.ts";

const moment = (frame: FrameRef, time: number): Moment | null => (frame === 0 ? null : { frame, time });

class End implements EndRow {
  readonly side: Side;
  private table: FlowTable;
  private flow = 0;
  private i = 0;

  constructor(table: FlowTable, side: Side) {
    this.table = table;
    this.side = side;
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
  get port(): number {
    return this.table.port(this.flow, this.side);
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
  get stateSince(): number {
    return this.c.stateSince[this.i]!;
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
  get missing(): number {
    return this.c.missing[this.i]!;
  }
  get spoke(): boolean {
    return (this.c.sideMarks[this.i]! & SideMark.spoke) !== 0;
  }
  get reset(): boolean {
    return (this.c.sideMarks[this.i]! & SideMark.reset) !== 0;
  }
}

export class Row implements FlowRow {
  id = 0;
  private table: FlowTable;
  private ends: readonly [End, End];

  constructor(table: FlowTable) {
    this.table = table;
    this.ends = [new End(table, 0), new End(table, 1)];
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
  get roleCertain(): boolean {
    return this.has(Mark.clientKnown);
  }
  get handshake(): "full" | "partial" | "none" {
    const steps = this.c.marks[this.id]! & (Mark.syn | Mark.synAck | Mark.handshakeAck);
    if (steps === (Mark.syn | Mark.synAck | Mark.handshakeAck)) return "full";
    return (steps & (Mark.syn | Mark.synAck)) === 0 ? "none" : "partial";
  }
  get ending() {
    const facts = (e: End) => ({
      fin: e.fins > 0,
      rst: e.rsts > 0,
      reset: e.reset,
      syn: e.syns > 0,
      synAck: e.synAcks > 0,
      spoke: e.spoke,
      packets: e.packets,
    });
    return endingOf(facts(this.ends[0]), facts(this.ends[1]));
  }
  get closedFirst(): "client" | "server" | "both" | null {
    const client = this.client.fin;
    const server = this.server.fin;
    if (client === null) return server === null ? null : "server";
    if (server === null) return "client";
    if (this.has(Mark.finsCrossed)) return "both";
    return client.frame < server.frame ? "client" : "server";
  }
  get protocol(): Protocol {
    const p = this.c.protocol[this.id]!;
    return p === 0 ? "unknown" : this.table.decoders[p - 1]!.protocol;
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
  get oneDirection(): boolean {
    const [a, b] = this.ends;
    if (a.port === b.port && a.address === b.address) return false; // connected to itself: both ends are one
    return (a.packets === 0 && b.spoke) || (b.packets === 0 && a.spoke);
  }
}
