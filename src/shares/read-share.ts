// What is in one share of the flows? The first pass over all packets, which takes those of the share: what its streams say goes out while it
// reads, what is known of its flows at the end.

import { CaptureSet } from "../capture/capture-set.ts";
import type { CaptureFacts } from "../capture/capture-summary.ts";
import type { CaptureSource } from "../capture/source.ts";
import { CaptureClock } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import type { FlowTable } from "../flow/flow-table.ts";
import { Pass, type PassProgress } from "../pass.ts";
import type { PassParts } from "../pass-choices.ts";
import { EventWriter } from "./event-writer.ts";
import { PacketShare, type Share, slicesOf } from "./share.ts";
import { endOfPart, type ShareEnd, shareTable, wholeFacts } from "./share-end.ts";

/** Takes the events: all of those that came with packets up to `upTo`. Waited for: whoever is behind is waited for. */
export type TakeEvents = (piece: Uint8Array<ArrayBuffer>, upTo: number) => Promise<void> | undefined;

export async function readShare(
  sources: readonly CaptureSource[],
  { decoders, passOptions }: PassParts,
  share: Share,
  take: TakeEvents,
  progress: PassProgress,
): Promise<ShareEnd> {
  const clock = new CaptureClock();
  const set = new CaptureSet(sources, clock);
  const events = new EventWriter();
  const table = shareTable(decoders, events);
  table.watchCopies = sources.length > 1;
  const own = new CountingShare(table, slicesOf(share), share.index === 0, events);
  const pass = new Pass(set, table, clock, passOptions, own);
  try {
    await pass.run({ ...progress, between: () => take(events.take(), events.packets) });
  } finally {
    await set.close();
  }
  const part = endOfPart(pass, table);
  await take(events.take(), Number.POSITIVE_INFINITY);
  return { ...part, ...wholeFacts(pass, clock, set.captures.map(plain)) };
}

/** It is shown every packet. */
class CountingShare extends PacketShare {
  private readonly events: EventWriter;

  constructor(table: FlowTable, owned: readonly boolean[], countsAll: boolean, events: EventWriter) {
    super(table, owned, countsAll);
    this.events = events;
  }

  override isOthers(p: Packet): boolean {
    this.events.nextPacket();
    return super.isOthers(p);
  }
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
