// What address and port does a column of a dump name? `10.0.0.5:8280`, `[::1]:80`, `127.0.0.53%lo:53`, `*:http`, BSD's `10.0.0.5.8280`.

import { formatIpv4, formatIpv6 } from "../core/address.ts";
import { readNetwork, unmapped } from "../core/network.ts";
import type { ServicePort } from "./dump-format.ts";
import type { Port } from "./socket-columns.ts";

export interface ReadEnd {
  address: string;
  port: Port;
}

/** Every host: how dumps write "any address". */
export const ANY = "*";
const ANY_ADDRESSES = new Set(["*", "0.0.0.0", "::", "[::]"]);
const DIGITS = /^\d{1,5}$/;
/** A service name (RFC 6335 §5.1): it has a letter. Older lists have underscores, dots, a plus and a slash beside (`914c/g`). */
const SERVICE = /^(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9_.+/-]*$/;
/** Longer than every service name: 15 characters in RFC 6335 §5.1, and 30 in the lists before it. */
const MAX_SERVICE = 64;
/** Beyond the longest name of a host (RFC 1035 §2.3.4) it is none. */
const MAX_ADDRESS = 255;
const HOST_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/**
 * `text`: address, `separator`, port. Null when it is not that. A service that `servicePort` does not know leaves the port
 * null. The separator is the last one in the text, so that IPv6 without brackets can be read.
 */
export function readEnd(text: string, separator: ":" | ".", servicePort: ServicePort): ReadEnd | null {
  const at = text.lastIndexOf(separator);
  if (at <= 0) return null;
  const port = readPort(text.slice(at + 1), servicePort);
  if (port === undefined) return null;
  const address = readAddress(text.slice(0, at));
  return address === null ? null : { address, port };
}

/** Undefined: not a port. */
export function readPort(text: string, servicePort: ServicePort): Port | undefined {
  if (DIGITS.test(text)) {
    const port = Number(text);
    return port > 65_535 ? undefined : port === 0 ? null : port;
  }
  if (text === "*") return null;
  return text.length <= MAX_SERVICE && SERVICE.test(text) ? servicePort(text) : undefined;
}

/** Canonical: see ListedEnd. A host name stays as it is; null for what is neither. */
export function readAddress(text: string): string | null {
  if (ANY_ADDRESSES.has(text)) return ANY;
  if (text.length > MAX_ADDRESS) return null;
  const address = withoutBrackets(withoutZone(text));
  if (ANY_ADDRESSES.has(address)) return ANY;
  if (address === "") return null;
  return canonical(address) ?? (HOST_NAME.test(address) ? address : null);
}

/** The interface of a scoped address goes: `127.0.0.53%lo`, `fe80::1%12`, `[fe80::1]%eth0`, `[fe80::1%eth0]`. */
function withoutZone(text: string): string {
  const zone = text.indexOf("%");
  if (zone <= 0) return text;
  return text.startsWith("[") && text.endsWith("]") ? `${text.slice(0, zone)}]` : text.slice(0, zone);
}

const withoutBrackets = (text: string): string =>
  text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;

/**
 * Null: no address. What is returned is a text of its own: a piece of a line would keep the whole dump in memory, as it is a
 * million times in the tables.
 */
function canonical(text: string): string | null {
  const plain = ipv4Of(text);
  if (plain >= 0) return formatIpv4(plain);
  if (!text.includes(":") || text.includes("/")) return null;
  const network = readNetwork(text);
  if (network === null) return null;
  const { family, words } = unmapped(network);
  return family === 4 ? formatIpv4(words[0]!) : formatIpv6(words.flatMap((w) => [w >>> 16, w & 0xffff]));
}

const ZERO = 0x30;
const DOT = 0x2e;
/** `255.255.255.255` */
const MAX_IPV4_TEXT = 15;

/** The 32 bits of a dotted quad; -1: it is none. */
function ipv4Of(text: string): number {
  if (text.length > MAX_IPV4_TEXT) return -1;
  let address = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === DOT) {
      if (digits === 0 || ++dots > 3) return -1;
      address = address * 256 + part;
      part = 0;
      digits = 0;
    } else {
      part = part * 10 + (c - ZERO);
      if (c < ZERO || c > ZERO + 9 || ++digits > 3 || part > 255) return -1;
    }
  }
  return dots === 3 && digits > 0 ? address * 256 + part : -1;
}
