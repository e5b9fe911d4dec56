// How much does a report need this connection? The less, the sooner a memory budget lets go of it.

import { HELD_NS } from "../core/half-closed.ts";
import type { SummarisedKind } from "../core/summarised.ts";
import { Mark, SideMark } from "./columns.ts";
import type { FlowTable } from "./flow-table.ts";
import { State } from "./states.ts";

const HANDSHAKE = Mark.syn | Mark.synAck;
const INCOMPLETE = Mark.gap | Mark.snapped | Mark.held;

/** hot, when a budget is short: reads columns only. */
export function kindOfFlow(table: FlowTable, f: number): SummarisedKind {
  const c = table.columns;
  const i = f * 2;
  const j = i + 1;
  const isReset = ((c.sideMarks[i]! | c.sideMarks[j]!) & SideMark.reset) !== 0;
  if (c.finFrame[i] !== 0 && c.finFrame[j] !== 0 && (isReset || hasClosed(table, i))) {
    return !isReset && isFaultless(table, f) ? "healthy" : "ended";
  }
  if (isReset || c.successor[f] !== 0) return "ended";
  if (c.requests[f]! > c.responses[f]! || c.finFrame[i] !== 0 || c.finFrame[j] !== 0) return "waiting";
  const isAttempt = (c.marks[f]! & HANDSHAKE) === Mark.syn && (c.packets[i] === 0 || c.packets[j] === 0);
  return isAttempt && !table.partners.has(f) ? "unanswered" : "silent";
}

/** Each FIN was acknowledged: what is left of it is a TIME_WAIT at most. */
function hasClosed({ columns: c }: FlowTable, i: number): boolean {
  if (c.finAckFrame[i] !== 0 && c.finAckFrame[i + 1] !== 0) return true;
  const isOver = (state: number): boolean => state === State.closed || state === State.timeWait;
  return isOver(c.state[i]!) && isOver(c.state[i + 1]!);
}

/** Nothing of it would be cited by a question about one connection. */
function isFaultless(table: FlowTable, f: number): boolean {
  const c = table.columns;
  const i = f * 2;
  const j = i + 1;
  if ((c.marks[f]! & HANDSHAKE) !== HANDSHAKE || (c.marks[f]! & INCOMPLETE) !== 0) return false;
  if (c.requests[f] !== c.responses[f] || c.rstFrame[i] !== 0 || c.rstFrame[j] !== 0) return false;
  if (c.syns[i]! + c.syns[j]! > 1 || Math.abs(c.finTime[i]! - c.finTime[j]!) >= HELD_NS) return false;
  if (c.retransmissions[i] !== 0 || c.retransmissions[j] !== 0 || c.successor[f] !== 0) return false;
  if (table.lateWrites.has(i) || table.lateWrites.has(j)) return false;
  if (table.zeroWindows.of(i) !== undefined || table.zeroWindows.of(j) !== undefined) return false;
  const notes = table.streams.notesOf(f);
  return notes === null || (notes.brokenCount === 0 && notes.remarks.every((r) => r.kind === "farewell"));
}
