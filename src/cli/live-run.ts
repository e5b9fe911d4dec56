// How does a capture run from the command line? It is begun, told about, ended in whatever way, and then its files are analysed as any
// others are: `halfclose analyze` over them comes to the same report.

import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { type Chosen, defaultFilter, startCapture } from "../capture/live/choose.ts";
import { interfaceNames } from "../capture/live/interface-names.ts";
import { CaptureClock } from "../core/clock.ts";
import { UsageError } from "../core/errors.ts";
import { visible } from "../core/escape.ts";
import { formatDuration, formatTime } from "../core/format.ts";
import { parseHosts } from "../core/host-options.ts";
import { TextRedactor } from "../core/text-redactor.ts";
import { newsLines } from "../live/findings/finding-news.ts";
import { FindingWatch } from "../live/findings/finding-watch.ts";
import { Ring } from "../live/ring/ring.ts";
import { LiveSession } from "../live/session/session.ts";
import type { SessionEnd, SessionEvents, SessionParts } from "../live/session/session-parts.ts";
import { takeSnapshot } from "../live/session/socket-snapshots.ts";
import { unansweredLines } from "../live/session/unanswered-lines.ts";
import { DECODERS } from "../read-captures.ts";
import { VERSION } from "../version.ts";
import { analyzeCaptures } from "./analyze-captures.ts";
import { EXIT, type Io } from "./io.ts";
import { capturedLines, startLines } from "./live-captured.ts";
import { LiveLines } from "./live-lines.ts";
import { type LiveFlags, type LivePlan, readLiveFlags } from "./live-options.ts";
import { refuseToOverwrite } from "./overwrite.ts";
import { REDACT_KEY } from "./redact.ts";
import { removeOfKilledRuns, temporaryFolder } from "./temporary-folder.ts";

export type LiveKind = "capture" | "watch";

const wallClock = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));

export async function runLive(kind: LiveKind, flags: LiveFlags, io: Io): Promise<number> {
  const plan = readLiveFlags(flags, defaultFilter());
  if (plan.request.interfaces.length === 0) throw await noInterface(kind);
  if (kind === "capture" && flags.write === undefined)
    throw new UsageError(
      "no folder was named for the packets; for example: halfclose capture -i lo -w DIR (halfclose watch keeps none)",
    );
  await refuseToOverwrite(flags.output, []);
  if (flags.bundle !== undefined) await (await import("./bundle.ts")).checkBundle(flags.bundle, [], flags.output);
  removeOfKilledRuns();
  const temporary = flags.write === undefined ? temporaryFolder(io) : null;
  try {
    const chosen = await startCapture(plan.request, flags.engine);
    return await new LiveRun(kind, flags, plan, chosen, io).run(flags.write ?? temporary!.path);
  } finally {
    temporary?.remove();
  }
}

async function noInterface(kind: LiveKind): Promise<UsageError> {
  const names = await interfaceNames();
  if (process.platform === "linux") names.push("any");
  const there = names.length === 0 ? "" : ` (there are ${names.join(", ")})`;
  return new UsageError(
    `no interface was named${there}; for example: halfclose ${kind} -i lo; halfclose interfaces says which one sees which service`,
  );
}

class LiveRun {
  private readonly kind: LiveKind;
  private readonly flags: LiveFlags;
  private readonly plan: LivePlan;
  private readonly chosen: Chosen;
  private readonly io: Io;
  /** One key for all that is told in one run, so that a host has one name in it. */
  private readonly redaction: { redact: LiveFlags["redact"]; redactKey: string };
  private session: LiveSession | null = null;
  private findings: FindingWatch | null = null;

  constructor(kind: LiveKind, flags: LiveFlags, plan: LivePlan, chosen: Chosen, io: Io) {
    this.kind = kind;
    this.flags = flags;
    this.plan = plan;
    this.chosen = chosen;
    this.io = io;
    this.redaction = { redact: flags.redact, redactKey: io.env[REDACT_KEY] || randomBytes(16).toString("hex") };
  }

  async run(folder: string): Promise<number> {
    const { capture } = this.chosen;
    const clock = new CaptureClock();
    clock.start(wallClock());
    let ring: Ring;
    try {
      ring = await Ring.open(folder, this.plan.limits, this.description(), clock);
    } catch (error) {
      capture.stop();
      capture.stop();
      throw error;
    }
    const { io } = this;
    const forget = io.interrupts.add(() => {
      capture.stop();
      capture.stop();
    });
    const release = io.interrupts.whileCapturing(() => {
      this.say(["ending: the last packets are read and the report is made; once more stops at once"]);
      this.session?.end("interrupt");
    });
    const end = await this.capture(ring, clock).finally(() => {
      this.findings?.end();
      release();
      forget();
    });
    return this.report(end, ring);
  }

  private description() {
    const { capture, filter, filterRemark } = this.chosen;
    const { snapLength, interfaces } = this.plan.request;
    const isDefault = filter === defaultFilter();
    // What is longest comes last: readers cut comments.
    const said = [
      `Captured on ${interfaces.join(", ")} by ${capture.version}.`,
      ...capture.remarks,
      ...(filterRemark === null ? [] : [filterRemark]),
      `At most ${snapLength} bytes of a packet.`,
      isDefault ? "Filter: TCP, in VLANs and tunnels too." : filter === "" ? "No filter." : `Filter: ${filter}`,
    ];
    return { application: `halfclose ${VERSION}`, comment: said.join(" "), statistics: () => capture.statistics() };
  }

  // ─────────────────────────── while it runs ───────────────────────────

  private async capture(ring: Ring, clock: CaptureClock): Promise<SessionEnd> {
    const { io, kind, plan, flags } = this;
    const out = kind === "watch" ? io.stdout : io.stderr;
    // A capture goes on without anybody who watches it.
    const lines = new LiveLines(out, io.env, () => kind === "watch" && this.session?.end("output"));
    const parts: SessionParts = {
      capture: this.chosen.capture,
      ring,
      clock,
      wallClock,
      steadyClock: () => performance.now(),
      ownAddresses,
      takeSnapshot,
    };
    const reading = { hosts: parseHosts({}), decoders: DECODERS };
    this.session = new LiveSession(plan.session, parts, reading, this.events(lines));
    if (kind === "watch") this.findings = this.findingWatch(ring, lines);
    this.say(startLines(this.chosen, plan, kind));
    if (flags.quiet === true) this.say(["no line each second, as asked for"]);
    return this.session.run().finally(() => lines.end());
  }

  private events(lines: LiveLines): SessionEvents {
    const texts = new TextRedactor(this.redaction);
    return {
      counted: (counts, iso) => {
        if (this.flags.quiet !== true) lines.second(counts, iso);
        this.findings?.look();
      },
      unanswered: (requests, iso) => {
        if (this.kind === "watch") lines.write(unansweredLines(requests, iso, texts, lines.columns));
      },
      notice: (text) => this.say([text]),
      fired: ({ condition, saw }, iso, afterNs) => {
        const then = afterNs > 0 ? `; it goes on for ${formatDuration(afterNs / 1e9)}` : "";
        this.say([`${condition.text}: it came true at ${formatTime(iso)} UTC, ${saw}${then}`]);
      },
    };
  }

  private findingWatch(ring: Ring, lines: LiveLines): FindingWatch {
    return new FindingWatch({
      everyMs: this.plan.everyNs / 1e6,
      options: this.redaction,
      inputs: () => ({ files: ring.covered === null ? [] : ring.files, sockets: ring.snapshots }),
      steadyClock: () => performance.now(),
      tell: (news) => {
        const iso = new Date().toISOString();
        lines.write(news.flatMap((item) => newsLines(item, iso, lines.columns)));
      },
      notice: (text) => this.say([text]),
    });
  }

  private say(lines: readonly string[]): void {
    for (const line of lines) this.io.stderr.write(`halfclose: ${visible(line)}\n`);
  }

  // ─────────────────────────── at the end ───────────────────────────

  private async report(end: SessionEnd, ring: Ring): Promise<number> {
    const { flags, io, chosen, plan } = this;
    const { files, snapshots, covered } = ring;
    this.say(
      capturedLines({
        end,
        chosen,
        plan,
        files,
        snapshots,
        covered,
        removed: ring.removed,
        lostSnapshots: ring.lostSnapshots,
        kept: flags.write ?? null,
      }),
    );
    const failed = end.why === "engine" || end.notWritten > 0 || end.fileProblem !== null;
    const code = failed ? EXIT.unreadable : EXIT.ok;
    const isUnread = end.why === "output" && flags.output === undefined && flags.bundle === undefined;
    if (!flags.report || isUnread || covered === null) return code;
    const { format, output, bundle, redact, failOn, color } = flags;
    const found = await analyzeCaptures(
      files,
      {
        ...(format === undefined ? {} : { format }),
        ...(output === undefined ? {} : { output }),
        ...(bundle === undefined ? {} : { bundle }),
        ...(failOn === undefined ? {} : { failOn }),
        ...(snapshots.length === 0 ? {} : { sockets: [...snapshots] }),
        redact,
        color,
        only: [],
        skip: [],
        progress: true,
      },
      io,
    );
    return failed ? code : found;
  }
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address.replace(/%.*$/, "")),
  );
}
