// What if the disk is full, over quota or failing, at whatever call that writes? One line and exit code 3; what was there before is there
// still, and nothing else.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { beside, contentOf, WRITING, type Writing } from "./commands.ts";
import { installFaults } from "./faults.mjs";

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left",
  EDQUOT: "disk quota",
  EIO: "the disk fails",
  EROFS: "read-only",
};
const KINDS = Object.keys(REASONS);
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-faults-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command with a fault at its `at`-th call; false: it does not make so many. */
async function withFault({ argv, input }: Writing, target: string, kind: string, at: number) {
  let fired = false;
  const restore = installFaults({
    kind,
    at,
    fired: () => {
      fired = true;
    },
  });
  try {
    const ran = await runCli(argv(input, target));
    return { fired, ...ran };
  } finally {
    restore();
  }
}

describe.each(WRITING)("$name", (command) => {
  // Each call fails in one way; over all calls and commands, each way comes about many times.
  test.each([false, true])("any call fails; an earlier result is there: %s", async (isThere) => {
    const target = join(mkdtempSync(join(folder, "at-")), command.output);
    if (isThere) expect((await runCli(command.argv(command.input, target))).code).toBe(0);
    const before = contentOf(target);
    let at = 1;
    for (; ; at++) {
      const kind = KINDS[at % KINDS.length]!;
      const { fired, code, stderr } = await withFault(command, target, kind, at);
      if (!fired) break;
      expect([at, code]).toEqual([at, 3]);
      const said = stderr.split("\n").filter((line) => line.startsWith(`halfclose: ${target}: `));
      expect([at, said.length]).toEqual([at, 1]);
      expect(said[0]).toContain(REASONS[kind]);
      expect(stderr).not.toMatch(/\n {4}at /);
      expect([at, beside(target)]).toEqual([at, []]);
      const after = contentOf(target);
      expect([at, before === null ? after === null : after?.equals(before)]).toEqual([at, true]);
    }
    // To open, to write, to sync, to rename.
    expect(at).toBeGreaterThan(4);
  });
});
