// Does every output of every sample keep to the schemas that ship with the package?

import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { SAMPLES } from "../cli/samples.ts";
import { madeUpReport } from "../report/made-up-report.ts";

const ajv = new Ajv2020({ strict: true, strictTypes: false, allowMatchingProperties: true, allErrors: true });
for (const name of ["flow", "exchange", "report", "states", "state-counts", "sockets"]) {
  ajv.addSchema(JSON.parse(readFileSync(new URL(`../../schema/${name}.schema.json`, import.meta.url), "utf8")));
}
const validate = (name: string): ValidateFunction => ajv.getSchema(`${name}.schema.json`)!;

function expectValid(name: string, value: unknown): void {
  const check = validate(name);
  check(value);
  expect(check.errors ?? []).toEqual([]);
}

const objects = (text: string): unknown[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe.each(SAMPLES)("%s", (_, capture) => {
  test("report, without and with detail", async () => {
    expectValid("report", JSON.parse((await runCli(["analyze", capture, "--json"])).stdout));
    expectValid("report", JSON.parse((await runCli(["analyze", capture, "--json", "--detail"])).stdout));
  });
  test("flows", async () => {
    const flows = objects((await runCli(["flows", capture, "--json"])).stdout);
    expect(flows.length).toBeGreaterThan(0);
    for (const flow of flows) expectValid("flow", flow);
  });
  test("exchanges", async () => {
    const exchanges = objects((await runCli(["exchanges", capture, "--json"])).stdout);
    const detail = JSON.parse((await runCli(["analyze", capture, "--json", "--detail"])).stdout);
    expect(exchanges).toEqual(detail.exchanges);
    for (const exchange of exchanges) expectValid("exchange", exchange);
  });
  test("states, at moments and over time", async () => {
    const at = ["1970-01-01", "+0s", "+1s", "end", "2100-01-01T00:00:00Z"].flatMap((t) => ["--at", t]);
    const sockets = objects((await runCli(["states", capture, ...at, "--json"])).stdout);
    expect(sockets.length).toBeGreaterThan(0);
    for (const socket of sockets) expectValid("states", socket);
    const counts = objects((await runCli(["states", capture, "--every", "1s", "--json"])).stdout);
    expect(counts.length).toBeGreaterThan(0);
    for (const count of counts) expectValid("state-counts", count);
  });
});

test("several captures: objects say which file a frame is in", async () => {
  const captures = SAMPLES.slice(0, 2).map(([, capture]) => capture);
  const report = JSON.parse((await runCli(["analyze", ...captures, "--json", "--detail"])).stdout);
  expectValid("report", report);
  expect(captures).toContain(report.flows[0].file);
});

describe("the schemas are strict", () => {
  test("a made-up report is valid", () => expectValid("report", madeUpReport()));
  test.each([
    ["an unknown field", { extra: 1 }],
    ["another version", { schema: "halfclose.report/2" }],
    ["no diagnosis", { diagnosis: undefined }],
    ["a severity of its own", { findings: [{ ...madeUpReport().findings[0]!, severity: "bad" }] }],
    ["a time without decimals", { findings: [{ ...madeUpReport().findings[0]!, onset: "2026-03-01T18:34:05Z" }] }],
    [
      "a time in a metric that is none",
      { findings: [{ ...madeUpReport().findings[0]!, metrics: { peak_at: "noon" } }] },
    ],
    ["a metric in camel case", { findings: [{ ...madeUpReport().findings[0]!, metrics: { waitedS: 1 } }] }],
  ])("%s is refused", (_, change) => {
    const value = JSON.parse(JSON.stringify({ ...madeUpReport(), ...change }));
    expect(validate("report")(value)).toBe(false);
  });
  const socket = {
    at: "2026-03-01T18:34:05.000000000Z",
    flow: 3,
    local: { address: "192.0.2.1", port: 8280 },
    remote: { address: "192.0.2.2", port: 40_000 },
    state: "CLOSE_WAIT",
    since: null,
    certain: true,
  };
  test("a socket since before the capture is valid", () => expectValid("states", socket));
  test.each([
    ["CLOSED: there is no socket", { state: "CLOSED" }],
    ["a state as ss writes it", { state: "CLOSE-WAIT" }],
    ["no since", { since: undefined }],
    ["a remote without a port", { remote: { address: "192.0.2.2" } }],
    ["an unknown field", { pid: 1 }],
  ])("of a socket, %s is refused", (_, change) => {
    expect(validate("states")(JSON.parse(JSON.stringify({ ...socket, ...change })))).toBe(false);
  });
  const pair = {
    local: { address: "192.0.2.1", port: 8280 },
    remote: { address: "192.0.2.2" },
    counts: { CLOSING: 1 },
  };
  const counts = { time: socket.at, counts: { CLOSING: 1 }, by_endpoint: [pair] };
  test("counts are valid", () => expectValid("state-counts", counts));
  test.each([
    ["a zero", { counts: { CLOSING: 0 } }],
    ["CLOSED", { counts: { CLOSED: 1 } }],
    ["a pair of two services", { by_endpoint: [{ ...pair, remote: { address: "192.0.2.2", port: 1 } }] }],
    ["a pair without a service", { by_endpoint: [{ ...pair, local: { address: "192.0.2.1" } }] }],
    ["a pair without a socket", { by_endpoint: [{ ...pair, counts: {} }] }],
  ])("of counts, %s is refused", (_, change) => {
    expect(validate("state-counts")({ ...counts, ...change })).toBe(false);
  });
  test("an exchange without a request is unknown", () => {
    const exchange = {
      flow: 0,
      protocol: "http",
      request: null,
      response: { frame: 1, time: "2026-03-01T18:34:05.000000000Z", status: 200 },
      outcome: "unknown",
      waited_s: null,
      gave_up: null,
      interim: 0,
    };
    expectValid("exchange", exchange);
    expect(validate("exchange")({ ...exchange, outcome: "answered" })).toBe(false);
  });
});

test("a report with socket dumps beside the capture", async () => {
  const { stdout } = await runCli([
    "analyze",
    "samples/leaking-http-client/capture.pcap.gz",
    "--json",
    "--sockets",
    "test/sockets/dumps/windows-bound-leak-tcpconnection.txt.gz",
    "no-such-file",
  ]);
  const report = JSON.parse(stdout);
  expectValid("report", report);
  expect(report.sockets).toHaveLength(2);
});
