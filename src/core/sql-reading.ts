// What does a server see of an SQL statement? Comments fall away, and a string ends where the server says, so that a quote in a comment
// or a backslash before one misleads nobody (MySQL 8.0 manual 9.1.1 and 9.7; PostgreSQL 16 manual 4.1.2 and 4.1.5).

export type SqlDialect = "mysql" | "postgresql";

/** In a statement without any of these, every reading is the same. */
const AMBIGUOUS = /[\\#`]|--|\/\*|\$/;

/**
 * The statement as its server reads it: every comment a blank (none at its ends), and every string of any length `'x'`. Hints of MySQL that are executed
 * (`/*! … *\/`) stay as code. What has no end ends with the statement.
 */
export function asServerReads(statement: string, dialect: SqlDialect): string {
  if (!AMBIGUOUS.test(statement)) return statement;
  const isMysql = dialect === "mysql";
  let out = "";
  let i = 0;
  while (i < statement.length) {
    const c = statement[i]!;
    const comment = commentEnd(statement, i, isMysql);
    if (comment > i) {
      out += " ";
      i = comment;
    } else if (c === "'" || (c === '"' && isMysql)) {
      i = stringEnd(statement, i, isMysql || isEscapeString(statement, i));
      out += "'x'";
    } else if (c === '"' || (c === "`" && isMysql)) {
      // A name. PostgreSQL's is shown as a string is, by whoever cannot tell the two apart.
      const to = stringEnd(statement, i, false);
      out += c === '"' ? "'x'" : statement.slice(i, to);
      i = to;
    } else if (c === "$" && !isMysql) {
      const to = dollarEnd(statement, i);
      out += to > i ? "'x'" : c;
      i = Math.max(to, i + 1);
    } else {
      out += c;
      i++;
    }
  }
  return out.trim();
}

/** Behind the comment that begins here; `from` when none does. */
function commentEnd(text: string, from: number, isMysql: boolean): number {
  const c = text[from];
  if (c === "/" && text[from + 1] === "*") {
    if (isMysql && text[from + 2] === "!") return from;
    return isMysql ? behind(text, "*/", from + 2) : nestedEnd(text, from);
  }
  const isDashed = c === "-" && text[from + 1] === "-" && (!isMysql || /^\s?$/.test(text[from + 2] ?? ""));
  return isDashed || (isMysql && c === "#") ? behind(text, "\n", from) : from;
}

/** PostgreSQL's comments nest. */
function nestedEnd(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "/" && text[i + 1] === "*") {
      depth++;
      i++;
    } else if (text[i] === "*" && text[i + 1] === "/") {
      i++;
      if (--depth === 0) return i + 1;
    }
  }
  return text.length;
}

function behind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

/** Behind the closing quote. Doubled quotes are inside, and escaped ones where there are escapes. */
function stringEnd(text: string, from: number, hasEscapes: boolean): number {
  const quote = text[from];
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === "\\" && hasEscapes) i++;
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return text.length;
}

/** E'…': the only strings of PostgreSQL with backslash escapes (standard_conforming_strings). */
const isEscapeString = (text: string, quote: number): boolean =>
  /e/i.test(text[quote - 1] ?? "") && !/[\w$\u0080-\uffff]/.test(text[quote - 2] ?? "");

/** Behind `$tag$ … $tag$`; `from` when none begins here. */
function dollarEnd(text: string, from: number): number {
  if (/[\w$\u0080-\uffff]/.test(text[from - 1] ?? "")) return from;
  let i = from + 1;
  while (/[A-Za-z_\u0080-\uffff]/.test(text[i] ?? "") || (i > from + 1 && /\d/.test(text[i] ?? ""))) i++;
  if (text[i] !== "$") return from;
  return behind(text, text.slice(from, i + 1), i + 1);
}
