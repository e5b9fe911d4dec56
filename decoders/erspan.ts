// Which mirrored frame does ERSPAN carry? (types II and III: draft-foschiano-erspan-03 §4)

import type { Packet } from "../src/core/packet.ts";
import { Layer, short, unsupported } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";

const VERSION_II = 1;
const VERSION_III = 2;
const HEADER_II = 8;
const HEADER_III = 12;
/** In type III: the kind of the mirrored frame, and whether a platform-specific header follows. */
const FLAGS_III = 10;
const FRAME_TYPE_SHIFT = 10;
const FRAME_TYPE_MASK = 0x1f;
const FRAME_ETHERNET = 0;
const FRAME_IP = 2;
const PLATFORM_HEADER_FLAG = 0x0001;
const PLATFORM_HEADER = 8;

export function erspan(p: Packet): Layer {
  if (!has(p, HEADER_II)) return short(p, "erspan", "header", HEADER_II);
  const version = p.buf[p.offset] >> 4;
  if (version === VERSION_II) {
    p.offset += HEADER_II;
    return Layer.ethernet;
  }
  if (version !== VERSION_III) return unsupported(p, "erspan version");
  if (!has(p, HEADER_III)) return short(p, "erspan", "header", HEADER_III);
  const flags = uint16(p.buf, p.offset + FLAGS_III);
  const header = (flags & PLATFORM_HEADER_FLAG) !== 0 ? HEADER_III + PLATFORM_HEADER : HEADER_III;
  if (!has(p, header)) return short(p, "erspan", "platform header", header);
  p.offset += header;
  const frameType = (flags >> FRAME_TYPE_SHIFT) & FRAME_TYPE_MASK;
  if (frameType === FRAME_ETHERNET) return Layer.ethernet;
  return frameType === FRAME_IP ? Layer.ip : unsupported(p, "erspan frame type");
}
