// How is a comment written in Redmine's Markdown and CommonMark, so that nothing in it acts?
//
// redmine.org/projects/redmine/wiki/RedmineTextFormattingMarkdown: Redcarpet (to 5.x) or commonmarker with tables, strikethrough and
// autolinks. What CommonMark reads is escaped as for other trackers; Redmine's own links, which are read in the finished HTML and so
// see no backslash, are parted.

import { cellCode, codeBlock, codeSpan, markdown } from "../../core/escape.ts";
import type { Block, Inline } from "../summary.ts";
import { apart, attachmentLink, codeApart, joinedText, linesOf } from "./redmine-text.ts";

const prose = (text: string): string => apart(markdown(text));

/** One string a block; blocks are parted by an empty line. */
export function redmineMarkdown(blocks: readonly Block[], attached: ReadonlySet<string>): string[] {
  const inline = (word: Inline, code: (text: string) => string): string => {
    if (word.kind === "file") return attachmentLink(word.name, attached) ?? codeApart(code(word.name));
    if (word.kind === "code") return codeApart(code(word.text));
    const { text } = word;
    if (text.trim() === "") return text === "" ? "" : " ";
    const body = word.kind === "strong" ? `**${prose(text)}**` : prose(text);
    return `${/^\s/.test(text) ? " " : ""}${body}${/\s$/.test(text) ? " " : ""}`;
  };
  const words = (inlines: readonly Inline[], code = codeSpan): string =>
    joinedText(inlines)
      .map((w) => inline(w, code))
      .join("")
      .trim();
  const block = (lines: readonly string[]): string => codeApart(codeBlock(lines));
  const written = (b: Block): string => {
    switch (b.kind) {
      case "heading":
        return `### ${prose(b.text)}`;
      case "paragraph":
        return words(b.words);
      case "list":
        return b.items.map((item, i) => `${b.ordered ? `${i + 1}.` : "-"} ${words(item)}`).join("\n");
      case "table":
        return [
          `| ${b.head.map(prose).join(" | ")} |`,
          `| ${b.head.map(() => "---").join(" | ")} |`,
          ...b.rows.map((row) => `| ${row.map((cell) => words(cell, cellCode)).join(" | ")} |`),
        ].join("\n");
      case "code":
        return block(linesOf(b.text));
      case "diagram":
        return `${prose(b.title)}:\n\n${block(linesOf(b.text))}`;
    }
  };
  return blocks.map(written);
}
