// What stands in each row of a ladder? One packet with the messages that begin in it, or several that are not shown, counted.

import { type FrameRef, fileOf, frameOf } from "../core/frame.ts";
import { type Exchange, otherSide } from "../core/stream-decoder.ts";
import type { LadderRow, OmittedRow, SegmentRow } from "../diagram/ladder/ladder-picture.ts";
import type { LegFacts } from "./ladder-choice.ts";
import { type LegPacket, requestText, responseText } from "./ladder-packets.ts";

/** Messages told of one packet; of those that are pipelined behind them, only the number. */
const MAX_MESSAGES = 3;

export interface RowFacts {
  leg: number;
  /** By packet of the leg. */
  shown: readonly boolean[];
  /** Lifelines by side. */
  lines: readonly [number, number];
  notes: ReadonlyMap<FrameRef, string>;
  files: readonly string[];
}

/** The rows of one leg, in order; times are those of the capture. */
export function rowsOf({ packets, holes, exchanges }: LegFacts, facts: RowFacts): LadderRow[] {
  const messages = messagesOf(exchanges);
  const rows: LadderRow[] = [];
  // Packets that the second pass left out lie between those that it kept.
  const parts = [
    ...packets.map((p, n) => ({
      time: p.time,
      until: p.time,
      packets: 1,
      bytes: p.length,
      shown: facts.shown[n] ? p : null,
    })),
    ...holes.map(({ from, until, packets, bytes }) => ({ time: from, until, packets, bytes, shown: null })),
  ].sort((a, b) => a.time - b.time);
  for (const { shown, ...part } of parts) {
    const last = rows.at(-1);
    if (shown !== null) rows.push(segmentOf(shown, facts, messages));
    else if (last?.kind === "omitted") {
      last.until = Math.max(last.until, part.until);
      last.packets += part.packets;
      last.bytes += part.bytes;
    } else rows.push({ kind: "omitted", leg: facts.leg, answered: 0, ...part });
  }
  const isShown = new Set(packets.filter((_, n) => facts.shown[n]).map((p) => p.frame));
  const answered = exchanges.filter(
    (e) => e.outcome === "answered" && e.request !== null && !isShown.has(e.request.frame),
  );
  for (const row of rows) if (row.kind === "omitted") row.answered = countWithin(row, answered);
  return rows;
}

const countWithin = ({ time, until }: OmittedRow, exchanges: readonly Exchange[]): number =>
  exchanges.filter((e) => e.request!.time >= time && e.request!.time <= until).length;

function segmentOf(p: LegPacket, facts: RowFacts, messages: ReadonlyMap<FrameRef, string[]>): SegmentRow {
  const { leg, lines, notes, files } = facts;
  const said = messages.get(p.frame) ?? [];
  return {
    kind: "segment",
    time: p.time,
    leg,
    from: lines[p.side],
    to: lines[otherSide(p.side)],
    frame: frameOf(p.frame),
    ...(files.length > 1 ? { file: files[fileOf(p.frame)] ?? "" } : {}),
    flags: p.flags,
    seq: p.seq,
    ack: p.ack,
    length: p.length,
    marks: p.marks,
    messages:
      said.length <= MAX_MESSAGES ? said : [...said.slice(0, MAX_MESSAGES), `and ${said.length - MAX_MESSAGES} more`],
    note: notes.get(p.frame) ?? null,
  };
}

/** By the frame in which they begin, in order. */
function messagesOf(exchanges: readonly Exchange[]): Map<FrameRef, string[]> {
  const messages = new Map<FrameRef, string[]>();
  const say = (frame: FrameRef, text: string): void => {
    const said = messages.get(frame);
    if (said === undefined) messages.set(frame, [text]);
    else said.push(text);
  };
  for (const e of exchanges) {
    if (e.request !== null) say(e.request.frame, requestText(e));
    if (e.response !== null) say(e.response.frame, responseText(e));
  }
  return messages;
}
