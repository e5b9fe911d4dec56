// Which words of a text name a host? Addresses, and names with a dot in them. One pass, in linear time.

import { readNetwork } from "./network.ts";

/** A percent-encoded character is no part of the word behind it. Words may be names, addresses, addresses with a port. */
const WORD = /%[0-9A-Fa-f]{2}|[A-Za-z0-9_\u0080-\uffff.:-]+/g;
/** "8.0.36", "1.5": a version, an amount. */
const NUMBERS = /^[\d.-]*$/;

/** What becomes of an address, and of a name. */
export interface NameReplacers {
  address(text: string): string;
  name(text: string): string;
}

export function replaceNames(text: string, by: NameReplacers): string {
  return text.replace(WORD, (word) => (word.startsWith("%") ? word : replaceWord(word, by)));
}

function replaceWord(word: string, by: NameReplacers): string {
  if (!word.includes(".") && !word.includes(":")) return word;
  if (isAddress(word)) return by.address(word);
  // An IPv6 address behind a word and a colon, with the end of a sentence behind it: "peer:2001:db8::5."
  const end = endOf(word);
  for (let tries = 0, from = 0; tries < MAX_WORDS_BEFORE; tries++) {
    if (word.indexOf(":", from) !== word.lastIndexOf(":", end - 1) && isAddress(word.slice(from, end)))
      return replaceParts(word.slice(0, from), by) + by.address(word.slice(from, end)) + word.slice(end);
    from = word.indexOf(":", from) + 1;
    if (from === 0) break;
  }
  return replaceParts(word, by);
}

const replaceParts = (word: string, by: NameReplacers): string =>
  word
    .split(":")
    .map((part) => replacePart(part, by))
    .join(":");

/** A piece between colons: a name or an IPv4 address, with dots around it perhaps. */
function replacePart(part: string, by: NameReplacers): string {
  const end = endOf(part);
  let begin = 0;
  while (begin < end && EDGE.has(part[begin]!)) begin++;
  const name = part.slice(begin, end);
  if (!name.includes(".")) return part;
  const shown = isAddress(name) ? by.address(name) : NUMBERS.test(name) ? name : by.name(name);
  return part.slice(0, begin) + shown + part.slice(end);
}

/** What may stand around a name: the end of a sentence, a dash in front. */
const EDGE: ReadonlySet<string> = new Set([".", ":", "-"]);

function endOf(part: string): number {
  let end = part.length;
  while (end > 0 && EDGE.has(part[end - 1]!)) end--;
  return end;
}

/** Words with a colon each that may stand in front of an IPv6 address. */
const MAX_WORDS_BEFORE = 4;

/** Of one host: a prefix is none. */
export const isAddress = (text: string): boolean =>
  text.length <= MAX_ADDRESS && !text.includes("/") && readNetwork(text) !== null;

/** An IPv6 address with an IPv4 address at its end, written out: 45 characters. */
const MAX_ADDRESS = 45;
