// Builds the program, to run `halfclose interfaces` within a network namespace: what it says depends on where its process is.

import { execFileSync, spawnSync } from "node:child_process";
import { type BuiltProgram, buildProgram } from "../built-program.ts";

export { BUILD_MS, type BuiltProgram } from "../built-program.ts";

export const build = (): BuiltProgram => buildProgram("interfaces");

/** `wrapper`: the command that enters a namespace, or another user. */
export function run(
  built: BuiltProgram,
  wrapper: readonly string[],
  ...args: string[]
): { code: number; stdout: string; stderr: string } {
  const [program, ...rest] = [...wrapper, process.execPath, built.main, "interfaces", ...args];
  const { status, stdout, stderr } = spawnSync(program!, rest, {
    encoding: "utf8",
    env: { ...process.env, LANG: "C.UTF-8" },
  });
  return { code: status ?? -1, stdout, stderr };
}

export const has = (program: string, ...args: string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};
