// What is known of a share when all packets have been read? Plain data, to be sent or written.

import type { CaptureFacts } from "../capture/capture-summary.ts";
import type { CaptureClock, Nanos } from "../core/clock.ts";
import type { CaptureQuality } from "../core/flow-view.ts";
import { randomSeed } from "../core/random.ts";
import type { StreamDecoder } from "../core/stream-decoder.ts";
import { FlowTable } from "../flow/flow-table.ts";
import type { TableExport } from "../flow/table-export.ts";
import type { Pass } from "../pass.ts";
import type { EventWriter } from "./event-writer.ts";
import { type ExportedNotes, exportNotes } from "./notes.ts";

/** Of its own flows. */
export interface SharePart {
  /** Counts are of the packets that the share took. */
  readonly quality: CaptureQuality;
  /** By file. */
  readonly copies: readonly number[];
  readonly table: TableExport;
  readonly notes: readonly ExportedNotes[];
}

/** Of everything, as whoever has seen all packets knows it. */
export interface WholeFacts {
  readonly packets: number;
  readonly firstTime: Nanos;
  readonly lastTime: Nanos;
  /** The clock's; null when no packet started it. */
  readonly base: bigint | null;
  readonly captures: readonly CaptureFacts[];
}

export type ShareEnd = SharePart & WholeFacts;

/** What its streams say is written down. */
export const shareTable = (decoders: readonly StreamDecoder[], events: EventWriter): FlowTable =>
  new FlowTable({ decoders, keepExchanges: false, seed: randomSeed(), book: events });

/** After the last packet; there are more events then. */
export function endOfPart(pass: Pass, table: FlowTable): SharePart {
  table.end();
  return {
    quality: pass.quality(),
    copies: [...table.copies],
    table: table.exportRows(),
    notes: exportNotes(table.streams.noted),
  };
}

export const wholeFacts = (pass: Pass, clock: CaptureClock, captures: readonly CaptureFacts[]): WholeFacts => ({
  packets: pass.packets,
  firstTime: pass.firstTime,
  lastTime: pass.lastTime,
  base: clock.started ? clock.base : null,
  captures,
});
