// Do threads of the built program come to what one comes to, and end when they must?

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sample } from "../cli/samples.ts";
import { BUILD_MS, build, type Program, run, shell } from "../robustness/program.ts";

const SICK = sample("leaked-pool");
let program: Program;

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

it("reads standard input in one thread", () => {
  const line = (workers: string) => `zcat "${SICK}" | $HALFCLOSE analyze - --json ${workers}`;
  expect(shell(program, line("--workers 2"))).toEqual(shell(program, line("")));
});

it("ends on a signal at once", () => {
  const { stdout, stderr } = shell(
    program,
    `$HALFCLOSE analyze "${SICK}" "${SICK}" --workers 8 > "${program.folder}/out" & sleep 0.4; kill -INT $!; wait $!; echo $?`,
  );
  // It may have been done by then.
  expect(stdout.trim()).toMatch(/^(?:130|0)$/);
  expect(stderr).not.toContain("Error");
});
