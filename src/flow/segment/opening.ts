// What does a SYN or SYN-ACK open: this connection, a new one on its 4-tuple, or half of one that was redirected?

import type { FrameRef } from "../../core/frame.ts";
import { Flag, type Packet } from "../../core/packet.ts";
import { seqDiff } from "../../core/seq.ts";
import { otherSide, type Side } from "../../core/stream-decoder.ts";
import { Mark, SideMark } from "../columns.ts";
import type { FlowTable } from "../flow-table.ts";
import { Event, State } from "../states.ts";
import { FIRST_FLIGHT, MAX_WINDOW } from "./limits.ts";
import { event, repeats } from "./moves.ts";

export function handshake(t: FlowTable, f: number, s: Side, p: Packet, frame: FrameRef): void {
  const c = t.columns;
  const i = f * 2 + s;
  if (p.flags & Flag.ack) {
    if ((c.marks[f]! & Mark.synAck) === 0) {
      c.synAckFrame[f] = frame;
      c.synAckTime[f] = p.time;
    }
    c.marks[f]! |= Mark.synAck;
    if ((c.marks[f]! & Mark.clientKnown) === 0) {
      c.marks[f]! |= Mark.clientKnown;
      c.client[f] = otherSide(s);
    }
    event(t, i, Event.sendsSynAck, p.time);
  } else {
    c.marks[f]! |= Mark.syn;
    if ((c.marks[f]! & Mark.clientKnown) === 0) {
      c.marks[f]! |= Mark.clientKnown;
      c.client[f] = s;
    }
    if (c.state[i] === State.closed) {
      // Refused or reset before, and tried again with the same number, as Windows does.
      c.sideMarks[i]! &= ~SideMark.reset;
      c.sideMarks[i ^ 1]! &= ~SideMark.reset;
    }
    event(t, i, Event.sendsSyn, p.time);
  }
  if ((c.sideMarks[i]! & SideMark.isn) === 0) {
    c.sideMarks[i]! |= SideMark.isn;
    c.isn[i] = p.seq;
  } else if (c.isn[i] === p.seq) {
    c.retransmissions[i]!++;
    if ((p.flags & Flag.ack) !== 0 && (c.sideMarks[i]! & SideMark.spoke) === 0) notEstablishedYet(t, i);
    if ((p.flags & Flag.ack) === 0 && (c.sideMarks[i]! & SideMark.spoke) === 0) notAnsweredYet(t, i);
    if (c.state[i] === State.synSent || c.state[i] === State.synReceived) repeats(t, i, p.time);
  } else if (c.state[i]! <= State.synReceived && c.firstDataFrame[i] === 0) {
    // A SYN-ACK made anew with another number (SYN cookies, a load balancer): the last one counts.
    c.isn[i] = p.seq;
    c.next[i] = (p.seq + 1) | 0;
    c.highest[i] = c.next[i]!;
  }
}

/** A SYN-ACK sent again says that the ACK did not count: it was lost, or the accept queue is full. */
function notEstablishedYet(t: FlowTable, i: number): void {
  const c = t.columns;
  if (c.state[i] !== State.established || c.syns[i] !== 0) return; // a simultaneous open
  const before = t.log.before(c.lastChange[i]!);
  if (before === 0) return;
  t.log.withdraw(i);
  c.state[i] = State.synReceived;
}

/** A SYN sent again says that the SYN-ACK, seen here, did not arrive. */
function notAnsweredYet(t: FlowTable, i: number): void {
  const c = t.columns;
  if (c.state[i] !== State.established || c.synAcks[i] !== 0) return; // a simultaneous open
  if (t.log.before(c.lastChange[i]!) === 0) return;
  t.log.withdraw(i);
  c.state[i] = State.synSent;
}

/** Does this SYN or SYN-ACK open a new connection on a 4-tuple that is known? `s` is its sender in flow f. */
export function opensAnew(t: FlowTable, f: number, s: number, p: Packet): boolean {
  const c = t.columns;
  const i = f * 2 + s;
  const j = f * 2 + (s ^ 1);
  const known = (c.sideMarks[i]! & SideMark.isn) !== 0;
  if (p.flags & Flag.ack) {
    if ((c.marks[f]! & Mark.answers) !== 0 && s === 0) return !answersTo(t, t.partners.get(f)!, p);
    // A SYN-ACK answers the SYN it acknowledges.
    if (c.sideMarks[j]! & SideMark.isn) return false;
    if (known) return c.isn[i] !== p.seq && c.state[i]! > State.synReceived;
    return (c.sideMarks[i]! & SideMark.spoke) !== 0 || (c.sideMarks[j]! & SideMark.spoke) !== 0;
  }
  if (known) return c.isn[i] !== p.seq;
  // Nothing of this side yet: a simultaneous open, or its SYN was captured after the SYN-ACK.
  if ((c.sideMarks[i]! & SideMark.sequence) === 0 && c.packets[i] === 0) {
    if (c.state[j] === State.synSent) return false;
    if ((c.marks[f]! & Mark.synAck) !== 0 && c.acked[j] === ((p.seq + 1) | 0)) return false;
  }
  return true;
}

/**
 * NAT REDIRECT to a local proxy: on the loopback interface the client's packets go to the proxy, and the answers come from
 * the address that the client called. The half flows join on the client's address and port, and SYN-ACK.ack = ISN + 1.
 */
export function joinRedirected(t: FlowTable, f: number, p: Packet): void {
  const c = t.columns;
  for (let n = 0, asked = t.recentSyns.newest(0); asked >= 0; asked = t.recentSyns.newest(++n)) {
    if (asked === f) continue;
    const client = asked * 2 + c.client[asked]!;
    if (c.state[client] !== State.synSent || c.packets[client ^ 1] !== 0 || c.family[asked] !== p.family) continue;
    if (!answersTo(t, asked, p) || t.port(asked, c.client[asked] as Side) !== p.dstPort) continue;
    if (t.key(asked, c.client[asked]!) !== t.key(f, 1)) continue;
    c.marks[asked]! |= Mark.redirected;
    t.partners.set(asked, f);
    c.marks[f]! |= Mark.answers | Mark.clientKnown;
    t.partners.set(f, asked);
    c.client[f] = 1;
    return;
  }
}

/** Does this SYN-ACK acknowledge the SYN of that flow? */
function answersTo(t: FlowTable, asked: number, p: Packet): boolean {
  const c = t.columns;
  const client = asked * 2 + c.client[asked]!;
  return (c.sideMarks[client]! & SideMark.isn) !== 0 && p.ack === ((c.isn[client]! + 1) | 0);
}

/**
 * A new SYN waits for its answer on a 4-tuple whose old connection may still live. An ACK that does not fit the new SYN is
 * the old socket's challenge, and a RST that does not is the answer to it: both belong to the old flow.
 */
export function youngOrPrevious(t: FlowTable, f: number, s: number, p: Packet): number {
  const c = t.columns;
  const old = c.previous[f]! - 1;
  const i = f * 2 + s;
  const j = f * 2 + (s ^ 1);
  if ((c.sideMarks[j]! & SideMark.isn) !== 0 && (c.sideMarks[i]! & SideMark.isn) === 0) {
    // From the side that was called.
    return p.flags & Flag.ack && p.ack !== ((c.isn[j]! + 1) | 0) ? old : f;
  }
  if (c.sideMarks[i]! & SideMark.isn) {
    // From the caller. After SYN it can only speak beyond its ISN.
    const ahead = seqDiff(p.seq, c.isn[i]!);
    return ahead > 0 && ahead < MAX_WINDOW && (p.flags & Flag.rst) === 0 ? f : ahead === 1 || ahead === 0 ? f : old;
  }
  return f;
}

/** An ACK to a SYN that does not acknowledge it. Side i sent it; the other one is in SYN_SENT. */
export function isChallenge(t: FlowTable, i: number, p: Packet): boolean {
  const c = t.columns;
  if ((p.flags & (Flag.syn | Flag.fin | Flag.ack)) !== Flag.ack || p.payloadLength > 0) return false;
  if ((c.sideMarks[i]! & SideMark.isn) !== 0) return false;
  const ahead = seqDiff(p.ack, c.isn[i ^ 1]!);
  return ahead <= 0 || ahead > FIRST_FLIGHT;
}
