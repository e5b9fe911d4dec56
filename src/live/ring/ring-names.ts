// What are the files of a ring called? `halfclose-20260301T183405Z-00007.pcapng`, and `….sockets.txt` with the snapshots of its time.
//
// The number counts up over all runs in one folder, so that names never collide, and sort as they were written unless the clock is set
// back; the time is UTC, that of the first packet.

import { isoFromEpoch } from "../../core/clock.ts";

export const CAPTURE_ENDING = ".pcapng";
export const SNAPSHOT_ENDING = ".sockets.txt";
const DIGITS = 5;
/** Nine digits are a file a second for thirty years; a longer number is of some other program. */
const NAME = /^halfclose-\d{8}T\d{6}Z-(\d{5,9})\.(?:pcapng|sockets\.txt)$/;

/** Without its ending. `at`: nanoseconds since 1970. */
export function stemOf(at: bigint, number: number): string {
  const time = isoFromEpoch(at).slice(0, 19).replaceAll(/[-:]/g, "");
  return `halfclose-${time}Z-${String(number).padStart(DIGITS, "0")}`;
}

/** One more than the highest number in a folder with these names. */
export function nextNumber(names: Iterable<string>): number {
  let highest = 0;
  for (const name of names) highest = Math.max(highest, Number(NAME.exec(name)?.[1] ?? 0));
  return highest + 1;
}
