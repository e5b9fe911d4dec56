// Does the built program behave as a process: exit codes, closed pipes, signals, and a quick start?

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../../src/version.ts";
import { sample } from "./samples.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SICK = sample("leaked-pool");
/** The build takes seconds on a machine that has nothing else to do. */
const BUILD_MS = 120_000;
let folder = "";
let main = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-built-"));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const built = spawnSync(
    process.execPath,
    [tsc, "-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(folder, "dist")],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  expect(built.stdout).toBe("");
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  main = join(folder, "dist/src/cli/main.js");
}, BUILD_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

test("--version loads nothing but its own two files", () => {
  const loaded = mkdtempSync(join(folder, "loaded-"));
  // V8's coverage names every script that was run.
  spawnSync(process.execPath, [main, "--version"], { env: { ...process.env, NODE_V8_COVERAGE: loaded } });
  const scripts = readdirSync(loaded).flatMap((file) =>
    (JSON.parse(readFileSync(join(loaded, file), "utf8")).result as { url: string }[]).map((script) => script.url),
  );
  const files = scripts.filter((url) => url.startsWith("file:")).map((url) => url.replace(/.*\/dist\//, ""));
  expect(files.sort()).toEqual(["src/cli/main.js", "src/version.js"]);
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
