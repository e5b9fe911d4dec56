// Is every comment a document of the Atlassian Document Format?

import { Ajv } from "ajv";
import fc from "fast-check";
import { expect, it } from "vitest";
import { visible } from "../../src/core/escape.ts";
import { type AdfNode, adf, plainAdf } from "../../src/ticket/markup/adf.ts";
import type { Block, Inline } from "../../src/ticket/summary.ts";
import { ADF_SCHEMA } from "./adf-schema.ts";

const isDocument = new Ajv({ strict: false, formats: { uri: (text: string) => URL.canParse(text) } }).compile(
  ADF_SCHEMA,
);
const inline: fc.Arbitrary<Inline> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("text" as const, "strong" as const, "code" as const),
    text: fc.string({ unit: "binary" }),
  }),
  fc.record({ kind: fc.constant("file" as const), name: fc.constantFrom("report.html", "other.txt", "") }),
);
const words = fc.array(inline, { maxLength: 4 });
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ kind: fc.constant("heading" as const), text: fc.string({ unit: "binary" }) }),
  fc.record({ kind: fc.constant("paragraph" as const), words }),
  fc.record({ kind: fc.constant("list" as const), ordered: fc.boolean(), items: fc.array(words, { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant("table" as const),
    head: fc.array(fc.string(), { maxLength: 3 }),
    rows: fc.array(fc.array(words, { maxLength: 3 }), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("code" as const), text: fc.string({ unit: "binary" }) }),
  fc.record({ kind: fc.constant("diagram" as const), title: fc.string(), mermaid: fc.string(), text: fc.string() }),
);
const link = (name: string): string | null =>
  name === "report.html" ? "https://shop.atlassian.net/secure/attachment/1/report.html" : null;

const texts = (node: AdfNode): string[] => [
  ...(node.text === undefined ? [] : [node.text]),
  ...(node.content ?? []).flatMap(texts),
];

it("every document is one, and its texts are what can be seen", () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 5 }), (blocks) => {
      const doc = adf(blocks, link);
      expect(isDocument(doc), JSON.stringify(isDocument.errors)).toBe(true);
      for (const shown of doc.content.flatMap(texts))
        for (const line of shown.split("\n")) expect(visible(line)).toBe(line);
    }),
    { numRuns: 1000 },
  );
});

it("a comment", () => {
  const blocks: Block[] = [
    { kind: "heading", text: "Stopped" },
    {
      kind: "paragraph",
      words: [
        { kind: "text", text: "at " },
        { kind: "code", text: "{code}[~admin]" },
        { kind: "file", name: "report.html" },
      ],
    },
    { kind: "table", head: ["A", "B"], rows: [[[{ kind: "strong", text: "x" }]]] },
    { kind: "code", text: "a\nb" },
  ];
  expect(adf(blocks, link)).toEqual({
    version: 1,
    type: "doc",
    content: [
      { type: "heading", attrs: { level: 3 }, content: [{ type: "text", text: "Stopped" }] },
      {
        type: "paragraph",
        content: [
          { type: "text", text: "at " },
          { type: "text", text: "{code}[~admin]", marks: [{ type: "code" }] },
          { type: "text", text: "report.html", marks: [{ type: "link", attrs: { href: link("report.html") } }] },
        ],
      },
      {
        type: "table",
        content: [
          {
            type: "tableRow",
            content: ["A", "B"].map((text) => ({
              type: "tableHeader",
              content: [{ type: "paragraph", content: [{ type: "text", text }] }],
            })),
          },
          {
            type: "tableRow",
            content: [
              {
                type: "tableCell",
                content: [{ type: "paragraph", content: [{ type: "text", text: "x", marks: [{ type: "strong" }] }] }],
              },
              { type: "tableCell", content: [{ type: "paragraph" }] },
            ],
          },
        ],
      },
      { type: "codeBlock", content: [{ type: "text", text: "a\nb" }] },
    ],
  });
});

it("a stored document is compared without what Jira adds", () => {
  const doc = adf(
    [
      { kind: "heading", text: "a" },
      { kind: "table", head: ["b"], rows: [] },
      { kind: "code", text: "c" },
    ],
    link,
  );
  const decorated = JSON.parse(JSON.stringify(doc), (key, value) =>
    key === "attrs"
      ? { ...value, localId: "0-1" }
      : typeof value?.type === "string" && value.type !== "text"
        ? { attrs: { localId: "1" }, ...value }
        : value,
  );
  expect(JSON.stringify(plainAdf(decorated))).toBe(JSON.stringify(doc));
  const changed = structuredClone(decorated);
  changed.content[0].content[0].text = "edited";
  expect(JSON.stringify(plainAdf(changed))).not.toBe(JSON.stringify(doc));
});

it("a stored document may be anything", () => {
  fc.assert(fc.property(fc.anything(), (value) => void plainAdf(value)));
  let deep: unknown = { type: "paragraph" };
  for (let i = 0; i < 10_000; i++) deep = { type: "doc", content: [deep] };
  expect(plainAdf(deep)).toBeNull();
});
