// Does every link layer and tunnel lead to the segment inside, and is everything else counted by its name?

import { describe, expect, it } from "vitest";
import { PacketDecoders } from "../../decoders/packet.ts";
import { type Packet, Verdict } from "../../src/core/packet.ts";
import {
  be16,
  be32,
  eth,
  eth8023,
  hex,
  ipv4,
  ipv6,
  join,
  le32,
  mpls,
  sll,
  sll2,
  tag,
  tcp,
  text,
  udp,
  V6_DESTINATION,
  V6_SOURCE,
  zeros,
} from "./frames.ts";
import { SAMPLES } from "./packet-samples.ts";
import { packetOf, type Record } from "./slot.ts";

function decode(bytes: Uint8Array, record: Record = {}): Packet {
  const p = packetOf(bytes, record);
  new PacketDecoders().decode(p);
  return p;
}

describe("the segment inside", () => {
  it.each(SAMPLES)("$name", ({ linkType, bytes, family }) => {
    const p = decode(bytes, { linkType });
    expect(p).toMatchObject({ verdict: Verdict.tcp, fault: null, family, srcPort: 40000, dstPort: 80, seq: 1000 });
    expect(p).toMatchObject({ ack: 0, flags: 2, window: 1024, payloadLength: 5, payloadCaptured: 5 });
    expect(new TextDecoder().decode(p.buf.subarray(p.payloadOffset, p.payloadOffset + 5))).toBe("hello");
    if (family === 4) expect([p.src, p.dst]).toEqual([0xc0000201 | 0, 0xc0000202 | 0]);
    else {
      expect(p.buf.subarray(p.srcOffset, p.srcOffset + 16)).toEqual(V6_SOURCE);
      expect(p.buf.subarray(p.dstOffset, p.dstOffset + 16)).toEqual(V6_DESTINATION);
    }
  });

  it("has samples of all link types that are decoded", () => {
    const linkTypes = new Set(SAMPLES.map((s) => s.linkType));
    const all = [
      0, 1, 6, 7, 9, 10, 11, 12, 14, 50, 51, 100, 101, 104, 105, 106, 107, 108, 109, 113, 117, 122, 127, 129,
    ];
    expect([...linkTypes].sort((a, b) => a - b)).toEqual([
      ...all,
      138,
      149,
      166,
      178,
      192,
      204,
      228,
      229,
      239,
      242,
      258,
      274,
      276,
    ]);
  });

  it("tells the fields of the header, numbers as signed integers", () => {
    const segment = tcp({ srcPort: 80, dstPort: 61000, seq: 0xfffffff0, ack: 0x80000000, flags: 0x19, window: 0xfffe });
    const p = decode(eth(ipv4(segment, { id: 0xbeef, src: hex("fffffffe"), dst: hex("0a000001") })));
    expect(p).toMatchObject({ srcPort: 80, dstPort: 61000, seq: -16, ack: -0x80000000, flags: 0x19, window: 0xfffe });
    expect(p).toMatchObject({ ipId: 0xbeef, src: -2, dst: 0x0a000001, ipOffset: 14, ipLength: 40, tcpOffset: 34 });
  });

  it("takes the payload's length from the IP length, not from the padding or the snap length", () => {
    const padded = join(eth(ipv4(tcp({ payload: text("x") }))), zeros(5));
    expect(decode(padded)).toMatchObject({ payloadLength: 1, payloadCaptured: 1, payloadOffset: 54 });
    const whole = eth(ipv4(tcp({ options: zeros(12), payload: zeros(1448) })));
    const snapped = decode(whole.subarray(0, 96), { origLen: whole.length });
    expect(snapped).toMatchObject({ payloadLength: 1448, payloadOffset: 66, payloadCaptured: 30, ipLength: 1500 });
  });

  it("counts a segment whose options or last four header bytes the snap length cut", () => {
    const whole = eth(ipv4(tcp({ options: zeros(12), payload: zeros(100) })));
    const p = decode(whole.subarray(0, 14 + 20 + 16), { origLen: whole.length });
    expect(p).toMatchObject({ verdict: Verdict.tcp, payloadLength: 100, payloadCaptured: 0 });
  });

  it("takes the frame's length where offload left the IP length 0", () => {
    const p = decode(eth(ipv4(tcp({ payload: zeros(70_000) }), { totalLength: 0 })));
    expect(p).toMatchObject({ verdict: Verdict.tcp, payloadLength: 70_000, fault: null });
  });

  it("takes a jumbogram's length from its option", () => {
    const carried = join(hex("0600 c204"), be32(8 + 20 + 66_000), tcp({ payload: zeros(66_000) }), zeros(3));
    const p = decode(eth(ipv6(carried, { next: 0, payloadLength: 0 }), 0x86dd));
    expect(p).toMatchObject({ verdict: Verdict.tcp, payloadLength: 66_000, fault: null });
  });

  it("ignores a jumbo option that its header cuts off, or that is not jumbo", () => {
    for (const extension of [hex("0600 01 00 0100 c204"), join(hex("0600 c204"), be32(28))]) {
      const p = decode(eth(ipv6(join(extension, tcp(), text("abc")), { next: 0, payloadLength: 0 }), 0x86dd));
      expect(p).toMatchObject({ verdict: Verdict.tcp, payloadLength: 3, fault: null });
    }
  });

  it("keeps what is there of a datagram that claims more than its frame had", () => {
    const p = decode(eth(ipv4(tcp({ payload: text("abc") }), { totalLength: 500 })));
    expect(p).toMatchObject({ verdict: Verdict.tcp, payloadLength: 3 });
    expect(p.fault).toEqual({ layer: "ipv4", field: "total length", offset: 14, needed: 500, available: 43 });
    const six = decode(eth(ipv6(tcp({ payload: text("abc") }), { payloadLength: 500 }), 0x86dd));
    expect(six).toMatchObject({ verdict: Verdict.tcp, payloadLength: 3 });
    expect(six.fault).toEqual({ layer: "ipv6", field: "payload length", offset: 14, needed: 500, available: 23 });
  });
});

describe("routes", () => {
  const final = hex("0a000002");
  const route = (type: number, pointer: number): Uint8Array =>
    join(Uint8Array.of(type, 11, pointer), hex("0a000001"), final, zeros(1));

  it.each([
    ["loose, on its way", 131, 4, 0x0a000002],
    ["strict, on its way", 137, 8, 0x0a000002],
    ["loose, arrived", 131, 12, 0xc0000202 | 0],
    ["recorded only", 7, 4, 0xc0000202 | 0],
  ])("IPv4: %s", (_, type, pointer, dst) => {
    expect(decode(eth(ipv4(tcp(), { options: route(type, pointer) }))).dst).toBe(dst);
  });

  it.each([
    ["longer than the header", hex("830b04 0a 00000a00"), 0xc0000202 | 0],
    ["of length 0", hex("8300 8307 04 0a0000 02000000"), 0xc0000202 | 0],
    ["of length 1 and unknown", hex("9901 8307 04 0a0000 02000000"), 0xc0000202 | 0],
    ["behind others and the end of the list", hex("0100 8307 04 0a0000 02000000"), 0xc0000202 | 0],
    ["behind others", hex("01 990401ff 8307 04 0a000002"), 0x0a000002],
  ])("IPv4, an option %s", (_, options, dst) => {
    expect(decode(eth(ipv4(tcp(), { options })))).toMatchObject({ verdict: Verdict.tcp, fault: null, dst });
  });

  const last = hex("20010db8 00000000 00000000 00000009");
  it.each([
    ["segment routing", 4, 1, last],
    ["a mobile node's home address", 2, 1, last],
    ["segment routing, arrived", 4, 0, V6_DESTINATION],
    ["type 0, which no node follows", 0, 1, V6_DESTINATION],
  ])("IPv6: %s", (_, type, left, destination) => {
    const header = join(Uint8Array.of(6, 2, type, left), zeros(4), last);
    const p = decode(eth(ipv6(join(header, tcp()), { next: 43 }), 0x86dd));
    expect(p.verdict).toBe(Verdict.tcp);
    expect(p.buf.subarray(p.dstOffset, p.dstOffset + 16)).toEqual(destination);
  });
});

describe("what is no TCP", () => {
  const inIpv4 = (protocol: number, carried: Uint8Array = zeros(20)): Uint8Array => eth(ipv4(carried, { protocol }));
  const quoted = join(hex("0303 0000 00000000"), ipv4(tcp()));

  it.each<[string, Uint8Array, number]>([
    ["arp", eth(zeros(28), 0x0806), 1],
    ["lldp", eth(zeros(28), 0x88cc), 1],
    ["eapol", eth(zeros(28), 0x888e), 1],
    ["pppoe discovery", eth(hex("1109 0000 0000"), 0x8863), 1],
    ["pppoe discovery", eth(hex("1109 0000 0000"), 0x8864), 1],
    ["lcp", eth(hex("1100 0001 0004 c021 0101"), 0x8864), 1],
    ["stp", eth8023(hex("424203 0000")), 1],
    ["ipx", eth8023(hex("ffff 0000 0000")), 1],
    ["cdp", eth8023(hex("aaaa03 00000c 2000 00")), 1],
    ["icmp", inIpv4(1, quoted), 1],
    ["icmpv6", eth(ipv6(join(hex("0100 0000 00000000"), ipv6(tcp())), { next: 58 }), 0x86dd), 1],
    ["udp", inIpv4(17, udp(zeros(12), 53)), 1],
    ["sctp", inIpv4(132), 1],
    ["ospf", inIpv4(89), 1],
    ["esp", inIpv4(50), 1],
    ["igmp", inIpv4(2), 1],
    ["ipcomp", inIpv4(108), 1],
    ["gtp", inIpv4(17, udp(hex("3001 0004 00000000 0000"), 2152)), 1],
    ["l2tp", inIpv4(17, udp(hex("c802 000c 00000000 00000000"), 1701)), 1],
    ["no next header", eth(ipv6(zeros(0), { next: 59 }), 0x86dd), 1],
    ["netlink", sll(zeros(20), 0, 0, 824), 113],
    ["can", sll(zeros(16), 0, 0x000c), 113],
    ["slarp", hex("8f00 8035 00000002"), 104],
    ["pseudowire channel", eth(mpls(hex("1000 0021")), 0x8847), 1],
    ["802.11", join(hex("8000"), zeros(30)), 105],
    ["802.11 encrypted", join(hex("0840"), zeros(30)), 105],
    ["no packet", zeros(0), -1],
  ])("%s", (name, bytes, linkType) => {
    expect(decode(bytes, { linkType })).toMatchObject({ verdict: Verdict.other, other: name, fault: null });
  });

  it.each<[string, Uint8Array, number]>([
    ["link type 147", zeros(40), 147],
    ["ethertype 0x7654", eth(zeros(40), 0x7654), 1],
    ["ethertype 0x05e6", eth(zeros(40), 1510), 1],
    ["ip protocol 99", inIpv4(99), 1],
    ["ppp protocol 0x0045", hex("ff03 0045 0000"), 9],
    ["llc sap 0x0012", eth8023(hex("121203 0000")), 1],
    ["address family 26", join(le32(26), zeros(20)), 0],
  ])("%s is not decoded here", (name, bytes, linkType) => {
    expect(decode(bytes, { linkType })).toMatchObject({ verdict: Verdict.unsupported, other: name, fault: null });
  });

  it("gives up on tunnels nested without end", () => {
    const tags = Array.from({ length: 100 }, () => hex("8100 0005"));
    const vlans = join(zeros(12), ...tags, be16(0x0800), ipv4(tcp()));
    expect(decode(vlans)).toMatchObject({ verdict: Verdict.unsupported, other: "nested too deep" });
    let nested = ipv4(tcp());
    for (let i = 0; i < 30; i++) nested = ipv4(nested, { protocol: 4 });
    expect(decode(eth(nested)).verdict).toBe(Verdict.tcp);
  });
});

describe("the tap of a cooked capture", () => {
  const v4 = ipv4(tcp());
  const tapOf = (bytes: Uint8Array, linkType: number, tap = 0): number => decode(bytes, { linkType, tap }).tap;

  it("differs by interface, direction and capture, and is the same for a retransmission", () => {
    const taps = [
      tapOf(sll2(v4, 0, 2), 276),
      tapOf(sll2(v4, 4, 2), 276),
      tapOf(sll2(v4, 0, 3), 276),
      tapOf(sll2(v4, 4, 3), 276),
      tapOf(sll2(v4, 4, 0xffffffff), 276),
      tapOf(sll2(v4, 0, 2), 276, 1),
      tapOf(sll(v4, 0), 113, 2),
      tapOf(sll(v4, 4), 113, 2),
      tapOf(sll2(v4, 4, 0xffffffff), 276, 0xffff),
    ];
    expect(new Set(taps).size).toBe(taps.length);
    expect(taps.every(Number.isSafeInteger)).toBe(true);
    expect(tapOf(sll2(v4, 4, 3), 276)).toBe(taps[3]);
  });

  it("is the reader's own for every other link type", () => {
    expect(tapOf(eth(v4), 1, 7)).toBe(7);
    expect(tapOf(eth(tag(v4), 0x8100), 1, 7)).toBe(7);
  });
});
