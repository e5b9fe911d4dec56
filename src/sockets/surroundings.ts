// What is written around a dump? Quotation marks of mail and chat, fences, commands; and rows that lost their dump.

import { stateOf } from "./state-words.ts";

const GREATER = 62;
const BLANK = 32;

/** Without the marks of a quotation: `> `, `> > `, `>> `. The blanks that belong to the line stay. */
export function unquoted(line: string): string {
  let from = 0;
  while (line.charCodeAt(from) === GREATER) {
    from++;
    if (line.charCodeAt(from) === BLANK) from++;
  }
  return from === 0 ? line : line.slice(from);
}

const FENCE = /^\s{0,8}(?:```|~~~|\{(?:code|noformat)\b|<\/?(?:pre|code)>)/;

/** Where a quoted text begins or ends in Markdown, in a tracker, in HTML. */
export const isFence = (line: string): boolean => FENCE.test(line);

const TOOL =
  /(?:^|[\s;|&(`/\\])(?:netstat|ss|lsof|Get-NetTCPConnection|sockstat)(?:\.exe)?(?:\s|$)|\/proc\/(?:\d+\/|self\/)?net\/tcp6?\b/i;

/** A prompt with a command that lists sockets: what follows is another dump, also where it has no heading. */
export const isCommand = (line: string): boolean => TOOL.test(line);

/** An address and a port: `10.0.0.5:8280`, BSD's `10.0.0.5.8280`, `[::1]:80`, `:::80`, `*:80`. A clock is none. */
const END =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.%\w]{2,64}\]|\*|localhost|(?=[^:]{0,40}::|:)[0-9a-f:.%]{2,64})[:.](?:\d{1,5}|\*)$/i;
/** What joins ends in one word: lsof's arrow, and commas of CSV. */
const JOINTS = /[\s,;"']+|->/;
/** No table writes its states small; prose does: "closed". */
const CAPITAL = /^[A-Z]/;
/** A row is short: the longest have process names behind two addresses. */
const MAX_ROW = 512;

/** Two ends, or one end and a state: a row of some dump, though none of the readers knows it. */
export function resemblesRow(line: string): boolean {
  if (line.length > MAX_ROW) return false;
  let ends = 0;
  let states = 0;
  for (const word of line.split(JOINTS)) {
    if (END.test(word)) ends++;
    else if (CAPITAL.test(word) && stateOf(word) !== null) states++;
  }
  return ends >= 2 || (ends === 1 && states > 0);
}
