// Does every output of every sample keep to the schemas that ship with the package?

import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { SAMPLES } from "../cli/samples.ts";
import { madeUpReport } from "../report/made-up-report.ts";

const ajv = new Ajv2020({ strict: true, strictTypes: false, allowMatchingProperties: true, allErrors: true });
for (const name of ["flow", "exchange", "report"]) {
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
    expect(exchanges.length).toBeGreaterThan(0);
    for (const exchange of exchanges) expectValid("exchange", exchange);
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
