// Why is this packet in the slice? One line for each, in words that need nothing but Wireshark beside them.

import { toSeconds } from "../core/clock.ts";
import { visible } from "../core/escape.ts";
import { count, formatDuration } from "../core/format.ts";
import { type FrameRef, fileOf, frameOf } from "../core/frame.ts";
import { Flag } from "../core/packet.ts";
import type { RecordedFlow, RecordedPacket } from "../core/recording.ts";
import { kindOf } from "../core/request-kind.ts";
import type { Exchange, Side } from "../core/stream-decoder.ts";
import { cut } from "../core/wrap.ts";

/** Characters of a comment: what a line of Wireshark's packet list shows, and some more. */
const MAX_COMMENT = 400;

export interface CommentWords {
  /** Names of the capture files, as they may be shown. */
  readonly files: readonly string[];
  /** What cited packets show, by frame: of each finding its id, its title and what is to be seen. */
  readonly cited: ReadonlyMap<FrameRef, readonly string[]>;
}

/** The comments on each packet of a connection: why it is cited, then what it is to the connection and where it came from. */
export function commentsOf(flow: RecordedFlow, words: CommentWords): (packet: RecordedPacket) => readonly string[] {
  const said = exchangeWords(flow);
  const third = handshakeAck(flow);
  return (packet) => {
    const why = words.cited.get(packet.frame) ?? [];
    const what = [...(said.get(packet.frame) ?? []), ...segmentWords(packet, flow, packet === third)];
    if (packet.isRetransmission) what.push("sent again");
    if (packet.isCopy) what.push("the same packet at another tap");
    const role = why.length === 0 ? "context: " : "";
    const line = `${role}connection ${flow.flow}: ${what.join(", ")} (${origin(packet.frame, words.files)})`;
    return [...why, line].map((text) => cut(visible(text), MAX_COMMENT, "…"));
  };
}

const origin = (frame: FrameRef, files: readonly string[]): string =>
  `frame ${frameOf(frame)} of ${files[fileOf(frame)] ?? "the capture"}`;

const whoOf = (flow: RecordedFlow, side: Side): "client" | "server" =>
  flow.row.client.side === side ? "client" : "server";

function segmentWords(p: RecordedPacket, flow: RecordedFlow, isThird: boolean): string[] {
  const who = whoOf(flow, p.side);
  const has = (bit: number): boolean => (p.flags & bit) !== 0;
  const what: string[] = [];
  if (has(Flag.syn)) what.push(`handshake, ${has(Flag.ack) ? "SYN-ACK" : "SYN"} of the ${who}`);
  if (has(Flag.fin)) what.push(`FIN of the ${who}`);
  if (has(Flag.rst)) what.push(`RST of the ${who}`);
  if (p.length > 0) {
    const seen = p.captured < p.length ? `, ${p.captured} captured` : "";
    what.push(`${count(p.length, "byte")} of the ${who}${seen}`);
  }
  if (what.length === 0) what.push(isThird ? `handshake, ACK of the ${who}` : `ACK of the ${who}`);
  if (p.window === 0 && !has(Flag.rst)) what.push("no room (window 0)");
  return what;
}

/** The ACK that completes the handshake, where it is a packet of its own. */
function handshakeAck({ packets }: RecordedFlow): RecordedPacket | null {
  const isAnswered = packets.findIndex((p) => (p.flags & Flag.syn) !== 0 && (p.flags & Flag.ack) !== 0);
  if (isAnswered < 0) return null;
  const { side } = packets[isAnswered]!;
  const next = packets.slice(isAnswered + 1).find((p) => p.side !== side && !p.isCopy);
  return next !== undefined && (next.flags & (Flag.syn | Flag.fin | Flag.rst)) === 0 && next.length === 0 ? next : null;
}

/** What is asked is told by its kind, "GET /orders/*"; the texts of recorded exchanges are redacted already. */
function exchangeWords(flow: RecordedFlow): Map<FrameRef, string[]> {
  const said = new Map<FrameRef, string[]>();
  const say = (frame: FrameRef, text: string): void => {
    if (frame === 0) return;
    const there = said.get(frame);
    if (there === undefined) said.set(frame, [text]);
    else there.push(text);
  };
  for (const e of flow.exchanges) {
    const asked = e.request === null ? null : kindOf(e);
    if (e.request !== null) say(e.request.frame, `request ${asked}, ${fateOf(e)}`);
    if (e.response !== null) {
      const to = e.request === null ? "a request that was not captured" : `frame ${frameOf(e.request.frame)}`;
      say(e.response.frame, `response${answerOf(e)} to ${to}`);
    }
    if (e.gaveUp !== null && asked !== null) say(e.gaveUpFrame, `the ${whoOf(flow, e.gaveUp)} gives up ${asked}`);
  }
  return said;
}

function fateOf(e: Exchange): string {
  const waited = formatDuration(toSeconds(e.waited));
  switch (e.outcome) {
    case "answered":
      return `answered after ${waited}`;
    case "late":
      return `answered after ${waited}, when the requester was gone`;
    case "unanswered":
      return `never answered, waited ${waited}`;
    case "pending":
      return "not answered when the capture ended";
    case "unknown":
      return "what became of it the capture cannot tell";
  }
}

function answerOf({ response }: Exchange): string {
  if (response!.error !== null) return ` (error ${response!.error.code})`;
  return response!.status === null ? "" : ` ${response!.status}`;
}
