// Builds the program, to run `halfclose interfaces` within a network namespace: what it says depends on where its process is.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export interface Built {
  readonly folder: string;
  readonly main: string;
  remove(): void;
}

export function build(): Built {
  const folder = mkdtempSync(join(tmpdir(), "halfclose-interfaces-"));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  spawnSync(process.execPath, [tsc, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(folder, "dist")], {
    cwd: ROOT,
  });
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    main: join(folder, "dist/src/cli/main.js"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `wrapper`: the command that enters a namespace, or another user. */
export function run(
  built: Built,
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
