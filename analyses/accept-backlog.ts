// Which service did not take new connections although it was alive, because its queues were full?

import type { Analysis, FoundFinding, Party, Severity } from "../src/core/analysis.ts";
import { type Nanos, toSeconds } from "../src/core/clock.ts";
import type { CaptureView } from "../src/core/flow-view.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { percentile, sorted, timelineOf } from "../src/core/statistics.ts";
import { CITED, cite, clockTime, duration, name, plural } from "./grouping.ts";
import { halfOpen } from "./half-open.ts";
import { type Attempt, FEWEST_TROUBLED, openingsIn, type ServiceOpenings } from "./opening-attempts.ts";

/** A single SYN is lost anywhere; several at one service within seconds are not. */
const SEVERAL = FEWEST_TROUBLED;
const MANY = 10;
const MOST = 50;
/** The longest pause between the first retries (3 to 7 s, Windows 9 to 21 s): what lies further apart is another spell. */
const SPELL_GAP_NS = 12e9;
/** Less than this share of the attempts in a spell is chance. */
const SHARE = 0.2;
/** Loss on the path hits SYN and SYN-ACK alike, so twice as many handshakes as segments; twice again for chance. */
const LOSS_FACTOR = 4;

/** Attempts that one spell of a full queue hit. */
interface Spell {
  hit: Attempt[];
  from: Nanos;
  until: Nanos;
}

interface Backlog {
  openings: ServiceOpenings;
  hit: Attempt[];
  spells: Spell[];
  unserved: number;
}

export const acceptBacklog: Analysis = {
  id: "accept-backlog",
  title: "Accept backlog",
  question: "Which service did not take new connections although it was alive, because its queues were full?",
  why:
    "A process that accepts too slowly fills the kernel's accept queue; then SYNs and the last ACK of the handshake are dropped without a word, and clients " +
    "wait 1, 3 or 7 s for their retry (listen(2), tcp(7) tcp_abort_on_overflow). The service's log shows nothing.",
  run(view) {
    const { services, attempts: opened, troubled: again } = openingsIn(view);
    const backlogs = backlogsOf(services);
    const findings = [...backlogs.map((b) => describeBacklog(b, view)), ...halfOpen(services, view)];
    if (findings.length > 0) return { kind: "found", findings };
    if (opened === 0) return { kind: "unsure", needs: "no connection was opened while the capture ran" };
    return {
      kind: "clear",
      because:
        again === 0
          ? `no handshake had to be repeated (${plural(opened, "connection")})`
          : `${plural(again, "handshake")} of ${formatWhole(opened)} had to be repeated or met silence: too few at one service, or no sign of life from it`,
    };
  },
};

/** Attempts that met silence at a service whose queue was full; refused-connections has the others. */
export function turnedAway(view: CaptureView): Set<number> {
  return new Set(backlogsOf(openingsIn(view).services).flatMap((b) => b.hit.map((a) => a.flow)));
}

function backlogsOf(services: readonly ServiceOpenings[]): Backlog[] {
  const found: Backlog[] = [];
  for (const openings of services) {
    const spells = spellsOf(openings).filter((s) => isBacklog(s, openings));
    if (spells.length === 0) continue;
    const unserved = openings.waiting.filter(
      (w) => !w.served && spells.some((s) => w.from <= s.until && w.until >= s.from),
    );
    found.push({ openings, spells, hit: spells.flatMap((s) => s.hit), unserved: unserved.length });
  }
  return found;
}

function spellsOf(openings: ServiceOpenings): Spell[] {
  const spells: Spell[] = [];
  for (const a of openings.troubled) {
    if (a.kind === "half-open") continue;
    const last = spells.at(-1);
    if (last !== undefined && a.time <= last.until + SPELL_GAP_NS) {
      last.hit.push(a);
      last.until = Math.max(last.until, a.until);
    } else {
      spells.push({ hit: [a], from: a.time, until: a.until });
    }
  }
  return spells;
}

/** Many at once, at a service that was alive meanwhile, and more than the path's loss explains. */
function isBacklog(s: Spell, openings: ServiceOpenings): boolean {
  if (s.hit.length < SEVERAL) return false;
  const all = openings.starts.filter((time) => time >= s.from && time <= s.until).length;
  const share = s.hit.length / all;
  if (share < SHARE || share <= LOSS_FACTOR * openings.loss) return false;
  if (s.hit.some((a) => a.kind === "ack-dropped")) return true;
  // Before the first of them got through: a host that stood still sends nothing then, and acknowledges nothing.
  const through = s.hit.reduce((t, a) => (a.delay === null ? t : Math.min(t, a.until)), s.until);
  const overlaps = (span: { from: Nanos; until: Nanos }): boolean => span.from <= through && span.until >= s.from;
  const silent = s.hit.filter((a) => a.kind === "syn-dropped").length;
  if (silent >= SEVERAL && openings.signs.some((t) => t > s.from && t < through)) return true;
  // The kernel takes what new connections send, and the process leaves it there.
  return openings.waiting.some(overlaps) && !openings.struggling.some(overlaps);
}

function describeBacklog({ openings, hit, spells, unserved }: Backlog, view: CaptureView): FoundFinding {
  const service = name(openings.service);
  const clients = new Set(hit.map((a) => a.client));
  const peer: Party | null = clients.size === 1 ? { address: hit[0]!.client } : null;
  const late = hit.filter((a) => a.delay !== null);
  const delays = sorted(late.map((a) => a.delay!));
  const never = hit.length - late.length;
  const dropped = hit.filter((a) => a.kind === "syn-dropped").length;
  const unfinished = hit.length - dropped;
  const repeatedSynAcks = hit.reduce((n, a) => n + a.synAckRepeats, 0);
  const since = clockTime(view.clock.iso(spells[0]!.from));
  const sentences = [
    `${service} was alive but let ${plural(hit.length, "connection attempt")} of ${peer === null ? plural(clients.size, "client") : name(peer)} wait from ${since} on: ` +
      `${[
        dropped > 0 ? `${plural(dropped, "SYN")} had no answer and had to be sent again` : "",
        unfinished > 0
          ? `${plural(unfinished, "handshake")} ${unfinished === 1 ? "was" : "were"} finished by the client only, and what it sent was not acknowledged${repeatedSynAcks > 0 ? " while the SYN-ACK was repeated" : ""}`
          : "",
      ]
        .filter((s) => s !== "")
        .join("; ")}.`,
  ];
  if (late.length > 0)
    sentences.push(
      `${formatWhole(late.length)} got through after ${duration(percentile(delays, 0.5))} (median), at worst ${duration(delays.at(-1)!)}.`,
    );
  if (never > 0) sentences.push(`${formatWhole(never)} never got through.`);
  if (unserved > 0)
    sentences.push(
      `Beside them ${plural(unserved, "request")} on new connections ${unserved === 1 ? "was" : "were"} acknowledged by the kernel and not answered: they fill the queue.`,
    );
  return {
    severity: severityOf(hit.length, never),
    title: `${service} left ${plural(hit.length, "connection attempt")} waiting: its accept queue was full`,
    summary: sentences.join(" "),
    subject: { holder: openings.service, peer },
    count: hit.length,
    onset: spells[0]!.from,
    metrics: {
      kind: "queue-full",
      syns_dropped: dropped,
      syn_acks_repeated: repeatedSynAcks,
      acks_dropped: unfinished,
      connected_late: late.length,
      never_connected: never,
      delay_s: late.length === 0 ? null : toSeconds(percentile(delays, 0.5)),
      delay_max_s: late.length === 0 ? null : toSeconds(delays.at(-1)!),
      established_unserved: unserved,
      spells: spells.length,
      until: view.clock.iso(spells.at(-1)!.until),
    },
    evidence: hit.slice(0, CITED).map((a) => cite(a.flow, a.frame, a.lastFrame)),
    advice: [
      `Ask the kernel of ${openings.service.address}: ss -ltn 'sport = :${openings.service.port}' (Recv-Q above Send-Q is a full queue) and nstat -az TcpExtListenOverflows TcpExtListenDrops. If neither counts, a rate limit or firewall in between drops the SYNs.`,
      "Find out why the process does not accept (blocked, too few threads, paused) before you raise the backlog of listen() and net.core.somaxconn.",
    ],
    timeline: timelineOf(
      hit.map((a) => a.time),
      view.firstTime,
      view.lastTime,
    ),
  };
}

function severityOf(hit: number, never: number): Severity {
  if (never >= MOST) return "critical";
  return hit >= MANY || never >= SEVERAL ? "high" : "medium";
}
