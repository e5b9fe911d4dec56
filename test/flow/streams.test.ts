// Are the bytes that a decoder gets the bytes that were sent: in order, once each, with every hole named?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Flag, Packet, Verdict } from "../../src/core/packet.ts";
import type { Side, StreamDecoder } from "../../src/core/stream-decoder.ts";
import { FlowTable } from "../../src/flow/flow-table.ts";
import { HELD_COST } from "../../src/flow/held-segments.ts";
import { OPEN, segments } from "./packet-script.ts";

/** Notes each direction as text: a byte as sent, "_" for each one missing, "~" for each one cut, then how it ended. */
class Recorder implements StreamDecoder {
  readonly protocol = "framed";
  readonly said: [string, string] = ["", ""];
  readonly ends: string[] = [];
  probe(): "yes" {
    return "yes";
  }
  open() {
    const { said, ends } = this;
    return {
      data(side: Side, bytes: Uint8Array, start: number, end: number): void {
        said[side] += String.fromCharCode(...bytes.subarray(start, end));
      },
      gap(side: Side, length: number, reason: "missing" | "snap"): void {
        said[side] += (reason === "snap" ? "~" : "_").repeat(length);
      },
      end(side: Side, how: string): void {
        ends.push(`${side} ${how}`);
      },
    };
  }
}

interface Sent {
  side: Side;
  /** Offset into what the side says, and the bytes captured of `text`. */
  at: number;
  text: string;
  captured?: number;
  ack?: number;
  flags?: number;
  timeMs: number;
}

/** Plays segments of a connection that the capture shows from its SYN. Offsets count from the ISN given per side. */
function record(list: readonly Sent[], isn: readonly [number, number] = [100, 900]): Recorder & { table: FlowTable } {
  const decoder = new Recorder();
  const table = new FlowTable({ decoders: [decoder], keepExchanges: true, seed: 5 });
  const p = new Packet();
  let frame = 0;
  const send = (s: Sent, seq: number): void => {
    const bytes = new TextEncoder().encode(s.text);
    const captured = Math.min(bytes.length, s.captured ?? bytes.length);
    Object.assign(p, {
      verdict: Verdict.tcp,
      family: 4,
      frame: ++frame,
      time: s.timeMs * 1e6,
      buf: bytes.slice(0, captured),
      start: 0,
      end: captured,
      origLen: bytes.length,
      src: s.side,
      dst: s.side ^ 1,
      srcPort: s.side === 0 ? 40_000 : 80,
      dstPort: s.side === 0 ? 80 : 40_000,
      seq: seq | 0,
      ack: ((isn[s.side ^ 1] as number) + 1 + (s.ack ?? 0)) | 0,
      flags: s.flags ?? Flag.ack,
      payloadOffset: 0,
      payloadLength: bytes.length,
      payloadCaptured: captured,
    });
    table.update(p);
  };
  send({ side: 0, at: 0, text: "", flags: Flag.syn, timeMs: 0 }, isn[0]);
  send({ side: 1, at: 0, text: "", flags: Flag.syn | Flag.ack, timeMs: 0.1 }, isn[1]);
  for (const s of list) send(s, isn[s.side] + 1 + s.at);
  table.end();
  return Object.assign(decoder, { table });
}

const c = (at: number, text: string, timeMs = 1, more: Partial<Sent> = {}): Sent => ({
  side: 0,
  at,
  text,
  timeMs,
  ...more,
});
const ack = (upTo: number, timeMs = 1): Sent => ({ side: 1, at: 0, text: "", ack: upTo, timeMs });

describe("one direction", () => {
  it.each<[string, Sent[], string]>([
    ["in order", [c(0, "abc"), c(3, "def")], "abcdef"],
    ["sent again", [c(0, "abc"), c(0, "abc"), c(3, "def")], "abcdef"],
    ["swapped", [c(3, "def"), c(0, "abc")], "abcdef"],
    ["sent again and cut anew", [c(0, "abc"), c(1, "bcde"), c(4, "ef")], "abcdef"],
    ["a hole filled from two sides", [c(6, "g"), c(4, "ef"), c(0, "ab"), c(1, "bcde")], "abcdefg"],
    ["what came first stays, in order", [c(0, "abc"), c(2, "XYdef")], "abcYdef"],
    ["what came first stays, held", [c(3, "def"), c(2, "XYZ"), c(0, "ab")], "abXdef"],
    ["missing, acknowledged, and more comes", [c(0, "ab"), ack(5), c(5, "fg")], "ab___fg"],
    ["missing, acknowledged for 10 ms", [c(0, "a"), c(5, "fg"), ack(7), ack(7, 20), c(1, "bcde", 21)], "a____fg"],
    ["late by less than 10 ms after its ACK", [c(5, "fg"), ack(7), c(0, "abcde", 8)], "abcdefg"],
    ["never acknowledged: missing at the end", [c(0, "ab"), c(5, "fg")], "ab___fg"],
    ["cut by the snap length", [c(0, "abcdef", 1, { captured: 2 }), c(6, "g")], "ab~~~~g"],
    ["cut by the snap length, held", [c(2, "cdef", 1, { captured: 1 }), c(0, "ab"), c(6, "g")], "abc~~~g"],
    [
      "cut, and sent again whole: the first stays",
      [c(0, "abcd", 1, { captured: 1 }), c(0, "abcd"), c(4, "e")],
      "a~~~e",
    ],
    ["sent again longer, and cut within what is new", [c(0, "ab"), c(0, "abcdef", 1, { captured: 3 })], "abc~~~"],
    ["a keepalive, with a byte and without", [c(0, "ab"), c(1, "Z"), c(1, ""), c(2, "c")], "abc"],
    ["far outside every window", [c(0, "ab"), c(2 ** 31 - 9, "zzz"), c(2, "c")], "abc"],
  ])("%s", (_, list, expected) => expect(record(list).said[0]).toBe(expected));

  it("ends where the FIN stands, once what lies before it has come", () => {
    const fin = { flags: Flag.fin | Flag.ack };
    const r = record([c(3, "", 1, fin), c(0, "abc", 2), { side: 1, at: 0, text: "", ack: 4, timeMs: 3, ...fin }]);
    expect(r.said[0]).toBe("abc");
    expect(r.ends).toEqual(["0 fin", "1 fin"]);
  });

  it("names what is missing before a FIN", () => {
    const r = record([c(0, "ab"), c(5, "", 2, { flags: Flag.fin | Flag.ack })]);
    expect(r.said[0]).toBe("ab___");
    expect(r.ends).toEqual(["0 fin", "1 capture"]);
  });

  it("hands over what is held when a RST ends the flow", () => {
    const r = record([c(0, "ab"), c(5, "fg"), c(7, "", 2, { flags: Flag.rst })]);
    expect(r.said[0]).toBe("ab___fg");
    expect([...r.ends].sort()).toEqual(["0 reset", "1 reset"]);
  });
});

const TEXT = "The quick brown fox jumps over the lazy dog; sphinx of black quartz, judge my vow.".repeat(4);
const isns = fc.tuple(fc.integer(), fc.integer());
/** Cuts a text into pieces of these sizes. */
function cut(side: Side, text: string, sizes: readonly number[]): Sent[] {
  const out: Sent[] = [];
  for (let at = 0, n = 0; at < text.length; n++) {
    const size = Math.min(sizes[n % sizes.length]!, text.length - at);
    out.push({ side, at, text: text.slice(at, at + size), timeMs: 1 });
    at += size;
  }
  return out;
}
const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 });

describe("whatever the network does", () => {
  it("hands over every byte once, in order: cut anyhow, doubled, overlapping, and swapped within milliseconds", () => {
    fc.assert(
      fc.property(
        isns,
        sizes,
        sizes,
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.infiniteStream(fc.nat(5)),
        (isn, a, b, again, moves) => {
          const there = TEXT.slice(0, 200);
          const back = TEXT.slice(100);
          const list = [...cut(0, there, a), ...cut(1, back, b)];
          // Bytes sent again, cut by another rule.
          for (const n of again) {
            const at = n % (there.length - 1);
            list.push(c(at, there.slice(at, at + 1 + (n % 37))));
          }
          const order = list.map((s, n) => ({ s, key: n + moves.next().value! }));
          order.sort((x, y) => x.key - y.key);
          const r = record(
            order.map(({ s }, n) => ({ ...s, timeMs: 1 + n * 0.001 })),
            isn,
          );
          expect(r.said).toEqual([there, back]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("names every byte that is missing or cut, and hands over no other byte in its place", () => {
    const loss = fc.constantFrom("", "", "lost", "cut");
    fc.assert(
      fc.property(isns, sizes, fc.infiniteStream(loss), fc.boolean(), (isn, a, losses, acked) => {
        const list: Sent[] = [];
        let expected = "";
        for (const s of cut(0, TEXT, a)) {
          const fate = losses.next().value!;
          if (fate === "lost") expected += "_".repeat(s.text.length);
          else if (fate === "cut") {
            list.push({ ...s, captured: 1 });
            expected += s.text.slice(0, 1) + "~".repeat(s.text.length - 1);
          } else {
            list.push(s);
            expected += s.text;
          }
          if (acked) list.push(ack(s.at + s.text.length));
        }
        list.push(c(TEXT.length, "", 50, { flags: Flag.fin | Flag.ack }));
        const r = record(
          list.map((s, n) => ({ ...s, timeMs: s.timeMs + n * 0.001 })),
          isn,
        );
        // Nothing was captured before the first hole, or at all: there is no stream that a gap could be in.
        const lead = /^_*/.exec(expected)![0].length;
        expect(r.said[0].replace(/^_*/, "")).toBe(expected.slice(lead));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("memory", () => {
  const held = (table: FlowTable): { bytes: number; segments: number } => {
    let bytes = 0;
    let count = 0;
    for (let f = 0; f < table.count; f++) {
      for (const h of table.streams.of(f)?.held ?? []) {
        bytes += h?.bytes ?? 0;
        count += (h as unknown as { list: unknown[] } | null)?.list.length ?? 0;
      }
    }
    return { bytes, segments: count };
  };

  it("is bounded over all flows when a crafted capture sends empty-captured segments into holes", () => {
    const table = new FlowTable({ decoders: [new Recorder()], keepExchanges: true, seed: 5 });
    const p = new Packet();
    p.verdict = Verdict.tcp;
    p.family = 4;
    p.dst = 9;
    p.flags = Flag.ack;
    p.payloadLength = 1;
    let most = 0;
    for (let flow = 0; flow < 400; flow++) {
      p.src = 100 + flow;
      p.flags = Flag.syn;
      p.seq = 0;
      p.payloadLength = 0;
      p.time = 1;
      p.frame++;
      table.update(p);
      p.flags = Flag.ack;
      p.payloadLength = 1;
      for (let n = 0; n < 2000; n++) {
        p.seq = 10 + n * 2;
        p.frame++;
        table.update(p);
      }
      most = Math.max(most, held(table).segments);
    }
    const limit = 64 << 20;
    expect(most).toBeLessThanOrEqual(limit / HELD_COST + 2000);
    expect(held(table).bytes).toBeLessThanOrEqual(limit + 2000 * HELD_COST);
    table.end();
    expect(held(table)).toEqual({ bytes: 0, segments: 0 });
  });

  it("keeps no stream of a flow that has ended", () => {
    const streams = (text: string): unknown[] => {
      const table = new FlowTable({ decoders: [new Recorder()], keepExchanges: true, seed: 5 });
      const p = new Packet();
      for (const [n, s] of segments(text).entries()) {
        Object.assign(p, {
          verdict: Verdict.tcp,
          family: 4,
          frame: n + 1,
          time: s.timeMs * 1e6,
          buf: s.payload,
          end: s.captured,
          src: s.from === "c" ? 1 : 2,
          dst: s.from === "c" ? 2 : 1,
          srcPort: s.from === "c" ? 9 : 80,
          dstPort: s.from === "c" ? 80 : 9,
          seq: s.seq,
          ack: s.ack,
          flags: s.flags,
          payloadLength: s.length,
          payloadCaptured: s.captured,
        });
        table.update(p);
      }
      return Array.from({ length: table.count }, (_, f) => table.streams.of(f));
    };
    expect(streams(`${OPEN} c 'a'\n s 'b'\n c FIN ACK\n s FIN ACK\n c ACK`)).toEqual([null]);
    expect(streams(`${OPEN} c 'a'\n s 'b'\n s RST ACK`)).toEqual([null]);
    expect(streams(`${OPEN} c 'a'\n s 'b'\n c RST`)).toEqual([null]);
  });
});
