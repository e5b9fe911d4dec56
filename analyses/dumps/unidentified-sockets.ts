// Which process keeps descriptors of sockets that are no connection any more?

import type { DumpFinding, Severity } from "../../src/core/analysis.ts";
import type { DumpAnalysis, DumpView } from "../../src/core/dump-view.ts";
import type { SocketDump } from "../../src/core/socket-table.ts";
import { CITED, clockTime, plural } from "../grouping.ts";
import { citeLines, MOST_FINDINGS, ownerMetrics, ownerName } from "./holders.ts";
import { growthOf, isoOf, type Point, rounded } from "./series.ts";

/** Sockets that are made and not yet connected: a process may have a few. */
const FEW = 10;
const MANY = 100;
const VERY_MANY = 1000;
/** Processes that are told apart. */
const MAX_OWNERS = 1 << 18;

interface Holder {
  pid: number | null;
  process: string | null;
  count: number;
  connections: number;
  lines: number[];
}

export const unidentifiedSockets: DumpAnalysis = {
  id: "unidentified-sockets",
  title: "Unidentified sockets",
  question: "Which process keeps descriptors of sockets that are no connection any more?",
  why:
    "A leaked socket leaves CLOSE_WAIT when a keepalive probe meets RST, but its descriptor stays open until the process closes it: netstat and ss no longer show it. " +
    'lsof lists it as "can\'t identify protocol", newer ones as "protocol: TCP" (lsof FAQ).',
  run(view) {
    const dump = view.latest;
    if (dump.format !== "lsof") {
      return {
        kind: "unsure",
        needs: `only lsof lists descriptors of sockets that are no connection any more: lsof -nP -p PID | grep -cE "can't identify protocol|protocol: TCP"`,
      };
    }
    const holders = [...holdersOf(dump).values()].filter((h) => h.count >= FEW).sort((a, b) => b.count - a.count);
    const chosen = holders.filter((h) => h.connections > 0).slice(0, MOST_FINDINGS);
    const unsure = holders
      .filter((h) => h.connections === 0)
      .slice(0, MOST_FINDINGS)
      .map(elsewhere);
    if (chosen.length === 0 && unsure.length > 0) return { kind: "unsure", needs: unsure.join("; ") };
    if (chosen.length === 0) {
      const all = dump.counts.get("UNIDENTIFIED") ?? 0;
      return {
        kind: "clear",
        because:
          all === 0
            ? "every socket that is listed is a connection or listens (lsof -i lists no other; lsof -p PID does)"
            : `no process has more than a few sockets that are no connection (${plural(all, "socket")} in all)`,
      };
    }
    const course = courseOf(view);
    return { kind: "found", findings: chosen.map((h) => describe(h, dump, course.get(keyOf(h)) ?? [], view)), unsure };
  },
};

const keyOf = ({ pid, process }: { pid: number | null; process: string | null }): string => `${pid} ${process}`;

/** lsof knows the sockets of its own network namespace only; those of a container are healthy and look the same (seen). */
function elsewhere(h: Holder): string {
  const pid = h.pid ?? "PID";
  return `${ownerName(h)} has ${plural(h.count, "socket")} and lsof can identify none of them: it runs in another network namespace (a container), or all are leaked; nsenter -t ${pid} -n lsof -nP -a -p ${pid} -iTCP tells`;
}

function holdersOf(dump: SocketDump): Map<string, Holder> {
  const holders = new Map<string, Holder>();
  for (const row of dump.rows()) {
    const key = keyOf(row);
    let holder = holders.get(key);
    if (holder === undefined) {
      if (holders.size >= MAX_OWNERS) continue;
      holder = { pid: row.pid, process: row.process, count: 0, connections: 0, lines: [] };
      holders.set(key, holder);
    }
    if (row.state !== "UNIDENTIFIED") {
      holder.connections++;
      continue;
    }
    holder.count++;
    if (holder.lines.length < CITED) holder.lines.push(row.line);
  }
  return holders;
}

/** How many each had, in every dump with a time. */
function courseOf(view: DumpView): Map<string, Point[]> {
  const course = new Map<string, Point[]>();
  const dumps = view.dumps.filter((d) => d.takenAt !== null && d.format === "lsof");
  const counts = dumps.map((d) => holdersOf(d));
  for (const key of counts.at(-1)?.keys() ?? []) {
    course.set(
      key,
      dumps.map((d, i) => ({ at: d.takenAt!, count: counts[i]!.get(key)?.count ?? 0 })),
    );
  }
  return course;
}

function describe(h: Holder, dump: SocketDump, points: readonly Point[], view: DumpView): DumpFinding {
  const who = h.pid === null && h.process === null ? "A process that the dump does not name" : ownerName(h);
  const growth = growthOf(points);
  const sentences = [
    `${who} keeps ${plural(h.count, "descriptor")} of sockets that are no connection any more, beside ${plural(h.connections, "other socket")}.`,
    "They are leaked: their CLOSE_WAIT is gone, so that it tells only part of the leak.",
  ];
  if (growth !== null && growth.first.count !== growth.last.count) {
    sentences.push(
      `From ${clockTime(isoOf(growth.first.at))} to ${clockTime(isoOf(growth.last.at))} they went from ${growth.first.count} to ${growth.last.count} (${rounded(growth.perSecond)} per second).`,
    );
  }
  const advice = [
    `Find the code path of ${who} that drops a connection without closing it; its limit of descriptors: grep "open files" /proc/${h.pid ?? "PID"}/limits.`,
  ];
  if (view.dumps.length === 1)
    advice.push(
      `Its growth: lsof -nP -p ${h.pid ?? "PID"} | grep -cE "can't identify protocol|protocol: TCP", again in ten minutes.`,
    );
  return {
    severity: severityOf(h.count, growth?.isSteady === true),
    title: `${who} keeps ${plural(h.count, "leaked socket")} that are no connection any more`,
    summary: sentences.join(" "),
    // A descriptor has no address.
    subject: { holder: { address: "*" }, peer: null },
    count: h.count,
    onset: null,
    metrics: {
      count: h.count,
      connections: h.connections,
      ...ownerMetrics(h),
      growth_per_s: growth === null ? null : rounded(growth.perSecond),
    },
    evidence: [citeLines(dump, h.lines)],
    advice,
  };
}

function severityOf(count: number, isGrowing: boolean): Severity {
  if (count >= VERY_MANY) return "critical";
  if (count >= MANY) return "high";
  return isGrowing ? "medium" : "low";
}
