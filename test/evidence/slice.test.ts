// Is nothing in a slice that must not leave, on whatever link it was captured, and does it stay within its limit?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analyze, readFlows } from "../../src/analyze.ts";
import { extract } from "../../src/extract.ts";
import { pcap } from "../capture/build.ts";
import { eth, fragmentHeader, hex, ipv4, ipv6, join, sll2, tag, tcp, text, zeros } from "../decoders/frames.ts";
import { summed } from "./checksummed.ts";
import { captureOf, handshake, type Said } from "./conversation.ts";

const LEVELS = ["default", "strict"] as const;
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const c = (seq: number, payload: Uint8Array, more: Partial<Said> = {}): Said => ({ from: "c", seq, payload, ...more });

/** Where a secret still stands, with what is around it. */
const left = (bytes: Uint8Array, secret: RegExp): string[] => {
  const all = latin1(bytes);
  return [...all.matchAll(secret)].map((m) => JSON.stringify(all.slice(Math.max(0, m.index - 40), m.index + 40)));
};

const HEAD =
  "POST /pay?page=1 HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Bearer hunter2hunter2\r\nContent-Length: 14\r\n\r\n";
const BODY = "secret-of-body";
const REQUEST = text(HEAD + BODY);

describe.each(LEVELS)("with %s", (redact) => {
  it("secrets are in no byte: heads, bodies, repetitions, overlaps, unknown protocols, padding", async () => {
    const half = 40;
    const said: Said[] = [
      ...handshake(),
      c(1, REQUEST.subarray(0, half)),
      c(1, REQUEST),
      c(half + 1, REQUEST.subarray(half)),
      c(half - 9, REQUEST.subarray(half - 10, half + 30)),
      { from: "s", seq: 1, payload: text("secret-of-a-server that speaks no protocol") },
      ...handshake(40_001),
      c(1, text("secret-binary \x01\x02 hunter2"), { port: 40_001 }),
      c(500, text("secret-behind-a-hole"), { port: 40_001 }),
    ];
    const capture = captureOf(said);
    expect(latin1(capture)).toContain("hunter2");
    const slice = await extract([capture], { flows: [0, 1], redact });
    expect(slice.packets).toBe(said.length);
    expect(left(slice.bytes, /hunter2|secret-/g)).toEqual([]);
    expect(slice.redacted.get("payload bytes")).toBeGreaterThan(0);
    // What an answer hangs on is there: the request, by its line and its length.
    expect(left(slice.bytes, /POST \/pay\?page=1 HTTP\/1.1\r\n/g).length).toBeGreaterThan(0);
    expect(left(slice.bytes, /Content-Length: 14\r\n/g).length).toBeGreaterThan(0);
    expect(left(slice.bytes, /shop\.example/g).length > 0).toBe(redact === "default");
  });

  it("every link is sliced: VLAN, cooked, IPv6, fragments, padding", async () => {
    const segment = (seq: number, payload: Uint8Array, flags = 0x18) =>
      tcp({ seq, flags, payload, srcPort: 40_000 + 0 });
    const four = (seq: number, words: string): Uint8Array => summed(ipv4(segment(seq, text(words)), { id: seq }));
    const six = summed(ipv6(segment(1, text("secret-six"))));
    const whole = summed(ipv4(segment(2001, text("secret-in-fragments-secret")), { id: 77 }));
    const carried = whole.subarray(20);
    const parts = [
      ipv4(carried.subarray(0, 24), { id: 77, more: true }),
      ipv4(carried.subarray(24), { id: 77, at: 24 }),
    ];
    const carried6 = segment(3001, text("secret-in-fragments6"));
    const parts6 = [
      ipv6(fragmentHeader(carried6.subarray(0, 24), 0, true), { next: 44 }),
      ipv6(fragmentHeader(carried6.subarray(24), 24, false), { next: 44 }),
    ];
    const ethernet = pcap(
      [
        join(eth(four(1, "")), zeros(2), text("secret-padding")),
        eth(tag(four(1001, "secret-vlan")), 0x8100),
        ...parts.map((p) => eth(p)),
        eth(six, 0x86dd),
        ...parts6.map((p) => eth(p, 0x86dd)),
      ].map((data, n) => ({ seconds: 1_772_379_011 + n, data })),
    );
    const cooked = pcap([{ seconds: 1_772_379_020, data: sll2(four(4001, "secret-cooked")) }], { linkType: 276 });
    const slice = await extract([ethernet, cooked], { flows: [0, 1], redact });
    expect(left(slice.bytes, /secret/g)).toEqual([]);
    expect(slice.packets).toBe(6);
    const before = [...(await readFlows([ethernet, cooked])).flows];
    const { flows, captures } = await readFlows([slice.bytes]);
    const after = [...flows];
    const counted = (f: (typeof before)[number]) => [f.packets, f.bytes, f.flags, f.client.port, f.server.port];
    expect(after.map(counted)).toEqual(before.map(counted));
    const types = captures[0]!.link_types.join(" ");
    if (redact === "strict") {
      expect(types).toMatch(/^raw/i);
      expect(Buffer.from(slice.bytes).toString("hex")).not.toMatch(/c0000201|c0000202|20010db8/);
      expect(Buffer.from(slice.bytes).toString("hex")).not.toContain(Buffer.from(hex("020000000001")).toString("hex"));
    } else expect(captures[0]!.link_types.length).toBeGreaterThan(1);
  });

  it("copies at other taps stay copies", async () => {
    const capture = captureOf([...handshake(), c(1, REQUEST)]);
    const reports = await Promise.all(
      (["none", redact] as const).map(async (level) => {
        const { bytes, packets } = await extract([capture, capture], { flows: [0], redact: level });
        expect(packets).toBe(8);
        return analyze([bytes], { detail: true, redact: "none" });
      }),
    );
    for (const { flows } of reports) expect(flows!.map((f) => f.duplicates)).toEqual([{ client: 3, server: 1 }]);
  });

  it("the limit holds, and openings, ends and the end of the file are there", async () => {
    const said: Said[] = [...handshake(), c(1, REQUEST)];
    let seq = 1;
    for (let n = 0; n < 3000; n++) {
      said.push({ from: "s", seq, payload: text(`${n}`.padStart(1000, "s")) });
      seq += 1000;
    }
    const next = 1 + REQUEST.length;
    said.push(
      { from: "s", seq, flags: 0x11 },
      { from: "c", seq: next, flags: 0x10 },
      { from: "c", seq: next, flags: 0x14 },
    );
    const capture = captureOf(said);
    for (const maxSize of [20_000, 100_000, 1_000_000]) {
      const slice = await extract([capture], { flows: [0], redact, maxSize });
      expect(slice.bytes.length).toBeLessThanOrEqual(maxSize);
      expect(slice.omitted.packets).toBe(said.length - slice.packets);
      expect(slice.packets).toBeGreaterThan(maxSize / 2000);
      const [flow] = [...(await readFlows([slice.bytes])).flows];
      expect(flow).toMatchObject({ handshake: "full", ending: "reset", closed_first: "server" });
      expect(flow!.flags.client).toEqual({ syn: 1, syn_ack: 0, fin: 0, rst: 1 });
    }
  });

  it("whatever was said, a slice has the same packets, of the same lengths, and says so again", async () => {
    const piece = fc.record({
      from: fc.constantFrom("c" as const, "s" as const),
      seq: fc.integer({ min: 0, max: 300 }),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc
          .constantFrom(
            "GET / HTTP/1.1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            "*1\r\n$4\r\nPING\r\n",
            "+OK\r\n",
          )
          .map(text),
      ),
      flags: fc.constantFrom(0x18, 0x10, 0x11, 0x04, 0x02),
      snap: fc.integer({ min: 34, max: 200 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 20 }), async (pieces) => {
        const said = pieces.map(({ snap, ...p }) => ({ ...p, snap: Math.min(snap, 54 + p.payload.length) }));
        // Who is the client must not hang on garbage that no redactor keeps.
        const capture = captureOf([...handshake(), ...said]);
        const before = [...(await readFlows([capture])).flows];
        const slice = await extract([capture], { flows: before.map((f) => f.flow), redact });
        const after = [...(await readFlows([slice.bytes])).flows];
        expect(after.map((f) => [f.packets, f.bytes, f.flags, f.ending])).toEqual(
          before.map((f) => [f.packets, f.bytes, f.flags, f.ending]),
        );
        const again = await extract([slice.bytes], { flows: after.map((f) => f.flow), redact: "default" });
        expect(again.packets).toBe(slice.packets);
      }),
      { numRuns: 60 },
    );
  });
});

it("time zones and the order of files change nothing", async () => {
  const one = captureOf([...handshake(), c(1, REQUEST)]);
  const zone = process.env.TZ;
  const slices = [];
  for (const TZ of ["UTC", "Pacific/Kiritimati"]) {
    process.env.TZ = TZ;
    slices.push((await extract([one], { flows: [0] })).bytes);
  }
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
  expect(slices[0]).toEqual(slices[1]);
});
