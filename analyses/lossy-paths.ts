// Which path between two hosts loses segments, or takes much longer than the others?

import type { Analysis, AnalysisResult, FoundFinding, Metrics, Severity } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import { type CaptureView, Sign } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { largest, median, percentile, sorted } from "../src/core/statistics.ts";
import { CITED, clockTime, duration, plural } from "./grouping.ts";
import {
  boundsOf,
  type Direction,
  isCapturedTwice,
  joined,
  momentsOf,
  type Path,
  pathsOf,
  quietConnections,
  worseOf,
} from "./paths.ts";

/** Of so many without a loss, surely fewer than one in a hundred are lost (the rule of three); below, no share can be told. */
const LEAST_SEGMENTS = 300;
/** One cut of the line, one overflow of a queue hits many at once; a path that loses does so all the time. */
const LEAST_EVENTS = 8;
/** A healthy network repeats one segment in a thousand. One in a hundred halves what TCP can send, and delays one request in ten. */
const LOSSY = 0.01;
/** At one in twenty, connections come to a standstill again and again (RFC 8085 §3.1.3 reckons with as much at worst). */
const VERY_LOSSY = 0.05;
/** A smaller loss is worth a word only where the other paths of the same host have far less. */
const NOTICED = 0.003;
const TIMES_THE_OTHERS = 4;

/** Fewer round trips, or a smaller difference, are chance or distance. */
const LEAST_TRIPS = 10;
const SLOWER_NS = 20e6;
const MUCH_SLOWER_NS = 50e6;
const TIMES_SLOWER = 4;
const TIMES_MUCH_SLOWER = 10;
/** With fewer others nothing is "the others". */
const LEAST_OTHERS = 2;
/** A host loses on its paths in general when it does so on the half of them that lose least. */
const ASIDE = 1 / 2;
const LEAST_PATHS = 3;

/** A path seen from the host that it shares with others. */
interface Placed {
  path: Path;
  far: 0 | 1;
  near: HostPaths;
}

/** The paths of one host, with what each is compared with sorted once: a busy server has tens of thousands. */
interface HostPaths {
  paths: Path[];
  /** Median round trips of those with a handshake, and with enough of them. */
  allTrips: number[];
  trips: number[];
  /** Upper bounds of the losses, and the shares, of those with enough segments. */
  most: number[];
  shares: number[];
}

class HostIndex {
  private hosts = new Map<string, HostPaths>();

  constructor(paths: readonly Path[]) {
    for (const path of paths) {
      const worse = boundsOf(worseOf(path));
      const trip = path.roundTrips.length > 0 ? median(path.roundTrips) : null;
      for (const host of path.hosts) {
        let of = this.hosts.get(host);
        if (of === undefined) this.hosts.set(host, (of = { paths: [], allTrips: [], trips: [], most: [], shares: [] }));
        of.paths.push(path);
        if (trip !== null) of.allTrips.push(trip);
        if (trip !== null && path.roundTrips.length >= LEAST_TRIPS) of.trips.push(trip);
        if (segmentsOf(path) < LEAST_SEGMENTS) continue;
        of.most.push(worse.most);
        of.shares.push(worse.share);
      }
    }
    for (const { allTrips, trips, most, shares } of this.hosts.values())
      for (const list of [allTrips, trips, most, shares]) list.sort((a, b) => a - b);
  }

  of(host: string): HostPaths {
    return this.hosts.get(host)!;
  }
}

/** The median of a sorted list from which one value is taken out; null where none is left. */
function medianWithout(list: readonly number[], value: number | null): number | null {
  let at = list.length;
  if (value !== null) {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle]! < value) low = middle + 1;
      else high = middle;
    }
    if (list[low] === value) at = low;
  }
  const count = at < list.length ? list.length - 1 : list.length;
  if (count === 0) return null;
  const rest = (k: number): number => list[k < at ? k : k + 1]!;
  return rest(Math.max(0, Math.ceil(count / 2) - 1));
}

/** Neither loss nor time can be told of the others: a comparison is not needed. */
const mayBeTold = (p: Path): boolean =>
  loses(worseOf(p), NOTICED) ||
  (p.roundTrips.length >= LEAST_TRIPS && percentile(sorted(p.roundTrips), 0.25) >= SLOWER_NS);

export const lossyPaths: Analysis = {
  id: "lossy-paths",
  title: "Lossy paths",
  question: "Which path between two hosts loses segments, or takes much longer than the others?",
  why:
    "A segment that is lost costs a short exchange a time-out of 200 ms or more (RFC 6298), and a long one its speed, which falls with the root of the " +
    "loss (Mathis et al. 1997). It hits some of the requests only, so that the service seems slow now and then; the others' paths tell whether it is one link.",
  run(view) {
    const quiet = quietConnections(view, SLOWER_NS);
    if (quiet === 0) return withoutPaths(view);
    if (quiet !== null)
      return { kind: "clear", because: `nothing had to be sent again (${plural(quiet, "connection")} between hosts)` };
    const all = pathsOf(view);
    const doubled = all.filter(isCapturedTwice);
    const paths = all.filter((p) => !isCapturedTwice(p));
    const unsure = doubled.map(
      (p) =>
        `${p.hosts.join(" and ")}: their packets were captured twice, and nothing tells a copy from a repetition (editcap -d takes copies out)`,
    );
    const hosts = lossyHosts(paths);
    const byHost = hosts.map((h) => describeHost(h.host, h.paths, view));
    const told = new Set(hosts.flatMap((h) => h.paths));
    const candidates = paths.filter((p) => mayBeTold(p) && !told.has(p));
    const index = new HostIndex(candidates.length === 0 ? [] : paths);
    const findings = [...byHost, ...candidates.flatMap((path) => describe(placed(path, index), view))];
    if (findings.length > 0) return { kind: "found", findings, ...(unsure.length > 0 ? { unsure } : {}) };
    if (unsure.length > 0) return { kind: "unsure", needs: unsure };
    return nothingFound(paths, view);
  },
};

function nothingFound(paths: readonly Path[], view: CaptureView): AnalysisResult {
  if (paths.length === 0) return withoutPaths(view);
  const again = paths.reduce((n, p) => n + p.sent[0].again + p.sent[1].again, 0);
  const sent = paths.reduce((n, p) => n + segmentsOf(p), 0);
  const most = largest(paths.map(segmentsOf));
  if (again > 0 && most < LEAST_SEGMENTS) {
    return {
      kind: "unsure",
      needs: `${formatWhole(again)} of ${plural(sent, "segment")} had to be sent again, too few to tell a share: at least ${formatWhole(LEAST_SEGMENTS)} on one path are needed, here they are ${formatWhole(most)}`,
    };
  }
  return {
    kind: "clear",
    because: `${formatWhole(again)} of ${plural(sent, "segment")} on ${plural(paths.length, "path")} had to be sent again`,
  };
}

function withoutPaths(view: CaptureView): AnalysisResult {
  for (const flow of view.flows(Sign.partial))
    if (flow.oneDirection) return { kind: "unsure", needs: "only one direction of the connections is in the capture" };
  return view.flowCount === 0
    ? { kind: "unsure", needs: "there is no TCP connection in the capture" }
    : { kind: "clear", because: "no connection between two hosts carried anything that could be lost" };
}

const segmentsOf = (p: Path): number => p.sent[0].segments + p.sent[1].segments;

/** Do so many losses, at so many moments, say that surely `share` or more is lost? */
const loses = (d: Direction, share: number): boolean => momentsOf(d) >= LEAST_EVENTS && boundsOf(d).least >= share;

// ─────────────────────────── one path and the others ───────────────────────────

/** The near host is the one with more other paths; of two alike, the one that the capture was taken at; else the client's. */
function placed(path: Path, index: HostIndex): Placed {
  const [a, b] = [index.of(path.hosts[0]), index.of(path.hosts[1])];
  let far: 0 | 1 = path.served[1].length > 0 ? 1 : 0;
  if (path.beyond[0] !== path.beyond[1]) far = path.beyond[0] > path.beyond[1] ? 1 : 0;
  if (a.paths.length !== b.paths.length) far = a.paths.length > b.paths.length ? 1 : 0;
  return { path, far, near: far === 1 ? a : b };
}

function describe({ path, far, near: host }: Placed, view: CaptureView): FoundFinding[] {
  const worse = worseOf(path);
  const isRival = segmentsOf(path) >= LEAST_SEGMENTS;
  const rivals = host.most.length - (isRival ? 1 : 0);
  const own = boundsOf(worse);
  const theirMost = rivals < LEAST_OTHERS ? null : medianWithout(host.most, isRival ? own.most : null);
  const standsOut = theirMost !== null && loses(worse, Math.max(NOTICED, TIMES_THE_OTHERS * theirMost));
  const slow = slowness(path, far, host);
  const severity: Severity | null = loses(worse, VERY_LOSSY)
    ? "high"
    : loses(worse, LOSSY)
      ? "medium"
      : standsOut
        ? "low"
        : (slow?.severity ?? null);
  if (severity === null) return [];
  const isLossy = loses(worse, LOSSY) || standsOut;
  const [holder, near] = [path.hosts[far], path.hosts[far ^ 1]!];
  const theirShare = rivals === 0 ? null : medianWithout(host.shares, isRival ? own.share : null);
  const rtt = path.roundTrips.length === 0 ? null : median(path.roundTrips);
  const trips = host.allTrips.length - (rtt === null ? 0 : 1);
  const theirTrip = medianWithout(host.allTrips, rtt);
  const sentences = isLossy
    ? [
        lossSentence(path, worse, view),
        ...(theirShare === null
          ? []
          : [`On ${plural(rivals, "other path")} of ${near} it is ${percent(theirShare)} (median).`]),
      ]
    : [];
  if (rtt !== null && (slow !== null || isLossy)) {
    const compared = theirTrip === null ? "" : `, on ${plural(trips, "other path")} of ${near} ${duration(theirTrip)}`;
    sentences.push(
      `A round trip takes ${duration(rtt)} (median of ${plural(path.roundTrips.length, "handshake")})${compared}.`,
    );
  }
  return [
    {
      severity,
      title: isLossy
        ? `The path between ${near} and ${holder} loses segments: ${percent(boundsOf(worse).share)} had to be sent again`
        : `A round trip from ${near} to ${holder} takes ${duration(rtt!)}, to others ${duration(theirTrip!)}`,
      summary: sentences.join(" "),
      subject: { holder: { address: holder }, peer: host.paths.length === 1 ? null : { address: near } },
      count: isLossy ? path.sent[0].again + path.sent[1].again : path.roundTrips.length,
      onset: isLossy ? worse.first!.time : null,
      metrics: {
        kind: isLossy ? "loss" : "round-trip",
        ...lossMetrics(path.sent, worse),
        loss_share_from_holder: share(path.sent[far]),
        loss_share_to_holder: share(path.sent[(far ^ 1) as 0 | 1]),
        compared_loss_share: theirShare === null ? null : rounded(theirShare),
        rtt_s: rtt === null ? null : toSeconds(rtt),
        compared_rtt_s: theirTrip === null ? null : toSeconds(theirTrip),
        repeated_syns: path.repeatedSyns,
        connections: path.flows,
        paths: 1,
        until: worse.last === null ? null : view.clock.iso(worse.last.time),
      },
      evidence: path.evidence,
      advice: isLossy ? lossAdvice(near, holder) : [slowAdvice(near, holder)],
    },
  ];
}

function lossSentence(path: Path, worse: Direction, view: CaptureView): string {
  const from = path.sent.indexOf(worse) as 0 | 1;
  const back = path.sent[(from ^ 1) as 0 | 1];
  const [a, b] = [path.hosts[from], path.hosts[(from ^ 1) as 0 | 1]];
  return (
    `Of ${plural(worse.segments, "segment")} from ${a} to ${b}, ${formatWhole(worse.again)} (${percent(share(worse))}) had to be sent again, ` +
    `at ${plural(momentsOf(worse), "moment")} from ${clockTime(view.clock.iso(worse.first!.time))} to ${clockTime(view.clock.iso(worse.last!.time))}; ` +
    `of ${formatWhole(back.segments)} back, ${formatWhole(back.again)}. Whatever chance did, at least ${percent(boundsOf(worse).least)} are lost.`
  );
}

// ─────────────────────────── round trips ───────────────────────────

/**
 * Null unless three quarters of its handshakes took several times as long as the others' median. Hosts lie where they lie, so
 * that this is no fault; it becomes one where neighbours do the same service in a fraction of the time.
 */
function slowness(path: Path, far: 0 | 1, host: HostPaths): { severity: Severity } | null {
  if (path.roundTrips.length < LEAST_TRIPS || host.trips.length - 1 < LEAST_OTHERS) return null;
  const near = path.hosts[far ^ 1]!;
  const own = percentile(sorted(path.roundTrips), 0.25);
  const isSlower = (theirs: Nanos, times: number, by: Nanos): boolean => own >= times * theirs && own - theirs >= by;
  if (!isSlower(medianWithout(host.trips, median(path.roundTrips))!, TIMES_SLOWER, SLOWER_NS)) return null;
  const twins = host.paths.filter(
    (p) => p !== path && p.roundTrips.length >= LEAST_TRIPS && areTwins(path, far, p, p.hosts[0] === near ? 1 : 0),
  );
  const isLate =
    twins.length >= LEAST_OTHERS &&
    isSlower(median(twins.map((p) => median(p.roundTrips))), TIMES_MUCH_SLOWER, MUCH_SLOWER_NS);
  return { severity: isLate ? "low" : "info" };
}

/** Two far hosts that serve the same port, and nothing but the last part of their addresses differs. */
function areTwins(path: Path, far: 0 | 1, other: Path, itsFar: 0 | 1): boolean {
  const network = (address: string): string => address.replace(/[.:][0-9a-f]*$/, "");
  return (
    network(path.hosts[far]) === network(other.hosts[itsFar]) &&
    path.served[far].some((port) => other.served[itsFar].includes(port))
  );
}

// ─────────────────────────── one host, all its paths ───────────────────────────

function lossyHosts(paths: readonly Path[]): { host: string; paths: Path[] }[] {
  const byHost = new Map<string, Path[]>();
  for (const path of paths) {
    for (const host of path.hosts) {
      const list = byHost.get(host);
      if (list === undefined) byHost.set(host, [path]);
      else list.push(path);
    }
  }
  const found: { host: string; paths: Path[] }[] = [];
  for (const [host, own] of byHost) {
    if (own.length < LEAST_PATHS || own.every((p) => p.sent[0].again + p.sent[1].again === 0)) continue;
    const lost = (p: Path): number => p.sent[0].again + p.sent[1].again;
    const rest = [...own].sort((a, b) => lost(b) - lost(a)).slice(Math.ceil(own.length * ASIDE));
    if (loses(joined(rest), LOSSY)) found.push({ host, paths: own });
  }
  return found;
}

function describeHost(host: string, paths: Path[], view: CaptureView): FoundFinding {
  const all = joined(paths);
  const rtts = paths.flatMap((p) => p.roundTrips);
  return {
    severity: loses(all, VERY_LOSSY) ? "high" : "medium",
    title: `${host} loses segments on its paths in general: ${percent(share(all))} had to be sent again`,
    summary:
      `Of ${plural(all.segments, "segment")} on ${plural(paths.length, "path")} of ${host}, ${formatWhole(all.again)} (${percent(share(all))}) had to be sent again, at ${plural(momentsOf(all), "moment")} ` +
      `from ${clockTime(view.clock.iso(all.first!.time))} to ${clockTime(view.clock.iso(all.last!.time))}, and not on a few paths only: what they share is ${host} and its link.`,
    subject: { holder: { address: host }, peer: null },
    count: all.again,
    onset: all.first!.time,
    metrics: {
      kind: "loss",
      ...lossMetrics([all], all),
      rtt_s: rtts.length === 0 ? null : toSeconds(median(rtts)),
      compared_rtt_s: null,
      repeated_syns: paths.reduce((n, p) => n + p.repeatedSyns, 0),
      connections: paths.reduce((n, p) => n + p.flows, 0),
      paths: paths.length,
      until: view.clock.iso(all.last!.time),
    },
    evidence: paths.flatMap((p) => p.evidence).slice(0, CITED),
    advice: lossAdvice(host, "one of the others"),
  };
}

// ─────────────────────────── words ───────────────────────────

const rounded = (x: number): number => Number(x.toPrecision(3));
const share = (d: Direction): number => rounded(boundsOf(d).share);
const percent = (x: number): string => `${Number((100 * x).toPrecision(2))} %`;

const lossMetrics = (sent: readonly Direction[], worse: Direction): Metrics => ({
  loss_share: share(worse),
  loss_share_at_least: rounded(boundsOf(worse).least),
  retransmissions: sent.reduce((n, d) => n + d.again, 0),
  doubtful_retransmissions: sent.reduce((n, d) => n + d.doubtful, 0),
  segments: sent.reduce((n, d) => n + d.segments, 0),
  moments: momentsOf(worse),
});

const lossAdvice = (near: string, far: string): string[] => [
  `Measure it without TCP, both ways: mtr -n -c 200 from ${near} to ${far} and back; on both hosts ip -s link and ethtool -S (errors, drops, duplex), and what polices or queues in between.`,
  `nstat -az TcpRetransSegs TcpOutSegs on both hosts tells who repeats; ss -ti shows retrans and rtt of each connection.`,
];

const slowAdvice = (near: string, far: string): string =>
  `Is ${far} farther away, or behind a tunnel, a VPN or a full queue? mtr -n from ${near} shows at which hop the time is spent.`;
