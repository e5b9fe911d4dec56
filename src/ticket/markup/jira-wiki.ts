// How is a comment written in Jira's wiki markup (Data Center), so that no word of it acts?
//
// The notation: Jira's own help page "Text Formatting Notation" (secure/WikiRendererHelpAction.jspa). What its renderer takes for markup:
// phrases between `* _ - + ^ ~ ??` where the mark stands beside no letter or digit, `{macro}`, `{{monospaced}}`, `[link]`, `[~user]`,
// `!image!`, tables of `|`, emoticons, addresses with a scheme, mail addresses, issue keys, `\\` as a line break, and at the start of a line
// `h1.`, `bq.`, `----`, `*`, `#`, `-`. A backslash takes the meaning from one of `! [ ] ^ ~ + ? # ( ) _ - @`. It does not where another
// filter looks first (braces, bars), within `*bold*` (a star), or before itself: these are written as HTML entities, which the renderer keeps.

import { visible } from "../../core/escape.ts";
import type { Block, Inline } from "../summary.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "\\": "&#92;",
  "{": "&#123;",
  "}": "&#125;",
  "|": "&#124;",
  "*": "&#42;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

/** The brackets of (y) (n) (i) (x) (/) (!) (?) (+) (-) (on) (off) (*) (*r) (flag) (flagoff), stars being entities; and of :( ;) :-) */
const EMOTICON =
  /\((?=(?:[ynix/!?+-]|on|off|flag|flagoff|&#42;[rgby]?)\))|(?<=\((?:[ynix/!?+-]|on|off|flag|flagoff|&#42;[rgby]?))\)|(?<=[:;-])[()]/gi;

/** Seen by a reader as nothing; keeps two things apart that would be markup together. */
const ZERO_WIDTH_SPACE = "\u200b";

const BESIDE_A_WORD = /[\p{L}\p{Nd}]$/u;
const BEFORE_A_WORD = /^[\p{L}\p{Nd}]/u;

/** Words in which nothing acts: one line, as they are read. The order matters: entities first, for they hold no character that comes later. */
export const wikiText = (text: string): string =>
  visible(text)
    .replace(/[\\{}|*&<>]/g, (char) => ENTITIES[char]!)
    // At the start of a line: a heading, a quotation, a list.
    .replace(/^(\s*)(h[1-6]|bq)\./i, "$1$2&#46;")
    .replace(/^(\s*)#/, "$1\\#")
    // An address with a scheme, and :D, :P. A port and a time of day stay as they are.
    .replace(/:(?=[^\s\d])|(?<=(?:mailto|news|file|callto|tel|sip)):/gi, "&#58;")
    .replace(EMOTICON, "\\$&")
    .replace(/[[\]!^~@]|\?(?=\?)|(?<=\?)\?/g, "\\$&")
    // A phrase begins and ends beside no letter; OPS-123 is the key of an issue.
    .replace(/(?<![\p{L}\p{Nd}])[_+-]|[_+-](?![\p{L}\p{Nd}])|-(?=\p{Nd})(?<=\p{L}[\p{L}\p{Nd}_]*-)/gu, "\\$&");

/** `{{words}}`; nothing for nothing. */
export function wikiCode(text: string): string {
  const shown = wikiText(text).trim();
  return shown === "" ? "" : `{{${shown}}}`;
}

/** Lines as they are, in a macro that they cannot close. */
export function wikiBlock(text: string): string {
  const lines = text.split("\n").map((line) => visible(line).replace(/\{(?=\s*\p{L})/gu, `{${ZERO_WIDTH_SPACE}`));
  return ["{noformat}", ...lines, "{noformat}"].join("\n");
}

/** Of a file: a link to it where it is on the ticket, and has a name that `[^name]` takes; else its name. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

function inline(word: Inline, files: ReadonlySet<string>): string {
  switch (word.kind) {
    case "text":
      return wikiText(word.text);
    case "strong": {
      const shown = wikiText(word.text).trim();
      return shown === "" ? "" : `*${shown}*`;
    }
    case "code":
      return wikiCode(word.text);
    case "file":
      return files.has(word.name) && FILE_NAME.test(word.name) ? `[^${word.name}]` : wikiCode(word.name);
  }
}

/** Text beside text is one: what is no mark in either may be one in both. */
function joined(words: readonly Inline[]): Inline[] {
  const out: Inline[] = [];
  for (const word of words) {
    const last = out.at(-1);
    if (last?.kind === "text" && word.kind === "text")
      out[out.length - 1] = { kind: "text", text: last.text + word.text };
    else out.push(word);
  }
  return out;
}

/** The words of one paragraph, item or cell. A phrase that touches a word is none: they are kept apart by nothing that is seen. */
function line(words: readonly Inline[], files: ReadonlySet<string>): string {
  let out = "";
  let phrase = false;
  for (const word of joined(words)) {
    const shown = inline(word, files);
    if (shown === "") continue;
    const isPhrase = word.kind !== "text";
    const touches = (isPhrase && BESIDE_A_WORD.test(out)) || (phrase && (isPhrase || BEFORE_A_WORD.test(shown)));
    out += `${touches ? ZERO_WIDTH_SPACE : ""}${shown}`;
    phrase = isPhrase;
  }
  return out.trim();
}

/** An empty cell has a space: two bars together begin a heading. */
const cell = (words: readonly Inline[], files: ReadonlySet<string>): string => line(words, files) || " ";

function block(from: Block, files: ReadonlySet<string>): string {
  switch (from.kind) {
    case "heading":
      return `h3. ${wikiText(from.text).trim()}`;
    case "paragraph":
      return line(from.words, files);
    case "list":
      return from.items.map((item) => `${from.ordered ? "#" : "*"} ${line(item, files)}`).join("\n");
    case "table": {
      const head = from.head.map((text) => wikiText(text).trim() || " ");
      const rows = from.rows.map((row) => `|${row.map((words) => cell(words, files)).join("|")}|`);
      return [`||${head.join("||")}||`, ...rows].join("\n");
    }
    case "code":
      return wikiBlock(from.text);
    case "diagram":
      // Jira draws no Mermaid, and no SVG as a picture within a comment.
      return `${wikiText(from.title).trim()}:\n${wikiBlock(from.text)}`;
  }
}

/** Blocks apart by an empty line. `files`: names of those that are on the ticket. */
export const jiraWiki = (blocks: readonly Block[], files: ReadonlySet<string>): string =>
  blocks
    .map((one) => block(one, files))
    .filter((text) => text !== "")
    .join("\n\n");
