// Which files are in a ZIP? Read with limits, for it may have come from anybody: sizes are counted as bytes come out, not believed.
//
// PKWARE APPNOTE.TXT 6.3: end of central directory (4.3.16), central directory (4.3.12), local header (4.3.7). Stored and deflated entries
// are read, as `src/zip.ts` and every common program write them; ZIP64, encryption and archives in parts are refused. fflate inflates; it
// checks neither sizes nor checksums, so both are checked here.

import { Inflate } from "fflate";

export interface UnzipLimits {
  /** Files in it. */
  readonly entries: number;
  /** Bytes of all that is taken out, together. */
  readonly bytes: number;
}

export interface Unzipped {
  /** As the ZIP has it, with slashes. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What is wrong with it, in words that follow the name of the file: "is cut short". */
export class ZipError extends Error {
  override readonly name = "ZipError";
}

const END = { signature: 0x06054b50, size: 22, disk: 4, entries: 10, length: 12, directory: 16 } as const;
/** A comment behind the end: at most so long (a 16-bit length). */
const MAX_COMMENT = 0xffff;
const ENTRY = {
  signature: 0x02014b50,
  size: 46,
  flags: 8,
  method: 10,
  crc: 16,
  packed: 20,
  unpacked: 24,
  name: 28,
  extra: 30,
  comment: 32,
  local: 42,
} as const;
const LOCAL = { signature: 0x04034b50, size: 30, name: 26, extra: 28 } as const;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;
/** In place of a size or an offset: it is in a ZIP64 field (4.4.8). */
const ZIP64 = 0xffffffff;
/** Deflate makes at most 1,032 bytes of one: what one step can put into memory before it is counted is 17 MB. */
const STEP = 16 * 1024;

/** Takes out the files that are `wanted`; the others are not looked at. Throws {@link ZipError}. */
export function unzipped(zip: Uint8Array, wanted: (name: string) => boolean, limits: UnzipLimits): Unzipped[] {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const end = endOf(view);
  const entries = view.getUint16(end + END.entries, true);
  if (view.getUint16(end + END.disk, true) !== 0) throw new ZipError("is one part of a ZIP file in several");
  if (entries > limits.entries) throw new ZipError(`has ${entries} files, more than a bundle`);
  const out: Unzipped[] = [];
  const names = new Set<string>();
  let room = limits.bytes;
  let at = view.getUint32(end + END.directory, true);
  if (at === ZIP64) throw new ZipError("is in the ZIP64 format, which no bundle needs");
  for (let n = 0; n < entries; n++) {
    if (at + ENTRY.size > end || view.getUint32(at, true) !== ENTRY.signature)
      throw new ZipError("is damaged: its list of files is cut short");
    const field = (offset: number): number => view.getUint16(at + offset, true);
    const next = at + ENTRY.size + field(ENTRY.name) + field(ENTRY.extra) + field(ENTRY.comment);
    if (next > end) throw new ZipError("is damaged: its list of files is cut short");
    const name = new TextDecoder().decode(zip.subarray(at + ENTRY.size, at + ENTRY.size + field(ENTRY.name)));
    if (wanted(name)) {
      if (names.has(name)) throw new ZipError(`holds ${name} twice`);
      names.add(name);
      const bytes = contentOf(zip, view, at, name, room);
      room -= bytes.length;
      out.push({ name, bytes });
    }
    at = next;
  }
  return out;
}

/** Searched from the end, over a comment that may be there. */
function endOf(view: DataView): number {
  const last = view.byteLength - END.size;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--)
    if (view.getUint32(at, true) === END.signature) return at;
  throw new ZipError("is no ZIP file, or is cut short");
}

function contentOf(zip: Uint8Array, view: DataView, entry: number, name: string, room: number): Uint8Array {
  const [packed, unpacked, local] = [ENTRY.packed, ENTRY.unpacked, ENTRY.local].map((o) =>
    view.getUint32(entry + o, true),
  ) as [number, number, number];
  if ((view.getUint16(entry + ENTRY.flags, true) & ENCRYPTED) !== 0) throw new ZipError(`holds ${name} encrypted`);
  if (packed === ZIP64 || unpacked === ZIP64 || local === ZIP64)
    throw new ZipError("is in the ZIP64 format, which no bundle needs");
  if (unpacked > room) throw new ZipError("unpacks to more than any bundle holds");
  if (local + LOCAL.size > zip.length || view.getUint32(local, true) !== LOCAL.signature)
    throw new ZipError(`is damaged: ${name} is not where its list of files says`);
  const from =
    local + LOCAL.size + view.getUint16(local + LOCAL.name, true) + view.getUint16(local + LOCAL.extra, true);
  if (from + packed > zip.length) throw new ZipError(`is damaged: ${name} is cut short`);
  const raw = zip.subarray(from, from + packed);
  const method = view.getUint16(entry + ENTRY.method, true);
  if (method !== STORED && method !== DEFLATED)
    throw new ZipError(`holds ${name} in a way of packing that is not known`);
  const bytes = method === STORED ? raw : inflated(raw, unpacked, name);
  if (bytes.length !== unpacked || crc32(bytes) !== view.getUint32(entry + ENTRY.crc, true))
    throw new ZipError(`is damaged: ${name} is not what was put in`);
  return bytes;
}

/** Stops as soon as more comes out than was said: that is how a bomb shows. */
function inflated(raw: Uint8Array, size: number, name: string): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  const stream = new Inflate((piece) => {
    if (at + piece.length > size) throw new ZipError(`is damaged: ${name} is larger than its list of files says`);
    bytes.set(piece, at);
    at += piece.length;
  });
  try {
    for (let from = 0; from === 0 || from < raw.length; from += STEP)
      stream.push(raw.subarray(from, from + STEP), from + STEP >= raw.length);
  } catch (error) {
    if (error instanceof ZipError) throw error;
    throw new ZipError(`is damaged: ${name} cannot be unpacked`);
  }
  return bytes.subarray(0, at);
}

/** CRC-32 of ISO 3309, reflected polynomial (APPNOTE 4.4.7). */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
