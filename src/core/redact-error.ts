// What of a server's words about an error is data? Databases and caches quote what they were given; their own words name the fault.
//
// MySQL: Duplicate entry 'jane@…' for key 'users.email'. PostgreSQL: invalid input syntax for type integer: "x". Redis: ERR unknown
// command 'FOO', with args beginning with: 'x'. PostgreSQL translates its quotes, and names rows: Key (email)=(jane@…). What stands
// in quotes and every number becomes `?`; the code stands elsewhere.

import { redactTokens } from "./redact-secrets.ts";
import type { CountReplaced } from "./redaction.ts";

/** `shown`: texts that are shown beside it, redacted; a name that stands in them (a column of the statement) may stay. */
export function redactErrorText(text: string, counted: CountReplaced, shown: readonly string[] = []): string {
  const count = (): void => counted("error texts");
  const names = new Set(shown.flatMap((t) => t.match(NAME) ?? []));
  const unquoted = [
    ...PAIRS.map((pattern) => withoutPaired(pattern, count)),
    ...QUOTES.map((quote) => (rest: string) => withoutQuoted(rest, quote, names, count)),
  ].reduce((rest, without) => without(rest), text);
  return redactTokens(
    unquoted.replace(NUMBER, (number) => {
      if (DOTTED_QUAD.test(number)) return number;
      count();
      return "?";
    }),
    count,
  );
}

interface Quote {
  readonly mark: string;
  /** From a mark with no letter before it to the first one with none behind it. */
  readonly pair: RegExp;
  /** A mark with no letter before it: one that opens, left over. */
  readonly open: RegExp;
}

const QUOTES: readonly Quote[] = ["'", '"', "`"].map((mark) => ({
  mark,
  pair: new RegExp(`(?<!\\p{L})${mark}(?:[^${mark}]|${mark}(?=\\p{L}))*${mark}(?!\\p{L})`, "gu"),
  open: new RegExp(`(?<!\\p{L})${mark}|${mark}(?!\\p{L})`, "u"),
}));

/**
 * Marks that differ at their ends, whichever language opens with which: MySQL quotes the rest of a statement, quotes in it and all, behind
 * "near"; PostgreSQL a row. What was cut has no end.
 */
const PAIRS: readonly RegExp[] = [
  /(?<=\bnear )(').*(')/gs,
  /(=\()(?:.*(\))|.*$)/gs,
  /([«»])[^«»]*([«»]|$)/g,
  /([„“”])[^„“”]*([„“”]|$)/g,
];

const withoutPaired =
  (pattern: RegExp, count: () => void) =>
  (text: string): string =>
    text.replace(pattern, (all, begin: string, end: string = "") => {
      const hole = `${begin}?${end}`;
      if (all !== hole) count();
      return hole;
    });

/** Quotes may stand within what is quoted, unescaped: where one is left over, all from the first to the last of them goes. */
function withoutQuoted(
  text: string,
  { mark, pair, open }: Quote,
  names: ReadonlySet<string>,
  count: () => void,
): string {
  if (!text.includes(mark)) return text;
  const hole = `${mark}?${mark}`;
  const replaced = text.replace(pair, (quoted) => {
    if (quoted === hole || isShown(quoted.slice(1, -1), names)) return quoted;
    count();
    return hole;
  });
  if (!open.test(replaced.replace(pair, " "))) return replaced;
  count();
  const first = text.indexOf(mark);
  const last = text.lastIndexOf(mark);
  // One alone: the text was cut behind it.
  return last === first ? text.slice(0, first) + hole : text.slice(0, first) + hole + text.slice(last + 1);
}

/** Of a table, a column, a command: letters, digits and underscores. */
const NAME = /[\p{L}_][\p{L}\p{N}_$]*/gu;

/** "percent", "shop.coupons": names alone, each of which is shown. */
const isShown = (quoted: string, names: ReadonlySet<string>): boolean =>
  quoted !== "" && quoted.split(".").every((name) => names.has(name));

/** Not a part of a word: "utf8", "VARCHAR2". */
const NUMBER = /(?<![\w.])\d+(?:[.,]\d+)*(?!\w)/g;
/** An address is no value; `--redact strict` replaces it. */
const DOTTED_QUAD = /^\d{1,3}(?:\.\d{1,3}){3}$/;
