// How is text that came out of a capture shown, so that it can do nothing but be read?
//
// Paths, comments, request targets and anything else may hold terminal escapes, right-to-left overrides or markup. A
// terminal obeys C0 and C1 controls (ECMA-48); a reader's eye is deceived by bidirectional overrides and invisible characters
// (Unicode UAX #9, UTR #36); a tracker acts on Markdown, HTML, mentions and references.

/**
 * Controls (C0, DEL, C1), bidirectional controls, zero-width and other default-ignorable format characters, line separators,
 * tag characters, lone surrogates and private use. With the `u` flag a lone surrogate is a code point of its own.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu;

/** Nearly all text is printable ASCII, in which nothing of the above can be: looked at first, for speed. */
const PRINTABLE = /^[ -~]*$/;
const PRINTABLE_LINES = /^[ -~\n]*$/;

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u0000": "\\0" };

const escapeOf = (char: string): string => {
  const code = char.codePointAt(0)!;
  const hex = code.toString(16);
  if (SHORT[char] !== undefined) return SHORT[char];
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
};

/** What cannot be seen, or would be obeyed, is written as an escape: `\x1b`, `\u202e`, `\n`. One line stays one line. */
export const visible = (text: string): string => (PRINTABLE.test(text) ? text : text.replace(INVISIBLE, escapeOf));

const ASCII_FOR: Record<string, string> = {
  µ: "u",
  μ: "u",
  "·": "-",
  "…": "...",
  "–": "-",
  "—": "-",
  "→": "->",
  "’": "'",
};

/** The same in ASCII, for a terminal that is not UTF-8. */
export const ascii = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII is meant.
  visible(text).replace(/[^\x00-\x7f]/gu, (char) => ASCII_FOR[char] ?? escapeOf(char));

/** JSON that is the same to a program and inert on a terminal: what JSON.stringify leaves raw is written as \uXXXX. */
export function inertJson(json: string): string {
  if (PRINTABLE_LINES.test(json)) return json;
  return json.replace(INVISIBLE, (char) => {
    if (char < " ") return char; // Between tokens JSON.stringify puts newlines; within strings it has escaped them.
    return [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");
  });
}

// ─────────────────────────── Markdown ───────────────────────────
//
// CommonMark and what GitHub and GitLab add: tables, autolinks, mentions (@), references (# ! ~ % & $ GH-), math ($), quick
// actions (a line that starts with /). A backslash is no help against the additions, which look at the text after Markdown
// is done: there a zero-width space between the mark and the word keeps it from being one.

const ZERO_WIDTH_SPACE = "\u200b";

/** Prose of one paragraph or table cell: characters are shown, none acts. */
export function markdown(text: string): string {
  const shown = visible(text)
    .replace(/[\\`*[\]{}|~^$]/g, "\\$&")
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\_")
    .replace(/&(?=[\p{L}\p{N}])/gu, `&amp;${ZERO_WIDTH_SPACE}`)
    .replace(/&(?!amp;\u200b)/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/[@#!%~$](?=["\p{L}\p{N}_])/gu, `$&${ZERO_WIDTH_SPACE}`)
    .replace(/:\/\//g, `:${ZERO_WIDTH_SPACE}//`)
    .replace(/(?<![A-Za-z0-9])(www|GH|mailto|xmpp)(?=[.:-])/gi, `$1${ZERO_WIDTH_SPACE}`)
    .trim();
  // At the start of a line: a heading, list, quote, rule, or a quick action.
  return shown.replace(/^(?:([#+\-=/:])|(\d+)([.)])(?=\s))/, (_, mark, digits, dot) =>
    mark !== undefined ? `\\${mark}` : `${digits}\\${dot}`,
  );
}

/** A code span, in which nothing is read but the end of it. In a table, a bar would still end the cell. */
export function codeSpan(text: string): string {
  const shown = visible(text);
  if (shown.trim() === "") return "` `";
  const fence = "`".repeat(longestRun(shown) + 1);
  const pad = shown.startsWith("`") || shown.endsWith("`") || shown !== shown.trim() ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/**
 * A code span within a table: the bar is escaped, which GitHub's and GitLab's tables undo (GFM §4.10). A backslash before it would
 * escape the escape, and end the cell within the span: the two are kept apart.
 */
export const cellCode = (text: string): string =>
  codeSpan(text)
    .replace(/\\(?=\|)/g, `\\${ZERO_WIDTH_SPACE}`)
    .replace(/\|/g, "\\|");

/** A fenced block of lines, in a language that a tracker may draw ("mermaid"). */
export function codeBlock(lines: readonly string[], language: "text" | "mermaid" = "text"): string {
  const shown = lines.map(visible);
  const fence = "`".repeat(Math.max(3, longestRun(shown.join("\n")) + 1));
  return [`${fence}${language}`, ...shown, fence].join("\n");
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
