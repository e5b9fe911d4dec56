// Where do TLS records lie in a stream? The header of a record (RFC 8446 §5.1, RFC 5246 §6.2.1), and how to know one.

import { isHelloVersion } from "./tls-hello.ts";

export const HEADER = 5;
const TYPE = 0;
const MAJOR = 1;
const MINOR = 2;
const LENGTH = 3;

export const ContentType = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  heartbeat: 24,
} as const;

const VERSION_MAJOR = 3;
/** SSL 3.0 is 3.0; TLS 1.3 writes 3.3 (RFC 8446 §5.1). */
const MAX_MINOR = 4;
/** A fragment of 2^14 bytes, and what compression and encryption of old versions may add (RFC 5246 §6.2.3). */
const MAX_RECORD = (1 << 14) + 2048;

const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
/** Record header, handshake header, version of the hello. */
const HELLO_START = HEADER + 6;
/** Version, random, no session, one cipher suite: nothing shorter is a hello (RFC 5246 §7.4.1). */
const MIN_HELLO = 38;
const MAX_HELLO_HIGH_BYTE = 0;

export const recordLength = (bytes: Uint8Array, at: number): number =>
  (bytes[at + LENGTH]! << 8) | bytes[at + LENGTH + 1]!;

/** Could a record start here, as far as bytes[at, end) show its header? */
export function isRecordStart(bytes: Uint8Array, at: number, end: number): boolean {
  const type = bytes[at + TYPE]!;
  if (type < ContentType.changeCipherSpec || type > ContentType.heartbeat) return false;
  if (at + MAJOR < end && bytes[at + MAJOR] !== VERSION_MAJOR) return false;
  if (at + MINOR < end && bytes[at + MINOR]! > MAX_MINOR) return false;
  if (at + HEADER > end) return true;
  const length = recordLength(bytes, at);
  if (length > MAX_RECORD) return false;
  // Its one byte is 1; an alert is two bytes or encrypted; no handshake fragment is empty (RFC 8446 §5.1).
  if (type === ContentType.changeCipherSpec) return length === 1 || length > 16;
  return type === ContentType.alert ? length >= 2 : type !== ContentType.handshake || length > 0;
}

/** Does a segment start like a record? Two of them in a row, or one that ends with it, convince anywhere. */
export function startsWithRecords(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
  if (start >= end) return "more";
  if (!isRecordStart(bytes, start, end)) return "no";
  if (end - start < HEADER) return "more";
  const type = bytes[start + TYPE]!;
  const second = start + HEADER + recordLength(bytes, start);
  if (type === ContentType.heartbeat && second > end) return "no";
  if (second === end) return "yes";
  if (second > end) return "more";
  if (!isRecordStart(bytes, second, end)) return "no";
  return end - second < HEADER ? "more" : "yes";
}

/** Does a hello of either side start here? Told by its first eleven bytes. */
export function startsWithHello(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
  if (start >= end) return "more";
  if (bytes[start] !== ContentType.handshake || !isRecordStart(bytes, start, end)) return "no";
  const at = start + HEADER;
  if (at < end && bytes[at] !== CLIENT_HELLO && bytes[at] !== SERVER_HELLO) return "no";
  if (at + 1 < end && bytes[at + 1]! > MAX_HELLO_HIGH_BYTE) return "no";
  if (at + 3 < end && ((bytes[at + 2]! << 8) | bytes[at + 3]!) < MIN_HELLO) return "no";
  if (at + 5 < end && !isHelloVersion(bytes, at + 4, end)) return "no";
  return end - start < HELLO_START ? "more" : "yes";
}
