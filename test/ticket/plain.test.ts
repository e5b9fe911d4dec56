// Do blocks of words read well without any markup?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayWidth } from "../../src/core/wrap.ts";
import { EIGHTY_COLUMNS, plainText } from "../../src/ticket/markup/plain.ts";
import type { Block, Inline } from "../../src/ticket/summary.ts";
import { anyBlocks } from "./any-blocks.ts";

const text = (value: string): Inline => ({ kind: "text", text: value });

const BLOCKS: Block[] = [
  { kind: "heading", text: "Nobody answers" },
  {
    kind: "paragraph",
    words: [
      text("From "),
      { kind: "strong", text: "15:30:11.204" },
      text(" on, 9,640 requests to "),
      { kind: "code", text: "192.0.2.7:8280" },
      text(" were acknowledged and not answered; see "),
      { kind: "file", name: "report.html" },
      text("."),
    ],
  },
  { kind: "list", ordered: true, items: [[text("The pool runs dry.")], [text("x ".repeat(45))]] },
  {
    kind: "table",
    head: ["Severity", "Finding"],
    rows: [
      [[text("critical")], [text("requests unanswered")]],
      [[text("high")], [text("connections held half-closed")]],
    ],
  },
  { kind: "diagram", title: "Connection 17", mermaid: "sequenceDiagram", text: "client ──▶ server\n       ◀── FIN\n" },
  { kind: "code", text: "tcp.stream eq 17" },
];

it("as 80 columns", () => {
  expect(plainText(BLOCKS)).toBe(`Nobody answers
--------------
From 15:30:11.204 on, 9,640 requests to 192.0.2.7:8280 were acknowledged and not
answered; see report.html.

1. The pool runs dry.
2. x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x
   x x x x x x

Severity  Finding
--------  ----------------------------
critical  requests unanswered
high      connections held half-closed

Connection 17
    client ──▶ server
           ◀── FIN

    tcp.stream eq 17`);
});

it("in a proportional font: one line a paragraph, rows as sentences, no drawing", () => {
  const style = {
    ...EIGHTY_COLUMNS,
    columns: Number.POSITIVE_INFINITY,
    monospaced: false,
    file: (name: string) => `<${name}>`,
  };
  expect(
    plainText(
      BLOCKS.filter((b) => b.kind !== "list"),
      style,
    ),
  ).toBe(`Nobody answers
From 15:30:11.204 on, 9,640 requests to 192.0.2.7:8280 were acknowledged and not answered; see <report.html>.

- critical; Finding: requests unanswered
- high; Finding: connections held half-closed

Connection 17: drawn in the report itself.

    tcp.stream eq 17`);
});

it("keeps strong words and the list below them together", () => {
  const strong: Inline = { kind: "strong", text: "First" };
  const list: Block = { kind: "list", ordered: false, items: [[text("a")]] };
  expect(plainText([{ kind: "paragraph", words: [strong, text(" (UTC)")] }, list])).toBe("First (UTC)\n- a");
  expect(plainText([{ kind: "paragraph", words: [text("Words")] }, list])).toBe("Words\n\n- a");
});

it("draws nothing where characters do not line up", () => {
  const proportional = { ...EIGHTY_COLUMNS, monospaced: false };
  expect(plainText([{ kind: "code", text: "a ──▶ b" }], proportional)).toBe("drawn in the report itself.");
  expect(plainText([{ kind: "code", text: "a -> b\n c" }], proportional)).toBe("    a -> b\n     c");
});

describe("a table", () => {
  const table = (...rows: string[][]): Block => ({
    kind: "table",
    head: rows[0]!,
    rows: rows.slice(1).map((row) => row.map((cell) => [text(cell)])),
  });

  it("breaks its widest cells to fit", () => {
    const lines = plainText([table(["A", "B"], ["short", "word ".repeat(30)], ["x", "y"])]).split("\n");
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(80);
    expect(lines[0]).toBe("A      B");
    expect(lines.at(-1)).toBe("x      y");
  });

  it("that would be too narrow to read is a list", () => {
    const wide = Array.from({ length: 12 }, (_, i) => `column ${i} is wide`);
    expect(plainText([table(wide, wide)])).toMatch(/^- column 0 is wide; column 1 is wide: column 1 is wide;/);
  });

  it("may lack cells, a head, or rows", () => {
    expect(plainText([{ kind: "table", head: [], rows: [[[text("a")], [text("b")]], [[text("c")]]] }])).toBe("a  b\nc");
    expect(plainText([{ kind: "table", head: [], rows: [] }])).toBe("");
    expect(plainText([{ kind: "table", head: ["A"], rows: [] }])).toBe("A\n-");
  });
});

it("whatever comes off the wire stays on its line, and can do nothing to a terminal", () => {
  fc.assert(
    fc.property(anyBlocks, (blocks) => {
      const shown = plainText(blocks);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
      expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      expect(shown.split("\n").every((line) => line === line.trimEnd())).toBe(true);
    }),
  );
});
