// Which of the engines could capture here? Asked without capturing: each lists the link types of "any", for which it must open it.

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { versionOf, versionText } from "../../capture/live/programs.ts";
import { ask, programNamed } from "./ask-program.ts";
import type { EngineHere } from "./interface-model.ts";
import { textOf } from "./proc-files.ts";

/** include/uapi/linux/capability.h */
const CAP_NET_RAW = 13n;
const LOAD_TIMEOUT_MS = 5000;
const PACKAGES = { dumpcap: "wireshark-common", tcpdump: "tcpdump" } as const;

export async function enginesHere(): Promise<EngineHere[]> {
  return Promise.all([programHere("dumpcap"), programHere("tcpdump"), capHere()]);
}

async function programHere(engine: "dumpcap" | "tcpdump"): Promise<EngineHere> {
  const program = await programNamed(engine);
  if (program === null) {
    return { engine, usable: false, because: "not installed", remedy: `install it: the package ${PACKAGES[engine]}` };
  }
  const remedy = engine === "dumpcap" ? "run as root, or join the group wireshark" : "run as root";
  if (!program.allowed) return { engine, usable: false, because: "this user may not run it", remedy };
  const [answer, version] = await Promise.all([ask(engine, LINK_TYPES), versionText(program.path)]);
  if (answer?.code === 0) return { engine, usable: true, because: versionOf(engine, version), remedy: null };
  return { engine, usable: false, because: "this user may not capture with it", remedy };
}

/** "any" is there on Linux only. */
const LINK_TYPES = process.platform === "linux" ? ["-i", "any", "-L"] : ["-L"];

/** It is compiled where it is installed, for one version of Node, and needs libpcap: only loading it tells. */
async function capHere(): Promise<EngineHere> {
  const engine = "cap";
  const unusable = (because: string, remedy: string): EngineHere => ({ engine, usable: false, because, remedy });
  let file: string;
  try {
    file = createRequire(import.meta.url).resolve("cap");
  } catch {
    return unusable("not installed", "install libpcap-dev and a C++ compiler, then: npm install cap");
  }
  if (!(await loads(file))) return unusable("it cannot be loaded", "npm rebuild cap, with libpcap installed");
  if (!mayOpenRaw()) return unusable("this user may not capture with it", "run as root");
  return { engine, usable: true, because: "cap (npm), without time stamps of the kernel", remedy: null };
}

/** In a process of its own: what a native module does when it does not fit is not known. */
const loads = (file: string): Promise<boolean> =>
  new Promise((resolve) => {
    const options = { timeout: LOAD_TIMEOUT_MS, env: { ...process.env, NODE_OPTIONS: "" } };
    execFile(process.execPath, ["-e", "require(process.argv[1])", file], options, (error) => resolve(error === null));
  });

/** Root, or a program with the capability. Elsewhere than on Linux root alone is looked for. */
export function mayOpenRaw(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]{1,16})$/m.exec(textOf("/proc/self/status"))?.[1];
  if (effective !== undefined) return ((BigInt(`0x${effective}`) >> CAP_NET_RAW) & 1n) === 1n;
  return process.getuid?.() === 0;
}
