// What does a GRE tunnel carry? (RFC 2784, RFC 2890; version 1 for PPTP, RFC 2637 §4.1; NVGRE, RFC 7637 §3.2)

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";
import { layerOfEthertype } from "./ethertype.ts";

const FLAGS = 0;
const PROTOCOL = 2;
const MIN_HEADER = 4;
const OPTION = 4;

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGMENT = 0x0080;
const VERSION = 0x0007;
const VERSION_PPTP = 1;

const PPP = 0x880b;
const ERSPAN_I_II = 0x88be;
const ERSPAN_III = 0x22eb;
const WCCP = 0x883e;
/** WCCP version 2 puts a redirect header before the IP packet, version 1 none; its first nibble is never 4. */
const WCCP_HEADER = 4;

/** Source route entries (RFC 1701): address family, offset, length; ended by one of zeros. */
const ROUTE_ENTRY = 4;
const ROUTE_ENTRY_LENGTH = 3;
const MAX_ROUTE_ENTRIES = 64;

export function gre(p: Packet): Layer {
  if (!has(p, MIN_HEADER)) return short(p, "gre", "header", MIN_HEADER);
  const flags = uint16(p.buf, p.offset + FLAGS);
  const protocol = uint16(p.buf, p.offset + PROTOCOL);
  let header = MIN_HEADER;
  if ((flags & (CHECKSUM | ROUTING)) !== 0) header += OPTION;
  if ((flags & KEY) !== 0) header += OPTION;
  if ((flags & SEQUENCE) !== 0) header += OPTION;
  const version = flags & VERSION;
  if (version > VERSION_PPTP) return unsupported(p, "gre version");
  if (version === VERSION_PPTP && (flags & ACKNOWLEDGMENT) !== 0) header += OPTION;
  if (!has(p, header)) return short(p, "gre", "options", header);
  p.offset += header;
  if (version !== VERSION_PPTP && (flags & ROUTING) !== 0 && !skipRoute(p)) {
    return short(p, "gre", "routing", ROUTE_ENTRY);
  }
  switch (protocol) {
    case PPP:
      // PPTP acknowledges in packets without a payload.
      return p.offset === p.wireEnd ? other(p, "gre") : Layer.ppp;
    case ERSPAN_I_II:
      // Type I has no header of its own and no sequence number.
      return (flags & SEQUENCE) === 0 ? Layer.ethernet : Layer.erspan;
    case ERSPAN_III:
      return Layer.erspan;
    case WCCP:
      if (!has(p, WCCP_HEADER)) return short(p, "wccp", "header", WCCP_HEADER);
      if (p.buf[p.offset] >> 4 !== 4) p.offset += WCCP_HEADER;
      return Layer.ip;
    default:
      return layerOfEthertype(p, protocol);
  }
}

function skipRoute(p: Packet): boolean {
  for (let i = 0; i < MAX_ROUTE_ENTRIES; i++) {
    if (!has(p, ROUTE_ENTRY)) return false;
    const length = p.buf[p.offset + ROUTE_ENTRY_LENGTH];
    const isEnd = length === 0 && uint16(p.buf, p.offset) === 0;
    p.offset += ROUTE_ENTRY + length;
    if (isEnd) return true;
  }
  return false;
}
