// Do the packet decoders do bounded work on fragments that never end and tunnels that hold tunnels? Counted: steps by layer, bytes held.

import { describe, expect, it } from "vitest";
import { PacketDecoders } from "../../decoders/packet.ts";
import { Packet, Verdict } from "../../src/core/packet.ts";
import {
  be16,
  be32,
  eth,
  fragmentHeader,
  hex,
  ipv4,
  ipv6,
  join,
  mpls,
  tag,
  tcp,
  udp,
  zeros,
} from "../decoders/frames.ts";

function fill(p: Packet, bytes: Uint8Array, time = 0): Packet {
  p.buf = bytes;
  p.start = 0;
  p.end = bytes.length;
  p.origLen = bytes.length;
  p.linkType = 1;
  p.time = time;
  return p;
}

const held = (decoders: PacketDecoders) =>
  decoders.fragments as unknown as { bytes: number; datagrams: Map<string, { fragments: unknown[] }> };

describe("fragments that never make a datagram", () => {
  /** What the table says of itself: 16 MiB, and the fragment that reached it. */
  const MOST_HELD = (16 << 20) + 65_535;
  const SOME = 50_000;

  const floods: [string, (n: number) => Uint8Array][] = [
    [
      "the first ones, of ever new datagrams",
      (n) => ipv4(zeros(24), { more: true, id: n & 0xffff, src: be32(n >> 16) }),
    ],
    ["the last ones", (n) => ipv4(zeros(24), { at: 8 * (1 + (n % 1000)), id: n % 7 })],
    [
      "all over one datagram, overlapping, with one hole",
      (n) => ipv4(zeros(64), { at: 8 + 8 * ((n * 7919) % 8000), more: true }),
    ],
    ["the same one again and again", () => ipv4(zeros(1400), { at: 1400, more: true })],
    ["IPv6, of ever new datagrams", (n) => ipv6(fragmentHeader(zeros(64), 8 * (n % 100), true, n), { next: 44 })],
  ];

  it.each(floods)("%s", (_, make) => {
    const decoders = new PacketDecoders();
    const p = new Packet();
    let most = 0;
    let longest = 0;
    let widest = 0;
    let others = 0;
    for (let n = 0; n < SOME; n++) {
      const packet = make(n);
      decoders.decode(fill(p, eth(packet, packet[0]! >> 4 === 6 ? 0x86dd : 0x0800), n));
      if (p.verdict !== Verdict.fragment) others++;
      const { bytes, datagrams } = held(decoders);
      most = Math.max(most, bytes);
      widest = Math.max(widest, datagrams.size);
      for (const { fragments } of datagrams.values()) {
        longest = Math.max(longest, fragments.length);
        break;
      }
    }
    expect(others).toBe(0);
    expect(widest).toBeLessThanOrEqual(1024);
    expect(most).toBeLessThanOrEqual(MOST_HELD);
    expect(longest).toBeLessThanOrEqual(512);
  });

  it("that contradict each other about the end of the datagram, and then complete it", () => {
    const decoders = new PacketDecoders();
    const p = new Packet();
    const segment = join(tcp(), zeros(28));
    decoders.decode(fill(p, eth(ipv4(segment.subarray(40), { at: 40 }))));
    decoders.decode(fill(p, eth(ipv4(zeros(4000), { at: 400 }))));
    decoders.decode(fill(p, eth(ipv4(segment.subarray(0, 40), { more: true }))));
    expect(p.verdict).toBe(Verdict.tcp);
    expect(held(decoders).bytes).toBe(0);
  });

  it("whose clock runs backwards stay within the bounds", () => {
    const decoders = new PacketDecoders();
    const p = new Packet();
    for (let n = 0; n < 5000; n++) {
      decoders.decode(fill(p, eth(ipv4(zeros(1400), { more: true, id: n })), -n * 1e12));
    }
    expect(held(decoders).datagrams.size).toBeLessThanOrEqual(1024);
    expect(held(decoders).bytes).toBe(held(decoders).datagrams.size * 1400);
  });
});

describe("a hundred tunnels in each other", () => {
  const DEPTH = 100;
  const nested = (wrap: (inner: Uint8Array) => Uint8Array, inner = ipv4(tcp())): Uint8Array => {
    let packet = inner;
    for (let n = 0; n < DEPTH; n++) packet = wrap(packet);
    return packet;
  };
  const inGre = (inner: Uint8Array) => ipv4(join(be16(0), be16(0x0800), inner), { protocol: 47 });
  const vxlan = hex("08000000 00000500");

  const nestings: [string, Uint8Array][] = [
    ["IP in IP", eth(nested((inner) => ipv4(inner, { protocol: 4 })))],
    ["GRE", eth(nested(inGre))],
    ["VXLAN", eth(nested((inner) => ipv4(udp(join(vxlan, eth(inner)), 4789), { protocol: 17 })))],
    [
      "IPv6 in IPv6",
      eth(
        nested((inner) => ipv6(inner, { next: 41 }), ipv6(tcp())),
        0x86dd,
      ),
    ],
    ["IPv4 and IPv6 by turns", eth(nested((inner) => ipv4(ipv6(inner, { next: 4 }), { protocol: 41 })))],
    [
      "VLAN tags",
      eth(
        nested((inner) => tag(inner, 0x8100), tag(ipv4(tcp()))),
        0x8100,
      ),
    ],
    [
      "MPLS labels",
      eth(
        nested((inner) => join(be32(16 << 12), inner), mpls(ipv4(tcp()))),
        0x8847,
      ),
    ],
    [
      "AH",
      eth(
        ipv4(
          nested((inner) => join(hex("330400000000000100000001000000000000000000000000"), inner), tcp()),
          { protocol: 51 },
        ),
      ),
    ],
    [
      "destination options",
      eth(
        ipv6(
          nested((inner) => join(hex("3c00010400000000"), inner), tcp()),
          { next: 60 },
        ),
        0x86dd,
      ),
    ],
  ];

  it.each(nestings)("%s: given up by name after a bounded number of layers", (_, bytes) => {
    const p = fill(new Packet(), bytes);
    new PacketDecoders().decode(p);
    expect([Verdict.unsupported, Verdict.malformed, Verdict.other]).toContain(p.verdict);
    expect(p.other).not.toBe("");
    expect(p.depth).toBeLessThanOrEqual(65);
  });
});
