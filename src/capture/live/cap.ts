// How does npm's cap capture, and what do its packets lack?
//
// It is a binding to libpcap, for machines on which neither dumpcap nor tcpdump may be had. It gives no time of the kernel's, no counts of what was
// dropped, and is always promiscuous; it runs in a process of its own (cap-process.ts says why).

import { fileURLToPath } from "node:url";
import type { CaptureSource } from "../source.ts";
import { CAP_SNAP_LENGTH, capVersion } from "./cap-module.ts";
import type { CapArguments } from "./cap-process.ts";
import { CaptureProcess, type Ended } from "./child-process.ts";
import { type Engine, EngineUnusable, type LiveCapture, type LiveRequest, type LiveStatistics } from "./engine.ts";
import { type EngineFacts, endFailure, oneInterfaceOnly, silent, startFailure } from "./failures.ts";

const FACTS: EngineFacts = {
  name: "cap",
  installed: "install libpcap-dev and a C++ compiler, then: npm install cap",
  permission: "run halfclose with sudo, or: sudo setcap cap_net_raw,cap_net_admin=eip $(command -v node)",
};
/** Packets are handed over at once; a busy machine needs a moment. */
const SETTLE_MS = 100;
/** While packets come faster than it takes them it does not see the signal: then it is killed. */
const LIMIT_MS = 5000;
/** What libpcap takes for a packet of cap's snap length in immediate mode: a block of the next power of two (seen: 488 packets in 64 MB on `lo`). */
const FRAME_BYTES = 1 << 17;
const COUNTS = /^(\d{1,15}) packets captured, (\d{1,15}) packets dropped$/;

/** What Node says when the module cannot be loaded. */
const NOT_LOADED: readonly (readonly [RegExp, reason: string, remedy: string])[] = [
  [
    /Cannot find (?:package|module) '(?:cap'|.*\/node_modules\/cap\/(?:lib\/Cap|index)\b)/,
    "is not installed",
    FACTS.installed,
  ],
  [
    /Cannot find module '.*cap\.node'/,
    "was installed without being compiled",
    "npm rebuild cap (npm 11 and later hold its script back: npm install-scripts approve cap)",
  ],
  [/different Node\.js version|self-register/, "was compiled for another version of Node.js", "npm rebuild cap"],
  [/cannot open shared object|Library not loaded/, "does not find libpcap", "install the package libpcap0.8"],
];

export const cap: Engine = { name: "cap", start: (request) => startCap(processFile(), request) };

/** Beside this file, in source or as built. */
const processFile = (): string =>
  fileURLToPath(new URL(`./cap-process.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));

/** `file` is run by Node with {@link CapArguments}. */
export async function startCap(file: string, request: LiveRequest): Promise<LiveCapture> {
  if (request.interfaces.length > 1) throw oneInterfaceOnly(FACTS, request);
  const capture = new CapCapture(file, request);
  const outcome = await capture.process.begun();
  if (outcome === "begun") return capture;
  if (outcome === "silent") throw silent(FACTS);
  for (const [pattern, reason, remedy] of NOT_LOADED) {
    if (outcome.lines.some((line) => pattern.test(line))) throw new EngineUnusable({ engine: "cap", reason, remedy });
  }
  throw await startFailure(FACTS, request, outcome);
}

class CapCapture implements LiveCapture {
  readonly engine = "cap";
  readonly version = capVersion();
  readonly timestamps = "process";
  readonly remarks: readonly string[];
  readonly source: CaptureSource;
  readonly process: CaptureProcess;
  #received: number | null = null;
  #dropped = 0;

  constructor(file: string, request: LiveRequest) {
    const { interfaces, filter, snapLength, bufferBytes } = request;
    this.remarks = [
      "Packets are stamped by halfclose when cap hands them over, not by the kernel: mostly 0.03 to 1 ms later, on a busy machine up to 0.1 s; their order is kept.",
      `cap reserves up to 128 KiB of the kernel's buffer for a packet: ${Math.floor(bufferBytes / FRAME_BYTES)} packets have room.`,
      "cap does not tell what the kernel dropped; counted is only what halfclose had no room for.",
      ...(request.promiscuous ? [] : ["cap captures promiscuously, asked for or not."]),
      ...(snapLength > CAP_SNAP_LENGTH ? [`cap keeps ${CAP_SNAP_LENGTH} bytes of a packet at most.`] : []),
    ];
    const given: CapArguments = { device: interfaces[0], filter, snapLength, bufferBytes };
    const command = { path: process.execPath, args: [file, JSON.stringify(given)], env: { NODE_OPTIONS: "" } };
    this.process = new CaptureProcess(command, SETTLE_MS, (line) => this.#take(line), LIMIT_MS);
    const name = interfaces.join(", ");
    const judge = (ended: Ended) => (ended.wanted ? null : endFailure(FACTS, request, ended));
    this.source = { path: name, size: undefined, once: true, open: () => this.process.stream(name, judge) };
  }

  /** Nothing dropped is not known: the kernel's drops are not told. */
  statistics(): LiveStatistics {
    return { received: this.#received, dropped: this.#dropped === 0 ? null : this.#dropped };
  }

  stop(): void {
    this.process.stop();
  }

  #take(line: string): void {
    const counts = COUNTS.exec(line);
    if (counts === null) return;
    this.#received = Number(counts[1]);
    this.#dropped = Number(counts[2]);
  }
}
