// Which RST counts, and what does it end?

import type { FrameRef } from "../../core/frame.ts";
import { Flag, type Packet } from "../../core/packet.ts";
import { seqDiff } from "../../core/seq.ts";
import { otherSide, type Side } from "../../core/stream-decoder.ts";
import { Mark, SideMark } from "../columns.ts";
import type { FlowTable } from "../flow-table.ts";
import { Event, State } from "../states.ts";
import { endsSpell, notePeerHas } from "./acknowledging.ts";
import { idle } from "./closing.ts";
import { FIRST_FLIGHT, PROMPT_NS } from "./limits.ts";
import { event } from "./moves.ts";

/** Windows seldom reach further, and a capture seldom drops more right before a RST. */
const RESET_REACH = 1 << 24;

export function reset(t: FlowTable, f: number, s: Side, p: Packet, frame: FrameRef): void {
  const c = t.columns;
  const i = f * 2 + s;
  const j = f * 2 + (s ^ 1);
  if (c.rstFrame[i] === 0) {
    c.rstFrame[i] = frame;
    c.rstTime[i] = p.time;
    if (c.finFrame[i] === 0) c.idleBeforeEnd[i] = idle(t, i, p.time);
    if (p.flags & Flag.ack) c.sideMarks[i]! |= SideMark.rstWithAck;
  } else if ((p.flags & Flag.ack) !== 0 && p.time - c.rstTime[i]! <= PROMPT_NS) {
    // The abort, captured behind the answer to what it crossed: two processors write to one tap.
    c.sideMarks[i]! |= SideMark.rstWithAck;
  }
  const stream = t.streams.of(f);
  if (stream?.awaitsReaction) stream.reaction(s, true, p.ack);
  if (!isResetAcceptable(t, i, j, p)) return;
  const again = (c.sideMarks[i]! & SideMark.reset) !== 0;
  c.sideMarks[i]! |= SideMark.reset;
  if ((c.sideMarks[i]! & SideMark.full) !== 0) endsSpell(t, i, frame, p.time, false);
  if ((c.sideMarks[j]! & SideMark.full) !== 0) endsSpell(t, j, frame, p.time, false);
  event(t, i, Event.sendsRst, p.time);
  // Who answered nothing before will not have got this either: a host that is gone, or a path that is cut.
  if (c.sideMarks[i]! & SideMark.callingInVain) c.sideMarks[j]! |= SideMark.unreached;
  else event(t, j, Event.receivesRst, p.time);
  if (stream != null && !again) {
    if (p.flags & Flag.ack) notePeerHas(t, f, otherSide(s), p.ack, p.time);
    t.streams.flushHeld(f);
    stream.gaveUp(s, frame, p.time, true);
    if (!stream.mayBeAnsweredLate(s)) t.streams.endStream(f, "reset");
  }
}

/** RFC 9293 §3.5.3, RFC 5961 §3.2: a RST counts within the window that the peer offers, and to a SYN only if it acks it. */
function isResetAcceptable(t: FlowTable, i: number, j: number, p: Packet): boolean {
  const c = t.columns;
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
