// Does a ticket show everything, and can nothing that was captured act in it?

import { expect, test } from "vitest";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { madeUpReport, withEveryText } from "./made-up-report.ts";

const withoutBlocks = (text: string): string => text.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, "");

/** Without fenced blocks and code spans, in which nothing is read. */
function prose(text: string): string {
  return withoutBlocks(text).replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, "");
}

test("headings, a table of findings, filters to copy", () => {
  const text = renderMarkdown(madeUpReport());
  expect(text.startsWith("# What happened\n\n192.0.2.7:8280 stopped answering")).toBe(true);
  expect(text).toContain(
    "| critical | 192.0.2.7:8280 did not answer 9640 requests from 192.0.2.8 | `192.0.2.7:8280` | 9,640 | 18:34:05.123 |",
  );
  expect(text).toContain("| low | 192.0.2.7:8280 holds 2 connections half-closed | `192.0.2.7:8280` | 2 | the start |");
  expect(text).toContain("```text\nframe.number == 211 || frame.number == 260\nframe.number == 212\n");
  expect(text).toContain("| gave up after | 1.000 s |");
  expect(text).toContain("- packet loss: 0 of 120,000 segments were sent again");
});

test.each([
  "<script>alert(1)</script>",
  "<!-- comment",
  "[link](https://evil.example) ![img](https://evil.example/x.png)",
  "@root @all a@example.com",
  "#1 !2 ~bug %3 GH-4",
  "| cell | cell |\n| --- | --- |",
  "``` `` ` ```` unclosed",
  "\n\n# heading\n\n- item\n\n/close\n",
  "/close",
  "http://evil.example www.evil.example",
  "\x1b[31m \u202e",
  "$$math$$ $`x`$",
  "&#64;root &lt;b&gt;",
  "*bold* _em_ ~~gone~~",
])("%j in every field is inert", (hostile) => {
  const clean = renderMarkdown(madeUpReport());
  const text = renderMarkdown(withEveryText(madeUpReport(), hostile));
  const rest = prose(text);
  expect(rest).not.toMatch(/<|(?<!\\)\]\(|:\/\/|\bwww\./);
  expect(rest).not.toMatch(/[@#!~%$](?=[\p{L}\p{N}])/u);
  expect(rest).not.toMatch(/^\s*\//m);
  expect(rest).not.toMatch(/(?<!\\)[`$~]/);
  expect(rest).not.toMatch(/&(?!amp;|lt;|gt;)/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for.
  expect(text.replaceAll("\n", "")).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/);
  // The outline is that of the clean report: no heading, item or row more, no cell more in a row.
  const outline = (t: string) =>
    prose(t)
      .match(/^(#+ |- |\d+\. |\|)/gm)
      ?.join("");
  expect(outline(text)).toBe(outline(clean));
  const cells = (t: string) =>
    withoutBlocks(t)
      .match(/^\|.*$/gm)
      ?.map((row) => row.match(/(?<!\\)\|/g)!.length)
      .join();
  expect(cells(text)).toBe(cells(clean));
});

test("beside the files of a bundle: links to its pictures, one ladder drawn, and nothing of theirs acts", () => {
  const picture = (kind: string, title: string, mermaid: string) => ({
    kind,
    title,
    mermaid,
    path: `pictures/${kind}.svg`,
  });
  const hostile = "](https://evil.example) <b> ```";
  const ladder = "sequenceDiagram\n  participant a\n  Note over a: ``` and ````\n";
  const text = renderMarkdown(madeUpReport(), {
    pictures: [
      picture("states", hostile, "xychart-beta\n"),
      picture("ladder", "too long", "x".repeat(20_000)),
      picture("ladder", "one that fits", ladder),
      picture("ladder", "another", ladder),
    ],
  });
  expect(text).toContain(
    "## Pictures\n\n- [\\](https:\u200b//evil.example) &lt;b&gt; \\`\\`\\`](pictures/states.svg)\n",
  );
  expect(text).toContain(`one that fits:\n\n\`\`\`\`\`mermaid\n${ladder}\`\`\`\`\`\n`);
  expect(text.match(/mermaid\n/g)).toHaveLength(1);
  expect(renderMarkdown(madeUpReport())).not.toContain("Pictures");
});
