// Does the built program behave as a process: exit codes, closed pipes, signals, and a quick start?

import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../../src/version.ts";
import { BUILD_MS, type BuiltProgram, buildProgram, ROOT } from "../built-program.ts";
import { sample } from "./samples.ts";

const SICK = sample("leaked-pool");
let program: BuiltProgram;
let folder = "";
let main = "";

beforeAll(() => {
  program = buildProgram("process");
  ({ folder, main } = program);
}, BUILD_MS);
afterAll(() => program.remove());

const halfclose = (...argv: string[]) => spawnSync(process.execPath, [main, ...argv], { encoding: "utf8" });
const shell = (line: string) =>
  spawnSync("bash", ["-c", `set -o pipefail; ${line}`], {
    encoding: "utf8",
    env: { ...process.env, NODE: process.execPath, MAIN: main, SICK, OUT: folder },
  });

test("--version is that of the package", () => {
  const version = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
  expect(VERSION).toBe(version);
  expect(halfclose("--version").stdout).toBe(`${version}\n`);
});

test("exit codes reach the shell", () => {
  expect(halfclose("analyze", SICK).status).toBe(0);
  expect(halfclose("analyze", SICK, "--fail-on", "high").status).toBe(1);
  expect(halfclose("analyze").status).toBe(2);
  expect(halfclose("analyze", join(folder, "nosuch.pcap")).status).toBe(3);
});

test("| head ends it quietly, with 0", () => {
  for (const command of ["flows $SICK --json", "exchanges $SICK", "analyze $SICK --json --detail", "--help"]) {
    const { status, stderr } = shell(`$NODE $MAIN ${command} | head -c 1 > /dev/null`);
    expect([status, stderr]).toEqual([0, ""]);
  }
});

test("a capture from standard input", () => {
  const { status, stdout } = shell("gzip -dc $SICK | $NODE $MAIN analyze - --json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout).totals.unanswered).toBe(130);
});

test("a full disk as standard output: 3 and one line", () => {
  const { status, stderr } = shell("test -c /dev/full || exit 3; $NODE $MAIN flows $SICK > /dev/full");
  expect(status).toBe(3);
  expect(stderr).toMatch(/^halfclose: standard output: no space left [^\n]+\n$/);
});

test("SIGINT while a pipe is read: the first is the other end's, the second ends it as a signal, and leaves nothing", async () => {
  const child = spawn(process.execPath, [main, "analyze", "-", "-o", join(folder, "out.txt")]);
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const exited = new Promise<[number | null, string | null]>((resolve) => {
    child.on("exit", (code, signal) => resolve([code, signal]));
  });
  child.stdin.write(readFileSync(sample("healthy-closes")).subarray(0, 1000));
  const told = async (): Promise<void> => {
    // Until it reads its input, it has not yet said that it will wait.
    for (let i = 0; i < 100 && !stderr.includes("Ctrl-C again"); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (i === 20) child.kill("SIGINT");
    }
  };
  await told();
  expect(stderr).toContain("Ctrl-C again to stop now");
  child.kill("SIGINT");
  expect(await exited).toEqual([null, "SIGINT"]);
  expect(readdirSync(folder).filter((name) => name.includes("out.txt"))).toEqual([]);
});

test("SIGINT, then the end of the pipe: what came is analysed", async () => {
  const child = spawn(process.execPath, [main, "analyze", "-", "--json"]);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  const exited = new Promise<number | null>((resolve) => {
    child.on("close", (code) => resolve(code));
  });
  child.stdin.write(readFileSync(sample("healthy-closes")));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  child.kill("SIGINT");
  for (let i = 0; i < 100 && !stderr.includes("Ctrl-C"); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  child.stdin.end();
  expect(await exited).toBe(0);
  expect(JSON.parse(stdout).totals.packets).toBe(602);
});
