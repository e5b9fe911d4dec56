// What does one segment do to both ends of its connection? Nearly all go straight on; the others meet all the rules, here in their order.
//
// Each rule is in the file of its question: opening, acknowledging, payload, closing, resetting. Sides are column indices: flow × 2 + side.

import type { FrameRef } from "../../core/frame.ts";
import { Flag, type Packet } from "../../core/packet.ts";
import { seqDiff } from "../../core/seq.ts";
import type { Side } from "../../core/stream-decoder.ts";
import { Mark, SideMark } from "../columns.ts";
import type { FlowTable } from "../flow-table.ts";
import { Event, State } from "../states.ts";
import { acknowledge } from "./acknowledging.ts";
import { fin } from "./closing.ts";
import { LONGEST_LAST_WORDS, MAX_WINDOW } from "./limits.ts";
import { calls, event, repeats, rests, speaks } from "./moves.ts";
import { handshake, isChallenge } from "./opening.ts";
import { mayBeLastWords, payload } from "./payload.ts";
import { reset } from "./resetting.ts";

/** What {@link goesOn} asks of the marks of who sent a segment, and of its peer. */
const UNDER_WAY = SideMark.sequence | SideMark.spoke | SideMark.acked | SideMark.blocked | SideMark.full;
const PEER_UNDER_WAY = SideMark.sequence | SideMark.blocked | SideMark.calling;

/**
 * hot: does what {@link follow} would with an ACK that nothing is to be said about, as nearly all are: both ends established, what is
 * sent is what is due, nothing waits. False: nothing was done, and the segment is for all the rules. (TCP's own header prediction,
 * Jacobson 1990; a property holds the two against each other.)
 */
export function goesOn(t: FlowTable, f: number, s: Side, p: Packet, frame: FrameRef): boolean {
  const c = t.columns;
  const i = f * 2 + s;
  const j = i ^ 1;
  const own = c.sideMarks[i]!;
  const peer = c.sideMarks[j]!;
  if ((own & UNDER_WAY) !== (SideMark.sequence | SideMark.spoke | SideMark.acked)) return false;
  if ((peer & PEER_UNDER_WAY) !== SideMark.sequence) return false;
  if (c.state[i] !== State.established || c.state[j] !== State.established) return false;
  const marks = c.marks[f]!;
  if ((marks & (Mark.held | Mark.answers)) !== 0) return false;
  if ((marks & (Mark.synAck | Mark.handshakeAck)) === Mark.synAck) return false;
  // Reopened after it was closed.
  if (c.finFrame[i] !== 0 || c.finFrame[j] !== 0) return false;
  const seq = p.seq;
  if (p.window === 0 || seq !== c.highest[i]) return false;
  const ack = p.ack;
  const isFurther = seqDiff(ack, c.acked[i]!) > 0;
  // More than was captured.
  if (isFurther && seqDiff(ack, c.next[j]!) > 1) return false;
  const length = p.payloadLength;
  if (length > 0 && (seq !== c.next[i] || c.lastDataFrame[i] === 0)) return false;

  if (isFurther) c.acked[i] = ack;
  if ((peer & SideMark.quiet) === 0 && seqDiff(ack, c.highest[j]!) >= 0) c.sideMarks[j] = peer | SideMark.quiet;
  if (length === 0) return true;
  if (length <= LONGEST_LAST_WORDS) mayBeLastWords(t, i, p.time);
  if ((own & SideMark.quiet) !== 0) {
    if (rests(t, i, p.time)) c.busySince[i] = p.time;
    c.sideMarks[i] = own & ~SideMark.quiet;
  }
  c.lastDataFrame[i] = frame;
  c.lastDataTime[i] = p.time;
  const end = (seq + length) | 0;
  c.next[i] = end;
  t.streams.deliver(f, s, p, 0, length, frame);
  c.highest[i] = end;
  return true;
}

/** hot: moves both ends on, by a segment of side s that is no copy. */
export function follow(t: FlowTable, f: number, s: Side, p: Packet, frame: FrameRef): void {
  const c = t.columns;
  const flags = p.flags;
  const i = f * 2 + s;
  const time = p.time;

  if (flags & Flag.rst) {
    reset(t, f, s, p, frame);
    return;
  }
  if ((c.sideMarks[i ^ 1]! & SideMark.calling) !== 0) {
    c.sideMarks[i ^ 1]! &= ~(SideMark.calling | SideMark.callingInVain);
  }
  const peerState = c.state[i ^ 1]!;
  if (peerState === State.synSent && isChallenge(t, i, p)) return;
  // Whatever reaches a TIME_WAIT starts its time anew.
  if (peerState === State.timeWait) repeats(t, i ^ 1, time);
  if (flags & Flag.syn) handshake(t, f, s, p, frame);

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
      if (c.state[i] === State.established) speaks(t, i, time);
    }
    if (c.state[i]! < State.established && c.state[i] !== State.closed) event(t, i, Event.sendsOther, time);
  }

  // What it acknowledges moves the peer (its SYN, its FIN) and itself (it has the peer's FIN).
  if (flags & Flag.ack) acknowledge(t, f, s, p, frame);

  if (length > 0) {
    if (
      length === 1 &&
      (flags & (Flag.syn | Flag.fin)) === 0 &&
      seqDiff(c.highest[i]!, dataSeq) === 1 &&
      seqDiff(c.next[i]!, dataSeq) > 0 &&
      c.state[i] !== State.synSent
    ) {
      c.probes[i]!++; // keepalive or zero-window probe: not data
      calls(t, i);
      if (c.sideMarks[i ^ 1]! & SideMark.full) t.zeroWindows.press(i ^ 1, time);
    } else {
      payload(t, f, s, p, dataSeq, length, frame);
    }
  } else if ((flags & (Flag.syn | Flag.fin)) === 0 && seqDiff(c.highest[i]!, dataSeq) === 1) {
    c.probes[i]!++;
    calls(t, i);
    if (c.sideMarks[i ^ 1]! & SideMark.full) t.zeroWindows.press(i ^ 1, time);
  }

  const end = (dataSeq + length) | 0;
  if (flags & Flag.fin) fin(t, f, s, end, frame, time);
  else {
    const ahead = seqDiff(end, c.highest[i]!);
    if (ahead > 0 && ahead < MAX_WINDOW) c.highest[i] = end;
  }

  // Proof that it lives, later than its host's time-out may say.
  if (c.state[i] === State.finWait2) repeats(t, i, time);
  if (c.marks[f]! & Mark.held) t.streams.releaseHeld(f, time);
  if (c.finFrame[i] !== 0 && (c.sideMarks[i]! & SideMark.ended) === 0 && c.next[i] === ((c.finEnd[i]! - 1) | 0)) {
    t.streams.endDirection(f, s);
  }
  const stream = t.streams.of(f);
  if (stream?.awaitsReaction) {
    stream.reaction(s, false, p.ack);
    if ((c.sideMarks[i]! & c.sideMarks[i ^ 1]! & SideMark.ended) !== 0) t.streams.endStream(f, null);
  }
}
