// Do these bytes begin like memcached's text protocol? As the first of a flow, strictly; as the first of a segment of a memcached
// connection whose place was lost, by their first word.
//
// Lines that others have too are not enough: beanstalkd knows `delete 7`, `stats`, DELETED and NOT_FOUND, FTP, POP3 and NNTP know
// STAT. What may be memcached's is "more" until the line behind it tells, or the answer.

type Answer = "yes" | "no" | "more";

/** Looked at of a line. A longer one is a request for many keys. */
const MAX_LINE = 320;
const KEY = "[!-~\\x80-\\xff]{1,250}";
const FLAGS = "(?: [A-Za-z][!-~\\x80-\\xff]{0,100}){0,24}";

const COMMAND = new RegExp(
  `^(?:${[
    `gets? ${KEY}(?: ${KEY})*`,
    `gats? -?\\d{1,11} ${KEY}(?: ${KEY})*`,
    `(?:set|add|replace|append|prepend) ${KEY} \\d{1,10} -?\\d{1,11} \\d{1,10}(?: noreply)?`,
    `cas ${KEY} \\d{1,10} -?\\d{1,11} \\d{1,10} \\d{1,20}(?: noreply)?`,
    `(?:incr|decr) ${KEY} \\d{1,20}(?: noreply)?`,
    `touch ${KEY} -?\\d{1,11}(?: noreply)?`,
    `delete (?!\\d+\\r?\\n)${KEY}(?: 0)?(?: noreply)?`,
    "flush_all(?: \\d{1,10})?(?: noreply)?",
    "verbosity \\d{1,2}(?: noreply)?",
    "stats (?:items|slabs|sizes|settings|conns|reset|detail(?: (?:on|off|dump))?|cachedump \\d{1,3} \\d{1,9})",
    "lru_crawler (?:enable|disable|crawl|metadump|mgdump|sleep|tocrawl)(?: [0-9a-z,]+)?",
    "watch (?:fetchers|mutations|evictions|connevents|deletions|proxy[a-z]+)(?: [a-z]+)*",
    `(?:mg|md|ma) ${KEY}${FLAGS}`,
    `ms ${KEY} S?\\d{1,10}${FLAGS}`,
  ].join("|")})\\r?\\n`,
);
const LONGEST_NAME = 11;
/** Commands that others have too. */
const COMMON = /^(?:version|stats|mn|delete \d{1,250})\r?\n/;
const COMMANDS = (
  "get gets gat gats set add replace append prepend cas incr decr touch delete flush_all verbosity stats lru_crawler watch mg ms md " +
  "ma mn version"
).split(" ");
/** Those that are believed only where it is known that this is memcached. */
const OTHERS = new Set(
  "quit me slabs lru misbehave refresh_certs debugtime extstore cache_memlimit shutdown".split(" "),
);
/** A key that tells of HTTP, whatever its letters' case. */
const HTTP = / http\/\d/i;

const ANSWER = new RegExp(
  `^(?:${[
    `VALUE ${KEY} \\d{1,10} \\d{1,10}(?: \\d{1,20})?`,
    "VERSION \\d+\\.\\d+[!-~\\x80-\\xff]{0,40}",
    "STAT [a-z0-9_:.-]{1,100} [ -~\\x80-\\xff]{1,200}",
    "(?:NOT_)?STORED",
    "(?:SERVER|CLIENT)_ERROR [ -~\\x80-\\xff]{1,250}",
    "ERROR Too many open connections",
  ].join("|")})\\r\\n`,
);
const ANSWERS = ["VALUE ", "VERSION ", "STAT ", "STORED\r\n", "NOT_STORED\r\n", "SERVER_ERROR ", "CLIENT_ERROR "];
/** First words of answers, once it is known that this is memcached. */
const ANSWER_WORDS = new Set(
  (
    "VALUE VERSION STAT STORED NOT_STORED EXISTS NOT_FOUND DELETED TOUCHED OK END RESET ERROR CLIENT_ERROR SERVER_ERROR BUSY BADCLASS " +
    "NOSPARE NOTFULL UNSAFE SAME ITEM PREFIX VA HD EN NF NS EX MN ME"
  ).split(" "),
);

const LF = 0x0a;

export function probeMemcached(bytes: Uint8Array, start: number, end: number): Answer {
  const c = bytes[start];
  if (c === undefined || start >= end) return "more";
  // Lower case: a command. V, S, N, C, E: an answer.
  if (c >= 0x61 && c <= 0x7a) {
    if (!mayBeName(bytes, start, end)) return "no";
    return probeCommand(latin(bytes, start, Math.min(end, start + MAX_LINE)));
  }
  if (c === 0x56 || c === 0x53 || c === 0x4e || c === 0x43 || c === 0x45) {
    return probeAnswer(latin(bytes, start, Math.min(end, start + MAX_LINE)));
  }
  return "no";
}

/** The first word is a command's name, or the beginning of one. */
function mayBeName(bytes: Uint8Array, start: number, end: number): boolean {
  const limit = Math.min(end, start + LONGEST_NAME + 1);
  let i = start;
  while (i < limit && ((bytes[i]! >= 0x61 && bytes[i]! <= 0x7a) || bytes[i] === 0x5f)) i++;
  const word = latin(bytes, start, i);
  return i === end ? COMMANDS.some((known) => known.startsWith(word)) : COMMANDS.includes(word);
}

function probeCommand(text: string): Answer {
  const common = COMMON.exec(text);
  if (common !== null) {
    const rest = text.slice(common[0].length);
    return rest === "" ? "more" : probeCommand(rest);
  }
  const complete = text.includes("\n");
  if (complete) return COMMAND.test(text) && !HTTP.test(text) ? "yes" : "no";
  const word = /^[a-z_]*/.exec(text)![0];
  if (word.length === text.length) return COMMANDS.some((known) => known.startsWith(word)) ? "more" : "no";
  if (!COMMANDS.includes(word) || !/^[a-z_]+(?: [!-~\x80-\xff]+)* ?\r?$/.test(text)) return "no";
  if (text.length < MAX_LINE) return "more";
  return (word === "get" || word === "gets") && !HTTP.test(text) ? "yes" : "no";
}

function probeAnswer(text: string): Answer {
  if (text.includes("\n")) return ANSWER.test(text) ? "yes" : "no";
  if (text.length >= MAX_LINE) return "no";
  if ("ERROR Too many open connections\r\n".startsWith(text)) return "more";
  return ANSWERS.some((a) => a.startsWith(text) || text.startsWith(a)) && /^[\r -~\x80-\xff]*$/.test(text)
    ? "more"
    : "no";
}

/** Does a segment of a memcached connection begin with a command? */
export function startsLikeCommand(bytes: Uint8Array, start: number, end: number): boolean {
  const text = latin(bytes, start, Math.min(end, start + MAX_LINE));
  const word = /^([a-z_]{2,20})(?: [ -~\x80-\xff]*)?\r?(?:\n|$)/.exec(text);
  if (word === null) return false;
  return COMMANDS.includes(word[1]!) ? probeCommand(text) !== "no" : OTHERS.has(word[1]!);
}

/** Does a segment of a memcached connection begin with an answer? A number is not enough: it may be data. */
export function startsLikeAnswer(bytes: Uint8Array, start: number, end: number): boolean {
  let stop = start;
  const limit = Math.min(end, start + MAX_LINE);
  while (stop < limit && bytes[stop] !== LF) stop++;
  if (stop === limit) return false;
  const text = latin(bytes, start, stop + 1);
  const word = /^([A-Z_]{2,14})(?: [ -~\x80-\xff]*)?\r\n/.exec(text);
  if (word === null || !ANSWER_WORDS.has(word[1]!)) return false;
  if (word[1] === "VALUE" || word[1] === "STAT" || word[1] === "VERSION") return ANSWER.test(text);
  return word[1] !== "VA" || /^VA \d{1,10}(?: \S+)*\r\n/.test(text);
}

export const isAnswerWord = (word: string): boolean => ANSWER_WORDS.has(word) || /^\d{1,20}$/.test(word);

function latin(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
