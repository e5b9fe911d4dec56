// Is this payload nothing but a protocol's farewell, or its question whether the peer is still there? Nobody waits for an
// answer to it with a request in hand.

/** Content types of a TLS record (RFC 8446 §5.1), and its header: type, version, length. */
const TLS_ALERT = 21;
const TLS_DATA = 23;
const TLS_HEADER = 5;
/** TLS 1.3 hides an alert in a record of data: two bytes, the true type and a tag of 16 (RFC 8446 §5.2). */
const HIDDEN_ALERT = 19;
/** The longest that HTTP/2 says of itself in such a record: GOAWAY or PING, 17 bytes, the type and the tag. */
const HIDDEN_CONTROL = 34;

/** Messages that are always the same: what they are for a length of its own. */
const FIXED: readonly (readonly number[])[] = [
  [1, 0, 0, 0, 1], // MySQL COM_QUIT
  [1, 0, 0, 0, 14], // MySQL COM_PING
  [0x58, 0, 0, 0, 4], // PostgreSQL Terminate
  [0xe0, 0], // MQTT DISCONNECT (§3.14)
  [0xc0, 0], // MQTT PINGREQ (§3.12)
];
/** HTTP/2 in clear: the type of GOAWAY (RFC 9113 §6.8), behind its length. */
const HTTP2_GOAWAY = 7;
const HTTP2_HEADER = 9;
const LONGEST_FIXED = 5;
/** AMQP 0-9-1: a method frame (1) of class Connection (10), method Close (50). */
const AMQP_FRAME = 1;
const AMQP_METHOD_AT = 7;
const AMQP_CLOSE = [0, 10, 0, 50];
/** LDAP: an UnbindRequest (RFC 4511 §4.3) ends with its tag and no content. */
const LDAP_SEQUENCE = 0x30;
const LDAP_UNBIND = [0x42, 0];
const LONGEST_UNBIND = 12;
/** One word on a line: SMTP, FTP, POP3, IMAP with its tag, memcached, Redis inline; Redis RESP; STOMP. */
const WORD = /^(?:\S{1,10} )?(?:quit|rset|noop|bye|logout|exit|close|ping|disconnect)\r?\n$/i;
const RESP = /^\*1\r\n\$4\r\n(?:quit|ping)\r\n$/i;
const STOMP = /^DISCONNECT\n/;
const STOMP_LINE = 11;
const LONGEST_LINE = 64;

/** Of bytes[start, end), all of a segment's payload, a farewell: how many of its first bytes say so. What follows them is its own. */
export function tellingBytes(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (bytes[start] === AMQP_FRAME && length > LONGEST_FIXED)
    return Math.min(length, AMQP_METHOD_AT + AMQP_CLOSE.length);
  return STOMP.test(String.fromCharCode(...bytes.subarray(start, start + STOMP_LINE))) ? STOMP_LINE : length;
}

/** Of bytes[start, end), all of a segment's payload. */
export function isFarewell(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  const has = (at: number, known: readonly number[]): boolean =>
    at >= start && at + known.length <= end && known.every((b, n) => bytes[at + n] === b);
  if (FIXED.some((known) => length === known.length && has(start, known))) return true;
  if (length < TLS_HEADER) return false;
  const first = bytes[start];
  if (first === TLS_ALERT || first === TLS_DATA) return isTlsFarewell(bytes, start, end);
  if (first === LDAP_SEQUENCE && length <= LONGEST_UNBIND) return has(end - LDAP_UNBIND.length, LDAP_UNBIND);
  if (first === AMQP_FRAME && has(start + AMQP_METHOD_AT, AMQP_CLOSE)) return true;
  if (length >= HTTP2_HEADER && bytes[start + 3] === HTTP2_GOAWAY && has(start, [0, 0])) {
    return length === HTTP2_HEADER + bytes[start + 2]!;
  }
  if (length > LONGEST_LINE) return false;
  const line = String.fromCharCode(...bytes.subarray(start, end));
  return WORD.test(line) || RESP.test(line) || STOMP.test(line);
}

/** Whole records, the last of them an alert; before it nothing as long as a request. */
function isTlsFarewell(bytes: Uint8Array, start: number, end: number): boolean {
  let isAlert = false;
  for (let at = start; at < end; ) {
    if (at + TLS_HEADER > end || bytes[at + 1] !== 3) return false;
    const length = (bytes[at + 3]! << 8) | bytes[at + 4]!;
    isAlert = bytes[at] === TLS_ALERT || (bytes[at] === TLS_DATA && length === HIDDEN_ALERT);
    if (!isAlert && (bytes[at] !== TLS_DATA || length > HIDDEN_CONTROL)) return false;
    at += TLS_HEADER + length;
    if (at > end) return false;
  }
  return isAlert;
}
