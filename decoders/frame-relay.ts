// What does a Frame Relay frame carry? (Q.922 Annex A; RFC 2427 §3; LINKTYPE_FRELAY, 107)
//
// Behind the address stands either RFC 2427's control byte and network layer protocol id, or, as Cisco does it, an
// EtherType at once.

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has } from "./bytes.ts";

/** The last byte of the address has its lowest bit set; Q.922 allows two to four bytes. */
const LAST_ADDRESS_BYTE = 0x01;
const MAX_ADDRESS = 4;
const CONTROL_UI = 0x03;
const PAD = 0x00;

const NLPID_SNAP = 0x80;
const NLPID_IPV6 = 0x8e;
const NLPID_IPV4 = 0xcc;
const NLPID_PPP = 0xcf;
const NLPID_Q933 = 0x08;
/** SNAP behind its NLPID is five bytes, of which the last two are an EtherType when the organisation is zero. */
const OUI = 3;

export function frameRelay(p: Packet): Layer {
  let address = 1;
  do {
    address++;
    if (!has(p, address)) return short(p, "frame relay", "address", address);
  } while ((p.buf[p.offset + address - 1] & LAST_ADDRESS_BYTE) === 0 && address < MAX_ADDRESS);
  p.offset += address;
  if (!has(p, 2)) return short(p, "frame relay", "protocol", 2);
  if (p.buf[p.offset] !== CONTROL_UI) return Layer.ethertype;
  p.offset += p.buf[p.offset + 1] === PAD ? 2 : 1;
  if (!has(p, 1)) return short(p, "frame relay", "protocol", 1);
  const protocol = p.buf[p.offset];
  p.offset += 1;
  switch (protocol) {
    case NLPID_IPV4:
      return Layer.ipv4;
    case NLPID_IPV6:
      return Layer.ipv6;
    case NLPID_PPP:
      return Layer.ppp;
    case NLPID_SNAP:
      return snap(p);
    case NLPID_Q933:
      return other(p, "q.933");
    default:
      return unsupported(p, "frame relay protocol");
  }
}

function snap(p: Packet): Layer {
  if (!has(p, OUI)) return short(p, "snap", "header", OUI);
  const b = p.buf;
  const o = p.offset;
  if (b[o] !== 0 || b[o + 1] !== 0 || b[o + 2] !== 0) return unsupported(p, "snap organisation");
  p.offset = o + OUI;
  return Layer.ethertype;
}
