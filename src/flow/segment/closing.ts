// What does a FIN end, and since when was there nothing more to say?

import type { Nanos } from "../../core/clock.ts";
import type { FrameRef } from "../../core/frame.ts";
import { seqDiff } from "../../core/seq.ts";
import type { Side } from "../../core/stream-decoder.ts";
import { Mark, SideMark } from "../columns.ts";
import type { FlowTable } from "../flow-table.ts";
import { Note } from "../state-log.ts";
import { EVENT_COUNT, Event, NEXT_STATE, State } from "../states.ts";
import { LAST_WORDS_NS, PROMPT_NS } from "./limits.ts";
import { calls, event, repeats, rests } from "./moves.ts";

export function fin(t: FlowTable, f: number, s: Side, end: number, frame: FrameRef, time: Nanos): void {
  const c = t.columns;
  const i = f * 2 + s;
  const j = f * 2 + (s ^ 1);
  const finEnd = (end + 1) | 0;
  if (c.finFrame[i] !== 0) {
    if (c.finEnd[i] === finEnd) {
      c.retransmissions[i]!++;
      const isUnheard = (c.sideMarks[i]! & SideMark.calling) !== 0;
      t.repetitions.addFin(i, frame, time, isUnheard, c.finAckFrame[i] !== 0, time - c.finTime[i]!);
      if (c.finAckFrame[i] !== 0) notAcknowledgedYet(t, i);
      const state = c.state[i]!;
      if (c.finAckFrame[i] === 0 || state === State.finWait1 || state === State.lastAck || state === State.closing) {
        repeats(t, i, time);
        calls(t, i);
      }
    }
    return;
  }
  if (c.rstFrame[i] === 0) c.idleBeforeEnd[i] = idle(t, i, time);
  c.finFrame[i] = frame;
  c.finTime[i] = time;
  c.finEnd[i] = finEnd;
  if (seqDiff(finEnd, c.highest[i]!) > 0) c.highest[i] = finEnd;
  if (c.finFrame[j] !== 0 && c.finAckFrame[j] === 0) c.marks[f]! |= Mark.finsCrossed;
  if (c.lastDataFrame[i] !== 0 && time - c.busySince[i]! > PROMPT_NS && !rests(t, i, time)) {
    t.log.note(i, Note.blocked, c.busySince[i]!);
  }
  event(t, i, Event.sendsFin, time);
  t.streams.of(f)?.gaveUp(s, frame, time, false);
}

/** A FIN sent again says that its ACK, seen here, did not arrive. */
function notAcknowledgedYet(t: FlowTable, i: number): void {
  const c = t.columns;
  if ((c.sideMarks[i]! | c.sideMarks[i ^ 1]!) & SideMark.reset) return;
  const head = t.log.change(c.lastChange[i]!);
  const before = t.log.change(t.log.before(head));
  if (before === 0 || NEXT_STATE[t.log.state(before) * EVENT_COUNT + Event.finAcked] !== t.log.state(head)) return;
  if (t.log.state(before) === t.log.state(head)) return;
  t.log.withdraw(i);
  c.state[i] = t.log.state(before);
}

/**
 * How long no payload has moved, in either direction, when side i closes; since the handshake when none ever has. What it
 * says with its close, after a pause in which nobody had asked it anything, does not end the pause.
 */
export function idle(t: FlowTable, i: number, time: Nanos): Nanos {
  const c = t.columns;
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
