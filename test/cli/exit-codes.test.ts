// Does every way to go wrong end in one clear line and the right exit code, and never in a stack trace?

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./run-cli.ts";
import { sample } from "./samples.ts";

const SICK = sample("leaked-pool");
const HEALTHY = sample("healthy-closes");
/** The user id without rights on every Linux. */
const NOBODY = 65_534;
let folder = "";
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-cli-"));
  mkdirSync(at("directory"));
  writeFileSync(at("empty.pcap"), "");
  writeFileSync(at("noise.pcap"), Buffer.from("these are not the packets that you look for\n".repeat(9)));
  const whole = gunzipSync(readFileSync(SICK));
  writeFileSync(at("cut.pcap"), whole.subarray(0, whole.length - 7));
  writeFileSync(at("only-header.pcap"), whole.subarray(0, 24));
  writeFileSync(at("cut-header.pcap"), whole.subarray(0, 20));
  writeFileSync(at("cut.pcap.gz"), readFileSync(SICK).subarray(0, 20_000));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One line for a person on standard error. */
function oneLine(stderr: string): string {
  expect(stderr).toMatch(/^halfclose: [^\n]+\n$/);
  expect(stderr).not.toMatch(/\bat .*\.(ts|js):\d+/);
  return stderr;
}

describe("wrong usage: 2", () => {
  test.each([
    [["analyze", SICK, "--bogus"], "unknown option '--bogus'"],
    [["anlyze", SICK], "unknown command 'anlyze' (Did you mean analyze?)"],
    [["incident.pcap"], "halfclose analyze incident.pcap"],
    [["analyze"], "no capture was named"],
    [["flows"], "no capture was named"],
    [["exchanges", "--json"], "no capture was named"],
    [["analyze", SICK, "--only", "nonsense"], "unanswered-requests, late-answers"],
    [["analyze", SICK, "--skip", "nonsense"], "unanswered-requests, late-answers"],
    [["analyze", SICK, "--only", ","], "names no analysis"],
    [["analyze", SICK, "--fail-on", "terrible"], "critical, high, medium, low, info"],
    [["analyze", SICK, "--format", "xml"], "text, markdown, json"],
    [["analyze", SICK, "--json", "--format", "text"], "contradict"],
    [["analyze", SICK, "--detail"], "--detail needs --format json"],
    [["analyze", SICK, "--zone", "+02:00"], "give it with --sockets"],
    [["analyze", "-", "--sockets", "-"], "not both"],
    [["analyze", "--sockets", "dump.txt", SICK], "name the captures before it"],
    [["analyze", SICK, "--sockets", "dump.txt", "--zone", "teatime"], "--zone"],
    [["analyze", SICK, "--from", "teatime"], '--from "teatime": not a time'],
    [["flows", SICK, "--to", "teatime"], '--to "teatime": not a time'],
    [["exchanges", SICK, "--filter", "host and"], "--filter"],
    [["states", "--at", "end"], "no capture was named"],
    [["states", SICK], "neither --at nor --every"],
    [["states", SICK, "--at", "end", "--every", "1s"], "--at and --every exclude each other"],
    [["states", SICK, "--at", "teatime"], '--at "teatime": not a time'],
    [["states", SICK, "--every", "often"], '--every "often": not a duration'],
    [["states", SICK, "--every", "0"], '--every "0": less than 1 ms'],
    [["states", SICK, "--at", "end", "--state", "LISTEN"], '--state "LISTEN": no state of a socket'],
    [["states", SICK, "--at", "end", "--summary", "--json"], "--summary is for people"],
    [["states", SICK, "--at", "end", "-o", SICK], "is the capture itself"],
    [["flows", SICK, "--time-wait", "long"], '--time-wait "long": not a duration'],
    [["analyze", SICK, "-o", SICK], "is the capture itself"],
    [["flows", SICK, "-o", SICK], "is the capture itself"],
  ])("%j", async (argv, says) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect(oneLine(stderr)).toContain(says);
    expect([code, stdout]).toEqual([2, ""]);
  });

  test("nothing at all: help on standard error", async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Examples:");
  });

  test("all analyses skipped", async () => {
    const { stdout } = await runCli(["analyze", "--list", "--json"]);
    const ids = (JSON.parse(stdout) as { id: string }[]).map((a) => a.id).join(",");
    expect((await runCli(["analyze", SICK, "--skip", ids])).code).toBe(2);
  });
});

describe("an input that cannot be read at all: 3", () => {
  test.each([
    ["nosuch.pcap", "no such file"],
    ["nosuch-*.pcap", "no file matches this pattern"],
    ["directory", "is a directory"],
    ["empty.pcap", "empty (0 bytes)"],
    ["noise.pcap", "not a capture"],
    ["cut-header.pcap", "cut short"],
  ])("%s", async (name, says) => {
    for (const command of ["analyze", "flows", "exchanges"]) {
      const { code, stdout, stderr } = await runCli([command, at(name)]);
      expect(oneLine(stderr)).toContain(at(name));
      expect(stderr).toContain(says);
      expect([code, stdout]).toEqual([3, ""]);
    }
  });

  test("among others that can be: they are analysed, and it is said", async () => {
    const { code, stdout, stderr } = await runCli(["analyze", SICK, at("noise.pcap"), "--fail-on", "low"]);
    expect(oneLine(stderr)).toContain("noise.pcap");
    expect(stdout).toContain("130 requests");
    expect(code).toBe(3);
  });

  test("no permission", async () => {
    writeFileSync(at("secret.pcap"), readFileSync(HEALTHY));
    chmodSync(at("secret.pcap"), 0);
    // Root may read everything: it is "nobody" for this one run.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid!(NOBODY);
    try {
      const { code, stderr } = await runCli(["analyze", at("secret.pcap")]);
      expect(oneLine(stderr)).toContain("no permission");
      expect(code).toBe(3);
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  });
});

describe("damage: analysed as far as it goes, 0, and said", () => {
  test.each([
    ["cut.pcap", "cut short"],
    ["cut.pcap.gz", "gzip"],
  ])("%s", async (name, says) => {
    const { code, stdout, stderr } = await runCli(["analyze", at(name)]);
    expect(oneLine(stderr)).toContain(says);
    expect(stderr).toMatch(/byte \d+/);
    expect(stdout).toContain("damaged");
    expect(code).toBe(0);
  });
  test("a header alone is a capture without packets", async () => {
    const { code, stdout, stderr } = await runCli(["analyze", at("only-header.pcap"), "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout).totals.packets).toBe(0);
  });
});

describe("--fail-on", () => {
  test.each([
    [SICK, "critical", 1],
    [SICK, "info", 1],
    [HEALTHY, "low", 0],
    [HEALTHY, "info", 1],
  ])("%s %s", async (capture, severity, expected) => {
    const { code, stdout } = await runCli(["analyze", capture, "--fail-on", severity]);
    expect(code).toBe(expected);
    expect(stdout).not.toBe("");
  });
});

describe("help", () => {
  test.each([
    [["--help"]],
    [["analyze", "--help"]],
    [["flows", "--help"]],
    [["exchanges", "--help"]],
    [["states", "--help"]],
    [["merge", "--help"]],
    [["help", "flows"]],
  ])("%j has examples, in 80 columns", async (argv) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Examples:");
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});
