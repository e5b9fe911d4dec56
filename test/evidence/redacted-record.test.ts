// Is a record still a right packet once its payload, its padding and its addresses have been replaced?

import { describe, expect, it } from "vitest";
import { makePseudonyms } from "../../src/core/pseudonyms.ts";
import { plainRecordOf, recordOf } from "../../src/evidence/redacted-record.ts";
import { be16, be32, eth, hex, ipv4, ipv6, join, tcp, text, udp, V6_DESTINATION, zeros } from "../decoders/frames.ts";
import { carriedIsRight, headerIsRight, onesSum, recorded, summed } from "./checksummed.ts";

const SECRET = text("GET /?token=hunter2 HTTP/1.1\r\nX: odd\r\n\r\n");
const segment = tcp({ flags: 0x18, payload: SECRET });
const fillOf = (n: number): Uint8Array => new Uint8Array(n).fill(0x78);
const names = makePseudonyms("a key of the test");
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

describe("a record", () => {
  it("is filled, keeps its headers, and its TCP checksum stays right", () => {
    const frame = eth(summed(ipv4(segment)));
    const { bytes, original, linkType, trailer } = recordOf(recorded(frame), fillOf(SECRET.length), null);
    expect([bytes.length, original, linkType, trailer]).toEqual([frame.length, frame.length, 1, 0]);
    expect(carriedIsRight(frame.subarray(14))).toBe(true);
    expect(carriedIsRight(bytes.subarray(14))).toBe(true);
    expect(headerIsRight(bytes.subarray(14))).toBe(true);
    expect(bytes.subarray(0, 14 + 20 + 16)).toEqual(frame.subarray(0, 14 + 20 + 16));
    expect(latin1(bytes.subarray(54))).toBe("x".repeat(SECRET.length));
  });

  it("keeps a wrong checksum wrong by the same difference", () => {
    const right = summed(ipv4(segment));
    const wrong = right.slice();
    wrong[36] = (wrong[36]! + 1) & 255;
    const fixed = (ip: Uint8Array): Uint8Array =>
      recordOf(recorded(eth(ip)), fillOf(SECRET.length), null).bytes.subarray(14 + 36, 14 + 38);
    const [a, b] = [fixed(right), fixed(wrong)].map((f) => (f[0]! << 8) | f[1]!);
    expect(carriedIsRight(recordOf(recorded(eth(wrong)), fillOf(SECRET.length), null).bytes.subarray(14))).toBe(false);
    expect((b! - a! + 65_535) % 65_535).toBe(256);
  });

  it("zeroes padding and a frame check sequence, and fills what lies behind a data offset that cannot be", () => {
    const padded = join(eth(summed(ipv4(tcp()))), text("secret"), hex("deadbeef"));
    const record = recordOf(recorded(padded), null, null);
    expect(record.trailer).toBe(10);
    expect([...record.bytes.subarray(54)]).toEqual([...zeros(10)]);
    const odd = eth(summed(ipv4(tcp({ dataOffset: 15, payload: text("secret!") }))));
    expect(latin1(recordOf(recorded(odd), null, null).bytes)).not.toContain("secret");
  });

  it("follows odd lengths and packets that the snap length cut", () => {
    for (let cut = 0; cut < SECRET.length; cut++) {
      const payload = SECRET.subarray(0, SECRET.length - cut);
      const whole = eth(summed(ipv4(tcp({ flags: 0x18, payload }))));
      const after = recordOf(recorded(whole), fillOf(payload.length), null).bytes;
      expect(carriedIsRight(after.subarray(14)), `${payload.length} bytes`).toBe(true);
      // Cut behind some bytes: with the rest as it was on the wire, the checksum is right.
      const short = recordOf(recorded(whole.subarray(0, 60), 1, whole.length), fillOf(60 - 54), null).bytes;
      if (whole.length > 60) {
        expect(short.length).toBe(60);
        expect(carriedIsRight(join(short, whole.subarray(60)).subarray(14))).toBe(true);
      }
    }
  });

  it("moves the checksums of tunnels: UDP of VXLAN in VXLAN over IPv6, and GRE", () => {
    const vxlan = (inner: Uint8Array): Uint8Array => join(hex("08000000 00002a00"), inner);
    const one = summed(ipv4(udp(vxlan(eth(summed(ipv4(segment)))), 4789), { protocol: 17 }), 17);
    const two = eth(summed(ipv6(udp(vxlan(eth(one)), 4789), { next: 17 }), 17), 0x86dd);
    const after = recordOf(recorded(two), fillOf(SECRET.length), null).bytes;
    expect(latin1(after)).not.toContain("hunter2");
    const outer = after.subarray(14);
    const middle = outer.subarray(40 + 8 + 8 + 14);
    const inner = middle.subarray(20 + 8 + 8 + 14);
    expect([carriedIsRight(outer, 17), carriedIsRight(middle, 17), carriedIsRight(inner)]).toEqual([true, true, true]);
    expect([headerIsRight(middle), headerIsRight(inner)]).toEqual([true, true]);

    const carried = join(hex("8000 0800 0000 0000"), summed(ipv4(segment)));
    const sum = ~onesSum(carried) & 0xffff;
    const gre = join(carried.subarray(0, 4), be16(sum), carried.subarray(6));
    const tunnel = eth(ipv4(gre, { protocol: 47 }));
    const moved = recordOf(recorded(tunnel), fillOf(SECRET.length), null).bytes;
    expect(onesSum(moved.subarray(34))).toBe(0xffff);
    expect(carriedIsRight(moved.subarray(34 + 8))).toBe(true);
  });

  it("leaves a UDP checksum of zero, which says that there is none", () => {
    const inner = eth(summed(ipv4(segment)));
    const frame = eth(ipv4(udp(join(hex("08000000 00002a00"), inner), 4789), { protocol: 17 }));
    const after = recordOf(recorded(frame), fillOf(SECRET.length), null).bytes;
    expect([...after.subarray(14 + 20 + 6, 14 + 20 + 8)]).toEqual([0, 0]);
  });
});

describe("with strict", () => {
  it("nothing stays but the innermost datagram, under other addresses, with right checksums", () => {
    const vxlan = join(hex("08000000 00002a00"), eth(summed(ipv4(segment))));
    const frame = eth(summed(ipv4(udp(vxlan, 4789), { protocol: 17 }), 17));
    const { bytes, original, linkType } = recordOf(recorded(frame), fillOf(SECRET.length), names);
    expect([linkType, original, bytes.length]).toEqual([101, 20 + segment.length, 20 + segment.length]);
    expect([carriedIsRight(bytes), headerIsRight(bytes)]).toEqual([true, true]);
    expect(Buffer.from(bytes).toString("hex")).not.toContain("c0000201");
  });

  it("maps source routes, and the checksum is with the last stop", () => {
    // Loose route with two stops, at the first; then a host's own option, blanked.
    const options = hex("83 0b 04 c000020a c0000214 00");
    const plain = ipv4(segment, { options });
    const last = plain.slice();
    last.set(hex("c0000214"), 16);
    // TCP's checksum is with the last stop (RFC 9293 §3.1): borrowed from a header that has it as its destination.
    const borrowed = summed(last);
    const datagram = plain.slice();
    datagram.set(borrowed.subarray(32 + 16, 32 + 18), 32 + 16);
    const { bytes } = recordOf(recorded(datagram, 101), fillOf(SECRET.length), names);
    const text16 = Buffer.from(bytes).toString("hex");
    for (const address of ["c000020a", "c0000214", "c0000202"]) expect(text16).not.toContain(address);
    const withLast = bytes.slice();
    withLast.set(bytes.subarray(20 + 7, 20 + 11), 16);
    expect(carriedIsRight(withLast)).toBe(true);
  });

  it("maps IPv6 segment routes and home addresses, and blanks TCP options that may name a host", () => {
    const stop = hex("20010db8 00000000 00000000 000000aa");
    const home = hex("20010db8 00000000 00000000 000000bb");
    const inner = tcp({ flags: 0x18, options: hex("fe08 1f90 c0000263"), payload: SECRET });
    const destinationOptions = join(hex("06 02 0102 0000 c910"), home);
    const route = join(hex("3c 02 04 01 00 000000"), stop);
    expect([destinationOptions.length, route.length]).toEqual([24, 24]);
    const datagram = ipv6(join(route, destinationOptions, inner), { next: 43 });
    const tcpAt = 40 + 48;
    // The checksum is with the last stop (RFC 8200 §8.1).
    const pseudo = join(datagram.subarray(8, 24), stop, be32(inner.length), be32(6));
    datagram.set(be16(~onesSum(pseudo, inner) & 0xffff), tcpAt + 16);
    const { bytes } = recordOf(recorded(datagram, 101), fillOf(SECRET.length), names);
    const left = Buffer.from(bytes).toString("hex");
    for (const address of [stop, home, V6_DESTINATION])
      expect(left).not.toContain(Buffer.from(address).toString("hex"));
    expect(left).not.toContain("c0000263");
    const after = join(bytes.subarray(8, 24), bytes.subarray(48, 64), be32(inner.length), be32(6));
    expect(onesSum(after, bytes.subarray(tcpAt))).toBe(0xffff);
  });

  it("gives a datagram put together the checksum of its header", () => {
    const datagram = summed(ipv4(segment));
    const joined = datagram.slice();
    joined.set(be16(0x1234), 10);
    const record = { ...recorded(joined, 101), isJoined: true };
    expect(headerIsRight(recordOf(record, fillOf(SECRET.length), null).bytes)).toBe(true);
    expect(headerIsRight(recordOf(record, fillOf(SECRET.length), names).bytes)).toBe(true);
    expect(plainRecordOf(record).bytes).toEqual(datagram);
    expect(headerIsRight(record.bytes)).toBe(false);
  });
});
