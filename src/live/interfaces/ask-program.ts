// What does a program of the system answer? Bounded in time and length; null where it is not there, may not run, or fails.

import { execFile } from "node:child_process";
import { findProgram, type Program } from "../../capture/live/programs.ts";

/** A host with thousands of interfaces takes `ip` a second. */
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 << 20;

/** Where the programs are is looked up once. */
const found = new Map<string, Promise<Program | null>>();

export function programNamed(name: string): Promise<Program | null> {
  let program = found.get(name);
  if (program === undefined) {
    program = findProgram(name);
    found.set(name, program);
  }
  return program;
}

export interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Null: it is not installed, or may not be run. A code of null: it was ended by a signal, or by the limit of time or length. */
export async function ask(name: string, args: readonly string[]): Promise<Answer | null> {
  const program = await programNamed(name);
  if (program === null || !program.allowed) return null;
  return new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: MAX_BYTES, env: { ...process.env, LC_ALL: "C" } };
    execFile(program.path, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve({ code, stdout, stderr });
    });
  });
}

/** A namespace that is to be entered first: that of this process; null is that of this program. */
export type Entered = number | null;

/** What it prints when it succeeds; null otherwise. In another namespace it needs root, and nsenter(1) of util-linux. */
export async function askIn(pid: Entered, name: string, args: readonly string[]): Promise<string | null> {
  let answer: Answer | null;
  if (pid === null) answer = await ask(name, args);
  else {
    const program = await programNamed(name);
    if (program === null || !program.allowed) return null;
    answer = await ask("nsenter", ["-t", String(pid), "-n", "--", program.path, ...args]);
  }
  return answer?.code === 0 ? answer.stdout : null;
}
