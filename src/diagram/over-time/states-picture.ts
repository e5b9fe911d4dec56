// What does the picture of states over time show? For each service, and for its clients, how many sockets were in which state.

import type { StateName } from "../../core/flow-view.ts";
import type { ChartPicture, StepSeries } from "./chart-picture.ts";

export interface StatesPicture extends ChartPicture {
  /** Offsets of the moments at which sockets are counted, equally far apart, from the first packet to the last. */
  times: readonly number[];
  /** Those that matter first, first. */
  panels: readonly StatesPanel[];
}

/** The sockets of one service, or of a client of it. */
export interface StatesPanel {
  /** `127.0.0.1:8280`; a client has no fixed port. */
  holder: string;
  /** "with 192.0.2.1", "with 1,204 clients". */
  peer: string;
  /** States that occur, in the order in which a connection takes them. */
  states: readonly { state: StateName; series: StepSeries }[];
  /** Sockets in any state. */
  total: StepSeries;
}
