// What is said of a capture when it begins, and when it has ended? One fact a line; on standard error, for the report is elsewhere.

import type { Chosen } from "../capture/live/choose.ts";
import { isoFromEpoch } from "../core/clock.ts";
import { count, formatDuration, formatNumber, formatSpan, formatTime } from "../core/format.ts";
import type { SessionEnd } from "../live/session/session-parts.ts";
import type { LivePlan } from "./live-options.ts";

export function startLines(
  { capture, why, filterRemark }: Chosen,
  plan: LivePlan,
  kind: "capture" | "watch",
): string[] {
  const { until, durationNs } = plan.session;
  const ends = [
    "Ctrl-C",
    ...(durationNs === null ? [] : [formatDuration(durationNs / 1e9)]),
    ...until.map(({ text }) => text),
  ];
  return [
    `${kind === "watch" ? "watching" : "capturing on"} ${plan.request.interfaces.join(", ")} by ${capture.version}`,
    `engine: ${why.replace(/\.$/, "")}`,
    ...(filterRemark === null ? [] : [sentence(filterRemark)]),
    ...capture.remarks.map(sentence),
    ...(until.some(({ what }) => what === "dropped") && capture.engine === "dumpcap"
      ? ["dropped is not known while dumpcap captures: that condition cannot come true; --engine tcpdump counts them"]
      : []),
    `what ends it: ${ends.join("; ")}`,
  ];
}

const sentence = (text: string): string => text.replace(/\.$/, "");

export interface Captured {
  end: SessionEnd;
  chosen: Chosen;
  plan: LivePlan;
  files: readonly string[];
  snapshots: readonly string[];
  covered: { from: bigint; to: bigint } | null;
  removed: { files: number; packets: number; forRoom: number };
  lostSnapshots: number;
  /** The folder that stays; null for one that goes. */
  kept: string | null;
}

export function capturedLines(c: Captured): string[] {
  const { end } = c;
  return [
    `${whyEnded(end)}, after ${formatDuration(Math.round(end.seconds * 10) / 10)}`,
    packets(c),
    ...(end.fileProblem === null ? [] : [end.fileProblem]),
    ...(end.notWritten === 0
      ? []
      : [`${count(end.notWritten, "packet")} came while the disk was full, and no file has them`]),
    ...(c.lostSnapshots === 0
      ? []
      : [`${count(c.lostSnapshots, "list")} of sockets could not be written beside the packets`]),
    ...(end.abandoned === 0
      ? []
      : [`${count(end.abandoned, "connection")} were too many to count, and let go of: those silent for longest`]),
    ...(c.covered === null ? nothing(c) : files(c, c.covered)),
    ...(end.olderHalfClosed === 0
      ? []
      : [
          `${count(end.olderHalfClosed, "half-closed connection")} held at the end cannot show in the report: their FIN is older than the files kept`,
        ]),
    ...(c.kept === null || c.covered === null ? [] : [`to come back: ${comeBack(c.kept, c.snapshots.length > 0)}`]),
  ];
}

function whyEnded({ why, fired, firedAt, engineProblem }: SessionEnd): string {
  switch (why) {
    case "interrupt":
      return "ended as asked for";
    case "duration":
      return "its time was up";
    case "output":
      return "nobody reads the output any more";
    case "files":
      return "the packets cannot be kept any more";
    case "engine":
      return `the engine ended: ${engineProblem}`;
    case "trigger":
      return `${fired?.condition.text} held at ${formatTime(firedAt ?? "")} UTC (${fired?.saw})`;
  }
}

function packets({ end, chosen }: Captured): string {
  const dropped =
    end.dropped === null
      ? "the engine does not say how many the kernel dropped"
      : `${formatNumber(end.dropped)} dropped by the kernel`;
  const stamped = chosen.capture.timestamps === "kernel" ? "" : "; times are this program's, not the kernel's";
  return `${count(end.packets, "packet")} by ${chosen.capture.engine}, ${dropped}${stamped}`;
}

function files({ files, removed, kept }: Captured, { from, to }: { from: bigint; to: bigint }): string[] {
  const [first, last] = [isoFromEpoch(from), isoFromEpoch(to)];
  const where = kept === null ? "kept until now, in a folder that goes (with -w DIR they stay)" : `in ${kept}`;
  const span = `${count(files.length, "file")} ${where}: ${formatSpan(first, last)}`;
  if (removed.files === 0) return [span];
  return [
    span,
    `${count(removed.files, "older file")} (${count(removed.packets, "packet")}) made room${becauseFull(removed)}: the report sees from ${formatTime(first)} UTC on`,
  ];
}

function becauseFull({ files, forRoom }: Captured["removed"]): string {
  if (forRoom === 0) return "";
  return forRoom === files
    ? ", because the disk was full"
    : `, ${formatNumber(forRoom)} of them because the disk was full`;
}

function nothing({ end, plan }: Captured): string[] {
  if (end.packets > 0) return [];
  return [
    `nothing to report: not one packet was seen on ${plan.request.interfaces.join(", ")}; halfclose interfaces says which interface sees which service`,
  ];
}

/** For a shell: within single quotes, which a quote within ends. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const comeBack = (folder: string, sockets: boolean): string => {
  // A name that begins with a dash would be an option.
  const path = folder.replace(/\/+$/, "").replace(/^-/, "./-");
  const within = (pattern: string): string => quoted(`${path}/${pattern}`);
  const dumps = sockets ? ` --sockets ${within("halfclose-*.sockets.txt")}` : "";
  return `halfclose analyze ${within("halfclose-*.pcapng")}${dumps} --bundle ticket.zip`;
};
