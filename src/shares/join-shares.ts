// What is in all shares together? The same as if one program had read everything: flows in the order of their first packets, and the ledger
// that the replayed events have made.

import { CaptureClock } from "../core/clock.ts";
import type { CaptureQuality } from "../core/flow-view.ts";
import { randomSeed } from "../core/random.ts";
import type { StreamDecoder } from "../core/stream-decoder.ts";
import { LedgerBook } from "../flow/exchange-book.ts";
import { FlowTable } from "../flow/flow-table.ts";
import type { PassResult } from "../pass.ts";
import { importNotes } from "./notes.ts";
import { Replay } from "./replay.ts";
import type { SharePart, WholeFacts } from "./share-end.ts";

export class ShareJoin {
  readonly replay: Replay;
  private readonly book: LedgerBook;
  private readonly decoders: readonly StreamDecoder[];

  constructor(shares: number, decoders: readonly StreamDecoder[], keepExchanges: boolean) {
    this.decoders = decoders;
    this.book = new LedgerBook(keepExchanges);
    this.replay = new Replay(this.book, shares);
  }

  /** After the last event of each share. The rows of `ends` are used up. */
  end({ packets, firstTime, lastTime, base, captures }: WholeFacts, ends: readonly SharePart[]): PassResult {
    const table = new FlowTable({ decoders: this.decoders, keepExchanges: false, seed: randomSeed(), book: this.book });
    this.joinRows(table, ends);
    const clock = new CaptureClock();
    if (base !== null) clock.start(base);
    ends.forEach(({ copies, notes }, share) => {
      copies.forEach((count, file) => {
        if (count !== undefined) table.copies[file] = (table.copies[file] ?? 0) + count;
      });
      const flows = this.replay.flowsOf(share);
      importNotes(notes, this.book.notes, (flow) => flows[flow]!);
    });
    return { table, clock, packets, firstTime, lastTime, captures, quality: jointQuality(ends) };
  }

  private joinRows(table: FlowTable, ends: readonly SharePart[]): void {
    const parts = ends.map((end) => FlowTable.fromExport(end.table, this.decoders));
    table.adoptRows(parts, this.replay.order);
    parts.forEach((part, share) => {
      const flows = this.replay.flowsOf(share);
      for (const [flow, previous] of part.successions()) table.linkPrevious(flows[flow]!, flows[previous]!);
      for (const [asked, answers] of part.partners) table.linkPartners(flows[asked]!, flows[answers]!);
    });
  }
}

/** Each packet was counted by one of them; what the files say of themselves, by all. */
function jointQuality(ends: readonly SharePart[]): CaptureQuality {
  const first = ends[0]!.quality;
  const sum = (of: (quality: CaptureQuality) => number): number => ends.reduce((n, { quality }) => n + of(quality), 0);
  return {
    ...first,
    tcpSegments: sum((q) => q.tcpSegments),
    truncated: sum((q) => q.truncated),
    malformed: sum((q) => q.malformed),
    badChecksums: sum((q) => q.badChecksums),
    copies: sum((q) => q.copies),
    others: jointCounts(ends.map(({ quality }) => quality.others)),
  };
}

function jointCounts(counts: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const joint = new Map<string, number>();
  for (const of of counts) for (const [name, count] of of) joint.set(name, (joint.get(name) ?? 0) + count);
  return joint;
}
