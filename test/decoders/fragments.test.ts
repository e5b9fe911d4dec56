// Do fragments become the datagram they were, whatever their order, and is what never completes bounded?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PacketDecoders } from "../../decoders/packet.ts";
import { Packet, Verdict } from "../../src/core/packet.ts";
import {
  eth,
  fragmentHeader,
  hex,
  ipv4,
  ipv6,
  join,
  sll2,
  tag,
  tcp,
  text,
  udp,
  V6_DESTINATION,
  V6_SOURCE,
} from "./frames.ts";
import { fill, guarded, type Record } from "./slot.ts";

/** 20 bytes of header and 60 of payload: letters, so that what came from where can be read. */
const LETTERS = "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffgggggggghhhh";
const SEGMENT = tcp({ payload: text(LETTERS) });

const fragment4 = (at: number, to: number, more: boolean, from: Uint8Array = SEGMENT, id = 9): Uint8Array =>
  eth(ipv4(from.subarray(at, to), { at, more, id }));
const fragment6 = (at: number, to: number, more: boolean): Uint8Array =>
  eth(ipv6(fragmentHeader(SEGMENT.subarray(at, to), at, more), { next: 44 }), 0x86dd);

const IN_ORDER = [fragment4(0, 24, true), fragment4(24, 56, true), fragment4(56, 80, false)];

/** Decodes one after the other; returns the verdicts, and the slot as the last one left it. */
function decodeAll(frames: readonly Uint8Array[], records: readonly Record[] = []): { verdicts: number[]; p: Packet } {
  const decoders = new PacketDecoders();
  const p = new Packet();
  const verdicts = frames.map((bytes, i) => {
    decoders.decode(guarded(fill(p, bytes, records[i])));
    return p.verdict;
  });
  return { verdicts, p };
}

const payloadOf = (p: Packet): string =>
  new TextDecoder().decode(p.buf.slice(p.payloadOffset, p.payloadOffset + p.payloadCaptured));

describe("IPv4", () => {
  it("the fragment that completes it carries the segment", () => {
    const { verdicts, p } = decodeAll(IN_ORDER);
    expect(verdicts).toEqual([Verdict.fragment, Verdict.fragment, Verdict.tcp]);
    expect(p).toMatchObject({ srcPort: 40000, dstPort: 80, payloadLength: 60, payloadCaptured: 60, ipId: 9 });
    expect(p).toMatchObject({ src: 0xc0000201 | 0, dst: 0xc0000202 | 0, ipLength: 100, origLen: 14 + 20 + 24 });
    expect(payloadOf(p)).toBe(LETTERS);
  });

  it("in any order, and with fragments seen twice before the end", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 0, 1], { minLength: 5 }), (order) => {
        const frames = [...order.map((i) => IN_ORDER[i]!)];
        const last = frames.findIndex((_, k) => new Set(order.slice(0, k + 1)).size === 3);
        const { verdicts, p } = decodeAll(frames.slice(0, last + 1));
        expect(verdicts.at(-1)).toBe(Verdict.tcp);
        expect(payloadOf(p)).toBe(LETTERS);
      }),
    );
  });

  it("where two overlap the earlier start wins, and of equal starts the first seen", () => {
    const other = tcp({ payload: text("-".repeat(60)) });
    // "-" at 40–56 lies behind the start of 24–56, "-" at 24–40 came after the letters from 24 on.
    const frames = [
      fragment4(0, 24, true),
      fragment4(40, 56, true, other),
      fragment4(24, 48, true),
      fragment4(24, 40, true, other),
      fragment4(56, 80, false),
    ];
    const { p } = decodeAll(frames);
    expect(payloadOf(p)).toBe(`${LETTERS.slice(0, 28)}--------${LETTERS.slice(36)}`);
  });

  it("of different datagrams do not mix: id, addresses, protocol, tap", () => {
    const id = fragment4(56, 80, false, SEGMENT, 10);
    const address = eth(ipv4(SEGMENT.subarray(56), { at: 56, id: 9, src: hex("c0000203") }));
    const protocol = eth(ipv4(SEGMENT.subarray(56), { at: 56, id: 9, protocol: 17 }));
    const { verdicts } = decodeAll([IN_ORDER[0]!, IN_ORDER[1]!, id, address, protocol]);
    expect(verdicts.every((v) => v === Verdict.fragment)).toBe(true);
    const cooked = [0, 24, 56].map((at, i) =>
      sll2(ipv4(SEGMENT.subarray(at, [24, 56, 80][i]), { at, more: i < 2, id: 9 }), 0, i === 2 ? 5 : 4),
    );
    expect(decodeAll(cooked, [{ linkType: 276 }, { linkType: 276 }, { linkType: 276 }]).verdicts.at(-1)).toBe(
      Verdict.fragment,
    );
  });

  it("of the same id are a new datagram once the first is complete", () => {
    const { verdicts } = decodeAll([...IN_ORDER, ...IN_ORDER]);
    expect(verdicts).toEqual([5, 5, 0, 5, 5, 0]);
  });

  it("lead on into tunnels and tags", () => {
    const inner = udp(join(hex("08000000 00000100"), eth(ipv4(SEGMENT))), 4789);
    const frames = [
      eth(tag(ipv4(inner.subarray(0, 48), { more: true, protocol: 17 })), 0x8100),
      eth(tag(ipv4(inner.subarray(48), { at: 48, protocol: 17 })), 0x8100),
    ];
    const { p } = decodeAll(frames);
    expect(p.verdict).toBe(Verdict.tcp);
    expect(payloadOf(p)).toBe(LETTERS);
  });

  it("that the snap length cut are not joined; the first one is looked at as it is", () => {
    const first = IN_ORDER[0]!;
    expect(decodeAll([first.subarray(0, 50)], [{ origLen: first.length }]).p).toMatchObject({
      verdict: Verdict.tcp,
      srcPort: 40000,
    });
    const second = IN_ORDER[1]!;
    expect(decodeAll([second.subarray(0, 50)], [{ origLen: second.length }]).p.verdict).toBe(Verdict.fragment);
  });

  it("of what cannot carry TCP are named at once", () => {
    expect(decodeAll([eth(ipv4(hex("0800"), { more: true, protocol: 1 }))]).p).toMatchObject({
      verdict: Verdict.other,
      other: "icmp",
    });
  });

  it("older than 60 s are given up", () => {
    const records = (last: number): Record[] => [{ time: 0 }, { time: 1e9 }, { time: last }];
    expect(decodeAll(IN_ORDER, records(60e9)).verdicts.at(-1)).toBe(Verdict.tcp);
    expect(decodeAll(IN_ORDER, records(61e9)).verdicts.at(-1)).toBe(Verdict.fragment);
  });

  it("beyond the limit on datagrams, the oldest is given up", () => {
    const decoders = new PacketDecoders();
    const p = new Packet();
    for (let id = 0; id < 1025; id++) decoders.decode(fill(p, fragment4(0, 24, true, SEGMENT, id)));
    expect(decoders.fragments.dropped).toBe(1);
    const rest = eth(ipv4(SEGMENT.subarray(24), { at: 24, id: 0 }));
    decoders.decode(fill(p, rest));
    expect(p.verdict).toBe(Verdict.fragment);
    decoders.decode(fill(p, eth(ipv4(SEGMENT.subarray(24), { at: 24, id: 1024 }))));
    expect(p.verdict).toBe(Verdict.tcp);
  });

  it("beyond the limit on bytes, the oldest are given up", () => {
    const decoders = new PacketDecoders();
    const p = new Packet();
    for (let id = 0; id < 300; id++) {
      decoders.decode(fill(p, eth(ipv4(new Uint8Array(65_000), { more: true, id }))));
    }
    // 16 MiB hold 258 of 65,000 bytes.
    expect(decoders.fragments.dropped).toBe(42);
  });

  it("beyond the limit on fragments, the datagram is given up", () => {
    const decoders = new PacketDecoders();
    const p = new Packet();
    for (let i = 0; i < 600; i++) decoders.decode(fill(p, fragment4(24, 32, true)));
    expect(decoders.fragments.dropped).toBe(1);
  });
});

describe("IPv6", () => {
  const frames = [fragment6(0, 24, true), fragment6(24, 56, true), fragment6(56, 80, false)];

  it("the fragment that completes it carries the segment", () => {
    const { verdicts, p } = decodeAll(frames);
    expect(verdicts).toEqual([Verdict.fragment, Verdict.fragment, Verdict.tcp]);
    expect(p).toMatchObject({ family: 6, srcPort: 40000, payloadLength: 60, ipLength: 120 });
    expect(p.buf.subarray(p.srcOffset, p.srcOffset + 16)).toEqual(V6_SOURCE);
    expect(p.buf.subarray(p.dstOffset, p.dstOffset + 16)).toEqual(V6_DESTINATION);
    expect(payloadOf(p)).toBe(LETTERS);
  });

  it("in reverse", () => {
    expect(payloadOf(decodeAll([...frames].reverse()).p)).toBe(LETTERS);
  });

  it("keeps the last stop of a route as the destination", () => {
    const last = hex("20010db8 00000000 00000000 00000009");
    const routing = join(Uint8Array.of(44, 2, 4, 1), hex("00000000"), last);
    const routed = [0, 40].map((at, i) =>
      eth(
        ipv6(join(routing, fragmentHeader(SEGMENT.subarray(at, i === 0 ? 40 : 80), at, i === 0)), { next: 43 }),
        0x86dd,
      ),
    );
    const { p } = decodeAll(routed);
    expect(p.verdict).toBe(Verdict.tcp);
    expect(p.buf.subarray(p.dstOffset, p.dstOffset + 16)).toEqual(last);
    expect(payloadOf(p)).toBe(LETTERS);
  });
});
