// Does nothing act in Jira's wiki markup, and is everything read as it was?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visible } from "../../src/core/escape.ts";
import { jiraWiki, wikiBlock, wikiCode, wikiText } from "../../src/ticket/markup/jira-wiki.ts";
import type { Block, Inline } from "../../src/ticket/summary.ts";
import { acting, shown } from "./jira-renderer.ts";

const text = (words: string): Inline => ({ kind: "text", text: words });
const none: ReadonlySet<string> = new Set();

/** Pieces of markup, and what must not become one between them. */
const nasty = fc
  .array(
    fc.constantFrom(
      ..."\\{}[]|!*_-+^~?@#()<>&:;%/.=\"' \n\t\u200b\u202e",
      ..."aD1Pé",
      "h1.",
      "bq.",
      "----",
      "{code}",
      "{noformat}",
      "{*}",
      "{-}",
      "[~u]",
      "[^x]",
      "https://a",
      "mailto:",
      "\\\\",
      "OPS-1",
      "(y)",
      "(flagoff)",
      ":-)",
      "&#42;",
      "&amp;",
      "{{",
      "}}",
      "||",
      "a@b.c",
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(""));

describe("the renderer of the tests sees markup where there is some", () => {
  it.each([
    ["*a*", "strong"],
    ["x _a b_.", "emphasis"],
    ["-a-", "deleted"],
    ["+a+", "inserted"],
    ["??a??", "citation"],
    ["^a^", "superscript"],
    ["~a~", "subscript"],
    ["{{a}}", "monospaced"],
    ["a{*}b{*}c", "strong"],
    ["{code}", "macro"],
    ["{color:red}", "macro"],
    ["[~admin]", "link"],
    ["[a|http://example.com]", "link"],
    ["!a.png!", "image"],
    ["see https://example.com", "address"],
    ["mailto:me", "address"],
    ["me@example.com", "mail"],
    ["(y)", "emoticon"],
    [" ;)", "emoticon"],
    [":D", "emoticon"],
    ["OPS-1", "issue"],
    ["a\\\\b", "line break"],
    ["h1. a", "heading"],
    ["bq. a", "quotation"],
    ["* a", "list"],
    ["---- ", "rule"],
    ["|a|", "cell"],
    ["<b>", "element"],
  ])("%s", (line, name) => expect(acting(line)).toContain(name));
});

describe("words", () => {
  it.each([
    // What an engineer reads in the source, too: words stay as they are.
    [
      "half-closed, CLOSE_WAIT, 192.0.2.1:8080 at 15:30:11.204 (3 of 5)",
      "half-closed, CLOSE_WAIT, 192.0.2.1:8080 at 15:30:11.204 (3 of 5)",
    ],
    ["100% of a+b", "100% of a+b"],
    ["*bold*", "&#42;bold&#42;"],
    ["_em_", "\\_em\\_"],
    ["{code}", "&#123;code&#125;"],
    ["[~admin]", "\\[\\~admin\\]"],
    ["!a.png!", "\\!a.png\\!"],
    ["https://example.com", "https&#58;//example.com"],
    ["me@example.com", "me\\@example.com"],
    ["OPS-123", "OPS\\-123"],
    ["h1. x", "h1&#46; x"],
    ["# x", "\\# x"],
    ["a\\b", "a&#92;b"],
    ["a\nb", "a&#92;nb"],
    ["<b>&amp;", "&lt;b&gt;&amp;amp;"],
    ["(y) (CLOSE_WAIT) (*r)", "\\(y\\) (CLOSE_WAIT) \\(&#42;r\\)"],
    ["a | b", "a &#124; b"],
  ])("%s", (words, markup) => expect(wikiText(words)).toBe(markup));

  it("nothing acts, and everything is read as it was", () => {
    fc.assert(
      fc.property(nasty, (words) => {
        const markup = wikiText(words);
        expect(acting(markup)).toEqual([]);
        expect(shown(markup)).toBe(visible(words));
      }),
      { numRuns: 5000 },
    );
  });

  it("nothing acts where words, bold words and code meet", () => {
    const word = fc.record({ kind: fc.constantFrom("text" as const, "strong" as const, "code" as const), text: nasty });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        const markup = jiraWiki([{ kind: "paragraph", words }], none);
        // Our own phrases aside, of which the edges are known: nothing is left that acts.
        const rest = words.reduce((left, { kind, text: own }) => {
          const inner = wikiText(own).trim();
          if (kind === "text" || inner === "") return left;
          return left.replace(kind === "strong" ? `*${inner}*` : `{{${inner}}}`, "\u0001");
        }, markup);
        expect(acting(rest)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  it("is quick with long words", () => {
    const began = performance.now();
    for (const long of [
      "a".repeat(50_000),
      "-".repeat(50_000),
      "(".repeat(50_000),
      "A-1".repeat(20_000),
      ":".repeat(50_000),
    ])
      wikiText(long);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe("code", () => {
  it("one line", () => {
    expect(wikiCode("10.0.0.1:80 {x}")).toBe("{{10.0.0.1:80 &#123;x&#125;}}");
    expect(wikiCode("  ")).toBe("");
  });

  it("a block cannot be closed from within", () => {
    expect(wikiBlock("a\n{noformat}\n{ code }\ntcp.port in {80 443}\n\u001b[31m")).toBe(
      "{noformat}\na\n{\u200bnoformat}\n{\u200b code }\ntcp.port in {80 443}\n\\x1b[31m\n{noformat}",
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("{", "noformat", "NoFormat", "}", "\n", " ", "\\", "code", ":x"), { maxLength: 12 }),
        (parts) => {
          expect(wikiBlock(parts.join("")).match(/\{ *noformat/gi)).toHaveLength(2);
        },
      ),
    );
  });
});

it("a comment", () => {
  const blocks: Block[] = [
    { kind: "heading", text: "The service [a] stopped" },
    {
      kind: "paragraph",
      words: [
        text("Since "),
        { kind: "strong", text: "15:30" },
        text(", at "),
        { kind: "code", text: "db:5432" },
        text("."),
      ],
    },
    {
      kind: "list",
      ordered: true,
      items: [
        [text("first")],
        [text("see "), { kind: "file", name: "report.html" }, text(" and "), { kind: "file", name: "gone.html" }],
      ],
    },
    { kind: "list", ordered: false, items: [[text("- x")]] },
    {
      kind: "table",
      head: ["Severity", "Find|ing"],
      rows: [
        [[text("high")], [text("a|b")]],
        [[], [{ kind: "code", text: "x" }]],
      ],
    },
    { kind: "code", text: "tcp.stream eq 1" },
    { kind: "diagram", title: "Ladder: flow 1", mermaid: "sequenceDiagram", text: "a ──▶ b" },
    { kind: "paragraph", words: [] },
  ];
  expect(jiraWiki(blocks, new Set(["report.html"]))).toBe(`h3. The service \\[a\\] stopped

Since *15:30*, at {{db:5432}}.

# first
# see [^report.html] and {{gone.html}}

* \\- x

||Severity||Find&#124;ing||
|high|a&#124;b|
| |{{x}}|

{noformat}
tcp.stream eq 1
{noformat}

Ladder: flow 1:
{noformat}
a ──▶ b
{noformat}`);
});

it("a table has the cells that it has, whatever is in them", () => {
  fc.assert(
    fc.property(fc.array(fc.array(nasty, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 }), (cells) => {
      const [head = [], ...rows] = cells;
      const markup = jiraWiki(
        [{ kind: "table", head, rows: rows.map((row) => row.map((words) => [text(words)])) }],
        none,
      );
      const lines = markup.split("\n");
      expect(lines.map((line) => line.match(/\|/g)?.length)).toEqual([8, ...rows.map(() => 4)]);
      for (const line of lines.slice(1)) expect(line).not.toContain("||");
    }),
  );
});

it("a name that is no plain one is not linked", () => {
  const name = "a|http://example.com]";
  expect(jiraWiki([{ kind: "paragraph", words: [{ kind: "file", name }] }], new Set([name]))).toBe(
    "{{a&#124;http&#58;//example.com\\]}}",
  );
});

it("a phrase beside a word is kept apart from it", () => {
  const words: Inline[] = [
    text("flow"),
    { kind: "code", text: "1" },
    text("a"),
    { kind: "strong", text: "b" },
    { kind: "strong", text: "c" },
  ];
  expect(jiraWiki([{ kind: "paragraph", words }], none)).toBe("flow\u200b{{1}}\u200ba\u200b*b*\u200b*c*");
});
