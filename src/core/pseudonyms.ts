// By which name goes a host that must not be named? The same one throughout, for one key.

import type { Packet } from "./packet.ts";

/** Contract; being written. */
export interface Pseudonyms {
  /** Replaces the addresses of a decoded packet in its slot (for IPv6: in its buffer), prefix-preserving. */
  packet(p: Packet): void;
  /** An IPv4 address as a signed 32-bit integer. */
  ipv4(address: number): number;
  /** Sixteen bytes at `offset`, in place. */
  ipv6(bytes: Uint8Array, offset: number): void;
  /** Six bytes at `offset`, in place. */
  mac(bytes: Uint8Array, offset: number): void;
  /** An address as written, v4 or v6; anything else is returned as it is. */
  address(text: string): string;
  /** A host name, of the same length and shape (dots and dashes stay); an address of the same length where one can be, else a name. */
  hostName(text: string): string;
  /** Addresses and host names found within a text (a Host header, a filter), each replaced. */
  within(text: string): string;
}
