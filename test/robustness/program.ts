// Builds the program, to end it at any moment: what a process leaves behind, only a process shows.

import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type BuiltProgram, buildProgram } from "../built-program.ts";

export { BUILD_MS } from "../built-program.ts";

const FAULTS = fileURLToPath(new URL("./faults.mjs", import.meta.url));

export type Program = BuiltProgram;

export const build = (): Program => buildProgram("robust");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program; with a `fault`, at its `at`-th call that changes the file system (faults.mjs). */
export function run(
  { main }: Program,
  argv: readonly string[],
  options: SpawnSyncOptions = {},
  fault?: { kind: string; at: number; fired: string },
): Ended {
  const faulty = fault === undefined ? [] : ["--import", FAULTS];
  const env = {
    ...process.env,
    LANG: "C.UTF-8",
    ...(fault && { FAULT_KIND: fault.kind, FAULT_AT: `${fault.at}`, FAULT_FIRED: fault.fired }),
    ...options.env,
  };
  const ended = spawnSync(process.execPath, [...faulty, main, ...argv], { ...options, env, maxBuffer: 1 << 30 });
  return { code: ended.status, signal: ended.signal, stdout: String(ended.stdout), stderr: String(ended.stderr) };
}

/** A line of bash, in which `$HALFCLOSE` is the program. */
export function shell({ main, folder }: Program, line: string, variables: Record<string, string> = {}): Ended {
  const env = { ...process.env, LANG: "C.UTF-8", HALFCLOSE: `${process.execPath} ${main}`, ...variables };
  const ended = spawnSync("bash", ["-c", `set -o pipefail; ${line}`], { cwd: folder, env, encoding: "utf8" });
  return { code: ended.status, signal: ended.signal, stdout: ended.stdout, stderr: ended.stderr };
}
