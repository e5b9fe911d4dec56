// Is a right TCP checksum told from a wrong one, and neither from one that cannot be judged?

import { describe, expect, it } from "vitest";
import { tcpChecksumOk } from "../../decoders/checksum.ts";
import { PacketDecoders } from "../../decoders/packet.ts";
import type { Packet } from "../../src/core/packet.ts";
import { eth, hex, ipv4, ipv6, join, tcp, text, zeros } from "./frames.ts";
import { packetOf, type Record } from "./slot.ts";

function decode(bytes: Uint8Array, record: Record = {}): Packet {
  const p = packetOf(bytes, record);
  new PacketDecoders().decode(p);
  return p;
}

/** Checksums that tshark 4.0.17 calls good (tcp.check_checksum:TRUE). */
const route = join(hex("830b04 0a000001 0a000002"), zeros(1));
const GOOD: [string, string, number, (segment: Uint8Array) => Uint8Array][] = [
  ["IPv4, odd length", "hello", 0x438f, (s) => eth(ipv4(s))],
  ["IPv4, even length", "hell", 0xb290, (s) => eth(ipv4(s))],
  ["IPv6, odd length", "hello", 0x6c1e, (s) => eth(ipv6(s), 0x86dd)],
  ["IPv6, even length", "hell", 0xdb1f, (s) => eth(ipv6(s), 0x86dd)],
  ["IPv4 on its way through a source route", "hello", 0xfb8f, (s) => eth(ipv4(s, { options: route }))],
  ["IPv4, padding behind", "hell", 0xb290, (s) => join(eth(ipv4(s)), hex("ffff"))],
];

describe("tcpChecksumOk", () => {
  it.each(GOOD)("%s", (_, payload, checksum, wrap) => {
    expect(tcpChecksumOk(decode(wrap(tcp({ payload: text(payload), checksum }))))).toBe(true);
    expect(tcpChecksumOk(decode(wrap(tcp({ payload: text(payload), checksum: checksum ^ 1 }))))).toBe(false);
  });

  it("does not judge what is not captured whole", () => {
    const whole = eth(ipv4(tcp({ payload: text("hello"), checksum: 0x438f })));
    expect(tcpChecksumOk(decode(whole.subarray(0, whole.length - 1), { origLen: whole.length }))).toBeNull();
  });

  it("does not judge what claims more than its frame had, nor the first fragment alone", () => {
    const segment = tcp({ payload: text("hello"), checksum: 0x438f });
    expect(tcpChecksumOk(decode(eth(ipv4(segment, { totalLength: 500 }))))).toBeNull();
    expect(tcpChecksumOk(decode(eth(ipv4(segment, { totalLength: 500, more: true }))))).toBeNull();
  });
});
