// What does a comment look like in the Markdown of GitHub and GitLab, and how is it cut where it is too long?
//
// GFM 0.29 (github.github.com/gfm), and GLFM (docs.gitlab.com/user/markdown), as far as they agree.

import { codeBlock } from "../../core/escape.ts";
import { count, formatNumber } from "../../core/format.ts";
import type { Block, Inline } from "../summary.ts";
import { type LinkOf, prose, strong, wordsOf } from "./markdown-words.ts";

/** Code of more lines than this is folded: a comment is to fit a screen. */
const FOLDED_LINES = 25;
/** Neither GitHub nor GitLab draws Mermaid of more characters (its own `maxTextSize`). */
const MAX_MERMAID = 50_000;

export const noLinks: LinkOf = () => null;

// ─────────────────────────── blocks ───────────────────────────

/** "" where there is nothing in it. */
export function markdownOf(block: Block, links: LinkOf = noLinks): string {
  switch (block.kind) {
    case "heading": {
      const shown = prose(block.text).trim();
      // Number signs at the end would close the heading (GFM §4.2).
      return shown === "" ? "" : `### ${shown.replace(/(?<!\\)#+$/, "\\$&")}`;
    }
    case "paragraph":
      return wordsOf(block.words, links);
    case "list":
      return block.items.map((item, i) => `${block.ordered ? `${i + 1}.` : "-"} ${wordsOf(item, links)}`).join("\n");
    case "table":
      return tableOf(block, links);
    case "code":
      return foldedCode(block.text);
    case "diagram": {
      const title = strong(block.title).trim();
      const drawn =
        block.mermaid.trim() !== "" && block.mermaid.length <= MAX_MERMAID
          ? codeBlock(linesOf(block.mermaid), "mermaid")
          : foldedCode(block.text);
      return title === "" ? drawn : `${title}\n\n${drawn}`;
    }
  }
}

function tableOf({ head, rows }: Extract<Block, { kind: "table" }>, links: LinkOf): string {
  if (head.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${head.map((_, i) => cells[i] ?? "").join(" | ")} |`;
  return [
    line(head.map((cell) => prose(cell).trim())),
    line(head.map(() => "---")),
    ...rows.map((row) => line(row.map((cell) => wordsOf(cell, links, true)))),
  ].join("\n");
}

const linesOf = (text: string): string[] => text.replace(/\n+$/, "").split("\n");

function foldedCode(text: string): string {
  if (text.trim() === "") return "";
  const lines = linesOf(text);
  const code = codeBlock(lines);
  if (lines.length <= FOLDED_LINES) return code;
  return `<details><summary>${formatNumber(lines.length)} lines</summary>\n\n${code}\n\n</details>`;
}

// ─────────────────────────── the comment ───────────────────────────

/** The line by which a comment is known again; nobody sees it. Two dashes would end the comment of HTML early. */
export const markLine = (mark: string): string => `<!-- ${encodeURIComponent(mark).replace(/-(?=-|$)/g, "%2D")} -->`;

export const bearsMark = (body: string, mark: string): boolean => {
  const wanted = markLine(mark);
  return body.split(/\r?\n/).some((line) => line.trim() === wanted);
};

export interface CommentFrame {
  readonly mark: string;
  readonly links: LinkOf;
  /** Below all, and never cut. */
  readonly after: readonly Block[];
  /** UTF-16 units, of which no tracker counts more than one a character; null: any number. */
  readonly maxCharacters: number | null;
}

/** Room for the sentence that says what was left out. */
const CUT_ROOM = 300;

/** The whole comment. Where it is too long, blocks are left out from the end, the first of them is shortened, and a sentence says so. */
export function markdownComment(blocks: readonly Block[], { mark, links, after, maxCharacters }: CommentFrame): string {
  const tail = [...after.map((block) => markdownOf(block, links)).filter((text) => text !== ""), markLine(mark)];
  const whole = [...blocks.map((block) => markdownOf(block, links)).filter((text) => text !== ""), ...tail].join(
    "\n\n",
  );
  if (maxCharacters === null || whole.length <= maxCharacters) return whole;
  let room = maxCharacters - tail.join("\n\n").length - CUT_ROOM;
  const kept: string[] = [];
  const left: string[] = [];
  let [full, dropped, diagrams] = [false, 0, 0];
  for (const block of blocks) {
    const text = markdownOf(block, links);
    if (text === "") continue;
    if (!full && text.length + 2 <= room) {
      kept.push(text);
      room -= text.length + 2;
    } else if (!full && block.kind === "diagram") {
      diagrams++;
    } else if (full) {
      dropped++;
    } else {
      full = true;
      const part = shortened(block, room - 2, links);
      if (part === null) dropped++;
      else {
        kept.push(part.text);
        left.push(part.left);
      }
    }
  }
  while (kept.at(-1)?.startsWith("### ")) {
    kept.pop();
    dropped++;
  }
  if (diagrams > 0) left.push(count(diagrams, "diagram"));
  if (dropped > 0) left.push(count(dropped, "part"));
  const told = `*A comment here holds ${formatNumber(maxCharacters)} characters. Left out, and in the report: ${left.join(", ")}.*`;
  return [...kept, told, ...tail].join("\n\n");
}

/** As many rows, items, lines or characters of a block as there is room for; null: not one. */
function shortened(block: Block, room: number, links: LinkOf): { text: string; left: string } | null {
  const [size, unit] = sizeOf(block);
  let [low, high] = [0, size];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (markdownOf(partOf(block, middle), links).length <= room) low = middle;
    else high = middle - 1;
  }
  if (low === 0) return null;
  return { text: markdownOf(partOf(block, low), links), left: `${formatNumber(size - low)} ${unit}` };
}

function sizeOf(block: Block): [number, string] {
  switch (block.kind) {
    case "table":
      return [block.rows.length, "rows of the table"];
    case "list":
      return [block.items.length, "points of the list"];
    case "code":
      return [linesOf(block.text).length, "lines"];
    case "paragraph":
      return [block.words.reduce((n, word) => n + textOf(word).length, 0), "characters of the paragraph"];
    default:
      return [0, ""];
  }
}

const textOf = (word: Inline): string => (word.kind === "file" ? word.name : word.text);

function partOf(block: Block, size: number): Block {
  if (block.kind === "table") return { ...block, rows: block.rows.slice(0, size) };
  if (block.kind === "list") return { ...block, items: block.items.slice(0, size) };
  if (block.kind === "code") return { ...block, text: linesOf(block.text).slice(0, size).join("\n") };
  if (block.kind !== "paragraph") return block;
  const words: Inline[] = [];
  let left = size;
  for (const word of block.words) {
    const length = textOf(word).length;
    if (length <= left) words.push(word);
    // Half a pair of surrogates is no character. Half a file's name is no file.
    else if (word.kind !== "file")
      words.push({ ...word, text: `${word.text.slice(0, left).replace(/[\ud800-\udbff]$/, "")}…` });
    if ((left -= length) <= 0) break;
  }
  return { ...block, words };
}
