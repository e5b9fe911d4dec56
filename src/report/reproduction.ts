// With which command lines does a reader get the same figures? Quoted for a POSIX shell, whatever the paths hold.

import { visible } from "../core/escape.ts";
import type { Report, ReportEvidence } from "../core/report.ts";
import { isLines } from "./sentences.ts";

/** How the program was called. Plain arguments, not yet quoted. */
export interface Reproduction {
  /** Captures as they were named, patterns included. */
  captures: readonly string[];
  /** Options that every command takes: `--from`, `+60s`, `--filter`, `port 8280` … */
  reading: readonly string[];
  /** Options of `analyze` alone: `--sockets`, `netstat.txt`, `--only`, `resets` … */
  analyzing: readonly string[];
  /** What a reader must know, as that a value was left out; null for nothing. */
  note: string | null;
}

/** Captures named one by one in a command line; a person who has more of them has a pattern for them. */
const NAMED = 12;
/** What stands for captures that cannot be named: standard input, or too many. */
const PLACEHOLDER = "CAPTURES";

/** Where nobody says how the program was called: by the captures of the report. */
export const reproductionOf = (report: Report): Reproduction => ({
  captures: report.captures.map((c) => c.path),
  reading: [],
  analyzing: [],
  note: null,
});

const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * A word of a POSIX shell. Characters that cannot be seen, or deceive the eye, are written in the form $'\x1b', which bash, zsh and ksh
 * know (POSIX.1-2024, 2.2.4; its \u is theirs).
 */
export function shellWord(word: string): string {
  if (PLAIN_WORD.test(word)) return word;
  if (visible(word) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
  const inner = word.replace(/[\\']|[^ -~]/gu, (char) => {
    if (char === "'" || char === "\\") return `\\${char}`;
    if (visible(char) === char) return char;
    const code = char.codePointAt(0)!;
    if (code <= 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
  });
  return `$'${inner}'`;
}

/** A path as an argument: one that begins with a dash would be taken for an option. */
const pathWord = (path: string): string => shellWord(path.startsWith("-") ? `./${path}` : path);

const isNameable = (path: string): boolean => path !== "-" && path !== "";

const captureWords = ({ captures }: Reproduction): string[] =>
  captures.length === 0 || captures.length > NAMED || !captures.every(isNameable)
    ? [PLACEHOLDER]
    : captures.map(pathWord);

/** What {@link PLACEHOLDER} stands for, where it is used; else null. */
export function placeholderSentence(how: Reproduction): string | null {
  if (captureWords(how)[0] !== PLACEHOLDER) return null;
  return how.captures.length > NAMED
    ? `${PLACEHOLDER} stands for the ${how.captures.length} captures named above.`
    : `${PLACEHOLDER} stands for what was read from standard input.`;
}

/** `halfclose COMMAND WORDS CAPTURES OPTIONS`. Captures come before options: one such as --sockets takes all that follows it. */
export function commandLine(
  how: Reproduction,
  command: string | readonly [command: string, kind: string],
  options: readonly string[] = [],
): string {
  const analyzing = command === "analyze" ? how.analyzing : [];
  const words = typeof command === "string" ? [command] : command;
  return [
    "halfclose",
    ...words,
    ...captureWords(how),
    ...[...how.reading, ...analyzing, ...options].map(shellWord),
  ].join(" ");
}

/** `half-closed-connections#1` as a part of a file's name. */
export const fileStem = (id: string): string => id.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "") || "finding";

export interface FileFilter {
  /** Null where there is one capture. */
  file: string | null;
  /** A Wireshark display filter that selects what is cited in that file. */
  filter: string;
  /** Cited, but not in the filter, which would be too long. */
  left: number;
  /** tshark with it. */
  tshark: string;
}

/** Characters of a filter: what a person still copies, and Wireshark's line for it takes. */
const MAX_FILTER = 4_000;

/** One filter a file for what is cited. */
export function filtersByFile(cited: readonly ReportEvidence[], report: Report): FileFilter[] {
  const byFile = new Map<string | null, { filter: string; left: number }>();
  for (const e of cited) {
    if (isLines(e)) continue;
    const file = e.file ?? null;
    const { filter, left } = byFile.get(file) ?? { filter: "", left: 0 };
    const longer = filter === "" ? e.wireshark : `${filter} || ${e.wireshark}`;
    byFile.set(file, longer.length > MAX_FILTER ? { filter, left: left + 1 } : { filter: longer, left });
  }
  return [...byFile].map(([file, { filter, left }]) => {
    const path = file ?? report.captures[0]?.path ?? "";
    const tshark = `tshark -r ${isNameable(path) ? pathWord(path) : "CAPTURE"} -Y ${shellWord(filter)}`;
    return { file, filter, left, tshark };
  });
}
