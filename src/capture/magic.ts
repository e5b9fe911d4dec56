// What kind of file is this, by its first bytes?
//
// Captures and compressions are told by their magic, never by name. What people hand over by mistake is named, so that
// the error says what to do about it.

import { PCAP_HEADER, type PcapMagic, pcapMagic } from "./pcap.ts";
import { Block, BYTE_ORDER_MAGIC, SectionField } from "./pcapng-layout.ts";
import { u32 } from "./record-reader.ts";
import type { ByteStream, Compression } from "./source.ts";

/** Bytes wanted to tell a capture; more, up to {@link HEAD_BYTES}, help to name what is none. */
export const ENOUGH_TO_TELL = PCAP_HEADER;
export const HEAD_BYTES = 512;

export type FileKind =
  | { kind: "pcap"; magic: { kind: PcapMagic; little: boolean } }
  | { kind: "pcapng" }
  | { kind: "compressed"; compression: Compression }
  /** Known, and not readable here; `advice` says what to do. */
  | { kind: "foreign"; name: string; advice: string }
  | { kind: "empty" }
  /** The start of a pcap or pcapng file, but too short for its header. */
  | { kind: "cut-short"; name: string }
  | { kind: "unknown" };

const CONVERT = "convert it with: editcap -F pcapng FILE out.pcapng";
const UNPACK = "decompress it first";

/** Magic as Latin-1 text, where it lies, what it is, what to do. */
const FOREIGN: readonly (readonly [magic: string, at: number, name: string, advice: string])[] = [
  ["\x04\x22\x4d\x18", 0, "lz4-compressed", `${UNPACK}: lz4 -d FILE`],
  ["\x02\x21\x4c\x18", 0, "lz4-compressed", `${UNPACK}: lz4 -d FILE`],
  ["\xfd7zXZ\0", 0, "xz-compressed", `${UNPACK}: xz -d FILE`],
  ["BZh", 0, "bzip2-compressed", `${UNPACK}: bzip2 -d FILE`],
  ["LZIP", 0, "lzip-compressed", `${UNPACK}: lzip -d FILE`],
  ["\x1f\x9d", 0, "compressed by compress", `${UNPACK}: uncompress FILE`],
  ["PK\x03\x04", 0, "a zip archive", "extract the capture first"],
  ["7z\xbc\xaf\x27\x1c", 0, "a 7-Zip archive", "extract the capture first"],
  ["Rar!\x1a\x07", 0, "a RAR archive", "extract the capture first"],
  ["ustar", 257, "a tar archive", "extract the capture first"],
  ["snoop\0\0\0", 0, "a Solaris snoop capture", CONVERT],
  ["btsnoop\0", 0, "a Bluetooth btsnoop log", "it holds no TCP"],
  ["iptrace ", 0, "an AIX iptrace capture", CONVERT],
  ["GMBU", 0, "a Microsoft Network Monitor capture", CONVERT],
  ["RTSS", 0, "a Microsoft Network Monitor capture", CONVERT],
  ["XCP\0", 0, "a NetXRay or Windows Sniffer capture", CONVERT],
  ["TRSNIFF data", 0, "a DOS Sniffer capture", CONVERT],
  ["ObserverPktBuf", 0, "a Network Instruments Observer capture", CONVERT],
  ["\x1c\0\x01\xac", 0, "an IXIA capture", CONVERT],
  ["\xac\x01\0\x1c", 0, "an IXIA capture", CONVERT],
  ["\x7fELF", 0, "a program (ELF)", "give the capture file"],
  ["MZ", 0, "a Windows program", "give the capture file"],
  ["%PDF", 0, "a PDF document", "give the capture file"],
  ["SQLite format 3\0", 0, "an SQLite database", "give the capture file"],
];

const startsWith = (head: Uint8Array, magic: string, at: number): boolean =>
  at + magic.length <= head.length && [...magic].every((char, i) => head[at + i] === char.charCodeAt(0));

export function identify(head: Uint8Array): FileKind {
  if (head.length === 0) return { kind: "empty" };
  if (startsWith(head, "\x1f\x8b", 0)) return { kind: "compressed", compression: "gz" };
  if (startsWith(head, "\x28\xb5\x2f\xfd", 0) || isSkippableZstdFrame(head)) {
    return { kind: "compressed", compression: "zst" };
  }
  const magic = head.length >= 4 ? pcapMagic(head) : null;
  if (magic !== null) {
    return head.length >= PCAP_HEADER ? { kind: "pcap", magic } : { kind: "cut-short", name: "pcap" };
  }
  if (head.length >= 4 && u32(head, 0, true) === Block.sectionHeader) {
    if (head.length < SectionField.byteOrder + 4) return { kind: "cut-short", name: "pcapng" };
    const order = u32(head, SectionField.byteOrder, true);
    if (order === BYTE_ORDER_MAGIC || u32(head, SectionField.byteOrder, false) === BYTE_ORDER_MAGIC) {
      return { kind: "pcapng" };
    }
  }
  for (const [magic, at, name, advice] of FOREIGN) {
    if (startsWith(head, magic, at)) return { kind: "foreign", name, advice };
  }
  return text(head) ?? { kind: "unknown" };
}

/** 184D2A50 to 184D2A5F, little-endian (RFC 8878 §3.1.2): pzstd begins its files with one. */
function isSkippableZstdFrame(head: Uint8Array): boolean {
  return head.length >= 4 && (u32(head, 0, true) & 0xffff_fff0) >>> 0 === 0x184d_2a50;
}

/** Text is UTF-8 without control characters but white space and escape; a handful of bytes is not enough to say so. */
function text(head: Uint8Array): FileKind | null {
  const control = head.some((byte) => byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b);
  const decoded = control || head.length < 8 ? null : decodeUtf8(head);
  if (decoded === null) return null;
  const start = decoded.trimStart().toLowerCase();
  if (start.startsWith("<!doctype html") || start.startsWith("<html")) {
    return { kind: "foreign", name: "an HTML page", advice: "the download may have failed; fetch the capture again" };
  }
  if (start.startsWith("{") || start.startsWith("[")) {
    return { kind: "foreign", name: "JSON text", advice: "give the capture itself, as tcpdump -w writes it" };
  }
  return {
    kind: "foreign",
    name: "text",
    advice: "give the capture itself, as tcpdump -w writes it, not what tcpdump prints",
  };
}

/** Null if it is not UTF-8; a character may be cut at the end. */
function decodeUtf8(head: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
  } catch {
    return null;
  }
}

/** The first bytes: `enough`, unless the stream ends before; more, up to {@link HEAD_BYTES}, if they come along. */
export async function readHead(stream: ByteStream, enough: number): Promise<Uint8Array> {
  const head = new Uint8Array(HEAD_BYTES);
  let length = 0;
  while (length < enough) {
    let count = 0;
    try {
      count = await stream.read(head, length, HEAD_BYTES - length);
    } catch (error) {
      // A broken compression: what it gave before tells best what is wrong with it, unless it gave nothing.
      if (length === 0) throw error;
    }
    if (count === 0) break;
    length += count;
  }
  return head.subarray(0, length);
}
