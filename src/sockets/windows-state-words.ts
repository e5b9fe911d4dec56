// Which state does a word of netstat on Windows mean? Some languages of Windows translate the column.
//
// Sources. English: Microsoft Learn, "netstat" (which writes SYN_SEND and TIMED_WAIT), and the messages of netstat itself.
// German, seen in printed outputs: ABHÖREN, HERGESTELLT, WARTEND, SCHLIESSEN_WARTEN, FIN_WARTEN_2, SYN_GESENDET; by their
// pattern, or in the tables of other programs only: FIN_WARTEN_1, SYN_EMPFANGEN, SCHLIESSEND, ZULETZT_ACK.
// Chinese, Russian, Japanese, French, Spanish and Italian Windows print the English words, as far as printed outputs show. A word
// that nobody listed is no loss where there is no peer: see netstat-windows.ts.

import type { SocketState } from "../core/socket-table.ts";
import { stateOf } from "./state-words.ts";

/** Keys as {@link folded} gives them. */
const WORDS: ReadonlyMap<string, SocketState> = new Map<string, SocketState>([
  ["SYN_SEND", "SYN_SENT"],
  ["TIMED_WAIT", "TIME_WAIT"],
  ["ABH?REN", "LISTEN"],
  // What people type who have no umlaut.
  ["ABHOEREN", "LISTEN"],
  ["HERGESTELLT", "ESTABLISHED"],
  ["SYN_GESENDET", "SYN_SENT"],
  ["SYN_EMPFANGEN", "SYN_RECEIVED"],
  ["FIN_WARTEN_1", "FIN_WAIT_1"],
  ["FIN_WARTEN_2", "FIN_WAIT_2"],
  ["SCHLIESSEN_WARTEN", "CLOSE_WAIT"],
  ["SCHLIESSEND", "CLOSING"],
  ["ZULETZT_ACK", "LAST_ACK"],
  ["WARTEND", "TIME_WAIT"],
]);

/** Beyond the longest word there is. */
const MAX_WORD = 40;

/** Null: not a word that is known. */
export function windowsStateOf(word: string): SocketState | null {
  if (word.length > MAX_WORD) return null;
  return stateOf(word) ?? WORDS.get(folded(word)) ?? null;
}

/**
 * Upper case, and every run of what is not ASCII as one `?`: the console writes in its own code page (437, 850, 852, 866), so
 * that `Ö` arrives as U+FFFD, as `™`, as two characters or as itself.
 */
const folded = (word: string): string => word.replaceAll(/[^\x20-\x7e]+/g, "?").toUpperCase();
