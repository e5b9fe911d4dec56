// How many ports did each client use over time, and how many has it? The ports that port-exhaustion counts, moment by moment.

import { name } from "../../analyses/grouping.ts";
import { usedUpSpans } from "../../analyses/port-spans.ts";
import { PortSupply, type Supply } from "../../analyses/port-supply.ts";
import type { PortUse } from "../../analyses/port-use.ts";
import { rangeText } from "../../analyses/socket-commands.ts";
import type { CaptureView, StateName } from "../core/flow-view.ts";
import { count } from "../core/format.ts";
import type { ReportFinding } from "../core/report.ts";
import { SOCKET_STATES } from "../core/state-option.ts";
import type { PortsPanel, PortsPicture } from "../diagram/over-time/ports-picture.ts";
import { chartOf, leftOut, type Made, momentsOf, type PictureOptions, rankOf } from "./over-time.ts";
import { countSpans, Spans } from "./span-counts.ts";

/** More panels are more than an eye compares. */
const MAX_PANELS = 4;
/** Fewer ports at once threaten no range, and are worth a picture only where a finding names them. */
const LEAST_PORTS = 10;
const STATES = SOCKET_STATES.length;
const STATE_NUMBER = new Map<StateName, number>(SOCKET_STATES.map((state, n) => [state, n]));
const PORTS = 65_536;

export function portsPicture(view: CaptureView, given: PictureOptions): Made<PortsPicture> {
  const options = about(given);
  const named = namedIn(options);
  const rank = (supply: Supply): number => named(supply.use);
  const worth = PortSupply.in(view).all.filter((s) => s.limit.peak.count >= LEAST_PORTS || Number.isFinite(rank(s)));
  if (worth.length === 0) {
    return { picture: null, because: `no client had ${LEAST_PORTS} ports or more in use at once for one destination` };
  }
  const ranks = new Map(worth.map((supply) => [supply, rank(supply)]));
  const difference = (a: Supply, b: Supply): number => {
    const [x, y] = [ranks.get(a)!, ranks.get(b)!];
    return x === y ? b.limit.peak.count - a.limit.peak.count : x - y;
  };
  const inOrder = [...worth].sort(difference);
  const moments = momentsOf(view);
  const panels = inOrder.slice(0, MAX_PANELS).map((supply) => panelOf(view, supply, moments));
  const most = inOrder.slice(MAX_PANELS).reduce((n, { limit }) => Math.max(n, limit.peak.count), 0);
  const notes = leftOut(
    inOrder.length - panels.length,
    (n) =>
      `Not shown: ${count(n, "other client or destination", "other clients or destinations")}, with ${count(most, "port")} at most.`,
  );
  const times = moments.map((t) => t - view.firstTime);
  return { picture: { ...chartOf(view, options, notes), times, panels } };
}

/** Unless another one is asked for, this picture is about the finding that says when the ports were used up. */
function about(options: PictureOptions): PictureOptions {
  const isAboutPorts = ({ analysis, severity }: ReportFinding) => analysis === "port-exhaustion" && severity !== "info";
  const finding = options.finding ?? options.report.findings.find(isAboutPorts);
  return finding === undefined ? options : { ...options, finding };
}

/** By the findings about a client and a destination of it. */
function namedIn(options: PictureOptions): (use: PortUse) => number {
  const rank = rankOf(options);
  return ({ client, perDestination, destinations }) => {
    const holder = rank({ address: client });
    const peer = perDestination ? rank(destinations[0]!) : holder;
    return Math.max(holder, peer);
  };
}

function panelOf(view: CaptureView, { use, limit }: Supply, moments: readonly number[]): PortsPanel {
  const { byKind, byGroup } = countSpans(spansOf(view, use), STATES, STATES, moments);
  return {
    client: use.client,
    destination: use.perDestination ? name(use.destinations[0]!) : "all destinations",
    states: SOCKET_STATES.map((state, n) => ({ state, series: byKind[n]! })).filter(({ series }) => series.peak > 0),
    total: byGroup[0]!,
    range: limit.range === null ? null : { name: rangeText(limit.range), ports: limit.ports, from: limit.rangeFrom },
    usedUp: usedUpSpans(use, limit, view.lastTime).map(({ from, until }) => ({
      from: from - view.firstTime,
      until: Math.min(until, view.lastTime) - view.firstTime,
    })),
  };
}

/** The states of the sockets that hold ports. A port that two hold counts once: for the one that holds it longer, then the newer. */
function spansOf(view: CaptureView, use: PortUse): Spans {
  const spans = new Spans();
  const ends = heldUntil(use);
  for (let i = 0; i < use.from.length; i++) {
    if (!(ends[i]! > use.from[i]!)) continue;
    const { history } = view.row(use.flow[i]!).client;
    for (let n = 0; n < history.count; n++) {
      const state = STATE_NUMBER.get(history.state(n));
      if (state === undefined) continue;
      spans.add(state, Math.max(use.from[i]!, history.from(n)), Math.min(ends[i]!, history.until(n)));
    }
  }
  return spans;
}

/** Until when each socket is the one that its port is counted for; before its beginning: never. */
function heldUntil(use: PortUse): Float64Array {
  const ends = use.until.slice();
  const holder = new Int32Array(PORTS).fill(-1);
  for (let i = 0; i < ends.length; i++) {
    const port = use.port[i]!;
    const other = holder[port]!;
    if (other >= 0 && ends[other]! > use.from[i]!) {
      if (ends[other]! > ends[i]!) {
        ends[i] = Number.NEGATIVE_INFINITY;
        continue;
      }
      ends[other] = use.from[i]!;
    }
    holder[port] = i;
  }
  return ends;
}
