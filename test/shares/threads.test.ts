// Do threads of the built program come to what one comes to, and end when they must?

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SAMPLES, sample } from "../cli/samples.ts";
import { BUILD_MS, build, type Program, run, shell } from "../robustness/program.ts";

const SICK = sample("leaked-pool");
let program: Program;

/** Runs a script of this folder with the library as built; it says what is not as it should be. */
const inProgram = (script: string, args: readonly string[]) => {
  const main = fileURLToPath(new URL(`./${script}`, import.meta.url));
  return run({ ...program, main }, [join(program.folder, "dist"), ...args]);
};

beforeAll(() => {
  program = build();
}, BUILD_MS);
afterAll(() => program.remove(), BUILD_MS);

it.each([
  ["2", ["analyze", SICK, "--json", "--detail"]],
  ["3", ["analyze", SICK, "--redact", "strict"]],
  ["2", ["flows", SICK, "--json", "--from", "+2s"]],
  ["4", ["exchanges", SICK, "--json", "--filter", "port 8280"]],
  ["16", ["states", SICK, "--at", "end"]],
  ["2", ["analyze", SICK, "--format", "html"]],
])(
  "--workers %s: %j",
  (workers, argv) => {
    const env = { HALFCLOSE_REDACT_KEY: "one key" };
    const alone = run(program, argv, { env });
    expect(alone.stdout.length).toBeGreaterThan(100);
    expect(run(program, [...argv, "--workers", workers], { env })).toEqual(alone);
  },
  60_000,
);

it("says of damaged and missing captures what one thread says", () => {
  const cut = join(program.folder, "cut.pcap.gz");
  writeFileSync(cut, shell(program, `head -c 30000 "${SICK}" | base64 -w0`).stdout, "base64");
  for (const captures of [[cut], [cut, "nowhere.pcap"], ["nowhere.pcap"]]) {
    const alone = run(program, ["analyze", ...captures, "--json"]);
    expect(run(program, ["analyze", ...captures, "--json", "--workers", "2"])).toEqual(alone);
  }
});

it("is sent what comes through a pipe, too", () => {
  const line = (workers: string) => `zcat "${SICK}" | $HALFCLOSE analyze - --json ${workers}`;
  expect(shell(program, line("--workers 3"))).toEqual(shell(program, line("")));
});

it("comes to the same for every sample, in any form, by two to four threads", () => {
  const captures = SAMPLES.map(([, capture]) => capture);
  expect(inProgram("same-reports.mjs", captures)).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
}, 300_000);

it("says what goes wrong in a thread, and in the middle of a capture", () => {
  expect(inProgram("thread-errors.mjs", [SICK])).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
}, 60_000);

it("ends on a signal at once", () => {
  const { stdout, stderr } = shell(
    program,
    `$HALFCLOSE analyze "${SICK}" "${SICK}" --workers 8 > "${program.folder}/out" & sleep 0.4; kill -INT $!; wait $!; echo $?`,
  );
  // It may have been done by then.
  expect(stdout.trim()).toMatch(/^(?:130|0)$/);
  expect(stderr).not.toContain("Error");
});
