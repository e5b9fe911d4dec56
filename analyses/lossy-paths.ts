// Which path between two hosts loses segments, or takes much longer than the others?

import type { Analysis, AnalysisResult, FoundFinding, Metrics, Severity } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import type { CaptureView } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { median, percentile, sorted } from "../src/core/statistics.ts";
import { CITED, clockTime, duration, plural } from "./grouping.ts";
import { boundsOf, type Direction, isCapturedTwice, joined, momentsOf, type Path, pathsOf, worseOf } from "./paths.ts";

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
  others: Path[];
}

export const lossyPaths: Analysis = {
  id: "lossy-paths",
  title: "Lossy paths",
  question: "Which path between two hosts loses segments, or takes much longer than the others?",
  why:
    "A segment that is lost costs a short exchange a time-out of 200 ms or more (RFC 6298), and a long one its speed, which falls with the root of the " +
    "loss (Mathis et al. 1997). It hits some of the requests only, so that the service seems slow now and then; the others' paths tell whether it is one link.",
  run(view) {
    const all = pathsOf(view);
    const doubled = all.filter(isCapturedTwice);
    const paths = all.filter((p) => !isCapturedTwice(p));
    const unsure = doubled.map(
      (p) =>
        `${p.hosts.join(" and ")}: their packets were captured twice, and nothing tells a copy from a repetition (editcap -d takes copies out)`,
    );
    const hosts = lossyHosts(paths);
    const byHost = hosts.map((h) => describeHost(h.host, h.paths, view));
    const isTold = (p: Path): boolean => hosts.some((h) => h.paths.includes(p));
    const findings = [
      ...byHost,
      ...paths.filter((p) => !isTold(p)).flatMap((path) => describe(placed(path, paths), view)),
    ];
    if (findings.length > 0) return { kind: "found", findings, ...(unsure.length > 0 ? { unsure } : {}) };
    if (unsure.length > 0) return { kind: "unsure", needs: unsure.join("; ") };
    return nothingFound(paths, view);
  },
};

function nothingFound(paths: readonly Path[], view: CaptureView): AnalysisResult {
  if (paths.length === 0) return withoutPaths(view);
  const again = paths.reduce((n, p) => n + p.sent[0].again + p.sent[1].again, 0);
  const sent = paths.reduce((n, p) => n + segmentsOf(p), 0);
  const most = Math.max(...paths.map(segmentsOf));
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
  for (const flow of view.flows())
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
function placed(path: Path, paths: readonly Path[]): Placed {
  const others = path.hosts.map((h) => paths.filter((p) => p !== path && p.hosts.includes(h)));
  const [a, b] = [others[0]!, others[1]!];
  let far: 0 | 1 = path.served[1].length > 0 ? 1 : 0;
  if (path.beyond[0] !== path.beyond[1]) far = path.beyond[0] > path.beyond[1] ? 1 : 0;
  if (a.length !== b.length) far = a.length > b.length ? 1 : 0;
  return { path, far, others: far === 1 ? a : b };
}

function describe({ path, far, others }: Placed, view: CaptureView): FoundFinding[] {
  const worse = worseOf(path);
  const rivals = others.filter((p) => segmentsOf(p) >= LEAST_SEGMENTS);
  const theirMost = rivals.length < LEAST_OTHERS ? null : median(rivals.map((p) => boundsOf(worseOf(p)).most));
  const standsOut = theirMost !== null && loses(worse, Math.max(NOTICED, TIMES_THE_OTHERS * theirMost));
  const slow = slowness(path, far, others);
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
  const theirShare = rivals.length === 0 ? null : median(rivals.map((p) => boundsOf(worseOf(p)).share));
  const rtt = path.roundTrips.length === 0 ? null : median(path.roundTrips);
  const theirs = others.filter((p) => p.roundTrips.length > 0).map((p) => median(p.roundTrips));
  const sentences = isLossy
    ? [
        lossSentence(path, worse, view),
        ...(theirShare === null
          ? []
          : [`On ${plural(rivals.length, "other path")} of ${near} it is ${percent(theirShare)} (median).`]),
      ]
    : [];
  if (rtt !== null && (slow !== null || isLossy)) {
    const compared =
      theirs.length === 0 ? "" : `, on ${plural(theirs.length, "other path")} of ${near} ${duration(median(theirs))}`;
    sentences.push(
      `A round trip takes ${duration(rtt)} (median of ${plural(path.roundTrips.length, "handshake")})${compared}.`,
    );
  }
  return [
    {
      severity,
      title: isLossy
        ? `The path between ${near} and ${holder} loses segments: ${percent(boundsOf(worse).share)} had to be sent again`
        : `A round trip from ${near} to ${holder} takes ${duration(rtt!)}, to others ${duration(median(theirs))}`,
      summary: sentences.join(" "),
      subject: { holder: { address: holder }, peer: others.length === 0 ? null : { address: near } },
      count: isLossy ? path.sent[0].again + path.sent[1].again : path.roundTrips.length,
      onset: isLossy ? worse.first!.time : null,
      metrics: {
        kind: isLossy ? "loss" : "round-trip",
        ...lossMetrics(path.sent, worse),
        loss_share_from_holder: share(path.sent[far]),
        loss_share_to_holder: share(path.sent[(far ^ 1) as 0 | 1]),
        compared_loss_share: theirShare === null ? null : rounded(theirShare),
        rtt_s: rtt === null ? null : toSeconds(rtt),
        compared_rtt_s: theirs.length === 0 ? null : toSeconds(median(theirs)),
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
function slowness(path: Path, far: 0 | 1, others: readonly Path[]): { severity: Severity } | null {
  const near = path.hosts[far ^ 1]!;
  const compared = others.filter((p) => p.roundTrips.length >= LEAST_TRIPS);
  if (path.roundTrips.length < LEAST_TRIPS || compared.length < LEAST_OTHERS) return null;
  const own = percentile(sorted(path.roundTrips), 0.25);
  const isSlower = (theirs: Nanos, times: number, by: Nanos): boolean => own >= times * theirs && own - theirs >= by;
  if (!isSlower(median(compared.map((p) => median(p.roundTrips))), TIMES_SLOWER, SLOWER_NS)) return null;
  const twins = compared.filter((p) => areTwins(path, far, p, p.hosts[0] === near ? 1 : 0));
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
    if (own.length < LEAST_PATHS) continue;
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
