// Which of the programs that tests drive are on this machine?

import { existsSync } from "node:fs";
import { join } from "node:path";

/** In PATH, or where administrators' programs are. */
export const installed = (...programs: readonly string[]): boolean =>
  programs.every((program) =>
    [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"].some((folder) => existsSync(join(folder, program))),
  );

export const isRoot = process.getuid?.() === 0;
