// What does an 802.11 data frame carry, and where does it begin behind a radio's own header?
// (IEEE 802.11 §9.2, §9.3.2; LINKTYPE_IEEE802_11 105, _RADIOTAP 127, _PRISM 119, _AVS 163, PPI 192)
//
// Only unencrypted data frames can be read; all others are counted as what they are.

import type { Packet } from "../src/core/packet.ts";
import { Layer, malformed, other, short } from "../src/core/packet-decoder.ts";
import { has, uint16, uint16Little, uint32, uint32Little } from "./bytes.ts";
import { layerOfLinkType } from "./link-types.ts";

const FRAME_CONTROL = 0;
const FLAGS = 1;
const HEADER = 24;
const ADDRESS = 6;
const QOS = 2;
const HT_CONTROL = 4;

const TYPE_SHIFT = 2;
const TYPE_MASK = 3;
const TYPE_DATA = 2;
const SUBTYPE_SHIFT = 4;
const SUBTYPE_NO_DATA = 0x4;
const SUBTYPE_QOS = 0x8;

const FLAG_TO_AND_FROM_DS = 0x03;
const FLAG_MORE_FRAGMENTS = 0x04;
const FLAG_PROTECTED = 0x40;
const FLAG_ORDER = 0x80;
const QOS_AGGREGATE = 0x80;
const SEQUENCE_CONTROL = 22;
const FRAGMENT_NUMBER = 0x0f;

const SNAP = 0xaaaa;

const RADIOTAP_LENGTH = 2;
const RADIOTAP_MIN = 8;
const RADIOTAP_PRESENT = 4;
const RADIOTAP_TSFT = 0x1;
const RADIOTAP_FLAGS = 0x2;
const RADIOTAP_MORE = 0x8000_0000;
const RADIOTAP_FLAG_FCS = 0x10;
const RADIOTAP_FLAG_PAD = 0x20;
const FCS = 4;

const PPI_LENGTH = 2;
const PPI_LINK_TYPE = 4;
const PPI_MIN = 8;

const PRISM_LENGTH = 4;
const PRISM_HEADER = 8;
/** AVS headers begin with this instead of Prism's message code. */
const AVS_COOKIE = 0x8021_1000;

export function wlan(p: Packet): Layer {
  return dataFrame(p, false);
}

/** `padded`: the radio aligned the payload to four bytes. */
function dataFrame(p: Packet, padded: boolean): Layer {
  if (!has(p, 2)) return short(p, "802.11", "frame control", 2);
  const b = p.buf;
  const o = p.offset;
  const control = b[o + FRAME_CONTROL];
  const flags = b[o + FLAGS];
  const subtype = control >> SUBTYPE_SHIFT;
  if (((control >> TYPE_SHIFT) & TYPE_MASK) !== TYPE_DATA) return other(p, "802.11");
  if ((subtype & SUBTYPE_NO_DATA) !== 0) return other(p, "802.11");
  if ((flags & FLAG_PROTECTED) !== 0) return other(p, "802.11 encrypted");
  let header = HEADER;
  if ((flags & FLAG_TO_AND_FROM_DS) === FLAG_TO_AND_FROM_DS) header += ADDRESS;
  const qos = (subtype & SUBTYPE_QOS) !== 0 ? header : 0;
  if (qos > 0) header += QOS + ((flags & FLAG_ORDER) !== 0 ? HT_CONTROL : 0);
  if (padded) header = Math.ceil(header / 4) * 4;
  if (!has(p, header + 2)) return short(p, "802.11", "header", header + 2);
  if (qos > 0 && (b[o + qos] & QOS_AGGREGATE) !== 0) return other(p, "802.11 aggregate");
  if ((flags & FLAG_MORE_FRAGMENTS) !== 0 || (b[o + SEQUENCE_CONTROL] & FRAGMENT_NUMBER) !== 0) {
    return other(p, "802.11 fragment");
  }
  p.offset = o + header;
  return uint16(b, p.offset) === SNAP ? Layer.llc : other(p, "802.11");
}

/** Behind its length and a list of fields only one matters: whether the frame ends in a checksum or holds padding. */
export function radiotap(p: Packet): Layer {
  if (!has(p, RADIOTAP_MIN)) return short(p, "radiotap", "header", RADIOTAP_MIN);
  const b = p.buf;
  const o = p.offset;
  const length = uint16Little(b, o + RADIOTAP_LENGTH);
  if (length < RADIOTAP_MIN) return malformed(p, "radiotap", "length", RADIOTAP_MIN, length);
  if (!has(p, length)) return short(p, "radiotap", "length", length);
  const flags = radiotapFlags(p, length);
  p.offset = o + length;
  if ((flags & RADIOTAP_FLAG_FCS) !== 0 && p.wireEnd - FCS >= p.offset) p.wireEnd -= FCS;
  return dataFrame(p, (flags & RADIOTAP_FLAG_PAD) !== 0);
}

function radiotapFlags(p: Packet, length: number): number {
  const b = p.buf;
  const o = p.offset;
  const present = uint32Little(b, o + RADIOTAP_PRESENT);
  if ((present & RADIOTAP_FLAGS) === 0) return 0;
  let field = RADIOTAP_PRESENT;
  while (field + 4 <= length && uint32Little(b, o + field) >= RADIOTAP_MORE) field += 4;
  field += 4;
  // The time stamp before it is aligned to its own eight bytes.
  if ((present & RADIOTAP_TSFT) !== 0) field = Math.ceil(field / 8) * 8 + 8;
  return field < length ? b[o + field] : 0;
}

export function ppi(p: Packet): Layer {
  if (!has(p, PPI_MIN)) return short(p, "ppi", "header", PPI_MIN);
  const length = uint16Little(p.buf, p.offset + PPI_LENGTH);
  const linkType = uint32Little(p.buf, p.offset + PPI_LINK_TYPE);
  if (length < PPI_MIN) return malformed(p, "ppi", "length", PPI_MIN, length);
  if (!has(p, length)) return short(p, "ppi", "length", length);
  p.offset += length;
  return layerOfLinkType(p, linkType);
}

/** Prism and AVS headers: a length in the machine's or in network order, then the frame. */
export function prism(p: Packet): Layer {
  if (!has(p, PRISM_HEADER)) return short(p, "prism", "header", PRISM_HEADER);
  const b = p.buf;
  const o = p.offset;
  const big = uint32(b, o + PRISM_LENGTH);
  const isAvs = (uint32(b, o) & 0xffff_fff0) >>> 0 === AVS_COOKIE;
  const length = isAvs ? big : Math.min(big, uint32Little(b, o + PRISM_LENGTH));
  if (length < PRISM_HEADER) return malformed(p, "prism", "length", PRISM_HEADER, length);
  if (!has(p, length)) return short(p, "prism", "length", length);
  p.offset = o + length;
  return dataFrame(p, false);
}
