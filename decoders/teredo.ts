// Which IPv6 packet does Teredo carry? (RFC 4380 §5.1.1)

import type { Packet } from "../src/core/packet.ts";
import { Layer, other, short } from "../src/core/packet-decoder.ts";
import { has, uint16 } from "./bytes.ts";

const INDICATOR = 2;
const AUTHENTICATION = 0x0001;
/** Lengths of client id and authentication value stand at 2 and 3; a nonce of 8 and a confirmation byte follow them. */
const AUTHENTICATION_MIN = 13;
const ID_LENGTH = 2;
const VALUE_LENGTH = 3;
const ORIGIN = 0x0000;
const ORIGIN_LENGTH = 8;

export function teredo(p: Packet): Layer {
  if (!has(p, INDICATOR)) return short(p, "teredo", "indicator", INDICATOR);
  if (uint16(p.buf, p.offset) === AUTHENTICATION) {
    if (!has(p, AUTHENTICATION_MIN)) return short(p, "teredo", "authentication", AUTHENTICATION_MIN);
    const length = AUTHENTICATION_MIN + p.buf[p.offset + ID_LENGTH] + p.buf[p.offset + VALUE_LENGTH];
    if (!has(p, length + INDICATOR)) return short(p, "teredo", "authentication", length + INDICATOR);
    p.offset += length;
  }
  if (uint16(p.buf, p.offset) === ORIGIN) {
    if (!has(p, ORIGIN_LENGTH + 1)) return short(p, "teredo", "origin", ORIGIN_LENGTH + 1);
    p.offset += ORIGIN_LENGTH;
  }
  return p.buf[p.offset] >> 4 === 6 ? Layer.ipv6 : other(p, "udp");
}
