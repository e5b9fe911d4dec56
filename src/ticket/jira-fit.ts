// Which blocks has a comment room for? Those from the beginning; diagrams give way first, and a sentence says what was left out.

import { count, formatNumber } from "../core/format.ts";
import type { Block, Inline } from "./summary.ts";

/** The blocks themselves where they fit. `size`: characters of these blocks as they are counted. */
export function blocksThatFit(
  blocks: readonly Block[],
  limit: number | null,
  size: (blocks: readonly Block[]) => number,
): readonly Block[] {
  if (limit === null || size(blocks) <= limit) return blocks;
  const fits = (kept: readonly Block[], left: string): boolean => size([...kept, leftOut(left, limit)]) <= limit;
  let kept = blocks;
  let diagrams = 0;
  for (const diagram of blocks.filter((block) => block.kind === "diagram").reverse()) {
    kept = kept.filter((block) => block !== diagram);
    diagrams++;
    if (fits(kept, told(diagrams, 0, ""))) return [...kept, leftOut(told(diagrams, 0, ""), limit)];
  }
  for (let end = kept.length - 1; end >= 0; end--) {
    const before = kept.slice(0, end);
    if (!fits(before, told(diagrams, kept.length - end, ""))) continue;
    const rest = kept.length - end - 1;
    const cut = shortened(kept[end]!, (part, left) => fits([...before, part], told(diagrams, rest, left)));
    if (cut !== null) return [...before, cut.part, leftOut(told(diagrams, rest, cut.left), limit)];
    const shown = before.at(-1)?.kind === "heading" ? before.slice(0, -1) : before;
    return [...shown, leftOut(told(diagrams, kept.length - shown.length, ""), limit)];
  }
  return [leftOut(count(blocks.length, "part"), limit)];
}

const told = (diagrams: number, parts: number, piece: string): string =>
  [diagrams > 0 ? count(diagrams, "diagram") : "", piece, parts > 0 ? count(parts, "part") : ""]
    .filter((t) => t !== "")
    .join(", ");

const leftOut = (left: string, limit: number): Block => ({
  kind: "paragraph",
  words: [
    {
      kind: "text",
      text: `A comment here holds ${formatNumber(limit)} characters. Left out, and in the report: ${left}.`,
    },
  ],
});

/** As many rows, items, lines or characters as there is room for; null: not one. */
function shortened(block: Block, fits: (part: Block, left: string) => boolean): { part: Block; left: string } | null {
  const [size, unit, of] = pieces(block);
  const leftOf = (n: number): string => count(size - n, unit);
  let [low, high] = [0, size - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(of(middle), leftOf(middle))) low = middle;
    else high = middle - 1;
  }
  return low <= 0 ? null : { part: of(low), left: leftOf(low) };
}

/** How many pieces a block has, what they are called, and the block with the first so many. */
function pieces(block: Block): [size: number, unit: string, of: (n: number) => Block] {
  switch (block.kind) {
    case "table":
      return [block.rows.length, "row", (n) => ({ ...block, rows: block.rows.slice(0, n) })];
    case "list":
      return [block.items.length, "item", (n) => ({ ...block, items: block.items.slice(0, n) })];
    case "code": {
      const lines = block.text.split("\n");
      return [lines.length, "line", (n) => ({ ...block, text: lines.slice(0, n).join("\n") })];
    }
    case "paragraph": {
      const length = block.words.reduce((n, word) => n + (word.kind === "file" ? 0 : word.text.length), 0);
      return [length, "character", (n) => ({ ...block, words: cutWords(block.words, n) })];
    }
    // Never so long that a part of it would do; a diagram cut is none.
    case "heading":
    case "diagram":
      return [0, "part", () => block];
  }
}

function cutWords(words: readonly Inline[], characters: number): Inline[] {
  const kept: Inline[] = [];
  let room = characters;
  for (const word of words) {
    if (word.kind === "file") {
      kept.push(word);
      continue;
    }
    if (room <= 0) break;
    kept.push(word.text.length <= room ? word : { ...word, text: `${whole(word.text.slice(0, room))}…` });
    room -= word.text.length;
  }
  return kept;
}

/** Not half of a surrogate pair at the end. */
const whole = (text: string): string => text.replace(/[\ud800-\udbff]$/, "");
