// Blocks of any words, with what acts in some markup or other among them: for properties of what is written.

import fc from "fast-check";
import type { Block, Inline } from "../../src/ticket/summary.ts";

const HOSTILE = [
  "[code]",
  "[/code]",
  "[ CODE ]",
  "[\tcode",
  "[",
  "code]",
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "&lt;",
  "&#91;code]",
  "@ann",
  "@[ann]",
  "https://evil.example/x",
  "www.evil.example",
  "mailto:ann@example.com",
  "\n",
  "\r\n",
  "\u2028",
  "\u001b[31m",
  "\u202e",
  "\u200b",
  "\u{1f600}",
  "/close",
  "{{macro}}",
  "!img!",
  "[~ann]",
  "| cell |",
  "```",
  "*bold*",
  "#12",
  " ",
  "   ",
];

/** Pieces in any order, next to each other. */
export const anyText = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 8 })
  .map((pieces) => pieces.join(""));

const anyInline: fc.Arbitrary<Inline> = fc.oneof(
  fc.record({ kind: fc.constantFrom("text" as const, "strong" as const, "code" as const), text: anyText }),
  fc.record({
    kind: fc.constant("file" as const),
    name: fc.oneof(anyText, fc.constantFrom("report.html", "evidence.pcapng")),
  }),
);
const words = fc.array(anyInline, { maxLength: 4 });

export const anyBlocks: fc.Arbitrary<Block[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("heading" as const), text: anyText }),
    fc.record({ kind: fc.constant("paragraph" as const), words }),
    fc.record({ kind: fc.constant("list" as const), ordered: fc.boolean(), items: fc.array(words, { maxLength: 3 }) }),
    fc.record({
      kind: fc.constant("table" as const),
      head: fc.array(anyText, { maxLength: 3 }),
      rows: fc.array(fc.array(words, { maxLength: 4 }), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("code" as const), text: anyText }),
    fc.record({ kind: fc.constant("diagram" as const), title: anyText, mermaid: anyText, text: anyText }),
  ),
  { maxLength: 6 },
);
