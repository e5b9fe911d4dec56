// How does tcpdump capture? (tcpdump(8); tried with 4.99.3 and libpcap 1.10.3)
//
// `-U` writes each packet when it has it. Without `--immediate-mode` the kernel hands packets over in blocks, when one is full or after
// a second (pcap_set_timeout in tcpdump.c): packets are shown up to a second late, and each has its own time all the same. With it the
// kernel's buffer holds one slot of the whole snap length a packet, 1,000 packets in 64 MB on `lo`, and drops bursts. So: blocks, and a second's
// patience at the end, for a tcpdump that is ended at once loses what waits in its block (measured: 100 packets of 100).

import type { CaptureSource } from "../source.ts";
import { CaptureProcess, type Ended } from "./child-process.ts";
import { complaintOf } from "./complaints.ts";
import { type Engine, type LiveCapture, type LiveRequest, type LiveStatistics, loopbackRemark } from "./engine.ts";
import {
  type EngineFacts,
  endFailure,
  notAllowed,
  notInstalled,
  oneInterfaceOnly,
  silent,
  startFailure,
} from "./failures.ts";
import { findProgram, versionOf, versionText } from "./programs.ts";

const FACTS: EngineFacts = {
  name: "tcpdump",
  installed: "install the package tcpdump",
  permission: "run halfclose with sudo, or: sudo setcap cap_net_raw,cap_net_admin=eip $(command -v tcpdump)",
};
/** A block of the kernel's is handed over after a second; the rest is for a busy machine. */
const SETTLE_MS = 1150;
/** Each answer is a line on standard error, and a moment in which tcpdump takes no packets. */
const STATISTICS_EVERY_MS = 1000;
/** tcpdump prints its counts at this signal: SIGINFO where there is one, SIGUSR1 elsewhere (tcpdump(8)). */
const STATISTICS_SIGNAL: NodeJS.Signals = ["darwin", "freebsd", "openbsd", "netbsd"].includes(process.platform)
  ? "SIGINFO"
  : "SIGUSR1";
/** It can take that signal once it has said so. */
const LISTENING = /listening on /;
const CAPTURED = /(\d{1,15}) packets? captured/;
const DROPPED = /(\d{1,15}) packets? dropped by (?:kernel|interface)/g;

export const tcpdump: Engine = {
  name: "tcpdump",
  async start(request) {
    if (request.interfaces.length > 1) throw oneInterfaceOnly(FACTS, request);
    const program = await findProgram("tcpdump");
    if (program === null) throw notInstalled(FACTS);
    if (!program.allowed) throw notAllowed(FACTS, program.path);
    const version = versionOf("tcpdump", await versionText(program.path));
    return startTcpdump(program.path, version, request);
  },
};

/** `path` is run with tcpdump's options. */
export async function startTcpdump(path: string, version: string, request: LiveRequest): Promise<LiveCapture> {
  let capture = new TcpdumpCapture(path, version, request, []);
  let outcome = await capture.process.begun();
  if (typeof outcome === "object" && complaintOf(outcome.lines)?.kind === "no-such-user") {
    capture = new TcpdumpCapture(path, version, request, ["-Z", "root"]);
    outcome = await capture.process.begun();
  }
  if (outcome === "silent") throw silent(FACTS);
  if (outcome !== "begun") throw await startFailure(FACTS, request, outcome);
  return capture;
}

export function tcpdumpArguments(request: LiveRequest): string[] {
  const { interfaces, filter, snapLength, bufferBytes, promiscuous } = request;
  const args = ["-i", interfaces[0], "-w", "-", "-U", "-n", "--time-stamp-precision=nano"];
  args.push("-s", String(snapLength), "-B", String(Math.max(1, Math.ceil(bufferBytes / 1024))));
  if (!promiscuous) args.push("-p");
  args.push("--");
  if (filter !== "") args.push(filter);
  return args;
}

class TcpdumpCapture implements LiveCapture {
  readonly engine = "tcpdump";
  readonly version: string;
  readonly timestamps = "kernel";
  readonly remarks: readonly string[];
  readonly source: CaptureSource;
  readonly process: CaptureProcess;
  #listening = false;
  #asked = 0;
  #captured: number | null = null;
  #dropped: number | null = null;

  constructor(path: string, version: string, request: LiveRequest, extra: readonly string[]) {
    this.version = version;
    this.remarks = [
      "Packets are stamped by the kernel, to the nanosecond.",
      "tcpdump hands packets over up to a second after they were captured.",
      ...loopbackRemark(request),
      ...(extra.length > 0 ? ["tcpdump kept root's rights: the user that it changes to is not there."] : []),
    ];
    const args = [...extra, ...tcpdumpArguments(request)];
    this.process = new CaptureProcess({ path, args }, SETTLE_MS, (line) => this.#take(line));
    const name = request.interfaces.join(", ");
    const judge = (ended: Ended) => (ended.wanted ? null : endFailure(FACTS, request, ended));
    this.source = { path: name, size: undefined, once: true, open: () => this.process.stream(name, judge) };
  }

  statistics(): LiveStatistics {
    const now = performance.now();
    if (this.#listening && this.process.running && now - this.#asked >= STATISTICS_EVERY_MS) {
      this.#asked = now;
      this.process.signal(STATISTICS_SIGNAL);
    }
    return { received: this.#captured, dropped: this.#dropped };
  }

  stop(): void {
    this.process.stop();
  }

  /** At the signal the counts are parts of one line; at the end each has its own. */
  #take(line: string): void {
    if (LISTENING.test(line)) this.#listening = true;
    const captured = CAPTURED.exec(line);
    if (captured !== null) this.#captured = Number(captured[1]);
    let dropped: number | null = null;
    for (const [, count] of line.matchAll(DROPPED)) dropped = (dropped ?? 0) + Number(count);
    if (dropped !== null) this.#dropped = dropped;
  }
}
