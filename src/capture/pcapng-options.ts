// Which options does a pcapng block carry? (draft-ietf-opsawg-pcapng §3.5: code, length, value padded to four bytes)

import { Option, padded } from "./pcapng-layout.ts";
import { u16, u32 } from "./record-reader.ts";

/**
 * Calls `visit` with code, offset and length of each option in bytes[start, end).
 * False: one of them claims more bytes than there are.
 */
export function eachOption(
  bytes: Uint8Array,
  start: number,
  end: number,
  little: boolean,
  visit: (code: number, at: number, length: number) => void,
): boolean {
  let at = start;
  while (at + 4 <= end) {
    const code = u16(bytes, at, little);
    const length = u16(bytes, at + 2, little);
    if (code === Option.end) return true;
    at += 4;
    if (at + length > end) return false;
    visit(code, at, length);
    at += padded(length);
  }
  return true;
}

/** An unsigned 64-bit value; rounded beyond 2^53, which no count reaches. */
export const u64 = (bytes: Uint8Array, at: number, little: boolean): number =>
  little
    ? u32(bytes, at + 4, little) * 4_294_967_296 + u32(bytes, at, little)
    : u32(bytes, at, little) * 4_294_967_296 + u32(bytes, at + 4, little);

export function i64(bytes: Uint8Array, at: number, little: boolean): bigint {
  const high = u32(bytes, little ? at + 4 : at, little);
  const low = u32(bytes, little ? at : at + 4, little);
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

/** Bytes looked at of a text, of which less is kept: a UTF-8 character has at most four. */
const MAX_TEXT_BYTES = 2000;
const utf8 = new TextDecoder();

/** Texts are UTF-8, and end with a NUL only by mistake. */
export function optionText(bytes: Uint8Array, at: number, length: number): string {
  const text = utf8.decode(bytes.subarray(at, at + Math.min(length, MAX_TEXT_BYTES)));
  const nul = text.indexOf("\0");
  return nul < 0 ? text : text.slice(0, nul);
}
