// Is what a memory budget did not keep said in every format, and in the words of the schema?

import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { ofWhatWasKept } from "../../analyses/summarised.ts";
import { CaptureClock } from "../../src/core/clock.ts";
import type { Summarised } from "../../src/core/summarised.ts";
import { renderHtml } from "../../src/report/html/html.ts";
import { reportJson } from "../../src/report/json.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { summarisedObject, summarisedSentences } from "../../src/report/summarised.ts";
import { renderText } from "../../src/report/text.ts";
import { madeUpReport } from "./made-up-report.ts";

const ENDINGS = { closed: 3, "half-closed": 0, reset: 2, refused: 0, unanswered: 0, open: 0 };
const COUNTS = { packets: 50, bytes: 700, first: 0, last: 4e9, closedFirst: { client: 3, server: 0, both: 0 } };
const SUMMARISED: Summarised = {
  budget: 5e8,
  isOver: false,
  flows: 5,
  kinds: [
    { kind: "healthy", flows: 3, first: 0, last: 3e9 },
    { kind: "ended", flows: 2, first: 1e9, last: 4e9 },
  ],
  services: [{ service: { address: "192.0.2.1", port: 8280 }, flows: 5, endings: ENDINGS, ...COUNTS }],
  elsewhere: null,
  forgotten: { services: 3, exchanges: { answered: 11, late: 0, unanswered: 2, pending: 0, unknown: 0 } },
  exchanges: { answered: 0, late: 0, unanswered: 7, pending: 0, unknown: 0 },
  cutResponses: 0,
  latencyPoints: 0,
  lateSegments: 0,
  resumed: 0,
};
const object = summarisedObject(SUMMARISED, new CaptureClock());
const report = madeUpReport({ summarised: object });
const SAID = [
  "5 of",
  "3 closed properly, with every request answered",
  "2 refused, reset, or closed with something amiss",
  "192.0.2.1:8280: 3 closed, 2 reset",
  "Of 3 services it is no longer known how they answered over time, only how often: 11 answered, 2 unanswered",
  "7 unanswered",
  "A memory budget of 500 MB was set",
];

const plain = (text: string): string => text.replace(/&[a-z]+;|\\/g, "").replace(/\s+/g, " ");

describe("what was summarised", () => {
  it("is in the JSON as the schema has it", () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, allowMatchingProperties: true, allErrors: true });
    for (const name of ["flow", "exchange", "sockets", "report"]) {
      ajv.addSchema(JSON.parse(readFileSync(new URL(`../../schema/${name}.schema.json`, import.meta.url), "utf8")));
    }
    const check = ajv.getSchema("report.schema.json")!;
    const whole = { ...object, other_services: { ...object.services[0]! } as Record<string, unknown> };
    delete whole.other_services.service;
    for (const summarised of [object, whole]) {
      check({ ...JSON.parse([...reportJson(report)].join("")), summarised });
      expect(check.errors ?? []).toEqual([]);
    }
  });

  it("is told in text, Markdown and on the page", async () => {
    for (const text of [renderText(report), renderMarkdown(report), await renderHtml(report, [])]) {
      for (const words of SAID) expect(plain(text)).toContain(words);
    }
  });

  it("is not mentioned when everything was kept", () => {
    expect(summarisedSentences(madeUpReport())).toEqual([]);
  });
});

describe("answers", () => {
  const said = {
    found: [{ analysis: "time-wait-buildup" }],
    clear: [
      { analysis: "resets", because: "no established connection was reset" },
      { analysis: "idle-timeouts", because: "nobody closed" },
      { analysis: "slow-answers", because: "no service became slower" },
    ],
    unsure: [] as { analysis: string; needs: string }[],
  };

  it("stay clear only where what was summarised cannot hold a fault", () => {
    const { clear, unsure } = ofWhatWasKept(said, {
      ...SUMMARISED,
      exchanges: { ...SUMMARISED.exchanges, unanswered: 0 },
      forgotten: { ...SUMMARISED.forgotten, services: 0 },
    });
    expect(clear.map((c) => c.analysis)).toEqual(["slow-answers"]);
    expect(unsure.map((u) => u.analysis)).toEqual(["resets", "idle-timeouts", "time-wait-buildup"]);
    expect(unsure[0]!.needs).toContain("not looked at: 2 connections that were summarised");
    const healthyOnly = ofWhatWasKept(said, { ...SUMMARISED, kinds: SUMMARISED.kinds.slice(0, 1) });
    expect(healthyOnly.clear.map((c) => c.analysis)).toContain("idle-timeouts");
    const slow = healthyOnly.unsure.find((u) => u.analysis === "slow-answers");
    expect(slow?.needs).toBe(
      "no service became slower, in what was kept; not looked at: 3 services that were summarised",
    );
  });

  it("are as they were when everything was kept", () => {
    expect(ofWhatWasKept(said, undefined)).toBe(said);
  });
});
