// What do the packets of a MySQL login say? (MySQL Internals, "Connection Phase")

import type { PacketReader } from "./mysql-packets.ts";

const CONNECT_WITH_DB = 1 << 3;
const COMPRESS = 1 << 5;
const SSL = 1 << 11;
const SECURE_CONNECTION = 1 << 15;
const PLUGIN_AUTH_LENENC = 1 << 21;
const DEPRECATE_EOF = 1 << 24;
const ZSTD = 1 << 26;
const QUERY_ATTRIBUTES = 1 << 27;

const PROTOCOL_10 = 0x0a;
/** Thread id, scramble and a NUL, behind the version. */
const AFTER_VERSION = 13;
/** "8.0.36-0ubuntu0.22.04.1", "5.5.5-10.11.6-MariaDB-0+deb12u1". */
const LONGEST_VERSION = 100;
/** An SSLRequest is a login's first part, and nothing more. */
const SSL_REQUEST = 32;

export interface Greeting {
  version: string;
  capabilities: number;
}

/** The server's first packet; null when it is none. */
export function greetingOf(p: PacketReader): Greeting | null {
  if (p.known < AFTER_VERSION || p.bytes[0] !== PROTOCOL_10) return null;
  const end = p.nul(1);
  if (end > LONGEST_VERSION) return null;
  const at = end + AFTER_VERSION + 1;
  const low = p.u16(at);
  const high = p.u16(at + 5);
  return { version: p.text(1, end), capabilities: (low | (high << 16)) >>> 0 };
}

export interface Login {
  /** The client goes on with TLS. */
  isTls: boolean;
  /** After the login everything is compressed, if the server agrees. */
  compresses: boolean;
  deprecatesEof: boolean;
  /** Attributes stand in front of each statement. */
  sendsAttributes: boolean;
  user: string | null;
  database: string | null;
}

export function loginOf(p: PacketReader): Login {
  const flags = p.u32(0);
  const isTls = p.length === SSL_REQUEST && (flags & SSL) !== 0;
  const login: Login = {
    isTls,
    compresses: (flags & (COMPRESS | ZSTD)) !== 0,
    deprecatesEof: (flags & DEPRECATE_EOF) !== 0,
    sendsAttributes: (flags & QUERY_ATTRIBUTES) !== 0,
    user: null,
    database: null,
  };
  if (isTls || p.known <= SSL_REQUEST) return login;
  const userEnd = p.nul(SSL_REQUEST);
  login.user = p.text(SSL_REQUEST, userEnd);
  // Behind it lies the answer to the scramble: skipped, never read.
  let at = userEnd + 1;
  if (flags & PLUGIN_AUTH_LENENC) at += p.lenencSize(at) + p.lenenc(at);
  else if (flags & SECURE_CONNECTION) at += 1 + (p.bytes[at] ?? 0);
  else at = p.nul(at) + 1;
  if ((flags & CONNECT_WITH_DB) !== 0 && at < p.known) login.database = p.text(at, p.nul(at));
  return login;
}

export const deprecatesEof = (greeting: Greeting, login: Login): boolean =>
  login.deprecatesEof && (greeting.capabilities & DEPRECATE_EOF) !== 0;

export const compresses = (greeting: Greeting | null, login: Login): boolean =>
  login.compresses && (greeting === null || (greeting.capabilities & (COMPRESS | ZSTD)) !== 0);

export const sendsAttributes = (greeting: Greeting, login: Login): boolean =>
  login.sendsAttributes && (greeting.capabilities & QUERY_ATTRIBUTES) !== 0;
