// Do the commands print what they promise, in each form?

import {
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Collector, runCli } from "./run-cli.ts";
import { sample } from "./samples.ts";

const SICK = sample("leaked-pool");
const truth = JSON.parse(readFileSync(SICK.replace(/capture.*/, "truth.json"), "utf8"));
const service = truth.services.find((s: { name: string }) => s.name === "service");
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-out-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what is looked for.
const ESCAPE = /\x1b/;

describe("analyze", () => {
  test("text: the answer, with the counts of the truth", async () => {
    const { stdout } = await runCli(["analyze", SICK]);
    expect(stdout).toContain(`${service.unanswered} requests of ${service.requests}`);
    expect(stdout).not.toMatch(ESCAPE);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
  test("markdown", async () => {
    const { stdout } = await runCli(["analyze", SICK, "--format", "markdown"]);
    expect(stdout).toMatch(/^# What happened\n/);
  });
  test("--json is --format json, --detail adds flows and exchanges", async () => {
    const plain = JSON.parse((await runCli(["analyze", SICK, "--json"])).stdout);
    expect(JSON.parse((await runCli(["analyze", SICK, "--format", "json"])).stdout)).toEqual(plain);
    expect(plain.flows).toBeUndefined();
    const full = JSON.parse((await runCli(["analyze", SICK, "--json", "--detail"])).stdout);
    expect(full.flows.length).toBe(plain.totals.flows);
    expect(full.exchanges.filter((e: { outcome: string }) => e.outcome === "unanswered").length).toBe(
      service.unanswered,
    );
  });
  test("--only and --skip, as lists and repeated", async () => {
    const ran = async (...argv: string[]): Promise<string[]> => {
      const report = JSON.parse((await runCli(["analyze", SICK, "--json", ...argv])).stdout);
      const all = [...report.findings, ...report.clear, ...report.unsure] as { analysis: string }[];
      return [...new Set(all.map((a) => a.analysis))].sort();
    };
    expect(await ran("--only", "resets,late-answers")).toEqual(["late-answers", "resets"]);
    expect(await ran("--only", "resets", "--only", "late-answers")).toEqual(["late-answers", "resets"]);
    expect(await ran("--only", "resets,late-answers", "--skip", "resets")).toEqual(["late-answers"]);
  });
  test("--list needs no capture", async () => {
    const { code, stdout } = await runCli(["analyze", "--list"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^unanswered-requests +Which requests were never answered/m);
  });
  test("--filter and --from narrow what is analysed", async () => {
    const flows = async (...argv: string[]) =>
      JSON.parse((await runCli(["analyze", SICK, "--json", ...argv])).stdout).totals;
    expect((await flows("--filter", "port 8280")).flows).toBe(service.connections);
    expect((await flows("--from", "+1h")).flows).toBe(0);
  });
});

describe("colours", () => {
  const terminal = (): Collector => Object.assign(new Collector(), { isTTY: true });
  test.each([
    ["a terminal", [], {}, true, true],
    ["no terminal", [], {}, false, false],
    ["NO_COLOR", [], { NO_COLOR: "1" }, true, false],
    ["NO_COLOR that is empty counts as absent", [], { NO_COLOR: "" }, true, true],
    ["FORCE_COLOR", [], { FORCE_COLOR: "1" }, false, true],
    ["FORCE_COLOR=0", [], { FORCE_COLOR: "0" }, true, false],
    ["a dumb terminal", [], { TERM: "dumb" }, true, false],
    ["--color always", ["--color", "always"], { NO_COLOR: "1" }, false, true],
    ["--color never", ["--color", "never"], { FORCE_COLOR: "1" }, true, false],
  ])("%s", async (_, argv, env, isTty, colored) => {
    const stdout = isTty ? terminal() : new Collector();
    await runCli(["analyze", SICK, ...argv], { stdout, env: { LANG: "C.UTF-8", ...env } });
    expect(ESCAPE.test(stdout.text)).toBe(colored);
  });
  test("ASCII where the locale is not UTF-8", async () => {
    for (const command of [
      ["analyze"],
      ["flows"],
      ["exchanges"],
      ["states", "--at", "end"],
      ["states", "--every", "1s"],
    ]) {
      const { stdout } = await runCli([...command, SICK], { env: { LC_ALL: "C", LANG: "en_US.UTF-8" } });
      expect(stdout).toMatch(/^[\n -~]+$/);
    }
  });
});

describe("flows and exchanges", () => {
  test("one JSON object a line", async () => {
    const lines = (await runCli(["flows", SICK, "--json"])).stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).flow)).toEqual(lines.map((_, i) => i));
    const exchanges = (await runCli(["exchanges", SICK, "--json", "--filter", "port 8280"])).stdout
      .trimEnd()
      .split("\n");
    const outcomes = exchanges.map((line) => JSON.parse(line).outcome);
    expect(outcomes.filter((o) => o === "answered").length).toBe(service.answered);
    expect(outcomes.filter((o) => o === "unanswered").length).toBe(service.unanswered);
  });
  test("a table for people, its columns aligned", async () => {
    for (const [command, column] of [
      ["flows", "SERVER"],
      ["exchanges", "OUTCOME"],
    ] as const) {
      const [head, ...rows] = (await runCli([command, SICK])).stdout.trimEnd().split("\n");
      const at = head!.indexOf(column);
      expect(rows.length).toBeGreaterThan(200);
      for (const row of rows) expect(row.slice(at - 2, at)).toBe("  ");
    }
  });
  test("--redact none shows what was sent", async () => {
    const { stdout } = await runCli(["exchanges", SICK, "--json", "--redact", "none"]);
    expect(stdout).not.toContain("REDACTED");
  });
});

describe("-o", () => {
  test("a file is whole, its temporary file gone, its mode and links kept", async () => {
    const target = join(folder, "report.json");
    const link = join(folder, "link.json");
    writeFileSync(target, "old", { mode: 0o640 });
    symlinkSync(target, link);
    const { code, stdout } = await runCli(["analyze", SICK, "--json", "-o", link]);
    expect([code, stdout]).toEqual([0, ""]);
    expect(JSON.parse(readFileSync(target, "utf8")).schema).toBe("halfclose.report/1");
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual(["link.json", "report.json"]);
  });
  test("- is standard output", async () => {
    expect((await runCli(["flows", SICK, "--json", "-o", "-"])).stdout).toContain('{"flow":0,');
  });
  test("no colour and no terminal's width in a file", async () => {
    const stdout = Object.assign(new Collector(), { isTTY: true, columns: 200 });
    const target = join(folder, "report.txt");
    await runCli(["analyze", SICK, "-o", target], { stdout });
    const text = readFileSync(target, "utf8");
    expect(text).not.toMatch(ESCAPE);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });
  test.each([
    ["a directory that does not exist", () => join(folder, "no", "report.txt"), "directory does not exist"],
    ["a directory", () => folder, "is a directory"],
  ])("%s: 3", async (_, path, says) => {
    const { code, stderr } = await runCli(["analyze", SICK, "-o", path()]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^halfclose: [^\n]+\n$/);
    expect(stderr).toContain(says);
  });
  test.runIf(existsSync("/dev/full"))("a full disk (where the system has one to try): 3, one line", async () => {
    for (const command of ["analyze", "flows", "exchanges"]) {
      const { code, stderr } = await runCli([command, SICK, "-o", "/dev/full"]);
      expect([code, stderr]).toEqual([
        3,
        "halfclose: /dev/full: no space left to write the result; free some, or name another place with -o\n",
      ]);
    }
  });
});

describe("standard output", () => {
  test("whose reader has left: quiet, 0", async () => {
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })),
    });
    stdout.on("error", () => {});
    expect(await runCli(["flows", SICK, "--json"], { stdout })).toEqual({ code: 0, stdout: "", stderr: "" });
  });
  test.runIf(existsSync("/dev/full"))("that is full (where the system has one to try): 3, one line", async () => {
    const stdout = createWriteStream("/dev/full");
    stdout.on("error", () => {});
    const { code, stderr } = await runCli(["flows", SICK], { stdout });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^halfclose: standard output: no space left [^\n]+\n$/);
  });
  test("that is slow is waited for, and gets all, in pieces", async () => {
    let inFlight = 0;
    let most = 0;
    let text = "";
    const stdout = new Writable({
      highWaterMark: 1024,
      write(chunk, _encoding, done) {
        most = Math.max(most, ++inFlight, this.writableLength / 100_000);
        setTimeout(() => {
          inFlight--;
          text += chunk;
          done();
        }, 1);
      },
    });
    const { code } = await runCli(["flows", SICK, "--json"], { stdout });
    expect(code).toBe(0);
    expect(text.trimEnd().split("\n").length).toBe(265);
    expect(most).toBeLessThan(2);
  });
});
