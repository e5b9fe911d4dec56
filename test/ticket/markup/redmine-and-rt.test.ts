// Is every block written, in Redmine's three ways and in RT's HTML, and does nothing of what was captured act? What real servers make of it is
// seen in real-servers.test.ts; here stand the rules.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { html, htmlText } from "../../../src/ticket/markup/html.ts";
import { redmineMarkdown } from "../../../src/ticket/markup/redmine-markdown.ts";
import { plainNote } from "../../../src/ticket/markup/redmine-text.ts";
import { textile, textileText } from "../../../src/ticket/markup/textile.ts";
import type { Block } from "../../../src/ticket/summary.ts";
import { HOSTILE, hostileBlocks } from "./hostile-words.ts";

const BLOCKS: Block[] = [
  { kind: "heading", text: "Pool ran dry" },
  {
    kind: "paragraph",
    words: [
      { kind: "strong", text: "high" },
      { kind: "text", text: ": the pool of " },
      { kind: "code", text: "10.0.0.1:8280" },
      { kind: "text", text: " ran dry; see " },
      { kind: "file", name: "report.html" },
      { kind: "text", text: ", " },
      { kind: "file", name: "missing.txt" },
    ],
  },
  { kind: "list", ordered: true, items: [[{ kind: "text", text: "first" }], [{ kind: "strong", text: "second" }]] },
  { kind: "list", ordered: false, items: [[{ kind: "text", text: "dot" }]] },
  { kind: "table", head: ["What", "Count"], rows: [[[{ kind: "text", text: "a" }], [{ kind: "code", text: "1" }]]] },
  { kind: "code", text: "tcp.stream == 1\n<b>\n" },
  { kind: "diagram", title: "Ladder", mermaid: "sequenceDiagram", text: "a -> b" },
];
const FILES = new Set(["report.html"]);

describe("the blocks", () => {
  it("in Textile", () => {
    expect(textile(BLOCKS, FILES)).toEqual([
      "h3. Pool ran dry",
      "p. *high*: the pool of <code>10.0.0.1:8280</code> ran dry; see attachment:report.html, <code>missing.txt</code>",
      "# first\n# *second*",
      "* dot",
      "|_. What |_. Count |\n| a | <code>1</code> |",
      "<pre>\ntcp.stream == 1\n<\u200bb>\n</pre>",
      "Ladder:\n\n<pre>\na -> b\n</pre>",
    ]);
  });

  it("in Markdown", () => {
    expect(redmineMarkdown(BLOCKS, FILES)).toEqual([
      "### Pool ran dry",
      "**high**\\: the pool of `10.0.0.1:8280` ran dry; see attachment:report.html, `missing.txt`",
      "1. first\n2. **second**",
      "- dot",
      "| What | Count |\n| --- | --- |\n| a | `1` |",
      "```text\ntcp.stream == 1\n<b>\n```",
      "Ladder:\n\n```text\na -> b\n```",
    ]);
  });

  it("without markup", () => {
    expect(plainNote(BLOCKS, FILES)).toEqual([
      "POOL RAN DRY",
      "high: the pool of 10.0.0.1:8280 ran dry; see attachment:report.html, missing.txt",
      "1. first\n2. second",
      "- dot",
      "- What: a; Count: 1",
      "tcp.stream == 1\n<b>",
      "Ladder:\na -> b",
    ]);
  });

  it("in HTML", () => {
    expect(html(BLOCKS, new Map([["report.html", 'https://rt.example.com/a?"b"']]))).toEqual([
      "<h3>Pool ran dry</h3>",
      '<p><strong>high</strong>: the pool of <span style="font-family: monospace">10.0.0.1:8280</span> ran dry; see <a href="https://rt.example.com/a?&quot;b&quot;">report.html</a>, <span style="font-family: monospace">missing.txt</span></p>',
      "<ol><li>first</li><li><strong>second</strong></li></ol>",
      "<ul><li>dot</li></ul>",
      `<table border="1" cellpadding="4"><thead><tr><th align="left">What</th><th align="left">Count</th></tr></thead><tbody><tr><td>a</td><td><span style="font-family: monospace">1</span></td></tr></tbody></table>`,
      '<pre style="font-family: monospace">tcp.stream == 1\n&lt;b&gt;</pre>',
      '<p>Ladder:</p><pre style="font-family: monospace">a -&gt; b</pre>',
    ]);
  });
});

/** Without the characters that part words and without entities: what a reader sees. */
const seen = (markup: string): string =>
  markup
    .replace(/\u200b/g, "")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&amp;/g, "&");

describe("hostile words", () => {
  it("are left to be read: ordinary prose stays as it is", () => {
    for (const prose of [
      "The pool of 127.0.0.1:8280 to db.example ran dry at 03:00:01.5 (95% of 130 requests, since 1.0 s).",
      "GET /a/b_c?x=1 got 503; half-closed connections, 9,640 held - 12 more.",
    ])
      expect(seen(textileText(prose))).toBe(prose);
    expect(textileText("The pool of 127.0.0.1:8280 ran dry (95% of it), half-closed.")).toBe(
      "The pool of 127.0.0.1:8280 ran dry (95% of it), half-closed.",
    );
  });

  it.each(HOSTILE)("%j leave no mention, macro, link or tag in any markup", (words) => {
    for (const write of [textile, redmineMarkdown, plainNote]) {
      const note = write(hostileBlocks(words), new Set()).join("\n\n");
      expect(note).not.toMatch(/@[A-Za-z0-9_\-@.]/);
      expect(note).not.toMatch(/\{\\?\{/);
    }
    for (const write of [textile, redmineMarkdown]) {
      const note = write(hostileBlocks(words), new Set())
        .join("\n\n")
        .replace(/<code>.*?<\/code>|<pre>.*?<\/pre>|(`+)(?!`).*?(?<!`)\1(?!`)/gs, "");
      expect(note).not.toMatch(/:\/\/|\[\\?\[|<(?!\/?(?:pre|code)>)[A-Za-z/!]/);
      expect(note).not.toMatch(
        /(?:^|[\s(,\-[>])(?:(?:attachment|document|version|forum|news|message|project|commit|source|export|user)[:#]\S|r\d|#\d)/m,
      );
    }
    const page = html(hostileBlocks(words)).join("\n");
    expect(page).not.toMatch(/:\/\//);
    expect(
      page.replace(
        /<\/?(?:h3|p|strong|span|ul|ol|li|table|thead|tbody|tr|th|td|pre)(?: (?:style="[a-z0-9:; -]*"|border="1" cellpadding="4"|align="left"))?>/g,
        "",
      ),
    ).not.toMatch(/[<>"]/);
  });

  it("of any kind are one line in Textile without a sign that acts", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (words) => {
        const line = textileText(words);
        expect(line).not.toMatch(/[\n\r*~^`"!?=[\]{}|<>\\@]/);
        expect(htmlText(words)).not.toMatch(/[<>"']/);
      }),
    );
  });
});
