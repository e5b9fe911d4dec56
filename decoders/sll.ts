// What does a Linux cooked capture, version 1, carry? (LINKTYPE_LINUX_SLL, 113)
//
// It names no interface, only in which way the packet went: that becomes the tap, so that the outgoing and the incoming
// copy of one packet are not taken for a retransmission.

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";
import { layerOfEthertype } from "./ethertype.ts";
import { UNSUPPORTED_ETHERTYPE, unknownName } from "./protocol-names.ts";

const PACKET_TYPE = 0;
const HARDWARE_TYPE = 2;
const PROTOCOL = 14;
const HEADER = 16;

/** ARPHRD_ values (linux/if_arp.h) whose protocol field is no EtherType. */
const ARPHRD_FRAD = 770;
const ARPHRD_NETLINK = 824;
/** Protocol values below 1536 (linux/if_ether.h). */
const ETH_P_802_3 = 0x0001;
const ETH_P_802_2 = 0x0004;
const ETH_P_CAN = 0x000c;
const ETH_P_CANFD = 0x000d;
const MIN_ETHERTYPE = 0x0600;

const TYPES = 8;
const IF_INDEXES = 0x1_0000_0000;

// hot: `tcpdump -i any`.
export function sll(p: Packet): Layer {
  if (!has(p, HEADER)) return short(p, "sll", "header", HEADER);
  const b = p.buf;
  const o = p.offset;
  p.tap = cookedTap(p.tap, uint16(b, o + PACKET_TYPE), 0);
  p.offset = o + HEADER;
  return cookedProtocol(p, uint16(b, o + PROTOCOL), uint16(b, o + HARDWARE_TYPE));
}

/**
 * One number for the reader's tap (< 2^16), the packet type (0 to us, 1 broadcast, 2 multicast, 3 other host, 4 outgoing)
 * and the interface's index (32 bits): below 2^51, so it stays an exact integer.
 */
export function cookedTap(tap: number, packetType: number, ifIndex: number): number {
  return (tap * TYPES + (packetType & (TYPES - 1))) * IF_INDEXES + ifIndex;
}

/** What a cooked header's protocol field announces; `offset` stands at the payload. */
export function cookedProtocol(p: Packet, protocol: number, hardwareType: number): Layer {
  if (hardwareType === ARPHRD_NETLINK) return other(p, "netlink");
  if (hardwareType === ARPHRD_FRAD) return Layer.frameRelay;
  if (protocol >= MIN_ETHERTYPE) return layerOfEthertype(p, protocol);
  switch (protocol) {
    case ETH_P_802_3:
      return other(p, "ipx");
    case ETH_P_802_2:
      return Layer.llc;
    case ETH_P_CAN:
    case ETH_P_CANFD:
      return other(p, "can");
    default:
      return unsupported(p, unknownName(UNSUPPORTED_ETHERTYPE, protocol));
  }
}
