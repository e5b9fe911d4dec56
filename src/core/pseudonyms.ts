// By which name goes a host that must not be named? The same one throughout, for one key.

import { formatIpv4, formatIpv6, isLoopbackName } from "./address.ts";
import { isAddress, replaceNames } from "./names-in-text.ts";
import { readNetwork } from "./network.ts";
import type { Packet } from "./packet.ts";
import { AddressPseudonyms } from "./pseudonym-addresses.ts";
import { NamePseudonyms } from "./pseudonym-names.ts";
import { KEY_BYTES, SipHash } from "./siphash.ts";

export interface Pseudonyms {
  /** By which another thread makes the same ones ({@link makePseudonyms}). It must not be shown: who has it can undo them. */
  readonly key: Uint8Array;
  /** Replaces the addresses of a decoded packet in its slot (for IPv6: in its buffer), prefix-preserving. Once for a packet. */
  packet(p: Packet): void;
  /** An IPv4 address as a signed 32-bit integer. */
  ipv4(address: number): number;
  /** Sixteen bytes at `offset`, in place. */
  ipv6(bytes: Uint8Array, offset: number): void;
  /** Six bytes at `offset`, in place. */
  mac(bytes: Uint8Array, offset: number): void;
  /** An address as written, v4 or v6; anything else is returned as it is. */
  address(text: string): string;
  /**
   * A host name, of the same length (in UTF-16 units) and shape: dots and dashes stay. A port behind it stays. An address becomes its
   * pseudonym where that is as long, else a name of letters.
   */
  hostName(text: string): string;
  /**
   * Addresses and host names found within a text (a Host header, a Location), each replaced as {@link hostName} does: the length
   * stays. Where it need not, {@link withinReport} gives addresses as flows have them.
   */
  within(text: string): string;
}

/** As {@link Pseudonyms.within}, but an address becomes the one that its packets have, of whatever length. */
export const withinReport = (pseudonyms: Pseudonyms, text: string): string =>
  replaceNames(text, { address: (t) => pseudonyms.address(t), name: (t) => pseudonyms.hostName(t) });

/**
 * `key`: of whoever wants the same names again; null makes one that nobody knows. A key of 16 bytes is used as it is. A text should be
 * long and random: who guesses it can work out the addresses.
 */
export function makePseudonyms(key: string | Uint8Array | null): Pseudonyms {
  return new KeyedPseudonyms(key === null ? randomKey() : keyOf(key));
}

const randomKey = (): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(KEY_BYTES));

/** 128 bits of a text of any length: two hashes of it, with keys that differ. */
function keyOf(key: string | Uint8Array): Uint8Array {
  const bytes = typeof key === "string" ? new TextEncoder().encode(key) : key;
  if (typeof key !== "string" && bytes.length === KEY_BYTES) return bytes.slice();
  const out = new Uint8Array(KEY_BYTES);
  const view = new DataView(out.buffer);
  for (const half of [0, 1]) {
    const { high, low } = new SipHash(new Uint8Array(KEY_BYTES).fill(half + 1)).hash(bytes);
    view.setInt32(8 * half, high);
    view.setInt32(8 * half + 4, low);
  }
  return out;
}

/** Of a MAC address: locally administered, and group (IEEE 802, clause 8.2). */
const LOCAL = 0x02;
const GROUP = 0x01;
const MAC_BYTES = 6;
/** Distinguishes the uses of one key. */
const MAC = 0x6d;

class KeyedPseudonyms implements Pseudonyms {
  readonly key: Uint8Array;
  private readonly prf: SipHash;
  private readonly addresses: AddressPseudonyms;
  private readonly names: NamePseudonyms;

  constructor(key: Uint8Array) {
    this.key = key;
    this.prf = new SipHash(key);
    this.addresses = new AddressPseudonyms(this.prf);
    this.names = new NamePseudonyms(this.prf);
  }

  /** hot: one packet. */
  packet(p: Packet): void {
    if (p.family === 4) {
      p.src = this.addresses.ipv4(p.src);
      p.dst = this.addresses.ipv4(p.dst);
    } else {
      this.addresses.ipv6(p.buf, p.srcOffset);
      this.addresses.ipv6(p.buf, p.dstOffset);
    }
  }

  ipv4(address: number): number {
    return this.addresses.ipv4(address | 0);
  }

  ipv6(bytes: Uint8Array, offset: number): void {
    this.addresses.ipv6(bytes, offset);
  }

  mac(bytes: Uint8Array, offset: number): void {
    const mac = bytes.subarray(offset, offset + MAC_BYTES);
    // Nobody's (loopback), and everybody's.
    if (mac.every((byte) => byte === 0) || mac.every((byte) => byte === 0xff)) return;
    const group = mac[0]! & GROUP;
    const { high, low } = this.prf.hash(Uint8Array.of(MAC, ...mac));
    mac.set([high >>> 24, high >>> 16, high >>> 8, high, low >>> 24, low >>> 16]);
    mac[0] = (mac[0]! & ~(LOCAL | GROUP)) | LOCAL | group;
  }

  address(text: string): string {
    const network = isAddress(text) ? readNetwork(text) : null;
    if (network === null) return text;
    const { family, words } = network;
    if (family === 4) return formatIpv4(this.addresses.ipv4(words[0]!));
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    words.forEach((word, i) => {
      view.setInt32(4 * i, word);
    });
    this.addresses.ipv6(bytes, 0);
    return formatIpv6(Array.from({ length: 8 }, (_, i) => view.getUint16(2 * i)));
  }

  hostName(text: string): string {
    if (isLoopbackName(text)) return text;
    if (isAddress(text)) return this.sameLength(text);
    // [2001:db8::1]:8280, 10.0.0.5:8280, shop.example:8280
    const parts = WITH_PORT.exec(text);
    if (parts !== null) return `${this.hostName(parts[1]!)}${parts[2]}`;
    if (text.startsWith("[") && text.endsWith("]")) return `[${this.hostName(text.slice(1, -1))}]`;
    return this.names.name(text);
  }

  within(text: string): string {
    const name = (t: string): string => this.hostName(t);
    return replaceNames(text, { address: name, name });
  }

  /** An address, or where its pseudonym is shorter or longer, a name of letters in its form. */
  private sameLength(text: string): string {
    const address = this.address(text);
    if (address.length === text.length) return address;
    // Nothing of it was replaced (loopback): it stays as it was written.
    if (asWritten(text) === address) return text;
    return this.names.name(text.replace(/[0-9]/g, (digit) => String.fromCharCode(LETTER_FOR_ZERO + Number(digit))));
  }
}

/** Digits become the letters from g on, so that those of IPv6 are not among them. */
const LETTER_FOR_ZERO = 103;

/** The last colon is that of a port: there is no other, or the address is in brackets. */
const WITH_PORT = /^(\[[^[\]]*\]|[^:[\]]*)(:\d{0,5})$/;

/** As {@link Pseudonyms.address} would write it, were nothing replaced. */
function asWritten(text: string): string {
  const { family, words } = readNetwork(text)!;
  return family === 4 ? formatIpv4(words[0]!) : formatIpv6(words.flatMap((w) => [w >>> 16, w & 0xffff]));
}
