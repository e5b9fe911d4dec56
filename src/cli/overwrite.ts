// Would the result replace the evidence? `-o incident.pcap` must not. And could it be written at all? Better known before the work.

import { fstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { expandPattern, isPattern } from "../capture/glob.ts";
import { UsageError } from "../core/errors.ts";
import { checkTarget } from "./file-output.ts";
import { isStdout } from "./output.ts";

const STDIN = 0;

/** `inputs`: as given, with patterns and folders. Throws UsageError and OutputError. */
export async function refuseToOverwrite(
  output: string | undefined,
  inputs: readonly string[],
  what = "capture",
): Promise<void> {
  if (output === "") throw new UsageError("-o names no file; - is standard output");
  if (output === undefined || isStdout(output)) return;
  const { path, before } = checkTarget(output);
  if (before === undefined || !before.isFile()) return;
  for (const input of await filesOf(inputs)) {
    const stats = input === "-" ? fstatSync(STDIN) : statOf(input);
    // A folder stands for the files in it.
    const isRead = stats?.isDirectory() ? realpathSync(input) === dirname(realpathSync(path)) : isSame(stats, before);
    if (isRead) throw new UsageError(`-o ${output} is the ${what} itself; name another file`);
  }
}

/** What the inputs name, patterns expanded as for reading. */
export async function filesOf(inputs: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const input of inputs) {
    files.push(input);
    if (isPattern(input)) files.push(...(await expandPattern(input)));
  }
  return files;
}

const isSame = (file: Stats | undefined, target: Stats): boolean =>
  file?.isFile() === true && file.dev === target.dev && file.ino === target.ino;

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // What is wrong with it, reading it will say.
    return undefined;
  }
}
