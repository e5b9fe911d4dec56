// How do tests get the program as users have it: compiled, joined, with its cached code?

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** The build takes seconds on a machine that has nothing else to do. */
export const BUILD_MS = 120_000;

export interface BuiltProgram {
  /** A folder of the tests' own, in which the program is too. */
  readonly folder: string;
  readonly dist: string;
  readonly main: string;
  remove(): void;
}

/** What `npm run build` does, into a folder of its own. */
export function buildProgram(name: string): BuiltProgram {
  const folder = mkdtempSync(join(tmpdir(), `halfclose-${name}-`));
  const dist = join(folder, "dist");
  const step = (script: string, ...args: string[]): void => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(ROOT, script), ...args], { encoding: "utf8" });
    if (stdout !== "" || stderr !== "" || status !== 0)
      throw new Error(`${script} ended with ${status}: ${stdout}${stderr}`);
  };
  step("node_modules/typescript/bin/tsc", "-p", join(ROOT, "tsconfig.build.json"), "--outDir", dist);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  step("build/bundle.mjs", dist);
  step("build/cache.mjs", dist);
  return {
    folder,
    dist,
    main: join(dist, "src/cli/main.js"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
