// What the flow room shows to the analyses: rows over its columns, and the exchanges that need a look.

import type { CaptureClock } from "../core/clock.ts";
import type { CaptureQuality, CaptureView, FlowRow } from "../core/flow-view.ts";
import type { Hosts } from "../core/host-settings.ts";
import type { Exchange } from "../core/stream-decoder.ts";
import type { Summarised } from "../core/summarised.ts";
import { Row } from "./flow-rows.ts";
import type { FlowTable } from "./flow-table.ts";
import { type Signs, signsOf } from "./signs.ts";

export interface ViewFacts {
  clock: CaptureClock;
  hosts: Hosts;
  firstTime: number;
  lastTime: number;
  quality: CaptureQuality;
  /** What became of flows that were let go of; null when all are there. */
  summarised?: Summarised | null;
}

/** Read it after {@link FlowTable.end}. */
export function captureView(table: FlowTable, { summarised = null, ...facts }: ViewFacts): CaptureView {
  const exchanges = table.ledger.kept.sort(byRequest);
  const settings = { hosts: facts.hosts, horizon: facts.lastTime };
  for (const tally of table.ledger.services) tally.activity.end(facts.lastTime);
  const faulty = exchanges.filter((e) => e.outcome !== "answered" && e.request !== null);
  const order = summarised === null ? null : inOrder(table);
  function* all(): Iterable<FlowRow> {
    const row = new Row(table, settings);
    if (order === null) for (let id = 0; id < table.count; id++) yield row.moveTo(id);
    else for (const id of order) yield row.moveTo(id);
  }
  let known: Signs | null = null;
  const signs = (): Signs => (known ??= signsOf(all(), table.count));
  function* those(having: number): Iterable<FlowRow> {
    const { of } = signs();
    const row = new Row(table, settings);
    if (order === null) {
      for (let id = 0; id < of.length; id++) if ((of[id]! & having) !== 0) yield row.moveTo(id);
    } else for (const id of order) if ((of[id]! & having) !== 0) yield row.moveTo(id);
  }
  return {
    ...facts,
    ...(summarised === null ? {} : { summarised }),
    flowCount: summarised === null ? table.count : table.known + summarised.flows - summarised.resumed,
    flows: (having) => (having === undefined ? all() : those(having)),
    get protocols() {
      return signs().protocols;
    },
    *rows(ids) {
      const row = new Row(table, settings);
      for (const id of ids) yield row.moveTo(id);
    },
    row: (id) => new Row(table, settings).moveTo(id),
    exchanges: faulty,
    cutResponses: table.ledger.cut,
    services: table.ledger.services,
    totals: table.ledger.totals,
    edges: table.ledger.legs.edges,
  };
}

/** Those that are kept, by their first packet: numbers of flows that were let go of went to later ones. */
function inOrder(table: FlowTable): Uint32Array {
  const { firstTime, firstFrame } = table.columns;
  const known = new Uint32Array(table.known);
  let count = 0;
  for (let id = 0; id < table.count; id++) if (table.isKnown(id)) known[count++] = id;
  return known.sort((a, b) => firstTime[a]! - firstTime[b]! || firstFrame[a]! - firstFrame[b]!);
}

/** In order of request; a response without one stands where it came. */
export const byRequest = (a: Exchange, b: Exchange): number => {
  const [x, y] = [a.request ?? a.response!, b.request ?? b.response!];
  return x.time - y.time || x.frame - y.frame;
};
