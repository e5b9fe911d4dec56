// Is the page one whole, sealed file? What the browser tests (test/page) rest on, without a browser.

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { renderHtml } from "../../src/report/html/html.ts";
import { madeUpPictures } from "../page/made-up-pictures.ts";
import { madeUpReport } from "./made-up-report.ts";

const sha256 = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;
const contentOf = (html: string, tag: string): string =>
  new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html)?.[1] ?? "";

test("the policy names the one style sheet and the one script by their hashes, and nothing else", async () => {
  const html = await renderHtml(madeUpReport(), madeUpPictures());
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)!;
  expect(policy!.split("; ")).toEqual([
    "default-src 'none'",
    `style-src '${sha256(contentOf(html, "style"))}'`,
    `script-src '${sha256(contentOf(html, "script"))}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html.match(/<style/g)).toHaveLength(1);
  expect(html).not.toMatch(/ style=| on[a-z]+="/);
  // No address of another place, but the names of XML.
  expect(html.match(/https?:\/\/[^"' )]+/g)?.filter((url) => url !== "http://www.w3.org/2000/svg")).toEqual([]);
});

test("the same report gives the same bytes; headings are in order; ids are unique", async () => {
  const html = await renderHtml(madeUpReport(), madeUpPictures());
  expect(await renderHtml(madeUpReport(), madeUpPictures())).toBe(html);
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const levels = [...html.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
  expect(levels[0]).toBe(1);
  levels.forEach((level, i) => {
    expect(level).toBeLessThanOrEqual((levels[i - 1] ?? 0) + 1);
  });
});

test("who, since when, how sure, and how to get it again", async () => {
  const html = await renderHtml(madeUpReport(), madeUpPictures(), {
    how: { captures: ["a b.pcap"], reading: ["--filter", "port 8280"], analyzing: ["--only", "resets"], note: null },
  });
  const text = html
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replace(/\s+/g, " ");
  for (const said of [
    "192.0.2.7:8280 stopped answering 192.0.2.8 at 18:34:05.123.",
    "Since 18:34:05.123 4 min 5 s into the capture",
    "Who should act 192.0.2.7:8280 towards 192.0.2.8",
    "Confidence high 130 cases",
    "halfclose analyze 'a b.pcap' --filter 'port 8280' --only resets --format json",
    "halfclose diagram ladder 'a b.pcap' --filter 'port 8280' --finding 'unanswered-requests#1' -o unanswered-requests-1.svg",
    "halfclose extract 'a b.pcap' --filter 'port 8280' --finding 'unanswered-requests#1' -o unanswered-requests-1.pcapng",
    "halfclose states 'a b.pcap' --filter 'port 8280' --at 2026-03-01T18:34:05.123456789Z",
    "tshark -r incident.pcap -Y 'frame.number == 211 || frame.number == 260 || frame.number == 212 ||",
    "Cited (3 of 9,640)",
  ])
    expect(text).toContain(said);
});

test("a capture without a packet, a report without a finding", async () => {
  const html = await renderHtml(
    madeUpReport({
      captures: [],
      findings: [],
      clear: [],
      unsure: [],
      failed: [],
      topology: { links: 0, calls: [] },
      diagnosis: { summary: "Nothing is wrong.", confidence: "high", confidence_because: "", chain: [], ruled_out: [] },
    }),
    [],
  );
  expect(html).toContain('<h1 id="headline">Nothing is wrong.</h1>');
  expect(html).toContain("Nothing found");
  expect(html).not.toContain('id="findings"');
});
