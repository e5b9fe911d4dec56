// What is left out where a comment is too long, and does it say so?

import { expect, it } from "vitest";
import { blocksThatFit } from "../../src/ticket/jira-fit.ts";
import type { Block } from "../../src/ticket/summary.ts";

const paragraph = (text: string): Block => ({ kind: "paragraph", words: [{ kind: "text", text }] });
const diagram = (): Block => ({ kind: "diagram", title: "t", mermaid: "", text: "d".repeat(100) });
const code = (lines: number): Block => ({ kind: "code", text: Array(lines).fill("abcdefghi").join("\n") });
/** Characters of the JSON: any measure that grows with what is in it. */
const size = (blocks: readonly Block[]): number => JSON.stringify(blocks).length;
const kinds = (blocks: readonly Block[]): string => blocks.map((block) => block.kind).join(" ");
const last = (blocks: readonly Block[]): string => JSON.stringify(blocks.at(-1));

it("leaves alone what fits", () => {
  const blocks = [paragraph("a"), diagram()];
  expect(blocksThatFit(blocks, 10_000, size)).toBe(blocks);
  expect(blocksThatFit(blocks, null, size)).toBe(blocks);
});

it("a diagram gives way first, wherever it stands", () => {
  const blocks = [diagram(), paragraph("a"), paragraph("b".repeat(50))];
  const limit = size(blocks) + 200;
  const wide = [diagram(), diagram(), ...blocks];
  const kept = blocksThatFit(wide, limit, size);
  expect(kinds(kept)).toBe("diagram paragraph paragraph paragraph");
  expect(last(kept)).toContain("Left out, and in the report: 2 diagrams.");
  expect(size(kept)).toBeLessThanOrEqual(limit);
});

it("the first block without room is shortened, those behind it go", () => {
  const blocks = [paragraph("a"), code(100), paragraph("b")];
  const kept = blocksThatFit(blocks, 500, size);
  expect(kinds(kept)).toBe("paragraph code paragraph");
  expect(last(kept)).toMatch(/report: \d+ lines, 1 part\./);
  expect(size(kept)).toBeLessThanOrEqual(500);
  expect(size(kept)).toBeGreaterThan(470);
});

it("no heading without what it is of", () => {
  const kept = blocksThatFit(
    [paragraph("a"), { kind: "heading", text: "h" }, { kind: "code", text: "x".repeat(5000) }],
    400,
    size,
  );
  expect(kinds(kept)).toBe("paragraph paragraph");
  expect(last(kept)).toContain("2 parts");
});

it("a paragraph is cut between characters, not within one", () => {
  const [only] = blocksThatFit([paragraph("😀".repeat(500))], 400, size);
  expect(JSON.stringify(only)).not.toMatch(/\\ud/);
  expect(JSON.stringify(only)).toContain("…");
});

it("where there is room for nothing, it says so", () => {
  expect(kinds(blocksThatFit([paragraph("x".repeat(100))], 10, size))).toBe("paragraph");
});
