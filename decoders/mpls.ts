// What lies under a stack of MPLS labels? (RFC 3032 §2.1)
//
// The labels do not say. Explicit-null labels do, else the first nibble does: 4 and 6 are IP, 1 is a pseudowire's
// associated channel (RFC 4385 §5), 0 a pseudowire's control word in front of an Ethernet frame (RFC 4448 §4.6). Anything
// else is an Ethernet frame without control word, as there is no other pseudowire that carries TCP.

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short } from "../src/core/packet-decoder.ts";
import { has, uint32 } from "./bytes.ts";

const ENTRY = 4;
const LABEL_SHIFT = 12;
const BOTTOM_OF_STACK = 0x100;
const IPV4_EXPLICIT_NULL = 0;
const IPV6_EXPLICIT_NULL = 2;
const CONTROL_WORD = 4;
/** Real stacks hold a handful. */
const MAX_LABELS = 64;

export function mpls(p: Packet): Layer {
  for (let i = 0; i < MAX_LABELS; i++) {
    if (!has(p, ENTRY)) return short(p, "mpls", "label", ENTRY);
    const entry = uint32(p.buf, p.offset);
    p.offset += ENTRY;
    if ((entry & BOTTOM_OF_STACK) !== 0) return underLabels(p, entry >>> LABEL_SHIFT);
  }
  return other(p, "mpls");
}

function underLabels(p: Packet, label: number): Layer {
  if (label === IPV4_EXPLICIT_NULL) return Layer.ipv4;
  if (label === IPV6_EXPLICIT_NULL) return Layer.ipv6;
  if (!has(p, 1)) return short(p, "mpls", "payload", 1);
  switch (p.buf[p.offset] >> 4) {
    case 4:
      return Layer.ipv4;
    case 6:
      return Layer.ipv6;
    case 1:
      return other(p, "pseudowire channel");
    case 0:
      if (!has(p, CONTROL_WORD)) return short(p, "mpls", "control word", CONTROL_WORD);
      p.offset += CONTROL_WORD;
      return Layer.ethernet;
    default:
      return Layer.ethernet;
  }
}
