// What does the picture of ports in use show? For each client, and destination where the range counts for each, how many of its
// ports were taken, and how many it has.

import type { Nanos } from "../../core/clock.ts";
import type { StateName } from "../../core/flow-view.ts";
import type { ChartPicture, StepSeries } from "./chart-picture.ts";

export interface PortsPicture extends ChartPicture {
  /** Offsets of the moments at which ports are counted, equally far apart, from the first packet to the last. */
  times: readonly number[];
  /** Those that matter first, first. */
  panels: readonly PortsPanel[];
}

export interface PortsPanel {
  /** `192.0.2.1`. */
  client: string;
  /** `192.0.2.2:3306`; "all destinations" where they share the ports. */
  destination: string;
  /** States of the sockets that hold the ports, in the order in which a connection takes them. */
  states: readonly { state: StateName; series: StepSeries }[];
  /** Ports in use: one that two sockets hold counts once. */
  total: StepSeries;
  /** Null when the ports seen are of no range that is known. */
  range: { name: string; ports: number; from: string } | null;
  /** When no port was free. */
  usedUp: readonly { from: Nanos; until: Nanos }[];
}
