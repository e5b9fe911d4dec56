// Which words of an SQL statement are data? String and number literals become `?`; what is left names tables and columns.
//
// MySQL and PostgreSQL differ in what a double quote means: in PostgreSQL it quotes a name, in MySQL by default a string. What
// may be a string is replaced. One pass over the characters.

import { asServerReads, type SqlDialect } from "./sql-reading.ts";

/** Characters of names, and of the numbers in them. */
const WORD = /[\w$@\u0080-\uffff]/;
const SPACE = /\s/;
const DIGIT = /[0-9]/;
/** In front of a quote: x'1F', N'…', _utf8mb4'…'. */
const PREFIX = /^(?:[xbne]|u&|_[a-z0-9]+)$/i;

/** `dialect`: where it is known, the statement is first read as its server does. */
export function redactSql(given: string, dialect?: SqlDialect): string {
  const statement = dialect === undefined ? given : asServerReads(given, dialect);
  const out: string[] = [];
  const dollarEnds = new Map<string, number[]>();
  let i = 0;
  while (i < statement.length) {
    const c = statement[i]!;
    if (c === "'" || c === '"') {
      i = quoted(statement, i, c);
      if (PREFIX.test(out.at(-1) ?? "")) out.pop();
      value(out);
    } else if (c === "`") {
      const end = statement.indexOf("`", i + 1);
      const to = end < 0 ? statement.length : end + 1;
      out.push(statement.slice(i, to));
      i = to;
    } else if (c === "$" && !DIGIT.test(statement[i + 1] ?? "")) {
      const to = dollarQuoted(statement, i, dollarEnds);
      if (to > i) value(out);
      else out.push(c);
      i = Math.max(to, i + 1);
    } else if (DIGIT.test(c) || (c === "." && DIGIT.test(statement[i + 1] ?? ""))) {
      i = number(statement, i);
      value(out);
    } else if (WORD.test(c)) {
      const from = i;
      while (i < statement.length && WORD.test(statement[i]!)) i++;
      // A name with a point, and what stands behind it, is one name.
      while (statement[i] === "." && WORD.test(statement[i + 1] ?? "")) {
        i++;
        while (i < statement.length && WORD.test(statement[i]!)) i++;
      }
      out.push(statement.slice(from, i));
    } else {
      out.push(c);
      i++;
    }
  }
  return out.join("");
}

/** A sign is a part of the number where no operand stands before it; a list of values is told by its first. */
function value(out: string[]): void {
  let at = out.length - 1;
  const skipSpace = (): void => {
    while (at >= 0 && SPACE.test(out[at]!)) at--;
  };
  skipSpace();
  if (out[at] === "-" || out[at] === "+") {
    let before = at - 1;
    while (before >= 0 && SPACE.test(out[before]!)) before--;
    if (before < 0 || "(,=<>".includes(out[before]!)) {
      out.length = at;
      at--;
      skipSpace();
    }
  }
  if (out[at] !== ",") {
    out.push("?");
    return;
  }
  const comma = at--;
  skipSpace();
  if (out[at] === "?") {
    out.length = at + 1;
    out.push(", …");
  } else if (out[at] === ", …") out.length = at + 1;
  else {
    at = comma;
    out.push("?");
  }
}

/** Behind the closing quote, or the end. Doubled and escaped quotes are inside. */
function quoted(text: string, from: number, quote: string): number {
  let i = from + 1;
  while (i < text.length) {
    if (text[i] === "\\") i += 2;
    else if (text[i] !== quote) i++;
    else if (text[i + 1] === quote) i += 2;
    else return i + 1;
  }
  return text.length;
}

/** PostgreSQL's `$tag$ … $tag$`: behind its end; `from` when it is none. A tag without an end swallows the rest. */
function dollarQuoted(text: string, from: number, known: Map<string, number[]>): number {
  let i = from + 1;
  while (i < text.length && text[i] !== "$" && /\w/.test(text[i]!)) i++;
  if (text[i] !== "$") return from;
  const tag = text.slice(from, i + 1);
  let end = known.get(tag)?.[0];
  if (end === undefined || end <= from) {
    end = text.indexOf(tag, i + 1);
    known.set(tag, [end < 0 ? text.length : end]);
  }
  return end < 0 || end >= text.length ? text.length : end + tag.length;
}

const NUMBER = /[0-9a-fA-FxX.]/;

function number(text: string, from: number): number {
  let i = from;
  while (i < text.length && NUMBER.test(text[i]!)) {
    // 1e-3
    if ((text[i] === "e" || text[i] === "E") && (text[i + 1] === "-" || text[i + 1] === "+")) i++;
    i++;
  }
  return i;
}
