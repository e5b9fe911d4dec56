// How does one end come into another state, and what does it do there? What the rules of this folder have in common.

import type { Nanos } from "../../core/clock.ts";
import { SideMark } from "../columns.ts";
import type { FlowTable } from "../flow-table.ts";
import { Note } from "../state-log.ts";
import { EVENT_COUNT, NEXT_STATE, State } from "../states.ts";
import { LONGEST_ACK_DELAY_NS, PROMPT_NS } from "./limits.ts";

/** Times that a flow may be closed and opened again before its history is kept no further. */
const MAX_REOPENINGS = 64;

/** What happened to side i moves it on, where the table of states says so. */
export function event(t: FlowTable, i: number, what: number, time: Nanos): void {
  const c = t.columns;
  const before = c.state[i]!;
  const after = NEXT_STATE[before * EVENT_COUNT + what]!;
  if (after === before) return;
  c.state[i] = after;
  if (before === State.closed && c.rsts[i]! + c.rsts[i ^ 1]! > MAX_REOPENINGS) t.log.replace(i, after, time);
  else t.log.append(i, after, time);
}

/** Side i sent again what its state waits for an answer to. */
export function repeats(t: FlowTable, i: number, time: Nanos): void {
  t.log.repeat(i, time);
}

/** Side i asks whether the peer is still there. */
export function calls(t: FlowTable, i: number): void {
  const marks = t.columns.sideMarks;
  marks[i]! |= marks[i]! & SideMark.calling ? SideMark.callingInVain : SideMark.calling;
}

/** Its first word after the handshake proves that side i took what the peer had acknowledged, at the latest now. */
export function speaks(t: FlowTable, i: number, time: Nanos): void {
  const c = t.columns;
  if (time - t.log.time(t.log.change(c.lastChange[i]!)) <= PROMPT_NS) return;
  const j = i ^ 1;
  const isWaitedFor = c.lastDataFrame[j] !== 0 && time - c.busySince[j]! > LONGEST_ACK_DELAY_NS;
  t.log.note(i, isWaitedFor ? Note.takenLate : Note.settled, time);
}

/** Had side i nothing left to send before `time`? All was acknowledged, there was room, and for a while nothing came. */
export function rests(t: FlowTable, i: number, time: Nanos): boolean {
  const c = t.columns;
  return (c.sideMarks[i]! & SideMark.quiet) !== 0 && time - c.lastDataTime[i]! > LONGEST_ACK_DELAY_NS;
}
