// Which flows does something name that is kept for the report? They stay, so that what is said of them stays true, and so that their
// numbers never go to others.

import type { Exchange } from "../core/stream-decoder.ts";
import type { FlowTable } from "./flow-table.ts";

/** By flow: 1 when it is cited; by a point of a service's latencies too, where `byPoints`. */
export function citedFlows(table: FlowTable, byPoints: boolean): Uint8Array {
  const cited = new Uint8Array(table.count);
  const cite = (first: Exchange | null): void => {
    for (let e = first; e !== null; e = e.onBehalfOf) cited[e.flow] = 1;
  };
  const { ledger } = table;
  for (const e of ledger.kept) cite(e);
  for (const e of ledger.cut) cite(e);
  for (const { activity } of ledger.services) {
    for (const e of activity.cited()) cite(e);
    for (const e of activity.open) cite(e.onBehalfOf);
    if (byPoints) for (const { flow } of activity.latencies.points()) cited[flow] = 1;
  }
  for (const [, notes] of table.streams.noted.all()) {
    for (const e of notes.candidates) cite(e);
    cite(notes.last?.onBehalfOf ?? null);
  }
  return cited;
}
