// What acts in the text of a Redmine note, whatever markup it is written in? And how is it kept from acting?
//
// After its markup, Redmine reads every text (but pre and code) for its own: #52, r52, commit:, source:"…", user:, @login, [[page]],
// {{macro}} (ApplicationHelper of 5.0.4, parse_redmine_links and catch_macros; redmine.org/projects/redmine/wiki/RedmineTextFormatting),
// addresses and e-mail addresses. Macros and mentions (Mentionable, which sends mail) are looked for in the source, in code too.
// A character without width between the mark and the word keeps it from being one.

import { visible } from "../../core/escape.ts";
import type { Block, Inline } from "../summary.ts";

export const ZERO_WIDTH_SPACE = "\u200b";

const PREFIX = /\b(attachment|document|version|forum|news|message|project|commit|source|export|user)(?=[:#]\S)/gi;

/** Prose whose characters are visible already: none of Redmine's own is left in it. A backslash of Markdown may stand before a bracket. */
export const apart = (text: string): string =>
  codeApart(text)
    .replace(PREFIX, `$1${ZERO_WIDTH_SPACE}`)
    .replace(/#(?=#|\d|note)/g, `#${ZERO_WIDTH_SPACE}`)
    .replace(/(?<![A-Za-z0-9])r(?=\d)/g, `r${ZERO_WIDTH_SPACE}`)
    .replace(/\[(?=\\?\[)/g, `[${ZERO_WIDTH_SPACE}`)
    .replace(/:\/\//g, `:${ZERO_WIDTH_SPACE}//`)
    .replace(/\b(www|mailto|xmpp)(?=[.:])/gi, `$1${ZERO_WIDTH_SPACE}`);

/** The same for code: macros and mentions. */
export const codeApart = (text: string): string =>
  text.replace(/\{(?=\\?\{)/g, `{${ZERO_WIDTH_SPACE}`).replace(/@(?=[A-Za-z0-9_\-@.])/g, `@${ZERO_WIDTH_SPACE}`);

export const linesOf = (text: string): string[] => text.trimEnd().split(/\r\n|\r|\n/);

/** A file's name that a link of Redmine's takes as it is. */
const LINKABLE = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** `attachment:name`, which Redmine links to the newest file of this name on the issue; null where the name alone is shown. */
export const attachmentLink = (name: string, attached: ReadonlySet<string>): string | null =>
  LINKABLE.test(name) && attached.has(name) ? `attachment:${name}` : null;

/** Text beside text is one: what is parted must be seen whole. */
export function joinedText(inlines: readonly Inline[]): Inline[] {
  const out: Inline[] = [];
  for (const word of inlines) {
    const before = out.at(-1);
    if (word.kind === "text" && before?.kind === "text")
      out[out.length - 1] = { kind: "text", text: before.text + word.text };
    else out.push(word);
  }
  return out;
}

/** For the text formatting "none": Redmine shows characters as they are, and still reads for its own. One string a block. */
export function plainNote(blocks: readonly Block[], attached: ReadonlySet<string>): string[] {
  const shown = (text: string): string => apart(visible(text));
  const code = (text: string): string => linesOf(text).map(shown).join("\n");
  const words = (inlines: readonly Inline[]): string =>
    joinedText(inlines)
      .map((i) => (i.kind === "file" ? (attachmentLink(i.name, attached) ?? shown(i.name)) : shown(i.text)))
      .join("");
  const written = (block: Block): string => {
    switch (block.kind) {
      case "heading":
        return shown(block.text).toUpperCase();
      case "paragraph":
        return words(block.words);
      case "list":
        return block.items.map((item, i) => `${block.ordered ? `${i + 1}.` : "-"} ${words(item)}`).join("\n");
      case "table":
        return block.rows
          .map(
            (row) =>
              `- ${row.map((cell, i) => `${block.head[i] ? `${shown(block.head[i])}: ` : ""}${words(cell)}`).join("; ")}`,
          )
          .join("\n");
      case "code":
        return code(block.text);
      case "diagram":
        return `${shown(block.title)}:\n${code(block.text)}`;
    }
  };
  return blocks.map(written);
}
