// What the flow room shows to the analyses: rows over its columns, and the exchanges that need a look.

import type { CaptureClock } from "../core/clock.ts";
import type { CaptureQuality, CaptureView, FlowRow } from "../core/flow-view.ts";
import type { Hosts } from "../core/host-settings.ts";
import type { Exchange } from "../core/stream-decoder.ts";
import { Row } from "./flow-rows.ts";
import type { FlowTable } from "./flow-table.ts";

export interface ViewFacts {
  clock: CaptureClock;
  hosts: Hosts;
  firstTime: number;
  lastTime: number;
  quality: CaptureQuality;
}

/** Read it after {@link FlowTable.end}. */
export function captureView(table: FlowTable, facts: ViewFacts): CaptureView {
  const exchanges = table.ledger.kept.sort(byRequest);
  const settings = { hosts: facts.hosts, horizon: facts.lastTime };
  for (const tally of table.ledger.services) tally.activity.end(facts.lastTime);
  const faulty = exchanges.filter((e) => e.outcome !== "answered" && e.request !== null);
  return {
    ...facts,
    flowCount: table.count,
    *flows(): Iterable<FlowRow> {
      const row = new Row(table, settings);
      for (let id = 0; id < table.count; id++) yield row.moveTo(id);
    },
    row: (id) => new Row(table, settings).moveTo(id),
    exchanges: faulty,
    cutResponses: table.ledger.cut,
    services: table.ledger.services,
    edges: table.ledger.legs.edges,
  };
}

/** In order of request; a response without one stands where it came. */
export const byRequest = (a: Exchange, b: Exchange): number => {
  const [x, y] = [a.request ?? a.response!, b.request ?? b.response!];
  return x.time - y.time || x.frame - y.frame;
};
