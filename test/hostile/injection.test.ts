// Can a capture make its reader's tools do something? Every text of it carries markup for one of them.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { conversations, type Words } from "./conversations.ts";
import { type Output, outputsOf } from "./outputs.ts";
import { captureOf } from "./talk.ts";

const HTML = "<script>alert(1)</script><img/src=x/onerror=alert(1)>";
const SVG = '"/><svg/onload=alert(1)></title></text><a/xlink:href="javascript:alert(1)">';
const MARKDOWN = "](javascript:alert(1))[x]|`~~~@everyone#1";
const TERMINAL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e";
const SHEET = '=HYPERLINK("https://attacker.example","x")';
const MERMAID = "end;click_a_href_'javascript:alert(1)'%%{init:{}}%%";
const SHELL = "'$(id)`id`";
const ALL = `${HTML}${SVG}${MARKDOWN}${TERMINAL}${SHEET}${MERMAID}${SHELL}`;

const WORDS: Words = {
  path: ALL.replaceAll(" ", "+"),
  query: `q=${ALL.replaceAll(" ", "+")}`,
  host: ALL,
  id: ALL,
  headers: [`User-Agent: ${ALL}`, `Server: ${ALL}`],
  body: ALL,
  literal: ALL.replaceAll("'", ""),
  table: ALL.replaceAll("`", "").replaceAll('"', ""),
  user: ALL,
  database: ALL,
  password: ALL,
  errorText: ALL,
  key: ALL,
  value: ALL,
  sni: ALL,
};

const folder = mkdtempSync(join(tmpdir(), "halfclose-injection-"));
const capture = join(folder, "<img src=x onerror=alert(1)>$(id)'`.pcap");
let outputs: Output[] = [];
const text = ({ bytes }: Output): string => Buffer.from(bytes).toString("utf8");
const ending = (...endings: string[]): Output[] => outputs.filter(({ name }) => endings.some((e) => name.endsWith(e)));

beforeAll(async () => {
  writeFileSync(capture, captureOf(conversations(WORDS)));
  outputs = await outputsOf(capture, join(folder, "out"), ["--redact", "none"]);
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the texts are in the outputs, so that there is something to be inert", () => {
  expect(outputs.filter((o) => text(o).includes("alert(1)")).length).toBeGreaterThan(10);
});

test("no terminal is told anything: controls and overrides are written out", () => {
  for (const output of outputs.filter(({ name }) => !/\.(zip|pcapng)$/.test(name))) {
    const all = text(output);
    const at = all.search(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u);
    expect([output.name, at < 0 ? "" : JSON.stringify(all.slice(Math.max(0, at - 40), at + 20))]).toEqual([
      output.name,
      "",
    ]);
  }
});

/** The tags of a page or picture, without the values of their attributes, in which text may say what it likes. */
const tags = (output: Output): string[] =>
  [...text(output).matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'));
/** Where a reader would go, or what would be fetched. */
const targets = (output: Output): string[] =>
  [...text(output).matchAll(/<[^>]*>/g)].flatMap(([tag]) =>
    [...tag.matchAll(/\s(?:href|src|action|xlink:href|formaction|data|poster|srcset)\s*=\s*"([^"]*)"/gi)].map(
      (m) => m[1]!,
    ),
  );

test("pictures hold no element and no attribute but those that were drawn", () => {
  const pictures = ending(".svg");
  expect(pictures.length).toBeGreaterThan(4);
  const drawn = ["svg", "title", "desc", "style", "rect", "g", "text", "tspan", "path", "line", "circle", "polygon"];
  for (const output of pictures) {
    const names = tags(output).map((tag) => /^<[?/]?([^\s/>?]*)/.exec(tag)![1]!);
    expect(names.filter((name) => name !== "xml" && !drawn.includes(name))).toEqual([]);
    expect(tags(output).filter((tag) => /[\s/](?:on\w+|\S*href|style)\s*=/i.test(tag))).toEqual([]);
  }
});

test("the page holds no script but its own, and no address to go to", () => {
  for (const output of ending(".html")) {
    expect(tags(output).filter((tag) => /^<script/i.test(tag)).length).toBeLessThanOrEqual(1);
    expect(tags(output).filter((tag) => /[\s/](?:on\w+|style)\s*=/i.test(tag))).toEqual([]);
    expect(tags(output).filter((tag) => /^<(?:img|iframe|object|embed|base)\b/i.test(tag))).toEqual([]);
    expect(targets(output).filter((to) => !/^(?:#|data:image\/svg\+xml,)/.test(to))).toEqual([]);
  }
});

test("Markdown holds no link to where the capture says, no image, no tag", () => {
  for (const output of [...ending(".md"), ...outputs.filter(({ name }) => name === "analyze --format markdown")]) {
    const outside = text(output)
      .replace(/^(`{3,}).*\n[\s\S]*?^\1\s*$/gm, "")
      .replace(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, "");
    expect(outside).not.toMatch(/<(?!\/?(?:details|summary)>)[a-z/!]/i);
    expect(outside).not.toMatch(/(?<!\\)\]\((?!pictures\/|report\.|evidence\.)/);
    expect(outside).not.toMatch(/@everyone|(?<!\w)#1\b/);
  }
});

test("Mermaid holds no directive and no click", () => {
  for (const output of ending(".mmd")) {
    expect(text(output)).not.toMatch(/%%\{|^\s*click\b|;\s*click|<script|javascript:/im);
  }
});

test("no cell of a table begins as a formula", () => {
  for (const output of outputs.filter(({ name }) => !/\.(zip|pcapng|svg|html|mmd)$/.test(name)))
    for (const cell of text(output).split(/[\n\t]/)) expect(cell.trimStart()).not.toMatch(/^[=@]HYPERLINK/);
});
