// What is in one share of the flows? The first pass over all packets, which takes those of the share: what its streams say goes out while it
// reads, what is known of its flows at the end.

import { CaptureSet } from "../capture/capture-set.ts";
import type { CaptureFacts } from "../capture/capture-summary.ts";
import type { CaptureSource } from "../capture/source.ts";
import { CaptureClock, type Nanos } from "../core/clock.ts";
import type { CaptureQuality } from "../core/flow-view.ts";
import { randomSeed } from "../core/random.ts";
import type { PassParts } from "../first-pass.ts";
import { FlowTable } from "../flow/flow-table.ts";
import type { TableExport } from "../flow/table-export.ts";
import { Pass, type PassProgress } from "../pass.ts";
import { EventWriter } from "./event-writer.ts";
import { type ExportedNotes, exportNotes } from "./notes.ts";
import { PacketShare, type Share } from "./share.ts";

/** What is known at the end: plain data, to be sent or written. */
export interface ShareEnd {
  readonly packets: number;
  readonly firstTime: Nanos;
  readonly lastTime: Nanos;
  /** The clock's; null when no packet started it. */
  readonly base: bigint | null;
  /** Counts are of the packets that the share took; in captures, of all. */
  readonly quality: CaptureQuality;
  readonly captures: readonly CaptureFacts[];
  /** Of the share, by file. */
  readonly copies: readonly number[];
  readonly table: TableExport;
  readonly notes: readonly ExportedNotes[];
}

/** Takes the events: all of those that came with packets up to `upTo`. Waited for: whoever is behind is waited for. */
export type TakeEvents = (piece: Uint8Array<ArrayBuffer>, upTo: number) => Promise<void> | undefined;

export async function readShare(
  sources: readonly CaptureSource[],
  { decoders, passOptions }: PassParts,
  share: Share,
  take: TakeEvents,
  progress: PassProgress & { chunkBytes?: number },
): Promise<ShareEnd> {
  const clock = new CaptureClock();
  const { chunkBytes } = progress;
  const set = new CaptureSet(sources, clock, chunkBytes === undefined ? {} : { chunkBytes });
  const events = new EventWriter();
  const table = new FlowTable({ decoders, keepExchanges: false, seed: randomSeed(), book: events });
  table.watchCopies = sources.length > 1;
  const pass = new Pass(set, table, clock, passOptions, new PacketShare(table, events, share));
  try {
    await pass.run({ ...progress, between: () => take(events.take(), events.packets) });
  } finally {
    await set.close();
  }
  table.end();
  await take(events.take(), Number.POSITIVE_INFINITY);
  const { packets, firstTime, lastTime } = pass;
  return {
    ...{ packets, firstTime, lastTime },
    base: clock.started ? clock.base : null,
    quality: pass.quality(),
    captures: set.captures.map(plain),
    copies: [...table.copies],
    table: table.exportRows(),
    notes: exportNotes(table.streams.noted),
  };
}

const plain = (facts: CaptureFacts): CaptureFacts => ({
  path: facts.path,
  format: facts.format,
  packets: facts.packets,
  truncatedBySnap: facts.truncatedBySnap,
  linkTypes: [...facts.linkTypes],
  firstTime: facts.firstTime,
  lastTime: facts.lastTime,
  drops: facts.drops === null ? null : { ...facts.drops },
  comments: [...facts.comments],
  problems: facts.problems.map((problem) => ({ ...problem })),
  problemCount: facts.problemCount,
});
