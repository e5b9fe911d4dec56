// How do the files of a bundle become one ZIP file, with the same bytes wherever it is made?
//
// fflate deflates and lays out; the times it writes are those of the machine's zone, so they are set here (APPNOTE.TXT 4.3.7, 4.3.12,
// 4.3.16: offsets of the local header, the central directory and its end).

import { zipSync } from "fflate";
import type { BundleFile } from "./bundle.ts";

/** 6 is zlib's own balance: 9 takes twice the time for a hundredth of the size. */
const LEVEL = 6;
/** Any time that fflate takes: it is overwritten. */
const PLACEHOLDER = new Date(2000, 5, 15, 12);

const END_SIZE = 22;
const END = { entries: 10, directory: 16 } as const;
const ENTRY = { time: 12, name: 28, extra: 30, comment: 32, local: 42, size: 46 } as const;
const LOCAL_TIME = 10;

/** `time`: ISO 8601, of every file; null for the first moment that ZIP knows. */
export function zipped(files: readonly BundleFile[], time: string | null): Uint8Array {
  const entries = Object.fromEntries(files.map(({ name, bytes }) => [name, bytes]));
  const zip = zipSync(entries, { level: LEVEL, mtime: PLACEHOLDER });
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const stamp = dosTime(time);
  const end = zip.length - END_SIZE;
  let at = view.getUint32(end + END.directory, true);
  for (let n = view.getUint16(end + END.entries, true); n > 0; n--) {
    view.setUint32(at + ENTRY.time, stamp, true);
    view.setUint32(view.getUint32(at + ENTRY.local, true) + LOCAL_TIME, stamp, true);
    const field = (offset: number): number => view.getUint16(at + offset, true);
    at += ENTRY.size + field(ENTRY.name) + field(ENTRY.extra) + field(ENTRY.comment);
  }
  return zip;
}

/** 1980 to 2107, in steps of two seconds: date in the upper half, time of day in the lower. */
function dosTime(iso: string | null): number {
  const first = Date.UTC(1980, 0, 1);
  const last = Date.UTC(2107, 11, 31, 23, 59, 58);
  const parsed = iso === null ? first : Date.parse(`${iso.slice(0, 19)}Z`);
  const t = new Date(Number.isNaN(parsed) ? first : Math.min(last, Math.max(first, parsed)));
  const date = ((t.getUTCFullYear() - 1980) << 9) | ((t.getUTCMonth() + 1) << 5) | t.getUTCDate();
  const clock = (t.getUTCHours() << 11) | (t.getUTCMinutes() << 5) | (t.getUTCSeconds() >> 1);
  return ((date << 16) | clock) >>> 0;
}
