// How is a comment written in the Atlassian Document Format (Jira Cloud)?
//
// developer.atlassian.com/cloud/jira/platform/apis/document/structure (version 1): a tree of nodes. Text is a leaf and is never parsed, so
// that nothing in it is markup, a mention or a macro; what cannot be seen is made visible all the same. A text is never empty; `code` stands
// beside no mark but `link`; a code block holds text without marks; a list, a table and a row hold at least one of theirs.

import { visible } from "../../core/escape.ts";
import type { Block, Inline } from "../summary.ts";

export interface AdfMark {
  readonly type: "strong" | "code" | "link";
  readonly attrs?: Readonly<Record<string, string>>;
}

export interface AdfNode {
  readonly type: string;
  readonly attrs?: Readonly<Record<string, string | number | boolean>>;
  readonly content?: readonly AdfNode[];
  readonly text?: string;
  readonly marks?: readonly AdfMark[];
}

export interface AdfDoc {
  readonly version: 1;
  readonly type: "doc";
  readonly content: readonly AdfNode[];
}

/** Below the title of an issue, as people's own headings in comments are. */
const HEADING_LEVEL = 3;

/** An address by the file's name; null: its name alone. */
export type FileLink = (name: string) => string | null;

const text = (shown: string, ...marks: AdfMark[]): AdfNode[] =>
  shown === "" ? [] : [{ type: "text", text: shown, ...(marks.length > 0 && { marks }) }];

function inline(word: Inline, link: FileLink): AdfNode[] {
  switch (word.kind) {
    case "text":
      return text(visible(word.text));
    case "strong":
      return text(visible(word.text), { type: "strong" });
    case "code":
      return text(visible(word.text), { type: "code" });
    case "file": {
      const href = link(word.name);
      return text(visible(word.name), href === null ? { type: "code" } : { type: "link", attrs: { href } });
    }
  }
}

const paragraph = (words: readonly Inline[], link: FileLink): AdfNode => {
  const content = words.flatMap((word) => inline(word, link));
  return content.length === 0 ? { type: "paragraph" } : { type: "paragraph", content };
};

const codeBlock = (lines: string): AdfNode => ({
  type: "codeBlock",
  content: text(lines.split("\n").map(visible).join("\n")),
});

function block(from: Block, link: FileLink): AdfNode[] {
  switch (from.kind) {
    case "heading":
      return [{ type: "heading", attrs: { level: HEADING_LEVEL }, content: text(visible(from.text)) }];
    case "paragraph":
      return [paragraph(from.words, link)];
    case "list": {
      const items = from.items.map((item) => ({ type: "listItem", content: [paragraph(item, link)] }));
      return items.length === 0 ? [] : [{ type: from.ordered ? "orderedList" : "bulletList", content: items }];
    }
    case "table":
      return table(from, link);
    case "code":
      return [codeBlock(from.text)];
    case "diagram":
      // Jira draws no Mermaid, and no SVG as a picture within a comment.
      return [paragraph([{ kind: "strong", text: from.title }], link), codeBlock(from.text)];
  }
}

/** Rows of one width: an editor repairs others, and would show the comment as changed. */
function table({ head, rows }: Extract<Block, { kind: "table" }>, link: FileLink): AdfNode[] {
  const width = Math.max(head.length, ...rows.map((row) => row.length));
  if (width === 0) return [];
  const row = (type: "tableHeader" | "tableCell", cells: readonly (readonly Inline[])[]): AdfNode => ({
    type: "tableRow",
    content: Array.from({ length: width }, (_, i) => ({ type, content: [paragraph(cells[i] ?? [], link)] })),
  });
  const first =
    head.length === 0
      ? []
      : [
          row(
            "tableHeader",
            head.map((name) => [{ kind: "text", text: name } as const]),
          ),
        ];
  return [{ type: "table", content: [...first, ...rows.map((cells) => row("tableCell", cells))] }];
}

export const adf = (blocks: readonly Block[], link: FileLink): AdfDoc => ({
  version: 1,
  type: "doc",
  content: blocks.flatMap((one) => block(one, link)),
});

/** As deep as a table within a document goes, and some more. */
const MAX_DEPTH = 20;

/**
 * A stored document in the shape that `adf` writes, for comparing: Jira adds `localId` and the like. Null: it holds what we never write,
 * so somebody changed it.
 */
export function plainAdf(stored: unknown): AdfDoc | null {
  const root = node(stored, 0);
  return root?.type === "doc" ? { version: 1, type: "doc", content: root.content ?? [] } : null;
}

function node(from: unknown, depth: number): AdfNode | null {
  if (typeof from !== "object" || from === null || depth > MAX_DEPTH) return null;
  const { type, attrs, content, text: words, marks } = from as Record<string, unknown>;
  if (typeof type !== "string") return null;
  const children = Array.isArray(content) ? content.map((child) => node(child, depth + 1)) : [];
  if (children.some((child) => child === null)) return null;
  const kept = Object.fromEntries(
    Object.entries(typeof attrs === "object" && attrs !== null ? attrs : {}).filter(
      ([name, value]) =>
        (type === "heading" && name === "level") || (type === "link" && name === "href" && typeof value === "string"),
    ),
  ) as Record<string, number>;
  return {
    type,
    ...(Object.keys(kept).length > 0 && { attrs: kept }),
    ...(children.length > 0 && { content: children as AdfNode[] }),
    ...(typeof words === "string" && { text: words }),
    ...(Array.isArray(marks) && marks.length > 0 && { marks: marks.map((mark) => node(mark, depth + 1) as AdfMark) }),
  };
}
