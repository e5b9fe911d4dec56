// What does --memory do on a command line, where it can be kept and where it cannot?

import { expect, test } from "vitest";
import { runCli } from "./run-cli.ts";
import { sample } from "./samples.ts";

const CAPTURE = sample("leaked-pool");

test("a capture that is far below the budget gives the same report, byte for byte", async () => {
  for (const more of [[], ["--json", "--detail"], ["--format", "markdown"]]) {
    const plain = await runCli(["analyze", CAPTURE, ...more]);
    const bounded = await runCli(["analyze", CAPTURE, ...more, "--memory", "2G"]);
    expect(bounded.stdout).toBe(plain.stdout);
  }
});

test.each([
  ["10M", /the program itself needs up to/],
  ["much", /not a size/],
])("--memory %s is refused", async (size, why) => {
  const { code, stderr } = await runCli(["analyze", CAPTURE, "--memory", size]);
  expect(code).toBe(2);
  expect(stderr).toMatch(why);
});

test.each([
  ["flows", CAPTURE],
  ["exchanges", CAPTURE],
  ["states", CAPTURE, "--at", "end"],
  ["diagram", "states", CAPTURE],
  ["extract", CAPTURE, "--flow", "0"],
])("%s says why it takes none", async (...args) => {
  const { code, stderr } = await runCli([...args, "--memory", "500M"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/every connection is needed/);
});
