// Which requests went unanswered since we last looked? Those that were given up, at once, though their connection may stay open for
// long; and those whose connection ended. Lets go of what was judged, so that memory does not grow with time.

import { formatEndpoint } from "../../core/address.ts";
import { type Exchange, otherSide, type Side } from "../../core/stream-decoder.ts";
import type { FlowTable } from "../../flow/flow-table.ts";
import type { Unanswered } from "./session-parts.ts";

export class UnansweredNews {
  private readonly table: FlowTable;
  /** Told already, and not judged yet. */
  private told = new Set<Exchange>();

  constructor(table: FlowTable) {
    this.table = table;
  }

  /** Takes the exchanges that the ledger kept out of it. */
  take(): Unanswered[] {
    const { ledger } = this.table;
    const news: Exchange[] = [];
    for (const e of ledger.takeKept()) {
      if (e.outcome === "unanswered" && e.request !== null && !this.told.has(e)) news.push(e);
    }
    const told = new Set<Exchange>();
    for (const { activity } of ledger.services) {
      for (const e of activity.open) {
        if (e.gaveUp === null) continue;
        if (!this.told.has(e)) news.push(e);
        told.add(e);
      }
    }
    this.told = told;
    return news.filter((e) => this.table.isKnown(e.flow)).map((exchange) => this.between(exchange));
  }

  private between(exchange: Exchange): Unanswered {
    const { table } = this;
    const { flow, requester } = exchange;
    const end = (side: Side): string =>
      formatEndpoint({ address: table.address(flow, side), port: table.port(flow, side) });
    return { exchange, client: end(requester), server: end(otherSide(requester)) };
  }
}
