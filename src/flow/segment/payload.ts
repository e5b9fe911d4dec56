// What does a segment's payload say of its sender: new, sent again, its last words, or said to nobody?

import type { Nanos } from "../../core/clock.ts";
import type { FrameRef } from "../../core/frame.ts";
import type { Packet } from "../../core/packet.ts";
import { seqDiff } from "../../core/seq.ts";
import type { Side } from "../../core/stream-decoder.ts";
import { SideMark } from "../columns.ts";
import { isFarewell } from "../farewell.ts";
import type { FlowTable } from "../flow-table.ts";
import { State } from "../states.ts";
import { LAST_WORDS_NS, LONGEST_LAST_WORDS, MAX_WINDOW } from "./limits.ts";
import { calls, repeats, rests } from "./moves.ts";

/** What was cut by the snap length and is as short as farewells are, is taken for one. */
const SHORT_UNREAD = 64;

/** hot: `length` bytes on the wire from `dataSeq`. */
export function payload(
  t: FlowTable,
  f: number,
  s: Side,
  p: Packet,
  dataSeq: number,
  length: number,
  frame: FrameRef,
): void {
  const c = t.columns;
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
    if (length <= LONGEST_LAST_WORDS && c.lastDataFrame[i] !== 0) mayBeLastWords(t, i, p.time);
    if (c.lastDataFrame[i] === 0 || rests(t, i, p.time)) c.busySince[i] = p.time;
    if ((c.sideMarks[i]! & SideMark.blocked) !== 0) t.zeroWindows.press(i ^ 1, p.time);
    c.sideMarks[i]! &= ~(SideMark.quiet | SideMark.blocked);
    c.lastDataFrame[i] = frame;
    c.lastDataTime[i] = p.time;
    const state = c.state[i]!;
    if (state === State.closeWait || state === State.closed) writesOn(t, i, p, frame);
  }

  const again = c.retransmissions[i]!;
  const isUnheard = rel < 0 && (c.sideMarks[i]! & SideMark.calling) !== 0;
  if (rel < 0) {
    c.retransmissions[i]!++;
    if ((c.sideMarks[i ^ 1]! & SideMark.full) !== 0) t.zeroWindows.press(i ^ 1, p.time);
    if (seqDiff(dataSeq, c.acked[i ^ 1]!) >= 0) {
      repeats(t, i, p.time);
      calls(t, i);
    }
  }
  t.streams.take(f, s, p, dataSeq, length, rel, frame);
  if (c.retransmissions[i]! !== again) {
    const end = (dataSeq + length) | 0;
    const isAcked = (c.sideMarks[i ^ 1]! & SideMark.acked) !== 0 && seqDiff(end, c.acked[i ^ 1]!) <= 0;
    const isLast = rel + length <= 0 && end === c.highest[i];
    const age = isLast ? p.time - c.lastDataTime[i]! : Number.POSITIVE_INFINITY;
    t.repetitions.add(i, frame, p.time, isUnheard, isAcked, age);
  }
}

/** Side i says something short, and was the last to say anything. */
export function mayBeLastWords(t: FlowTable, i: number, time: Nanos): void {
  const c = t.columns;
  const before = c.lastDataTime[i]!;
  const pause = time - before;
  if (pause <= LAST_WORDS_NS || before < c.lastDataTime[i ^ 1]!) return;
  c.lastWordsTime[i] = time;
  c.lastWordsPause[i] = pause;
}

/** New payload on a connection that the peer has closed or reset. */
function writesOn(t: FlowTable, i: number, p: Packet, frame: FrameRef): void {
  const c = t.columns;
  if (c.state[i] === State.closed && (c.sideMarks[i ^ 1]! & SideMark.reset) === 0) return;
  const known = t.lateWrites.get(i);
  const isWhole = p.payloadCaptured === p.payloadLength;
  const isBye = isWhole
    ? isFarewell(p.buf, p.payloadOffset, p.payloadOffset + p.payloadLength)
    : p.payloadLength <= SHORT_UNREAD;
  const farewells = isBye ? 1 : 0;
  if (known === undefined) t.lateWrites.set(i, { count: 1, farewells, first: { frame, time: p.time } });
  else {
    known.count++;
    known.farewells += farewells;
  }
}
