// Which word stands for an IPv6 address where a table has no room for sixteen bytes? A hash: the same one from bytes and from groups.

import { mixed } from "./mixed.ts";

/** hot: of the sixteen bytes at `at`. */
export function wordOfBytes(bytes: Uint8Array, at: number): number {
  let h = 0;
  for (let n = at; n < at + 16; n += 4) {
    h = mixed(h ^ ((bytes[n]! << 24) | (bytes[n + 1]! << 16) | (bytes[n + 2]! << 8) | bytes[n + 3]!));
  }
  return h;
}

/** Of its eight 16-bit groups. */
export function wordOfGroups(groups: readonly number[]): number {
  let h = 0;
  for (let n = 0; n < groups.length; n += 2) h = mixed(h ^ ((groups[n]! << 16) | groups[n + 1]!));
  return h;
}
