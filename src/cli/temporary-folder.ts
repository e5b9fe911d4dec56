// Where do packets lie that nobody asked to keep? In a folder of the run's own, which goes with it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderPrefix, removeLeftovers } from "../capture/leftovers.ts";
import type { Io } from "./io.ts";
import { OutputError } from "./output.ts";

/** Packets, and pipes of engines, of live runs that were ended with kill -9. */
export const removeOfKilledRuns = (): void => removeLeftovers(tmpdir());

/** Gone at the end, however that comes. Throws {@link OutputError} where there can be none. */
export function temporaryFolder(io: Io): { path: string; remove(): void } {
  const path = folderIn(tmpdir());
  // A write that is under way may put one more file there.
  const drop = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  const forget = io.interrupts.add(drop);
  return {
    path,
    remove() {
      drop();
      forget();
    },
  };
}

function folderIn(parent: string): string {
  try {
    return mkdtempSync(join(parent, folderPrefix("watch")));
  } catch (error) {
    throw new OutputError(
      `${parent}: no temporary folder can be made there (${(error as NodeJS.ErrnoException).code}); set TMPDIR to another, or keep the packets with -w DIR`,
    );
  }
}
