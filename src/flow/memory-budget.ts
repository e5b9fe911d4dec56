// How many connections and exchanges fit into so many bytes? By estimates that were measured, and not by the process's memory: the same
// captures with the same budget give the same report.

import { UsageError } from "../core/errors.ts";
import { formatBytes } from "../core/format.ts";
import { parseSize } from "../core/size-option.ts";
import type { FlowTable } from "./flow-table.ts";

/** The program itself: Node and its code 80 MB, buffers, and up to 100 MB of what was read and the collector has not collected yet. */
export const PROGRAM_BYTES = 210e6;
/** Less leaves nothing to work with. */
export const LEAST_BUDGET = 230e6;
/**
 * Measured (bench/README.md; test/flow/memory-budget.test.ts holds the first roughly): a connection's row with its states and what the
 * questions put beside it; what reads its streams while they are open; and each thing that is kept beside. What are objects counts
 * twice: the collector comes when about as much again has become garbage.
 */
export const FLOW_BYTES = 520;
export const STREAM_BYTES = 6000;
export const EXCHANGE_BYTES = 2500;
export const NOTES_BYTES = 1200;
export const SERVICE_BYTES = 8000;
/** Who asks which service. */
const EDGE_BYTES = 1500;
const ADDRESS_BYTES = 30;
/** As objects of the report, with `detail`. */
const DETAIL_FLOW_BYTES = 1500;
const DETAIL_EXCHANGE_BYTES = 1200;
/** Of what the program leaves: for exchanges. The rest is for connections, to which falls what exchanges do not need. */
const EXCHANGES_SHARE = 0.3;
/** And for services. */
const SERVICES_SHARE = 0.3;
/** So few fit into any budget; a report of less is of no use. */
const LEAST_FLOWS = 1000;
/** How many connections more may come before the estimate is made anew: some hundred kilobytes. */
const STEP = 256;

/** `500M`, `2GiB`, or bytes. Throws {@link UsageError} for what is no size, and for less than the program itself needs. */
export function parseMemory(memory: number | string): number {
  const bytes = parseSize(String(memory), "--memory", 0, Number.MAX_SAFE_INTEGER);
  if (bytes >= LEAST_BUDGET) return bytes;
  throw new UsageError(
    `--memory ${memory}: the program itself needs up to ${formatBytes(PROGRAM_BYTES)}; give it ${formatBytes(LEAST_BUDGET)} or more`,
  );
}

/** How many connections a table may know. */
export interface FlowLimit {
  /** Bytes, as they are said in the report. */
  readonly budget: number;
  /** Exchanges that may be kept. */
  readonly exchanges: number;
  /** Services that may be kept. */
  readonly services: number;
  flows(table: FlowTable): number;
  /** Connections that may come before {@link flows} is asked again. */
  readonly step: number;
}

export class MemoryBudget implements FlowLimit {
  readonly budget: number;
  readonly exchanges: number;
  readonly services: number;
  readonly step = STEP;
  private room: number;
  private flowBytes: number;
  private exchangeBytes: number;

  /** `detail`: every flow and exchange becomes an object of the report. */
  constructor(bytes: number, detail: boolean) {
    this.budget = bytes;
    this.room = Math.max(0, bytes - PROGRAM_BYTES);
    this.flowBytes = FLOW_BYTES + (detail ? DETAIL_FLOW_BYTES : 0);
    this.exchangeBytes = EXCHANGE_BYTES + (detail ? DETAIL_EXCHANGE_BYTES : 0);
    this.services = Math.floor((this.room * SERVICES_SHARE) / SERVICE_BYTES);
    // What is kept of an exchange keeps its connection.
    this.exchanges = Math.floor((this.room * EXCHANGES_SHARE) / (this.exchangeBytes + this.flowBytes));
  }

  flows(table: FlowTable): number {
    const { ledger, streams, addresses } = table;
    const beside =
      (ledger.kept.length + ledger.cut.length) * this.exchangeBytes +
      streams.openCount * STREAM_BYTES +
      streams.noted.size * NOTES_BYTES +
      ledger.serviceCount * SERVICE_BYTES +
      ledger.legs.size * EDGE_BYTES +
      addresses.count * ADDRESS_BYTES;
    return Math.max(LEAST_FLOWS, Math.floor((this.room - beside) / this.flowBytes));
  }
}
