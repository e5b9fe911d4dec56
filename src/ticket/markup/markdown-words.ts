// How are words written in the Markdown of GitHub and GitLab, so that nothing that was captured acts in them?
//
// src/core/escape.ts makes a text inert; here are the places where two pieces meet, and what GitHub and GitLab add to text after Markdown
// is done, so that a backslash does not help: emoji, task lists, inline diffs, tables of contents, references in brackets
// (docs.gitlab.com/user/markdown). There a zero-width space keeps the marks apart.

import { cellCode, codeSpan, markdown } from "../../core/escape.ts";
import type { Inline } from "../summary.ts";
import type { Attached } from "../tracker.ts";

const APART = "\u200b";

/** What a file is written as: a link, or null for its name alone. */
export type LinkOf = (name: string) => string | null;

/** The size stands in the title, so that a tracker without a list of files can be asked again. */
export const linkTo = (file: Pick<Attached, "name" | "bytes">, address: string): string =>
  `[${linkText(file.name)}](${address} "${file.bytes} bytes")`;

export const linkText = (name: string): string => prose(name).trim();

/** Text of one line; spaces at its ends stay, for something stands beside it. */
export const prose = (text: string): string => between(text, (words) => apart(markdown(words)));

/** Without spaces at the ends, which stay outside. */
function between(text: string, written: (words: string) => string): string {
  const words = text.replace(/^ +/, "").replace(/ +$/, "");
  if (words === "") return text === "" ? "" : " ";
  return `${text.startsWith(" ") ? " " : ""}${written(words)}${text.endsWith(" ") ? " " : ""}`;
}

/**
 * `:100:` and `:de:` are emoji also within an address of IPv6, but no time of day is: a name with a letter beyond hexadecimal digits,
 * or one of the six that have none (gemoji 4). `[contact:…]`, `[issue:…]`: references of GitLab; `[TOC]`, `[[_TOC_]]`; `[ ]`, `[x]`, `[~]`;
 * `{+ +}`, `[- -]`; `%{project_name}`. Names are bounded, so that no text makes these slow.
 */
const EMOJI = /:(?=(?:100|1234|ab?|b|de):|[\w+-]{0,50}?[g-z_+][\w+-]{0,50}:)/gi;
const apart = (markup: string): string =>
  markup
    .replace(EMOJI, `:${APART}`)
    .replace(/\\\[(?=[a-z_]{0,30}?[g-z_][a-z_]{0,30}:|_?toc_?\\\]|\\_toc|[ x~]\\\]|\\?[+-])/gi, `\\[${APART}`)
    .replace(/\\\{(?=\\?[+-])/g, `\\{${APART}`)
    .replace(/%(?=\\\{)/g, `%${APART}`)
    .replace(/\\\*(?=iteration:)/g, `\\*${APART}`);

/** Asterisks make it strong only beside a letter or digit (GFM §6.4); the element does so everywhere. */
export const strong = (text: string): string =>
  between(text, (words) =>
    /^[\p{L}\p{N}](?:.*[\p{L}\p{N}])?$/su.test(words) ? `**${prose(words)}**` : `<strong>${prose(words)}</strong>`,
  );

function pieceOf(word: Inline, inCell: boolean, links: LinkOf): string {
  const code = inCell ? cellCode : codeSpan;
  switch (word.kind) {
    case "text":
      return prose(word.text);
    case "strong":
      return strong(word.text);
    case "code":
      return code(word.text);
    case "file":
      return links(word.name) ?? code(word.name);
  }
}

/** Text and text beside it are one, or a mark at the end of the first would reach the second. */
function joined(words: readonly Inline[]): Inline[] {
  const out: Inline[] = [];
  for (const word of words) {
    const before = out.at(-1);
    if (word.kind === "text" && before?.kind === "text")
      out[out.length - 1] = { kind: "text", text: before.text + word.text };
    else out.push(word);
  }
  return out;
}

export function wordsOf(words: readonly Inline[], links: LinkOf, inCell = false): string {
  let out = "";
  for (const piece of joined(words).map((word) => pieceOf(word, inCell, links))) {
    // `!` before a link makes it a picture, `$` before code a formula, a fence beside a fence a longer one.
    const meets = /[!@#$%~]$/.test(out) || (/[*`]$/.test(out) && /^[*`]/.test(piece));
    if (meets && piece !== "" && !/^\s/.test(piece)) out += APART;
    // A colon does something at the beginning of a line alone (`::include` of GitLab), and stands behind many a strong word.
    out += out.trim() === "" ? piece : piece.replace(/^\\:/, ":");
  }
  return out.trim();
}
