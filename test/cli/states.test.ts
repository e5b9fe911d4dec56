// Does `halfclose states` print what netstat would have: for people, for programs, and with what it was told of the hosts?

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ReportSocket, ReportStateCounts } from "../../src/core/report.ts";
import { runCli } from "./run-cli.ts";
import { sample } from "./samples.ts";

const SICK = sample("leaked-pool");
const JOINED_MIDWAY = sample("frozen-service-midstream");
const { kernel } = JSON.parse(readFileSync(SICK.replace(/capture.*/, "truth.json"), "utf8"));

const states = (...argv: string[]) => runCli(["states", SICK, ...argv]);
const objects = async <T>(...argv: string[]): Promise<T[]> =>
  (await states(...argv, "--json")).stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
const stateOf = (s: ReportSocket): string => s.state;

describe("--at", () => {
  test("--json: the kernel's CLOSE_WAIT at the end, port by port", async () => {
    const sockets = await objects<ReportSocket>("--at", "end", "--state", "close-wait");
    expect(sockets.map((s) => s.remote.port).sort((a, b) => a - b)).toEqual(kernel.service_close_wait_ports);
    expect(new Set(sockets.map((s) => `${s.state} ${s.local.port}`))).toEqual(new Set(["CLOSE_WAIT 8280"]));
  });

  test("several moments in order of time, each once; flows in order, the client first", async () => {
    const sockets = await objects<ReportSocket>("--at", "end", "--at", "+5s", "--at", "+10s", "--at", "+5000ms");
    const moments = [...new Set(sockets.map((s) => s.at))];
    expect(moments.length).toBe(3);
    expect([...moments].sort()).toEqual(moments);
    for (const at of moments) {
      const then = sockets.filter((s) => s.at === at);
      const flows = then.map((s) => s.flow);
      expect([...flows].sort((a, b) => a - b)).toEqual(flows);
      expect(new Set(then.map((s) => `${s.flow} ${s.local.port}`)).size).toBe(then.length);
    }
  });

  test("a table: counts by service, then every socket", async () => {
    const { stdout, stderr, code } = await states("--at", "end");
    expect([code, stderr]).toEqual([0, ""]);
    const held = kernel.service_close_wait;
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC: \d+ sockets\n\n[A-Z_12 ]+ LOCAL +REMOTE\n/);
    expect(stdout).toMatch(new RegExp(`^ +${held} +\\d+ +127\\.0\\.0\\.1:8280 +127\\.0\\.0\\.1$`, "m"));
    const [, ...rows] = stdout
      .slice(stdout.indexOf("\nSTATE") + 1)
      .trimEnd()
      .split("\n");
    expect(rows.filter((row) => row.startsWith("CLOSE_WAIT ")).length).toBe(held);
    expect(rows.length).toBe((await objects("--at", "end")).length);
  });

  test("--summary leaves the sockets out", async () => {
    const { stdout } = await states("--at", "end", "--summary");
    expect(stdout).not.toContain("SINCE");
    expect(stdout.split("\n").length).toBeLessThan(15);
  });

  test.each([
    ["2100-01-01T00:00:00Z", /after the capture's last packet .*; timers run on, nothing else is known$/],
    ["2000-01-01T00:00:00Z", /before the capture begins .*; only what was already open then shows, assumed$/],
  ])("outside the capture, %s: one line on standard error, and it goes on", async (at, says) => {
    const { code, stdout, stderr } = await states("--at", at, "--at", "+5s");
    expect(code).toBe(0);
    expect(stderr).toMatch(/^halfclose: [^\n]+\n$/);
    expect(stderr.trimEnd()).toMatch(says);
    expect(stdout).toContain("ESTABLISHED");
  });

  test("after the last packet timers run on, and nothing is certain", async () => {
    const end = Date.parse((await objects<ReportSocket>("--at", "end"))[0]!.at);
    const later = await objects<ReportSocket>("--at", new Date(end + 120_000).toISOString());
    expect(later.filter((s) => s.certain)).toEqual([]);
    // Two minutes on, TIME_WAIT and the orphaned FIN_WAIT_2 of a Linux are gone; CLOSE_WAIT has no time-out.
    expect(new Set(later.map(stateOf))).toEqual(new Set(["CLOSE_WAIT", "ESTABLISHED"]));
    expect(later.filter((s) => s.state === "CLOSE_WAIT").length).toBe(kernel.service_close_wait);
  });

  test("a connection older than the capture has no since", async () => {
    const argv = ["states", JOINED_MIDWAY, "--at", "end"];
    const json = (await runCli([...argv, "--json"])).stdout.trimEnd().split("\n");
    expect(json.some((line) => JSON.parse(line).since === null)).toBe(true);
    expect((await runCli(argv)).stdout).toMatch(/^ESTABLISHED +earlier {2}/m);
  });
});

describe("--every", () => {
  test("--json: from the first packet to the last, as the sockets of each moment", async () => {
    const steps = await objects<ReportStateCounts>("--every", "2s");
    const at = steps.flatMap((s) => ["--at", s.time]);
    const sockets = await objects<ReportSocket>(...at);
    for (const { time, counts, by_endpoint } of steps) {
      const then = sockets.filter((s) => s.at === time);
      for (const state of new Set([...Object.keys(counts), ...then.map(stateOf)])) {
        const n = then.filter((s) => s.state === state).length;
        expect(counts[state as never] ?? 0).toBe(n);
        expect(by_endpoint.reduce((sum, e) => sum + (e.counts[state as never] ?? 0), 0)).toBe(n);
      }
    }
    const flows = (await runCli(["flows", SICK, "--json"])).stdout.split("\n");
    expect(steps[0]!.time).toBe(JSON.parse(flows[0]!).first_time);
  });

  test("a table of the states that occur, then the course of each service and state", async () => {
    const { stdout } = await states("--every", "1s", "--state", "CLOSE_WAIT,FIN_WAIT_2");
    const [steps, courses] = [stdout.slice(0, stdout.indexOf("\nSTATE")), stdout.slice(stdout.indexOf("\nSTATE"))];
    expect(steps).toMatch(/ moments\n\nTIME +FIN_WAIT_2 +CLOSE_WAIT\n/);
    const held = kernel.service_close_wait;
    expect(steps.trimEnd()).toMatch(new RegExp(`${held} +${held}$`));
    expect(courses).toMatch(
      new RegExp(`^CLOSE_WAIT +127\\.0\\.0\\.1:8280 +127\\.0\\.0\\.1 +${held} +[\\d:.]+ +${held} +▁.*█$`, "m"),
    );
  });

  test("--summary gives the courses only, the same ones", async () => {
    const whole = (await states("--every", "1s")).stdout;
    const { stdout } = await states("--every", "1s", "--summary");
    expect(whole.endsWith(stdout.slice(stdout.indexOf("STATE")))).toBe(true);
    expect(stdout).not.toContain("\nTIME ");
  });

  test("no socket at all", async () => {
    expect((await states("--every", "1s", "--state", "CLOSING")).stdout).toBe("no socket at any of these moments\n");
    expect((await states("--at", "+1s", "--state", "CLOSING")).stdout).toMatch(/UTC: no socket\n$/);
  });
});

describe("what is known of the hosts", () => {
  const timeWaits = async (command: readonly string[], ...argv: string[]): Promise<number> => {
    const { stdout } = await runCli([...command, SICK, "--json", ...argv]);
    return stdout.split("TIME_WAIT").length - 1;
  };

  test("a TIME_WAIT of nothing leaves none, in flows as in states", async () => {
    for (const command of [["flows"], ["states", "--at", "end"]]) {
      expect(await timeWaits(command)).toBeGreaterThan(100);
      expect(await timeWaits(command, "--time-wait", "0")).toBe(0);
      expect(await timeWaits(command, "--host", "127.0.0.0/8=linux,time-wait=0")).toBe(0);
      expect(await timeWaits(command, "--host", "10.0.0.0/8=linux,time-wait=0")).toBeGreaterThan(100);
    }
  });

  test("analyze takes them too, and refuses what means nothing", async () => {
    expect((await runCli(["analyze", SICK, "--host-os", "windows", "--port-range", "32768-60999"])).code).toBe(0);
    const { code, stderr } = await runCli(["analyze", SICK, "--host", "127.0.0.1"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^halfclose: --host "127\.0\.0\.1": no address before "="; write for example .*\n$/);
  });

  test("the help names the defaults of every system", async () => {
    for (const command of ["analyze", "flows", "states"]) {
      const help = (await runCli([command, "--help"])).stdout.replace(/\s+/g, " ");
      expect(help).toContain("linux 60 s, windows 240 s, macos 30 s, freebsd 60 s");
      expect(help).toContain("linux 32768-60999, windows 49152-65535, macos 49152-65535, freebsd 10000-65535");
    }
    expect((await runCli(["exchanges", "--help"])).stdout).not.toContain("--time-wait");
  });
});
