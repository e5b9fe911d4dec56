// Is a comment in GitHub's and GitLab's Markdown readable, inert, and never longer than the tracker takes?

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bearsMark, markdownComment, markdownOf, markLine } from "../../src/ticket/markup/markdown.ts";
import { linkTo } from "../../src/ticket/markup/markdown-words.ts";
import type { Block, Inline } from "../../src/ticket/summary.ts";
import { anyBlock } from "./any-block.ts";

const Z = "\u200b";
const text = (words: string): Inline => ({ kind: "text", text: words });
const strong = (words: string): Inline => ({ kind: "strong", text: words });
const code = (words: string): Inline => ({ kind: "code", text: words });
const file = (name: string): Inline => ({ kind: "file", name });
const paragraph = (...words: Inline[]): Block => ({ kind: "paragraph", words });

test.each<[Block, string]>([
  [{ kind: "heading", text: "Critical: a stopped #" }, "### Critical: a stopped \\#"],
  [paragraph(text("Since: "), strong("18:34"), text(", by "), code("a`b")), "Since: **18:34**, by ``a`b``"],
  [paragraph(strong("“quoted”"), text(" words")), "<strong>“quoted”</strong> words"],
  [
    { kind: "list", ordered: true, items: [[text("first")], [text("- second")], [text("[x] third")]] },
    `1. first\n2. \\- second\n3. \\[${Z}x\\] third`,
  ],
  [{ kind: "list", ordered: false, items: [[code("a|b")], [text("c|d")]] }, "- `a|b`\n- c\\|d"],
  [
    { kind: "table", head: ["A", "B"], rows: [[[code("a|b")], [text("c|d")], [text("too many")]], [[text("one")]]] },
    "| A | B |\n| --- | --- |\n| `a\\|b` | c\\|d |\n| one |  |",
  ],
  [{ kind: "code", text: "one\n```\ntwo\n" }, "````text\none\n```\ntwo\n````"],
  [
    { kind: "diagram", title: "Ladder", mermaid: "sequenceDiagram\n  a->>b: SYN\n", text: "a → b" },
    "**Ladder**\n\n```mermaid\nsequenceDiagram\n  a->>b: SYN\n```",
  ],
  [{ kind: "diagram", title: "", mermaid: "x".repeat(50_001), text: "a → b" }, "```text\na → b\n```"],
  [{ kind: "code", text: "  \n" }, ""],
  [{ kind: "paragraph", words: [text("")] }, ""],
])("%#", (block, expected) => {
  expect(markdownOf(block)).toBe(expected);
});

test("long code is folded, in blocks of their own", () => {
  const written = markdownOf({ kind: "code", text: "line\n".repeat(26) });
  expect(written.startsWith("<details><summary>26 lines</summary>\n\n```text\nline\n")).toBe(true);
  expect(written.endsWith("\nline\n```\n\n</details>")).toBe(true);
});

describe("where two pieces meet, they make nothing new", () => {
  const links = (name: string): string => linkTo({ name, bytes: 5 }, "/uploads/x/y");
  test.each<[Inline[], string]>([
    [[text("@"), text("root")], `@${Z}root`],
    [[text("see #"), text("12")], `see #${Z}12`],
    [[text("see!"), file("a.svg")], `see!${Z}[a.svg](/uploads/x/y "5 bytes")`],
    [[text("$"), code("x"), text("$")], `\\$${Z}\`x\`\\$`],
    [[code("a"), code("b")], `\`a\`${Z}\`b\``],
    [[strong("a"), strong("b")], `**a**${Z}**b**`],
    [[text("/"), strong("close")], "\\/**close**"],
    [[text("  /"), text("close")], "\\/close"],
    [[text("a "), text(" b")], "a  b"],
    [[strong("Since"), text(": then")], "**Since**: then"],
    [[strong(" "), text("::include{file=a}")], "\\::include\\{file=a\\}"],
    [[file("a](b.svg")], '[a\\](b.svg](/uploads/x/y "5 bytes")'],
  ])("%#", (words, expected) => {
    expect(markdownOf(paragraph(...words), links)).toBe(expected);
  });
});

test.each([
  ["2001:db8:100:de::1 at 12:30:45", `2001:db8:${Z}100:${Z}de::1 at 12:30:45`],
  ["10.0.0.1:8280:443", "10.0.0.1:8280:443"],
  ["a :smile: :+1:", `a :${Z}smile: :${Z}+1:`],
  ["[TOC]", `\\[${Z}TOC\\]`],
  ["[[_TOC_]]", `\\[\\[${Z}\\_TOC\\_\\]\\]`],
  ["[issue:12] [fe80::1]", `\\[${Z}issue:12\\] \\[fe80::1\\]`],
  ["{+ added +} [- gone -]", `\\{${Z}+ added +\\} \\[${Z}- gone -\\]`],
  ["%{project_name}", `%${Z}\\{project_name\\}`],
])("%s is shown, and does nothing", (words, expected) => {
  expect(markdownOf(paragraph(text(words)))).toBe(expected);
});

/** Without fenced blocks, code spans, and what is ours. */
const prose = (markup: string): string =>
  markup
    .replace(/^(`{3,})(?:text|mermaid)\n[\s\S]*?\n\1$/gm, "")
    .replace(/(?<=(?<!\\)(?:\\\\)*)(?<!`)(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, "")
    .replace(/<\/?(?:strong|details|summary)>|^<!-- \S+ -->$/gm, " ");

/** A fence is closed by one of its own length, alone on its line. */
function fencesOpen(markup: string): boolean {
  let open: string | null = null;
  for (const line of markup.split("\n")) {
    if (open === null) open = /^`{3,}(?=text$|mermaid$)/.exec(line)?.[0] ?? null;
    else if (line === open) open = null;
  }
  return open !== null;
}

test("whatever the words are, nothing acts", () => {
  fc.assert(
    fc.property(anyBlock, (b) => {
      const markup = markdownOf(b);
      const rest = prose(markup);
      expect(rest).not.toMatch(/<|(?<!\\)\]\(|:\/\/|\bwww\./i);
      expect(rest).not.toMatch(/[@#!%~$](?=[\p{L}\p{N}])/u);
      expect(rest).not.toMatch(/^\s*\//m);
      expect(rest).not.toMatch(/&(?!amp;|lt;|gt;)/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for.
      expect(markup.replaceAll("\n", "")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/);
      if (b.kind === "table") {
        const cells = markup.split("\n").map((line) => line.replace(/\\./g, "").split("|").length);
        expect(new Set(cells).size).toBe(1);
        expect(cells.length).toBe(b.head.length === 0 ? 1 : b.rows.length + 2);
      }
      if (b.kind === "list" && b.items.length > 0) expect(markup.split("\n")).toHaveLength(b.items.length);
      if (b.kind === "paragraph" || b.kind === "heading") expect(markup).not.toContain("\n");
    }),
    { numRuns: 500 },
  );
});

describe("the limit", () => {
  const frame = { mark: "halfclose-1", links: () => null, after: [paragraph(text("Files."))] };

  test("is kept for any blocks, and the mark and what stands below are there", () => {
    fc.assert(
      fc.property(
        fc.array(anyBlock, { maxLength: 12 }),
        fc.integer({ min: 400, max: 3000 }),
        (blocks, maxCharacters) => {
          const whole = markdownComment(blocks, { ...frame, maxCharacters: null });
          const cut = markdownComment(blocks, { ...frame, maxCharacters });
          expect(cut.length).toBeLessThanOrEqual(maxCharacters);
          expect(cut.endsWith("Files.\n\n<!-- halfclose-1 -->")).toBe(true);
          expect(cut === whole).toBe(whole.length <= maxCharacters);
          expect(/^\*A comment here holds/m.test(cut)).toBe(whole.length > maxCharacters);
          expect(fencesOpen(cut)).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a table is shortened by its rows, later blocks are counted, a diagram makes way", () => {
    const rows = Array.from({ length: 100 }, (_, i) => [[text(`row ${i}`)]]);
    const blocks: Block[] = [
      { kind: "heading", text: "Title" },
      { kind: "diagram", title: "Ladder", mermaid: "x".repeat(900), text: "" },
      { kind: "table", head: ["Row"], rows },
      { kind: "heading", text: "After" },
      paragraph(text("words")),
    ];
    const cut = markdownComment(blocks, { ...frame, maxCharacters: 900 });
    const kept = cut.match(/^\| row \d+ \|$/gm)!.length;
    expect(kept).toBeGreaterThan(20);
    expect(cut).toContain(
      `*A comment here holds 900 characters. Left out, and in the report: ${100 - kept} rows of the table, 1 diagram, 2 parts.*`,
    );
  });

  test("a heading is not left without what it is of", () => {
    const blocks: Block[] = [
      paragraph(text("a")),
      { kind: "heading", text: "Title" },
      { kind: "table", head: ["x".repeat(900)], rows: [[]] },
    ];
    const cut = markdownComment(blocks, { ...frame, maxCharacters: 600 });
    expect(cut).not.toContain("Title");
    expect(cut).toContain("2 parts");
  });

  test("a long paragraph is cut within, at a whole character", () => {
    const cut = markdownComment([paragraph(text("😀".repeat(600)))], { ...frame, maxCharacters: 601 });
    expect(cut).toMatch(/^(?:😀)+…\n\n\*A comment/u);
  });
});

test("a mark is found on a line of its own, and not in another's", () => {
  const body = `words\r\n\r\n${markLine("halfclose-ab")}\r\n`;
  expect(bearsMark(body, "halfclose-ab")).toBe(true);
  expect(bearsMark(body, "halfclose-a")).toBe(false);
  expect(bearsMark(`> ${markLine("halfclose-ab")}`, "halfclose-ab")).toBe(false);
  expect(bearsMark(`words ${markLine("halfclose-ab")}`, "halfclose-ab")).toBe(false);
});

test("no mark ends the comment of HTML that it is in", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
      expect(markLine(a)).toMatch(/^<!-- (?:(?!--)[\w.!~*'()%-])* -->$/);
      expect(markLine(a) === markLine(b)).toBe(a === b);
    }),
  );
});
