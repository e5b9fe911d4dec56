// How does text off the wire stand in a Mermaid diagram, so that it is only read?
//
// Mermaid reads its code with regular expressions before any grammar (packages/mermaid/src/utils.ts `encodeEntities`,
// diagram-api/comments.ts, directives): `%%` begins a comment and `%%{` a directive anywhere, `;` and `#` end a text, `\n` and
// `<br>` break lines, quotes and backticks end or change a label, `$$` begins a formula, `wrap:` at the start of a message is an
// order. Its own escape is `#38;`, an entity by decimal number (mermaid.js.org/syntax/sequenceDiagram.html, "Entity codes to escape
// characters"): everything but letters, digits and a few marks is written so.

import { visible } from "../core/escape.ts";
import { cut } from "../core/wrap.ts";

/** Columns of one text. Sixty rows of three texts stay below {@link MAX_CODE}, even where every character is an entity. */
const MAX_COLUMNS = 60;

/** Mermaid draws nothing at all beyond 50,000 characters (`maxTextSize`), and GitHub leaves it at that. */
export const MAX_CODE = 45_000;

/** What may stand as it is: letters and digits of any script, and marks without a meaning in any text of Mermaid. */
const UNSAFE = /[^\p{L}\p{M}\p{Nd} .,/_:()?=→–…·-]/gu;
/** Mermaid's stand-ins for `&#` and `;` within an entity: written in a text, they would become one. */
const STAND_INS = /[ﬂ¶ß]/g;
/** Words that Mermaid's regular expressions look for in any line (`style.*:\S*#.*;`), orders, and the keyword `end`. */
const WORDS = /style|classDef|click|(?:no)?wrap:|\bend\b|accTitle|accDescr/gi;
/** Labels are read as Markdown: lists, and emphasis by underscores that are not within a word. */
const MARKDOWN = /^-|(?<=^\d+)[.)](?=\s|$)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|(?<=-)-/gu;

const entity = (char: string): string => `#${char.codePointAt(0)};`;

/** A text of a message, a note or a quoted label, cut where it is long. Never empty, for grammars ask for something. */
export function mermaidText(text: string, columns: number = MAX_COLUMNS): string {
  const shown = cut(visible(text), columns, "…").trim();
  if (shown === "") return "–";
  const marked = new Set<number>();
  for (const pattern of [UNSAFE, STAND_INS, WORDS, MARKDOWN])
    for (const { index } of shown.matchAll(pattern)) marked.add(index);
  let written = "";
  for (let at = 0; at < shown.length; ) {
    const char = String.fromCodePoint(shown.codePointAt(at)!);
    written += marked.has(at) ? entity(char) : char;
    at += char.length;
  }
  return written;
}

/** Lines of code up to {@link MAX_CODE} characters; `rest` is the line that says how many were left out. */
export function bounded(lines: readonly string[], rest: (left: number) => string): string {
  let length = 0;
  const kept = lines.findIndex((line) => (length += line.length + 1) > MAX_CODE);
  return `${(kept < 0 ? lines : [...lines.slice(0, kept), rest(lines.length - kept)]).join("\n")}\n`;
}
