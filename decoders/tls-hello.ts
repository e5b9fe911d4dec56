// What do the hellos of TLS say in clear? The name asked for, and what the server chose (RFC 8446 §4.1, RFC 5246 §7.4.1).
//
// A hello that was cut (by the snap length, a hole, or the limit on what is kept) is read as far as it goes. With ECH the
// name is the outer one; a browser that only pretends (GREASE) sends the same bytes, so nothing more is said of it.

import { uint16 } from "./bytes.ts";

const VERSION_AND_RANDOM = 34;
const LONGEST_SESSION = 32;

const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const HOST_NAME = 0;
/** Where in server_name the name starts: length of the list, type, length of the name (RFC 6066 §3). */
const NAME_START = 5;
/** Where in a server's ALPN its one choice starts: length of the list, length of the name (RFC 7301 §3.1). */
const ALPN_START = 3;

const TLS_1_2 = 0x0303;

/** DNS has no longer ones (RFC 1035 §2.3.4). */
const LONGEST_NAME = 255;

const VERSIONS = new Map<number, string>([
  [0x0002, "SSL 2.0"],
  [0x0300, "SSL 3.0"],
  [0x0301, "TLS 1.0"],
  [0x0302, "TLS 1.1"],
  [TLS_1_2, "TLS 1.2"],
  [0x0304, "TLS 1.3"],
]);
/** Drafts of TLS 1.3 (RFC 8446 before it was one): 7f.nn. */
const DRAFT_MAJOR = 0x7f;

export interface ServerChoice {
  version: string | null;
  alpn: string | null;
}

/** 3.0 to 3.4, and the drafts of TLS 1.3, in which a ServerHello said 7f.nn. */
export const isHelloVersion = (bytes: Uint8Array, at: number, end: number): boolean =>
  at + 2 <= end && ((bytes[at] === 3 && bytes[at + 1]! <= 4) || bytes[at] === DRAFT_MAJOR);

/** The server name of bytes[at, end), a ClientHello without its handshake header; null when it names none. */
export function readServerName(bytes: Uint8Array, at: number, end: number): string | null {
  let i = afterSession(bytes, at, end);
  if (i < 0 || i + 2 > end) return null;
  i += 2 + uint16(bytes, i);
  if (i >= end) return null;
  i += 1 + bytes[i]!;
  const extension = findExtension(bytes, i, end, SERVER_NAME);
  if (extension === null || extension.length < NAME_START || bytes[extension.at + 2] !== HOST_NAME) return null;
  const length = uint16(bytes, extension.at + 3);
  if (length === 0 || length > LONGEST_NAME || NAME_START + length > extension.length) return null;
  return latin1(bytes, extension.at + NAME_START, length);
}

/** What a ServerHello or HelloRetryRequest chose. A fact that a cut may have hidden is null. */
export function readServerChoice(bytes: Uint8Array, at: number, end: number, isWhole: boolean): ServerChoice {
  const choice: ServerChoice = { version: null, alpn: null };
  if (at + 2 > end) return choice;
  const legacy = uint16(bytes, at);
  // The early drafts of TLS 1.3 said their version here, and left out session and compression.
  const isDraft = legacy >>> 8 === DRAFT_MAJOR;
  let i = isDraft ? at + VERSION_AND_RANDOM : afterSession(bytes, at, end);
  if (i >= 0) {
    i += isDraft ? 2 : 3;
    const alpn = findExtension(bytes, i, end, ALPN);
    if (alpn !== null && alpn.length > ALPN_START) {
      const length = bytes[alpn.at + 2]!;
      if (length > 0 && ALPN_START + length <= alpn.length) choice.alpn = latin1(bytes, alpn.at + ALPN_START, length);
    }
    const version = findExtension(bytes, i, end, SUPPORTED_VERSIONS);
    if (version !== null && version.length === 2) choice.version = versionName(uint16(bytes, version.at));
  }
  // Only TLS 1.3 hides behind 1.2, in an extension that may have been cut off.
  if (choice.version === null && (isWhole || legacy !== TLS_1_2)) choice.version = versionName(legacy);
  return choice;
}

export function versionName(version: number): string {
  const name = VERSIONS.get(version);
  if (name !== undefined) return name;
  if (version >>> 8 === DRAFT_MAJOR) return `TLS 1.3 (draft ${version & 0xff})`;
  return `0x${version.toString(16).padStart(4, "0")}`;
}

/** Where the session id ends; −1 when that is cut off or too long. */
function afterSession(bytes: Uint8Array, at: number, end: number): number {
  const i = at + VERSION_AND_RANDOM;
  if (i >= end || bytes[i]! > LONGEST_SESSION) return -1;
  return i + 1 + bytes[i]!;
}

/** Extensions start at `at` with their length. Unknown ones, GREASE among them (RFC 8701), are stepped over. */
function findExtension(bytes: Uint8Array, at: number, end: number, wanted: number) {
  if (at + 2 > end) return null;
  const stop = Math.min(end, at + 2 + uint16(bytes, at));
  for (let i = at + 2; i + 4 <= stop; ) {
    const length = uint16(bytes, i + 2);
    if (i + 4 + length > stop) return null;
    if (uint16(bytes, i) === wanted) return { at: i + 4, length };
    i += 4 + length;
  }
  return null;
}

const latin1 = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));
