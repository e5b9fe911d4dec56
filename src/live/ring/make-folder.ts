// How is the folder of a capture made? With the folders above it, and for its owner alone: captures hold secrets.

import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf } from "./ring-error.ts";

const OWNER_ONLY = 0o700;
const AS_USUAL = 0o777;

/**
 * A folder that is there stays as it is. Rejects with the system's error. Node's own `recursive` never ends where a file system
 * refuses folders with ENOENT (/proc), so each step is one call.
 */
export async function makeFolder(path: string, mode = OWNER_ONLY): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) === "EEXIST") {
      if ((await stat(path)).isDirectory()) return;
      throw error;
    }
    if (codeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path), AS_USUAL);
    await mkdir(path, { mode });
  }
}
