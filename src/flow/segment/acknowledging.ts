// What does an acknowledgement say: of the peer's SYN, its data, its FIN, and of the room that there is?

import type { Nanos } from "../../core/clock.ts";
import type { FrameRef } from "../../core/frame.ts";
import { Flag, type Packet } from "../../core/packet.ts";
import { seqDiff } from "../../core/seq.ts";
import { otherSide, type Side } from "../../core/stream-decoder.ts";
import { Mark, SideMark } from "../columns.ts";
import type { FlowTable } from "../flow-table.ts";
import { Event, State } from "../states.ts";
import { MAX_WINDOW } from "./limits.ts";
import { event } from "./moves.ts";

/** hot */
export function acknowledge(t: FlowTable, f: number, s: Side, p: Packet, frame: FrameRef): void {
  const c = t.columns;
  const i = f * 2 + s;
  const j = f * 2 + (s ^ 1);
  const ack = p.ack;
  const peer = c.sideMarks[j]!;
  const further = (c.sideMarks[i]! & SideMark.acked) === 0 ? 0 : seqDiff(ack, c.acked[i]!);
  if ((c.sideMarks[i]! & SideMark.acked) === 0 || further > 0) {
    c.sideMarks[i]! |= SideMark.acked;
    c.acked[i] = ack;
    notePeerHas(t, f, otherSide(s), ack, p.time);
  }
  if (p.window === 0) {
    leavesNoRoom(t, j, p.time);
    if ((p.flags & Flag.syn) === 0 && further >= 0) fillsUp(t, i, frame, p.time);
  } else {
    if ((c.sideMarks[i]! & SideMark.full) !== 0 && further >= 0) endsSpell(t, i, frame, p.time, true);
    if (seqDiff(ack, c.highest[j]!) >= 0 && (peer & SideMark.blocked) === 0) c.sideMarks[j]! |= SideMark.quiet;
  }
  if (peer & SideMark.sequence) {
    const peerState = c.state[j]!;
    if (peerState === State.synReceived || peerState === State.synSent) {
      if ((peer & SideMark.isn) !== 0 && seqDiff(ack, c.isn[j]!) > 0) {
        event(t, j, Event.synAcked, p.time);
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
      const arrived = c.state[i] === State.timeWait ? p.time : finArrival(t, j, p.time);
      event(t, j, Event.finAcked, p.time);
      if (c.state[i] === State.finWait2) crossed(t, i, arrived);
      event(t, i, Event.acksPeerFin, arrived);
    }
  } else if (c.state[j] === State.unseen && (p.flags & Flag.syn) === 0) {
    // Only one direction is captured so far, or we joined late: the peer must be there, for it was acknowledged.
    event(t, j, Event.synAcked, p.time);
  } else if (further === 1) {
    t.unseenFins.set(f, p.time);
  } else if (further > 0) {
    t.unseenFins.delete(f);
  }
}

/** hot: has the peer of side s more of it than was captured so far, by more than a FIN? */
export function notePeerHas(t: FlowTable, f: number, s: Side, ack: number, time: Nanos): void {
  const c = t.columns;
  const i = f * 2 + s;
  if ((c.sideMarks[i]! & SideMark.sequence) === 0) return;
  const ahead = seqDiff(ack, c.next[i]!);
  if (ahead > 1 && ahead < MAX_WINDOW) t.streams.of(f)?.peerHas(s, ack, time);
}

/** The peer of side j offers a window of zero: what j has to say from now on stays with it. */
function leavesNoRoom(t: FlowTable, j: number, time: Nanos): void {
  const c = t.columns;
  if ((c.sideMarks[j]! & SideMark.quiet) !== 0) c.busySince[j] = time;
  c.sideMarks[j] = (c.sideMarks[j]! & ~SideMark.quiet) | SideMark.blocked;
}

function fillsUp(t: FlowTable, i: number, frame: FrameRef, time: Nanos): void {
  if ((t.columns.sideMarks[i]! & SideMark.full) !== 0) return;
  t.columns.sideMarks[i]! |= SideMark.full;
  t.zeroWindows.begin(i, frame, time);
}

export function endsSpell(t: FlowTable, i: number, frame: FrameRef, time: Nanos, hasRoom: boolean): void {
  t.columns.sideMarks[i]! &= ~SideMark.full;
  t.zeroWindows.end(i, frame, time, hasRoom);
}

/** When side j's FIN reached its peer, which acknowledged it at `acked`: the ACK may lag. A FIN behind a hole, or sent again, came late. */
function finArrival(t: FlowTable, j: number, acked: Nanos): Nanos {
  const c = t.columns;
  // Of copies, the last one is the one that arrived: an ACK lags by 200 ms at most, a repetition by more.
  const head = c.lastChange[j]!;
  if (t.log.isRepeat(head)) return t.log.time(head);
  const atOnce = (c.sideMarks[j]! & SideMark.ended) !== 0 && c.lastDataTime[j]! <= c.finTime[j]!;
  return atOnce ? c.finTime[j]! : acked;
}

/** The peer's FIN had arrived before the peer acknowledged ours: this end was in CLOSING and not in FIN_WAIT_2. */
function crossed(t: FlowTable, i: number, arrived: Nanos): void {
  const head = t.columns.lastChange[i]!;
  const acked = t.log.time(head);
  if (arrived >= acked || t.log.isRepeat(head)) return;
  t.log.replace(i, State.closing, Math.max(arrived, t.log.time(t.log.before(head))));
  t.log.append(i, State.timeWait, acked);
  t.columns.state[i] = State.timeWait;
}
