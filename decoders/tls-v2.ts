// Does an SSL 2.0 hello start here? Old clients open TLS with it too (RFC 5246 appendix E.2).

import { uint16 } from "./bytes.ts";

/** Two bytes of record header with the top bit set, type, version, three lengths; a server's: with hit and certificate type. */
const LENGTH_BITS = 0x7fff;
const TWO_BYTE_HEADER = 0x80;
const HEADER = 2;
const TYPE = 2;
const VERSION = 3;
const CLIENT_LENGTHS = 5;
const CLIENT_FIXED = 11;
const SERVER_VERSION = 5;
const SERVER_LENGTHS = 7;
const SERVER_FIXED = 13;
/** So many bytes tell whether it is one. */
export const V2_HELLO = SERVER_FIXED;

const CLIENT_HELLO = 1;
const SERVER_HELLO = 4;
const SSL_2 = 0x0002;
const SSL_3_MAJOR = 3;
const CIPHER = 3;
const SESSION = 16;
const SHORTEST_CHALLENGE = 16;
const LONGEST_CHALLENGE = 32;

/** A ClientHello of the old form that starts at `start`. */
export function startsWithV2ClientHello(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
  if (start >= end) return "more";
  if ((bytes[start]! & TWO_BYTE_HEADER) === 0) return "no";
  if (start + TYPE < end && bytes[start + TYPE] !== CLIENT_HELLO) return "no";
  if (start + VERSION < end && bytes[start + VERSION] !== 0 && bytes[start + VERSION] !== SSL_3_MAJOR) return "no";
  if (start + CLIENT_LENGTHS <= end) {
    const version = uint16(bytes, start + VERSION);
    if (version !== SSL_2 && (version < 0x0300 || version > 0x0303)) return "no";
  }
  if (end - start < CLIENT_FIXED) return "more";
  const at = start + CLIENT_LENGTHS;
  const [ciphers, session, challenge] = [uint16(bytes, at), uint16(bytes, at + 2), uint16(bytes, at + 4)];
  const isWell =
    ciphers > 0 &&
    ciphers % CIPHER === 0 &&
    (session === 0 || session === SESSION) &&
    challenge >= SHORTEST_CHALLENGE &&
    challenge <= LONGEST_CHALLENGE &&
    v2Length(bytes, start) === CLIENT_FIXED + ciphers + session + challenge;
  return isWell ? "yes" : "no";
}

/** The whole length of a record with a header of two bytes. */
export const v2Length = (bytes: Uint8Array, start: number): number => HEADER + (uint16(bytes, start) & LENGTH_BITS);

/** A server that takes SSL 2.0 itself: from there on nothing can be read. */
export function startsWithV2ServerHello(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
  if (start >= end) return "more";
  if ((bytes[start]! & TWO_BYTE_HEADER) === 0) return "no";
  if (start + TYPE < end && bytes[start + TYPE] !== SERVER_HELLO) return "no";
  if (end - start < SERVER_FIXED) return "more";
  if (uint16(bytes, start + SERVER_VERSION) !== SSL_2) return "no";
  const at = start + SERVER_LENGTHS;
  const lengths = uint16(bytes, at) + uint16(bytes, at + 2) + uint16(bytes, at + 4);
  return v2Length(bytes, start) === SERVER_FIXED + lengths ? "yes" : "no";
}
