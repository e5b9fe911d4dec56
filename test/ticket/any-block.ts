// Any block of a comment, with words in it that a tracker might act on.

import fc from "fast-check";
import type { Block, Inline } from "../../src/ticket/summary.ts";

const text = (words: string): Inline => ({ kind: "text", text: words });
const strong = (words: string): Inline => ({ kind: "strong", text: words });
const code = (words: string): Inline => ({ kind: "code", text: words });
const file = (name: string): Inline => ({ kind: "file", name });

const HOSTILE = [
  "<script>alert(1)</script>",
  "<!-- x",
  "-->",
  "[a](https://evil.example)",
  "![a](x.png)",
  "@root",
  "@all",
  "a@example.com",
  "#1",
  "!2",
  "~bug",
  "%3",
  "&4",
  "GH-4",
  "owner/repo#5",
  "|",
  "`",
  "```",
  "````text",
  "\n\n# h",
  "\n- item",
  "\n/close\n",
  "/close",
  "/label ~a",
  "http://evil.example",
  "www.evil.example",
  "ftp://x",
  "\x1b[31m",
  "\u202e",
  "$$",
  "$`",
  "&#64;root",
  "&lt;b&gt;",
  "*b*",
  "**",
  "__",
  "~~",
  "{{x}}",
  "[[x]]",
  "> q",
  "1. x",
  "---",
  "===",
  "\\",
  ":100:",
  "[ ] ",
  "::include{file=x}",
  "<details>",
  "</details>",
  "mermaid",
  "\ud800",
  " ",
  "\t",
  "word",
  "10.0.0.1:80",
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 5 })), { maxLength: 6 })
  .map((p) => p.join(""));
const inline: fc.Arbitrary<Inline> = fc.oneof(
  hostile.map(text),
  hostile.map(strong),
  hostile.map(code),
  hostile.map(file),
);
const words = fc.array(inline, { maxLength: 5 });
export const anyBlock: fc.Arbitrary<Block> = fc.oneof(
  hostile.map((h): Block => ({ kind: "heading", text: h })),
  words.map((w): Block => ({ kind: "paragraph", words: w })),
  fc
    .tuple(fc.boolean(), fc.array(words, { maxLength: 4 }))
    .map(([ordered, items]): Block => ({ kind: "list", ordered, items })),
  fc
    .tuple(fc.array(hostile, { maxLength: 3 }), fc.array(fc.array(words, { maxLength: 4 }), { maxLength: 4 }))
    .map(([head, rows]): Block => ({ kind: "table", head, rows })),
  hostile.map((h): Block => ({ kind: "code", text: h })),
  fc
    .tuple(hostile, hostile, hostile)
    .map(([title, mermaid, t]): Block => ({ kind: "diagram", title, mermaid, text: t })),
);
