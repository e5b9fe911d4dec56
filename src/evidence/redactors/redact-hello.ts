// What of a hello of TLS may leave? (RFC 8446 §4.1, RFC 5246 §7.4.1) Versions, cipher suites, the name asked for, protocols offered and
// chosen; randoms, session ids, keys and tickets do not.

import { uint16 } from "../../../decoders/bytes.ts";
import { CLIENT_HELLO } from "../../../decoders/tls-handshake.ts";
import { isHelloVersion } from "../../../decoders/tls-hello.ts";
import { FILL, type RedactionPolicy } from "../stream-redactor.ts";
import { veilHosts } from "./redact-target.ts";
import { type Count, Veiled } from "./veiled.ts";

const VERSION = 2;
const RANDOM = 32;
const DRAFT_MAJOR = 0x7f;

const SERVER_NAME = 0;
/** Length of the list, type, length of the name (RFC 6066 §3). */
const NAME_START = 5;
const KEY_SHARE = 51;
/** Extensions of registry values only: status_request, supported_groups, ec_point_formats, signature_algorithms, ALPN,
 * encrypt_then_mac, extended_master_secret, compress_certificate, supported_versions, psk_key_exchange_modes. */
const PLAIN = new Set([5, 10, 11, 13, 16, 22, 23, 27, 43, 45]);
/** An ALPN list longer than this says something else. Browsers offer two protocols. */
const MAX_PLAIN = 256;

/** A ServerHello with this random, the hash of "HelloRetryRequest", asks for another ClientHello (RFC 8446 §4.1.3). */
// biome-ignore format: as the RFC has it
const RETRY = [
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
  0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/** The body of a hello, without its handshake header; what is cut off or makes no sense is fill. */
export function veilHello(type: number, hello: Uint8Array, policy: RedactionPolicy, count: Count): Uint8Array {
  const out = new Uint8Array(hello.length).fill(FILL);
  if (!isHelloVersion(hello, 0, hello.length)) return out;
  const keep = (from: number, to: number): void => out.set(hello.subarray(from, to), Math.min(from, hello.length));
  keep(0, VERSION);
  if (type !== CLIENT_HELLO && RETRY.every((b, k) => hello[VERSION + k] === b)) keep(VERSION, VERSION + RANDOM);
  let i = VERSION + RANDOM;
  const isDraft = type !== CLIENT_HELLO && hello[0] === DRAFT_MAJOR;
  if (!isDraft) {
    // The length of the session id.
    keep(i, i + 1);
    i += 1 + (hello[i] ?? 0);
  }
  if (type === CLIENT_HELLO) {
    // Cipher suites; compression methods.
    if (i + 2 > hello.length) return out;
    keep(i, i + 2 + uint16(hello, i));
    i += 2 + uint16(hello, i);
    keep(i, i + 1 + (hello[i] ?? 0));
    i += 1 + (hello[i] ?? 0);
  } else {
    // The one suite; the one compression method, which drafts of TLS 1.3 leave out.
    keep(i, i + (isDraft ? 2 : 3));
    i += isDraft ? 2 : 3;
  }
  if (i + 2 > hello.length) return out;
  keep(i, i + 2);
  const stop = Math.min(hello.length, i + 2 + uint16(hello, i));
  for (i += 2; i + 4 <= stop; ) {
    keep(i, i + 4);
    const from = i + 4;
    const to = from + uint16(hello, i + 2);
    if (to > stop) return out;
    const content = veilExtension(uint16(hello, i), hello.subarray(from, to), type, policy, count);
    if (content !== null) out.set(content, from);
    i = to;
  }
  return out;
}

/** Null: nothing of it may leave. */
function veilExtension(
  extension: number,
  content: Uint8Array,
  type: number,
  policy: RedactionPolicy,
  count: Count,
): Uint8Array | null {
  if (PLAIN.has(extension)) return content.length <= MAX_PLAIN ? content : null;
  if (extension === KEY_SHARE) return veilKeyShare(content, type === CLIENT_HELLO);
  if (extension !== SERVER_NAME || content.length < NAME_START) return null;
  const end = NAME_START + uint16(content, 3);
  if (end > content.length) return null;
  const out = new Uint8Array(content.length).fill(FILL);
  out.set(content.subarray(0, NAME_START));
  const name = new Veiled(content.subarray(NAME_START, end));
  if (/^[\w.-]*$/.test(name.text)) veilHosts(name, policy, count, true);
  else {
    name.fill(0, name.bytes.length);
    count("host names");
  }
  out.set(name.bytes, NAME_START);
  return out;
}

/** Groups and lengths, no key (RFC 8446 §4.2.8). */
function veilKeyShare(content: Uint8Array, isList: boolean): Uint8Array {
  const out = new Uint8Array(content.length).fill(FILL);
  const copy = (from: number, to: number): void => out.set(content.subarray(from, to), Math.min(from, out.length));
  if (isList) copy(0, 2);
  for (let i = isList ? 2 : 0; i + 2 <= content.length; ) {
    copy(i, i + 4);
    if (i + 4 > content.length) break;
    i += 4 + uint16(content, i + 2);
  }
  return out;
}
