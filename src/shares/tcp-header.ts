// Where is the TCP header in a packet like nearly all? Told without decoding, so that nobody decodes what is another's.

import type { Packet } from "../core/packet.ts";

const LINKTYPE_ETHERNET = 1;
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_LINUX_SLL2 = 276;
const ETHERNET = 14;
const SLL = 16;
const SLL_HARDWARE = 2;
const SLL2 = 20;
const SLL2_HARDWARE = 8;
/** Behind these cooked headers is no EtherType (linux/if_arp.h: ARPHRD_FRAD and ARPHRD_NETLINK). */
const FRAD = 770;
const NETLINK = 824;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const IPV4 = 20;
const IPV6 = 40;
const TCP = 20;
const PROTOCOL_TCP = 6;

/**
 * hot: Ethernet or a cooked capture, IPv4 without options and fragments or IPv6 without extensions, TCP. -1 for any other, which is
 * decoded to know. Whether it is whole, whoever takes it says.
 */
export function tcpHeaderAt(p: Packet): number {
  const { buf, start, end, linkType } = p;
  if (end - start < ETHERNET + IPV4 + TCP) return -1;
  if (linkType === LINKTYPE_ETHERNET) return behind(p, start + ETHERNET, (buf[start + 12]! << 8) | buf[start + 13]!);
  if (linkType === LINKTYPE_LINUX_SLL) {
    if (isNoEthertype(buf, start + SLL_HARDWARE)) return -1;
    return behind(p, start + SLL, (buf[start + 14]! << 8) | buf[start + 15]!);
  }
  if (linkType === LINKTYPE_LINUX_SLL2) {
    if (isNoEthertype(buf, start + SLL2_HARDWARE)) return -1;
    return behind(p, start + SLL2, (buf[start]! << 8) | buf[start + 1]!);
  }
  return -1;
}

// hot:
function behind({ buf, end }: Packet, ip: number, ethertype: number): number {
  if (ethertype === ETHERTYPE_IPV4) {
    const isPlain =
      ip + IPV4 + TCP <= end &&
      buf[ip] === 0x45 &&
      (buf[ip + 6]! & 0x3f) === 0 &&
      buf[ip + 7] === 0 &&
      buf[ip + 9] === PROTOCOL_TCP;
    return isPlain ? ip + IPV4 : -1;
  }
  const isPlain =
    ethertype === ETHERTYPE_IPV6 && ip + IPV6 + TCP <= end && buf[ip]! >> 4 === 6 && buf[ip + 6] === PROTOCOL_TCP;
  return isPlain ? ip + IPV6 : -1;
}

function isNoEthertype(buf: Uint8Array, at: number): boolean {
  const hardware = (buf[at]! << 8) | buf[at + 1]!;
  return hardware === FRAD || hardware === NETLINK;
}
