// How does dumpcap capture? (dumpcap(1); tried with 4.0.17 and libpcap 1.10.3)
//
// It writes pcapng with nanoseconds, of several interfaces if asked. The kernel hands it packets in blocks, when one is full or after a
// quarter of a second (CAP_READ_TIMEOUT in dumpcap.c); ended at once it loses what waits there (measured: 100 packets of 100). What was dropped
// it tells only at its end, in an interface statistics block and on standard error.

import type { CaptureSource } from "../source.ts";
import { CaptureProcess, type Ended } from "./child-process.ts";
import { type Engine, type LiveCapture, type LiveRequest, type LiveStatistics, loopbackRemark } from "./engine.ts";
import { type EngineFacts, endFailure, notAllowed, notInstalled, silent, startFailure } from "./failures.ts";
import { findProgram, versionOf, versionText } from "./programs.ts";

const FACTS: EngineFacts = {
  name: "dumpcap",
  installed: "install the package wireshark-common (elsewhere: wireshark-cli, wireshark)",
  permission:
    "run halfclose with sudo, or: sudo dpkg-reconfigure wireshark-common (answer Yes) and sudo usermod -aG wireshark $USER, then log in again; elsewhere: sudo setcap cap_net_raw,cap_net_admin=eip $(command -v dumpcap)",
};
/** Its blocks come after 250 ms; the rest is for a busy machine. */
const SETTLE_MS = 400;
const MEBIBYTE = 1 << 20;
/** "Packets received/dropped on interface 'lo': 100/0 (pcap:0/…": one line an interface, at the end. */
const COUNTS = /^Packets received\/dropped on interface .*: (\d{1,15})\/(\d{1,15}) \(pcap:/;

export const dumpcap: Engine = {
  name: "dumpcap",
  async start(request) {
    const program = await findProgram("dumpcap");
    if (program === null) throw notInstalled(FACTS);
    if (!program.allowed) throw notAllowed(FACTS, program.path);
    const version = versionOf("dumpcap", await versionText(program.path));
    return startDumpcap(program.path, version, request);
  },
};

/** `path` is run with dumpcap's options. */
export async function startDumpcap(path: string, version: string, request: LiveRequest): Promise<LiveCapture> {
  const capture = new DumpcapCapture(path, version, request);
  const outcome = await capture.process.begun();
  if (outcome === "silent") throw silent(FACTS);
  if (outcome !== "begun") throw await startFailure(FACTS, request, outcome);
  return capture;
}

/** Filter, snap length, buffer and mode stand before the first interface: they are those of all. */
export function dumpcapArguments(request: LiveRequest): string[] {
  const { interfaces, filter, snapLength, bufferBytes, promiscuous } = request;
  const args = ["-q", "-s", String(snapLength), "-B", String(Math.max(1, Math.ceil(bufferBytes / MEBIBYTE)))];
  if (!promiscuous) args.push("-p");
  if (filter !== "") args.push("-f", filter);
  // One thread an interface, and a queue between them that holds 1,000 packets unless it is told how many bytes.
  if (interfaces.length > 1) args.push("-C", String(bufferBytes));
  for (const name of interfaces) args.push("-i", name);
  args.push("-w", "-");
  return args;
}

class DumpcapCapture implements LiveCapture {
  readonly engine = "dumpcap";
  readonly version: string;
  readonly timestamps = "kernel";
  readonly remarks: readonly string[];
  readonly source: CaptureSource;
  readonly process: CaptureProcess;
  #received: number | null = null;
  #dropped: number | null = null;

  constructor(path: string, version: string, request: LiveRequest) {
    this.version = version;
    this.remarks = [
      "Packets are stamped by the kernel, to the nanosecond.",
      "dumpcap tells how many packets were dropped only at the end of the capture.",
      ...loopbackRemark(request),
    ];
    this.process = new CaptureProcess({ path, args: dumpcapArguments(request) }, SETTLE_MS, (line) => this.#take(line));
    const name = request.interfaces.join(", ");
    const judge = (ended: Ended) => (ended.wanted ? null : endFailure(FACTS, request, ended));
    this.source = { path: name, size: undefined, once: true, open: () => this.process.stream(name, judge) };
  }

  statistics(): LiveStatistics {
    return { received: this.#received, dropped: this.#dropped };
  }

  stop(): void {
    this.process.stop();
  }

  #take(line: string): void {
    const counts = COUNTS.exec(line);
    if (counts === null) return;
    this.#received = (this.#received ?? 0) + Number(counts[1]);
    this.#dropped = (this.#dropped ?? 0) + Number(counts[2]);
  }
}
