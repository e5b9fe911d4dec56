// Would the result replace the evidence? `-o incident.pcap` must not.

import { statSync } from "node:fs";
import { UsageError } from "../core/errors.ts";

export function refuseToOverwrite(output: string | undefined, inputs: readonly string[], what = "capture"): void {
  if (output === undefined || output === "-") return;
  const target = fileOf(output);
  if (target === undefined) return;
  for (const path of inputs) {
    const file = fileOf(path);
    if (file !== undefined && file.dev === target.dev && file.ino === target.ino && file.isFile()) {
      throw new UsageError(`-o ${output} is the ${what} itself; name another file`);
    }
  }
}

function fileOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // What is wrong with it, reading or writing it will say.
    return undefined;
  }
}
