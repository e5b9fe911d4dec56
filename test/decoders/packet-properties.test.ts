// Does decoding ever throw, or read a byte that is not the packet's?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PacketDecoders } from "../../decoders/packet.ts";
import { Verdict } from "../../src/core/packet.ts";
import { eth, ipv4, tcp, text } from "./frames.ts";
import { SAMPLES } from "./packet-samples.ts";
import { found, guarded, packetOf, type Record, surrounded } from "./slot.ts";

const LINK_TYPES = [-1, 147, ...new Set(SAMPLES.map((s) => s.linkType))];

/** Decodes with every read watched, and again amid ones and amid zeros: all three must find the same. */
function decodeWatched(bytes: Uint8Array, record: Record): object {
  const watched = guarded(surrounded(packetOf(bytes, record), 0xaa));
  new PacketDecoders().decode(watched);
  for (const around of [0x00, 0xff]) {
    const p = surrounded(packetOf(bytes, record), around);
    new PacketDecoders().decode(p);
    expect(found(p)).toEqual(found(watched));
  }
  return found(watched);
}

describe("cut at every byte", () => {
  it.each(SAMPLES)("$name", ({ linkType, bytes }) => {
    for (let kept = 0; kept <= bytes.length; kept++) {
      const cut = bytes.slice(0, kept);
      decodeWatched(cut, { linkType, origLen: bytes.length });
      decodeWatched(cut, { linkType });
    }
  });

  it("by the snap length is truncated or TCP, by the wire malformed or TCP", () => {
    const whole = eth(ipv4(tcp({ payload: text("hello") })));
    for (let kept = 0; kept < whole.length; kept++) {
      const snapped = packetOf(whole.slice(0, kept), { origLen: whole.length });
      new PacketDecoders().decode(snapped);
      expect(snapped.verdict).toBe(kept < 50 ? Verdict.truncated : Verdict.tcp);
      const cut = packetOf(whole.slice(0, kept));
      new PacketDecoders().decode(cut);
      expect(cut.verdict).toBe(kept < 50 ? Verdict.malformed : Verdict.tcp);
    }
  });
});

describe("arbitrary bytes", () => {
  it("never throw, whatever the link type", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...LINK_TYPES),
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(300),
        (linkType, bytes, missing) => {
          decodeWatched(bytes, { linkType, origLen: bytes.length + missing });
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("in a packet that was sound never throw", () => {
    const changes = fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLES), changes, fc.nat(40), ({ linkType, bytes }, pokes, missing) => {
        const changed = bytes.slice();
        for (const [at, value] of pokes) changed[at % changed.length] = value;
        decodeWatched(changed, { linkType, origLen: changed.length + missing });
      }),
      { numRuns: 5000 },
    );
  });

  it("as a wire length that cannot be never throw", () => {
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLES), fc.nat(0xffff_ffff), ({ linkType, bytes }, origLen) => {
        decodeWatched(bytes, { linkType, origLen });
      }),
    );
  });
});
