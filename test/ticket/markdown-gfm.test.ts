// Does GitHub's own renderer show every word, and nothing else? Where cmark-gfm is installed (Debian: cmark-gfm).

import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { visible } from "../../src/core/escape.ts";
import { markdownOf } from "../../src/ticket/markup/markdown.ts";
import { linkTo } from "../../src/ticket/markup/markdown-words.ts";
import type { Block, Inline } from "../../src/ticket/summary.ts";
import { anyBlock } from "./any-block.ts";

const EXTENSIONS = ["table", "strikethrough", "autolink", "tasklist"].flatMap((name) => ["-e", name]);
const installed = spawnSync("cmark-gfm", ["--version"]).status === 0;

/** `--unsafe` shows HTML as it stands, so that a test sees it. */
function rendered(markup: string): string {
  const { stdout, status } = spawnSync("cmark-gfm", ["--unsafe", ...EXTENSIONS], { input: markup, encoding: "utf8" });
  expect(status).toBe(0);
  return stdout;
}

const UNESCAPED: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&" };

/** Of an HTML page: its tags, and its words without what nobody sees. */
function read(html: string): { tags: string[]; words: string } {
  const tags = [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
  const text = html.replace(/<[^>]*>/g, "").replace(/&(?:lt|gt|quot|amp);/g, (entity) => UNESCAPED[entity]!);
  return { tags, words: squeezed(text.replaceAll("\u200b", "")) };
}

const squeezed = (text: string): string => text.replace(/\s+/g, "");

const OURS =
  /^<\/?(?:p|h3|ul|li|table|thead|tbody|tr|th|td|strong|code|pre|details|summary|ol(?: start="\d+")?|pre lang="(?:text|mermaid)"|code class="language-(?:text|mermaid)"|a href="\/uploads\/x" title="7 bytes"|a)>$/;

const wordOf = (word: Inline): string => visible(word.kind === "file" ? word.name : word.text);
const wordsOf = (words: readonly Inline[]): string => words.map(wordOf).join("");

const linesOf = (text: string): string => (text.trim() === "" ? "" : text.split("\n").map(visible).join(""));

/** What a reader should see of it. */
function shownOf(block: Block): string {
  switch (block.kind) {
    case "heading":
      return visible(block.text);
    case "paragraph":
      return wordsOf(block.words);
    case "list":
      return block.items.map(wordsOf).join("");
    case "table":
      return block.head.length === 0
        ? ""
        : block.head.map(visible).join("") +
            block.rows.map((row) => row.slice(0, block.head.length).map(wordsOf).join("")).join("");
    case "code":
      return linesOf(block.text);
    case "diagram":
      return visible(block.title) + linesOf(block.mermaid.trim() === "" ? block.text : block.mermaid);
  }
}

test.skipIf(!installed)(
  "every word is shown, and no tag, link or picture comes of it",
  () => {
    fc.assert(
      fc.property(anyBlock, fc.boolean(), (block, linked) => {
        const links = (name: string): string | null => (linked ? linkTo({ name, bytes: 7 }, "/uploads/x") : null);
        const { tags, words } = read(rendered(`before\n\n${markdownOf(block, links)}\n\nafter\n`));
        expect(tags.filter((tag) => !OURS.test(tag))).toEqual([]);
        expect(words).toBe(squeezed(`before${shownOf(block)}after`));
      }),
      { numRuns: 400 },
    );
  },
  60_000,
);
