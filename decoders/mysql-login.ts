// What do the packets of a MySQL login say? (MySQL Internals, "Connection Phase"; MariaDB, "Connecting")
//
// Answers to the scramble, and what other proofs of identity follow, are stepped over and never made a string.

import type { PacketReader } from "./mysql-packets.ts";

const CONNECT_WITH_DB = 1 << 3;
const COMPRESS = 1 << 5;
const PROTOCOL_41 = 1 << 9;
const SSL = 1 << 11;
const SECURE_CONNECTION = 1 << 15;
const PLUGIN_AUTH = 1 << 19;
const CONNECT_ATTRIBUTES = 1 << 20;
const PLUGIN_AUTH_LENENC = 1 << 21;
const DEPRECATE_EOF = 1 << 24;
const ZSTD = 1 << 26;

const PROTOCOL_10 = 0x0a;
/** Behind the version: a NUL, the thread's id (4), the scramble (8) and a NUL. */
const FLAGS_BEHIND_VERSION = 14;
/** An SSLRequest is a login's fixed part, and nothing more. */
const LOGIN_FIXED = 32;
/** Before 4.1: flags of 2 bytes, a maximum of 3. */
const OLD_FIXED = 5;
/** Of a login this much is looked at: names, and the first attributes. */
export const LOGIN_BYTES = 4096;
/** Attributes looked at: clients send about ten. */
const MAX_ATTRIBUTES = 64;

export interface Greeting {
  version: string;
  /** Null when the capture does not have all of it. */
  flags: number | null;
}

/** The server's first packet; null when it is none. */
export function greetingOf(p: PacketReader): Greeting | null {
  if (p.byte(0) !== PROTOCOL_10) return null;
  const end = p.nul(1);
  const at = end + FLAGS_BEHIND_VERSION;
  const flags = p.known < Math.min(p.length, at + 7) ? null : (p.u16(at) | (p.u16(at + 5) << 16)) >>> 0;
  return { version: p.text(1, end), flags };
}

export type Compression = "zlib" | "zstd";

export interface Login {
  /** The client goes on with TLS. */
  isTls: boolean;
  /** After the login everything is compressed by this, if the server agrees. */
  compression: Compression | null;
  deprecatesEof: boolean;
  user: string | null;
  database: string | null;
  application: string | null;
}

/** Who names both gets zlib (MySQL Internals, "Compression"). */
const compressionOf = (flags: number): Compression | null => (flags & COMPRESS ? "zlib" : flags & ZSTD ? "zstd" : null);

/** `offered`: the server's flags, when its greeting was captured. */
export function loginOf(p: PacketReader, offered: number | null): Login {
  const low = p.u16(0);
  const is41 = (low & PROTOCOL_41) !== 0;
  const flags = (is41 ? p.u32(0) : low) & (offered ?? -1);
  const fixed = is41 ? LOGIN_FIXED : OLD_FIXED;
  const login: Login = {
    isTls: p.length === fixed && (flags & SSL) !== 0,
    compression: compressionOf(flags),
    deprecatesEof: (flags & DEPRECATE_EOF) !== 0,
    user: null,
    database: null,
    application: null,
  };
  if (login.isTls || p.known <= fixed) return login;
  const userEnd = p.nul(fixed);
  login.user = p.text(fixed, userEnd);
  let at = userEnd + 1;
  if (flags & PLUGIN_AUTH_LENENC) at += p.lenencSize(at) + p.lenenc(at);
  else if (flags & SECURE_CONNECTION) at += 1 + p.byte(at);
  else at = p.nul(at) + 1;
  if (flags & CONNECT_WITH_DB) {
    const end = p.nul(at);
    if (end > at) login.database = p.text(at, end);
    at = end + 1;
  }
  if (flags & PLUGIN_AUTH) at = p.nul(at) + 1;
  if (flags & CONNECT_ATTRIBUTES) login.application = programOf(p, at);
  return login;
}

/** The attribute `program_name`: names and values, each with its length, behind the length of all. */
function programOf(p: PacketReader, from: number): string | null {
  let at = from + p.lenencSize(from);
  for (let n = 0; n < MAX_ATTRIBUTES && at < p.known; n++) {
    const name = at + p.lenencSize(at);
    const value = name + p.lenenc(at);
    const text = value + p.lenencSize(value);
    const end = text + p.lenenc(value);
    if (text === value || name === at || end > p.known) return null;
    if (p.text(name, value) === "program_name") return p.text(text, end) || null;
    at = end;
  }
  return null;
}

/** A change of user: its name, and the database it wants. `flags` as for a login of our day. */
export function changeOfUser(p: PacketReader): { user: string; database: string | null } {
  const userEnd = p.nul(1);
  const at = userEnd + 2 + p.byte(userEnd + 1);
  const end = p.nul(at);
  return { user: p.text(1, userEnd), database: end > at ? p.text(at, end) : null };
}
