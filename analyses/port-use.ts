// Which ports did a client hold, from when to when? Its sockets in all states, from the first SYN to the end of TIME_WAIT,
// collected in columns by client address and destination.

import type { Party } from "../src/core/analysis.ts";
import type { CaptureView, EndRow, StateName } from "../src/core/flow-view.ts";
import type { HostSettings } from "../src/core/host-settings.ts";
import { busyFlows, LEAST_FLOWS, limitIsPerDestination, settingsAt } from "./busy-flows.ts";
import { PairMap } from "./pair-map.ts";

/** What holds one port of one client, each column in order of `from`. */
export interface PortUse {
  client: string;
  settings: HostSettings;
  /** False: the columns cover all destinations of that client. */
  perDestination: boolean;
  flow: Float64Array;
  port: Uint16Array;
  /** The first packet of the capture, when the connection is older. */
  from: Float64Array;
  /** +Infinity when nothing ends it. */
  until: Float64Array;
  /** Until when the kernel may have kept it: its timers run late, never early. */
  latest: Float64Array;
  /** 1: began with a SYN in the capture. */
  attempt: Uint8Array;
  /** Index into `destinations`. */
  destination: Uint32Array;
  destinations: (Party & { port: number })[];
}

/**
 * Linux keeps timers of a minute in slots of 2.0 s (HZ 250) to 4.1 s (HZ 1000), and rounds up: TIME_WAIT of 60 s was seen to
 * last up to 62.1 s, and may last 64.1 s.
 */
export const TIMERS_LATE = 0.07;

/** On loopback, Linux gives a port in TIME_WAIT out again after a second (tcp_tw_reuse = 2, the default since 4.19). */
export const isTimeWaitReused = (client: string, settings: HostSettings): boolean =>
  settings.os === "linux" && (/^(::ffff:)?127\./.test(client) || client === "::1");

/** Of all clients that have more than a few connections. */
export function collectPortUse(view: CaptureView): PortUse[] {
  /** By client and, where its ports are for one destination each, destination. */
  const drafts = new PairMap<Draft>();
  for (const flow of busyFlows(view)) {
    const { client } = flow;
    const { history, host, remotePlace } = client;
    if (history.count === 0) continue;
    const settings = settingsAt(view, client);
    const perDestination = limitIsPerDestination(settings);
    const to = perDestination ? remotePlace : 0;
    let draft = drafts.get(host, to);
    if (draft === undefined) {
      draft = new Draft(client.address, settings, perDestination);
      drafts.add(host, to, draft);
    }
    const last = history.count - 1;
    const until = history.until(last);
    draft.add(
      flow.id,
      client.port,
      Math.max(view.firstTime, history.from(0)),
      until,
      until + lateness(history.state(last), until - history.from(last), settings),
      history.state(0) === "SYN_SENT",
      draft.numberOf(client),
    );
  }
  const uses: PortUse[] = [];
  for (const draft of drafts.values) if (draft.count >= LEAST_FLOWS) uses.push(draft.finish());
  return uses;
}

/** How much longer than `lasted` the kernel may have kept what a timer ended. What ended before its time, a packet ended. */
function lateness(state: StateName, lasted: number, settings: HostSettings): number {
  if (state === "TIME_WAIT" && lasted >= settings.timeWait) return settings.timeWait * TIMERS_LATE;
  if (state === "FIN_WAIT_2" && lasted >= settings.finTimeout) return settings.finTimeout * TIMERS_LATE;
  return 0;
}

/** Columns that grow. */
class Draft {
  count = 0;
  private readonly head: Pick<PortUse, "client" | "settings" | "perDestination">;
  private readonly destinations: PortUse["destinations"] = [];
  private readonly numbers = new Map<number, number>();
  private flow = new Float64Array(16);
  private port = new Uint16Array(16);
  private from = new Float64Array(16);
  private until = new Float64Array(16);
  private latest = new Float64Array(16);
  private attempt = new Uint8Array(16);
  private destination = new Uint32Array(16);

  constructor(client: string, settings: HostSettings, perDestination: boolean) {
    this.head = { client, settings, perDestination };
  }

  /** Of the destination that this client has called. */
  numberOf(client: EndRow): number {
    const place = client.remotePlace;
    let n = this.numbers.get(place);
    if (n === undefined) {
      n = this.destinations.push(client.remote) - 1;
      this.numbers.set(place, n);
    }
    return n;
  }

  add(
    flow: number,
    port: number,
    from: number,
    until: number,
    latest: number,
    isAttempt: boolean,
    destination: number,
  ): void {
    if (this.count === this.flow.length) this.grow();
    const i = this.count++;
    this.flow[i] = flow;
    this.port[i] = port;
    this.from[i] = from;
    this.until[i] = until;
    this.latest[i] = latest;
    this.attempt[i] = isAttempt ? 1 : 0;
    this.destination[i] = destination;
  }

  private grow(): void {
    const wider = <T extends Float64Array | Uint16Array | Uint8Array | Uint32Array>(old: T, by: T): T => {
      by.set(old);
      return by;
    };
    const size = this.flow.length * 2;
    this.flow = wider(this.flow, new Float64Array(size));
    this.port = wider(this.port, new Uint16Array(size));
    this.from = wider(this.from, new Float64Array(size));
    this.until = wider(this.until, new Float64Array(size));
    this.latest = wider(this.latest, new Float64Array(size));
    this.attempt = wider(this.attempt, new Uint8Array(size));
    this.destination = wider(this.destination, new Uint32Array(size));
  }

  finish(): PortUse {
    const { from, count } = this;
    const columns = {
      flow: this.flow.subarray(0, count),
      port: this.port.subarray(0, count),
      from: from.subarray(0, count),
      until: this.until.subarray(0, count),
      latest: this.latest.subarray(0, count),
      attempt: this.attempt.subarray(0, count),
      destination: this.destination.subarray(0, count),
    };
    // Flows come in order of their first packet: only a connection older than the capture may be out of order.
    let isSorted = true;
    for (let i = 1; i < count && isSorted; i++) isSorted = from[i - 1]! <= from[i]!;
    if (!isSorted) {
      const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => from[a]! - from[b]!);
      for (const column of Object.values(columns)) {
        const old = column.slice();
        for (let i = 0; i < count; i++) column[i] = old[order[i]!]!;
      }
    }
    this.endWithNext(count);
    return { ...this.head, destinations: this.destinations, ...columns };
  }

  /** A port that is taken again was free: its late timer had run out by then. */
  private endWithNext(count: number): void {
    const previous = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const p = previous.get(this.port[i]!);
      if (p !== undefined && this.until[p]! <= this.from[i]!) this.latest[p] = Math.min(this.latest[p]!, this.from[i]!);
      previous.set(this.port[i]!, i);
    }
  }
}
