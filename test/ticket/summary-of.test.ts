// Does the comment say what an engineer needs, on one screen before the table, whatever the report holds?

import { describe, expect, it } from "vitest";
import type { Report, ReportLink } from "../../src/core/report.ts";
import { markdownOf } from "../../src/ticket/markup/markdown.ts";
import { plainText } from "../../src/ticket/markup/plain.ts";
import type { Block } from "../../src/ticket/summary.ts";
import { type SummaryFacts, summaryOf } from "../../src/ticket/summary-of.ts";
import { runCli } from "../cli/run-cli.ts";
import { SAMPLES, sample } from "../cli/samples.ts";
import { FINDING, madeUpReport, withEveryText } from "../report/made-up-report.ts";

const FACTS: SummaryFacts = { files: [], leftOut: [], ladder: null, state: "0123456789ab" };
const plain = (blocks: readonly Block[]): string => plainText(blocks);
const of = (change: Partial<Report> = {}, facts: Partial<SummaryFacts> = {}): string =>
  plain(summaryOf(madeUpReport(change), { ...FACTS, ...facts }));
const report = async (name: string): Promise<Report> =>
  JSON.parse((await runCli(["analyze", sample(name), "--json"])).stdout) as Report;
/** Lines of a terminal that are on one screen. */
const SCREEN = 50;

describe("the answer", () => {
  it("is told first: how bad, what, since when, who, how sure", () => {
    const text = of();
    const order = [
      "Critical: 192.0.2.7:8280 did not answer 9640 requests from 192.0.2.8",
      "192.0.2.7:8280 stopped answering 192.0.2.8 at 18:34:05.123.",
      "Since: 2026-03-01 18:34:05.123 UTC",
      "Who should act: 192.0.2.7:8280",
      "Confidence: high: 130 cases.",
      "In order of time",
      "18:34:05.123, symptom: 192.0.2.7:8280 did not answer 9640 requests",
      "from the start, mechanism: it holds 2 connections half-closed",
      "What to do first",
      "Take a stack dump of the service while it hangs.",
      "Findings: 1 critical, 1 low",
      "Who calls whom",
      "130 http requests, none answered; 9,640 unanswered",
      "How far it can be trusted: 6 connections began before the capture.",
      "Read from incident.pcap: pcap, ETHERNET",
      "Written by halfclose 1.2.3 (state 0123456789ab).",
    ];
    const unwrapped = text.replace(/\s+/g, " ");
    let at = 0;
    for (const words of order) {
      expect(unwrapped.indexOf(words, at), words).toBeGreaterThanOrEqual(at);
      at = unwrapped.indexOf(words, at);
    }
  });

  it.each(SAMPLES.map(([name]) => name))("fits a screen before the table: %s", async (name) => {
    const blocks = summaryOf(await report(name), FACTS);
    const table = blocks.findIndex((b) => b.kind === "table");
    const before = table < 0 ? blocks : blocks.slice(0, table);
    expect(plain(before).split("\n").length).toBeLessThanOrEqual(SCREEN);
  });

  it("of a healthy capture says that nothing serious was found", async () => {
    const blocks = summaryOf(await report("healthy-service"), FACTS);
    expect(blocks[0]).toEqual({ kind: "heading", text: "Nothing serious was found" });
    expect(blocks.some((b) => b.kind === "table")).toBe(false);
  });

  it("names the cause, where the diagnosis has one, and the process, where a dump has it", async () => {
    const text = plain(summaryOf(await report("leaked-pool"), FACTS));
    expect(text).toMatch(/^Critical: 127\.0\.0\.1:8280 leaked its pool of 10 connections to 127\.0\.0\.1:3307\n-+\n/);
    const named = { ...FINDING, metrics: { process: "orders", pid: 4711 } };
    expect(of({ findings: [named] })).toContain("Who should act: 192.0.2.7:8280 (orders, PID 4711)");
  });
});

describe("unanswered requests", () => {
  it("are those of a link, or of all links of a client to a service where there are several", () => {
    const { topology } = madeUpReport();
    const [link, other] = topology.calls as [ReportLink, ReportLink];
    const second = { ...link, caller: { address: "192.0.2.8", port: 80 } };
    expect(of().replace(/\s+/g, " ")).toContain("130 http requests, none answered; 9,640 unanswered");
    const text = of({ topology: { links: 3, calls: [link, second, other] } }).replace(/\s+/g, " ");
    expect(text.match(/9,640 unanswered/g)).toHaveLength(1);
    expect(text).toContain("192.0.2.8 → 192.0.2.7:8280, for all callers: 9,640 unanswered");
  });
});

describe("what there is much of", () => {
  it("is counted: findings, steps, calls, and words", () => {
    const findings = Array.from({ length: 25 }, (_, i) => ({ ...FINDING, id: `unanswered-requests#${i + 1}` }));
    const step = madeUpReport().diagnosis.chain[0]!;
    const { diagnosis } = madeUpReport();
    const text = of({
      findings,
      diagnosis: { ...diagnosis, summary: "long ".repeat(1000), chain: Array.from({ length: 9 }, () => step) },
    });
    expect(text).toContain("and 15 more findings: see the report");
    expect(text).toContain("and 3 more steps: see the report");
    expect(text).toMatch(/… \(3,000 more characters: see\s+the report\)/);
  });
});

describe("files", () => {
  const files = [
    { name: "report.html", what: "the whole report, for any browser", content: "5 bytes, sha256 0123456789ab" },
  ];
  it("are named with what they are, and what is missing with the reason", () => {
    const blocks = summaryOf(madeUpReport(), {
      ...FACTS,
      files,
      leftOut: [{ name: "states.svg", because: "too large" }],
    });
    const text = blocks.map((b) => markdownOf(b)).join("\n\n");
    expect(text).toContain("| `report.html` | the whole report, for any browser | 5 bytes, sha256 0123456789ab |");
    expect(text).toMatch(/- `states\.svg`\\?: too large/);
  });
});

describe("the ladder", () => {
  const last = (ladder: SummaryFacts["ladder"]): Block => summaryOf(madeUpReport(), { ...FACTS, ladder }).at(-1)!;
  it("stands at the end, where a limit takes it first", () => {
    expect(last({ title: "t", mermaid: "sequenceDiagram", text: "->" })).toEqual({
      kind: "diagram",
      title: "t",
      mermaid: "sequenceDiagram",
      text: "->",
    });
    expect(last({ title: "t", mermaid: null, text: "->" })).toEqual({ kind: "code", text: "->" });
    expect(last({ title: "t", mermaid: "sequenceDiagram", text: null })).toMatchObject({ text: "sequenceDiagram" });
  });
});

describe("redaction", () => {
  it("is told: what was replaced, pseudonyms, or that nothing was", () => {
    const level = (redaction: Report["redaction"]): string =>
      of(redaction === undefined ? {} : { redaction }).replace(/\s+/g, " ");
    expect(level({ level: "default", key: null, replaced: { "target secrets": 2 } })).toContain(
      "Replaced before this was written: 2 secrets in request targets.",
    );
    expect(level({ level: "strict", key: "random", replaced: {} })).toContain("those of two reports do not compare");
    expect(level({ level: "none", key: null, replaced: {} })).toContain("Nothing was redacted (--redact none)");
  });
});

describe("hostile text", () => {
  it.each([
    "<script>alert(1)</script>",
    "@everyone !here #1",
    "\u202e\u0000\n/close",
    "| a | b |",
    "x".repeat(100_000),
  ])("in every field, blocks stay blocks: %j", (text) => {
    const blocks = summaryOf(withEveryText(madeUpReport(), text.slice(0, 20_000)), FACTS);
    const shape = (bs: readonly Block[]): string[] => bs.map((b) => b.kind);
    expect(shape(blocks)).toEqual(shape(summaryOf(withEveryText(madeUpReport(), "plain"), FACTS)));
    expect(plain(blocks).length).toBeLessThan(200_000);
  });
});
