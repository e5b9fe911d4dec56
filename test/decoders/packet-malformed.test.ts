// What is said of a packet whose lengths cannot be, and of one that the snap length cut?

import { describe, expect, it } from "vitest";
import { PacketDecoders } from "../../decoders/packet.ts";
import { type Packet, Verdict } from "../../src/core/packet.ts";
import { be16, eth, hex, ipv4, ipv6, join, pktap, tcp, text, udp, zeros } from "./frames.ts";
import { packetOf, type Record } from "./slot.ts";

function decode(bytes: Uint8Array, record: Record = {}): Packet {
  const p = packetOf(bytes, record);
  new PacketDecoders().decode(p);
  return p;
}

type Facts = [layer: string, field: string, offset: number, needed: number, available: number];

describe("malformed", () => {
  it.each<[string, Uint8Array, number, Facts]>([
    ["a frame too short for its header", zeros(9), 1, ["ethernet", "header", 0, 14, 9]],
    ["no bytes at all", zeros(0), 101, ["ip", "version", 0, 1, 0]],
    ["an IP version that does not exist", hex("50"), 101, ["ip", "version", 0, 4, 5]],
    ["IPv4's type before version 5", eth(ipv4(tcp(), { version: 5 })), 1, ["ipv4", "version", 14, 4, 5]],
    ["IPv6's type before version 4", eth(ipv4(tcp()), 0x86dd), 1, ["ipv6", "version", 14, 6, 4]],
    ["an IPv4 header of 16 bytes", eth(ipv4(tcp(), { headerWords: 4 })), 1, ["ipv4", "header length", 14, 20, 16]],
    [
      "a total length below the header's",
      eth(ipv4(tcp(), { totalLength: 19 })),
      1,
      ["ipv4", "total length", 14, 20, 19],
    ],
    ["options beyond the total length", eth(ipv4(tcp(), { headerWords: 15 })), 1, ["ipv4", "total length", 14, 60, 40]],
    [
      "an IPv4 option without its content",
      eth(ipv4(tcp(), { options: hex("82020000") })),
      1,
      ["ipv4", "option length", 14, 3, 2],
    ],
    ["a total length within the TCP header", eth(ipv4(tcp(), { totalLength: 30 })), 1, ["tcp", "header", 34, 20, 10]],
    ["a frame that ends in the IPv4 header", eth(hex("4500 0028 0000")), 1, ["ipv4", "header", 14, 20, 6]],
    ["a UDP header of four bytes", eth(ipv4(zeros(4), { protocol: 17 })), 1, ["udp", "header", 34, 8, 4]],
    [
      "an IPv6 extension beyond the payload",
      eth(ipv6(join(hex("0609"), zeros(14)), { next: 0 }), 0x86dd),
      1,
      ["ipv6 extension", "length", 54, 80, 16],
    ],
    [
      "an authentication header of 8 bytes",
      eth(ipv4(join(hex("0600"), zeros(12)), { protocol: 51 })),
      1,
      ["ah", "length", 34, 12, 8],
    ],
    ["a PKTAP header of length 0", zeros(12), 258, ["pktap", "length", 0, 12, 0]],
    ["an NFLOG attribute of length 0", zeros(12), 239, ["nflog", "attribute length", 4, 4, 0]],
    ["PPPoE of version 2", eth(hex("2100 0001 0000"), 0x8864), 1, ["pppoe", "version", 14, 0x11, 0x21]],
    ["EtherIP of version 4", eth(ipv4(hex("4000"), { protocol: 97 })), 1, ["etherip", "version", 34, 3, 4]],
  ])("%s", (_, bytes, linkType, [layer, field, offset, needed, available]) => {
    const p = decode(bytes, { linkType });
    expect(p.verdict).toBe(Verdict.malformed);
    expect(p.fault).toEqual({ layer, field, offset, needed, available });
  });

  it("counts a segment with a data offset below 5 to its connection, without flags and payload", () => {
    const p = decode(eth(ipv4(tcp({ dataOffset: 4, flags: 0x19, payload: text("abcd") }))));
    expect(p).toMatchObject({ verdict: Verdict.tcp, srcPort: 40000, dstPort: 80, flags: 0, payloadLength: 0 });
    expect(p.fault).toEqual({ layer: "tcp", field: "data offset", offset: 46, needed: 20, available: 16 });
  });

  it("counts a segment with a data offset beyond its end to its connection, without payload", () => {
    const p = decode(eth(ipv4(tcp({ dataOffset: 15, flags: 0x11, payload: text("abcd") }))));
    expect(p).toMatchObject({
      verdict: Verdict.tcp,
      srcPort: 40000,
      flags: 0x11,
      payloadLength: 0,
      payloadCaptured: 0,
    });
    expect(p.fault).toEqual({ layer: "tcp", field: "data offset", offset: 46, needed: 60, available: 24 });
  });

  it("forgets the fault with the next packet", () => {
    const decoders = new PacketDecoders();
    const p = packetOf(zeros(3));
    decoders.decode(p);
    expect(p.fault).not.toBeNull();
    const next = eth(ipv4(tcp()));
    p.buf = next;
    p.end = p.origLen = next.length;
    decoders.decode(p);
    expect(p).toMatchObject({ verdict: Verdict.tcp, fault: null });
  });
});

describe("truncated by the snap length", () => {
  const whole = eth(ipv4(tcp({ payload: text("hello") })));
  it.each([
    [0, "ethernet"],
    [13, "ethernet"],
    [14, "ipv4"],
    [33, "ipv4"],
    [34, "tcp"],
    [49, "tcp"],
  ])("at %i bytes: %s", (kept, layer) => {
    const p = decode(whole.subarray(0, kept), { origLen: whole.length });
    expect(p).toMatchObject({ verdict: Verdict.truncated, other: layer, fault: null });
  });

  it("in a tunnel: what is missing is named, not called malformed", () => {
    const tunnel = eth(ipv4(udp(join(hex("08000000 00000100"), whole), 4789), { protocol: 17 }));
    const p = decode(tunnel.subarray(0, 96), { origLen: tunnel.length });
    expect(p).toMatchObject({ verdict: Verdict.truncated, other: "tcp", fault: null });
  });

  it("in a PKTAP header", () => {
    const bytes = pktap(whole, 1);
    expect(decode(bytes.subarray(0, 50), { linkType: 258, origLen: bytes.length })).toMatchObject({
      verdict: Verdict.truncated,
      other: "pktap",
    });
  });

  it("of an LLC frame whose own length ends sooner, it is malformed", () => {
    const bytes = join(zeros(12), be16(2), hex("aaaa"), zeros(40));
    expect(decode(bytes).fault).toEqual({ layer: "llc", field: "header", offset: 14, needed: 3, available: 2 });
  });
});
