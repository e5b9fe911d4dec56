// How is a comment written in Textile, as Redmine reads it, so that nothing in it acts?
//
// redmine.org/projects/redmine/wiki/RedmineTextFormattingTextile, and the reader itself (RedCloth 3 within Redmine 5.0.4). A numeric
// entity is shown as its character and read as no markup; in pre and code nothing is read but their own tags.

import { visible } from "../../core/escape.ts";
import type { Block, Inline } from "../summary.ts";
import { apart, attachmentLink, codeApart, joinedText, linesOf, ZERO_WIDTH_SPACE } from "./redmine-text.ts";

const entity = (char: string): string => `&#${char.charCodeAt(0)};`;

/** Spans, images, links, tables, code, styles, HTML. An underscore within a word is one. */
const ACTS = /[*~^`"!?=[\]{}|<>&\\@]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g;
/** `-deleted-`, `+inserted+` and `%span%` begin before a word; `x%x%` is RedCloth's own sign for an ampersand. */
const OPENS = /(?<![A-Za-z0-9])[-+%](?=\S)|%(?=\w)/g;
/** `TCP(what it stands for)` is an abbreviation, whose words are not shown. */
const ABBREVIATES = /(?<=[A-Z0-9])\(/g;

/** Prose of one line: characters are shown, none acts. */
export const textileText = (text: string): string =>
  apart(visible(text)).replace(ACTS, entity).replace(OPENS, entity).replace(ABBREVIATES, entity).trim();

/** What is read even in pre and code: their own tags, and RedCloth's own signs for an ampersand and for attributes set aside. */
const untagged = (text: string): string =>
  codeApart(visible(text))
    .replace(/<(?=[/a-z!])/gi, `<${ZERO_WIDTH_SPACE}`)
    .replace(/x%(?=x%)/g, `x%${ZERO_WIDTH_SPACE}`)
    .replace(/:redsh#/g, `:redsh${ZERO_WIDTH_SPACE}#`);
const code = (text: string): string => `<code>${untagged(text) || " "}</code>`;
const pre = (text: string): string => `<pre>\n${linesOf(text).map(untagged).join("\n")}\n</pre>`;

/** Brackets at the start would be its style. */
const strong = (text: string): string => `*${textileText(text).replace(/^\(/, entity)}*`;

function words(given: readonly Inline[], attached: ReadonlySet<string>): string {
  const inlines = joinedText(given);
  let out = "";
  for (const [i, word] of inlines.entries()) {
    if (word.kind === "file") out += attachmentLink(word.name, attached) ?? code(word.name);
    else if (word.kind === "code") out += code(word.text);
    else if (word.text.trim() === "") out += word.text === "" ? "" : " ";
    else {
      if (/^\s/.test(word.text)) out += " ";
      // A span begins and ends at a space or a bracket; elsewhere its signs would be seen.
      const fits = /(?:^|[\s(])$/.test(out) && (/\s$/.test(word.text) || /^$|^[\s.,:;)]/.test(textOf(inlines[i + 1])));
      out += word.kind === "strong" && fits ? strong(word.text) : textileText(word.text);
      if (/\s$/.test(word.text)) out += " ";
    }
  }
  return out.trim();
}

const textOf = (word: Inline | undefined): string =>
  word === undefined ? "" : word.kind === "file" ? word.name : word.text;

/** What begins otherwise might be read as a list, a table, a quotation, or a prefix (`h1. `, `bq. `, `fn1. `). */
const PLAIN_START = /^[A-Z0-9]/;

/** One string a block; blocks are parted by an empty line. */
export function textile(blocks: readonly Block[], attached: ReadonlySet<string>): string[] {
  const paragraph = (text: string): string => (PLAIN_START.test(text) ? text : `p. ${text}`);
  const written = (block: Block): string => {
    switch (block.kind) {
      case "heading":
        return `h3. ${textileText(block.text)}`;
      case "paragraph":
        return paragraph(words(block.words, attached));
      case "list":
        return block.items.map((item) => `${block.ordered ? "#" : "*"} ${words(item, attached)}`).join("\n");
      case "table":
        return [
          ...(block.head.some((cell) => cell !== "")
            ? [`|${block.head.map((cell) => `_. ${textileText(cell)} |`).join("")}`]
            : []),
          // The space keeps a cell's text from being read as its style.
          ...block.rows.map((row) => `|${row.map((cell) => ` ${words(cell, attached)} |`).join("")}`),
        ].join("\n");
      case "code":
        return pre(block.text);
      case "diagram":
        return `${paragraph(textileText(block.title))}:\n\n${pre(block.text)}`;
    }
  };
  return blocks.map(written);
}
