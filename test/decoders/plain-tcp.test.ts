// Does the short cut for the packets that nearly all are leave in the slot what the decoders would?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ethernet } from "../../decoders/ethernet.ts";
import { FragmentTable } from "../../decoders/fragments.ts";
import { ipv4 as readIpv4 } from "../../decoders/ipv4.ts";
import { plainTcp } from "../../decoders/plain-tcp.ts";
import { tcp as readTcp } from "../../decoders/tcp.ts";
import type { Packet } from "../../src/core/packet.ts";
import { Layer } from "../../src/core/packet-decoder.ts";
import { eth, ipv4, tcp, text } from "./frames.ts";
import { guarded, packetOf, surrounded } from "./slot.ts";

const PLAIN = eth(ipv4(tcp({ payload: text("hello, world") })));

interface Record {
  bytes: Uint8Array;
  origLen: number;
}

const slot = ({ bytes, origLen }: Record): Packet => {
  const p = guarded(surrounded(packetOf(bytes, { origLen }), 0xee));
  p.offset = p.start;
  p.wireEnd = p.start + Math.max(origLen, bytes.length);
  return p;
};

/** One decoder behind the other, as packet.ts does; null where these three do not get through to the end. */
function stepByStep(record: Record): object | null {
  const p = slot(record);
  p.depth = 3;
  if (ethernet(p) !== Layer.ipv4 || readIpv4(p, new FragmentTable()) !== Layer.tcp) return null;
  readTcp(p);
  return { ...p, buf: null };
}

function atOnce(record: Record): object | null {
  const p = slot(record);
  const before = { ...p, buf: null };
  if (plainTcp(p)) return { ...p, buf: null };
  expect({ ...p, buf: null }).toEqual(before);
  return null;
}

describe("the short cut", () => {
  it("takes a plain packet, padded or cut by the snap length behind its headers, and no other", () => {
    const takes = (bytes: Uint8Array, origLen = bytes.length): boolean => atOnce({ bytes, origLen }) !== null;
    expect(takes(PLAIN)).toBe(true);
    expect(takes(Uint8Array.from([...PLAIN, 0, 0, 0]))).toBe(true);
    expect(takes(PLAIN.slice(0, 54), PLAIN.length)).toBe(true);
    expect(takes(PLAIN.slice(0, 53), PLAIN.length)).toBe(false);
    // Its IPv4 length says more than the frame had.
    expect(takes(PLAIN.slice(0, -1))).toBe(false);
    const withByte = (at: number, value: number): Uint8Array => PLAIN.with(at, value);
    expect(takes(withByte(12, 0x86))).toBe(false);
    expect(takes(withByte(14, 0x46))).toBe(false);
    expect(takes(withByte(20, 0x20))).toBe(false);
    expect(takes(withByte(20, 0x40))).toBe(true); // do not fragment
    expect(takes(withByte(21, 0x01))).toBe(false);
    expect(takes(withByte(23, 17))).toBe(false);
    expect(takes(withByte(46, 0x40))).toBe(false);
    expect(takes(withByte(46, 0xf0))).toBe(false);
  });

  it("finds what the decoders find, whatever the bytes are", () => {
    const pokes = fc.array(fc.tuple(fc.nat(PLAIN.length - 1), fc.nat(255)), { maxLength: 4 });
    let taken = 0;
    fc.assert(
      fc.property(pokes, fc.nat(PLAIN.length), fc.nat(12), fc.nat(3), (changes, kept, padding, missing) => {
        const whole = new Uint8Array(PLAIN.length + padding);
        whole.set(PLAIN);
        for (const [at, value] of changes) whole[at] = value;
        const bytes = whole.slice(0, Math.max(kept, 40 + padding));
        const record = { bytes, origLen: bytes.length + missing * 4 };
        const found = atOnce(record);
        if (found === null) return;
        taken++;
        expect(found).toEqual(stepByStep(record));
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(300);
  });
});
