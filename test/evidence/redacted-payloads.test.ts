// Does each byte of each packet become what the redactor made of its place in the stream, however the stream was cut up?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordedFlow } from "../../src/core/recording.ts";
import type { ExchangeSink, Side, StreamDecoder, StreamSession } from "../../src/core/stream-decoder.ts";
import { MarkStore } from "../../src/evidence/marks.ts";
import { payloadOf, redactedPayloads } from "../../src/evidence/redacted-payloads.ts";
import { redactingDecoders } from "../../src/evidence/redacting-decoders.ts";
import { FILL, type RedactionSink, type StreamRedaction } from "../../src/evidence/stream-redactor.ts";
import { investigate } from "../../src/investigate.ts";
import { text } from "../decoders/frames.ts";
import { captureOf, handshake, type Said } from "./conversation.ts";

const latin1 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("latin1");

/** Recognised by its first three bytes "Hey"; "!" makes it something else. */
const chat: StreamDecoder = {
  protocol: "http",
  probe(bytes, start, end) {
    const beginning = latin1(bytes.subarray(start, end));
    return beginning.startsWith("Hey") ? "yes" : "Hey".startsWith(beginning) ? "more" : "no";
  },
  open(sink: ExchangeSink): StreamSession {
    return {
      data(side, bytes, start, end, frame, time) {
        const at = bytes.subarray(start, end).indexOf(0x21);
        if (at < 0) return;
        const next = sink.upgraded("redis");
        if (start + at + 1 < end) next?.data(side, bytes, start + at + 1, end, frame, time);
      },
      gap() {},
      end() {},
    };
  },
};
const after: StreamDecoder = {
  protocol: "redis",
  probe: () => "no",
  open: () => ({ data() {}, gap() {}, end() {} }),
};

type Rule = (char: string) => string;
/** The first keeps capitals and shows digits as 0; the second keeps small letters alone. The last byte of a message speaks for all before it. */
const first: Rule = (c) => (/[A-Z!]/.test(c) ? c : /[0-9]/.test(c) ? "0" : "x");
const second: Rule = (c) => (/[a-z]/.test(c) ? c : "x");

const by = (protocol: StreamRedaction["protocol"], rule: Rule, isLate = false): StreamRedaction => ({
  protocol,
  open(sink: RedactionSink) {
    const waiting: [[number, number][], [number, number][]] = [[], []];
    return {
      data(side: Side, bytes, start, end, at) {
        for (let i = start; i < end; i++) waiting[side].push([at + i - start, bytes[i]!]);
        if (isLate && waiting[side].length < 40 && bytes[end - 1] !== 0x2e) return;
        for (const [offset, byte] of waiting[side].splice(0)) {
          const was = String.fromCharCode(byte);
          const is = rule(was);
          if (is === was) sink.keep(side, offset, offset + 1);
          else if (is !== "x") sink.replace(side, offset, text(is));
        }
        sink.count("payload bytes");
      },
      gap() {},
    };
  },
});

async function redactedOf(said: readonly Said[], isLate = false): Promise<{ flow: RecordedFlow; lines: string[] }> {
  const capture = captureOf(said);
  const investigation = await investigate([capture], { decoders: [chat, after] });
  const redactions = [by("http", first, isLate), by("redis", second)];
  const redacting = redactingDecoders([chat, after], redactions, { level: "default", pseudonyms: null });
  const request = { flows: [0], cited: new Set<number>(), bytes: true, maxBytes: 1e9, maxPackets: 1e6 };
  const [flow] = await investigation.record(request, redacting.decoders);
  await investigation.close();
  const { bytes } = redactedPayloads(flow!, redacting);
  return {
    flow: flow!,
    lines: flow!.packets.flatMap((p) => (payloadOf(p) === null ? [] : [latin1(bytes.get(p))])),
  };
}

const c = (seq: number, words: string, more: Partial<Said> = {}): Said => ({
  from: "c",
  seq,
  payload: text(words),
  ...more,
});
const s = (seq: number, words: string, more: Partial<Said> = {}): Said => ({
  from: "s",
  seq,
  payload: text(words),
  ...more,
});

describe("payloads", () => {
  it("become what the redactor of the protocol makes of them", async () => {
    const { lines } = await redactedOf([...handshake(), c(1, "Hey Secret42"), s(1, "Answer 7 lower")]);
    expect(lines).toEqual(["HxxxSxxxxx00", "Axxxxxx0xxxxxx"]);
  });

  it("are filled where no protocol was recognised, or bytes came before it was", async () => {
    const { lines } = await redactedOf([...handshake(), s(1, "BANNER 1"), c(1, "UNKNOWN 2")]);
    expect(lines).toEqual(["xxxxxxxx", "xxxxxxxxx"]);
  });

  it("in parts that came before the protocol was known are its session's too", async () => {
    const { lines } = await redactedOf([...handshake(), c(1, "H"), c(2, "e"), c(3, "y 5 There")]);
    expect(lines).toEqual(["H", "x", "xx0xTxxxx"]);
  });

  it("sent again, overlapping or out of order become the same; what was sent differently is filled", async () => {
    const { lines } = await redactedOf([
      ...handshake(),
      c(1, "Hey A1"),
      c(12, "LATE"), // early
      c(7, "MIDst"), // fills the hole
      c(1, "Hey A1MIDst"), // sent again, in one
      c(9, "DstLATEnew Z"), // overlaps, with more
      c(1, "Hey Q1"), // another byte at its place
    ]);
    expect(lines).toEqual(["HxxxA0", "LATE", "MIDxx", "HxxxA0MIDxx", "DxxLATExxxxZ", "Hxxxx0"]);
  });

  it("go to the session that took over, within one segment", async () => {
    const { lines } = await redactedOf([...handshake(), c(1, "Hey UP!UPdown9"), s(1, "UPdown"), c(15, "KEYkey")]);
    expect(lines).toEqual(["HxxxUP!xxdownx", "xxdown", "xxxkey"]);
  });

  it("are kept by what comes later, as far back as a redactor remembers", async () => {
    const { lines } = await redactedOf([...handshake(), c(1, "Hey A"), c(6, "B2"), c(8, "C.")], true);
    expect(lines).toEqual(["HxxxA", "B0", "Cx"]);
  });

  it("that the snap length cut keep their places", async () => {
    const { lines } = await redactedOf([
      ...handshake(),
      c(1, "Hey ABCDEFGH", { snap: 54 + 7 }),
      c(13, "IJ3"),
      c(1, "Hey ABCDEFGHIJ3"),
    ]);
    // What was cut off the first was never given to the redactor: in the last it is filled.
    expect(lines).toEqual(["HxxxABC", "IJ0", "HxxxABCxxxxxIJ0"]);
  });

  it("of any cut, order and repetition become what they became in one piece", async () => {
    const words = `Hey ${"AbC1dE2fGh3".repeat(9)}!${"zYx9Wvu".repeat(9)}`;
    const mark = words.indexOf("!");
    const expected = [...words].map((char, i) => (i <= mark ? first(char) : second(char))).join("");
    const piece = fc.tuple(fc.nat(words.length - 1), fc.integer({ min: 1, max: 60 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
        async (again, cuts) => {
          const said: Said[] = [];
          for (let at = 0, n = 0; at < words.length; n++) {
            const length = cuts[n % cuts.length]!;
            said.push(c(1 + at, words.slice(at, at + length)));
            at += length;
            const [from, more] = again[n] ?? [0, 0];
            if (more > 0) said.push(c(1 + from, words.slice(from, from + more)));
          }
          const { flow, lines } = await redactedOf([...handshake(), ...said]);
          let n = 0;
          for (const p of flow.packets) {
            if (payloadOf(p) === null) continue;
            const at = (p.seq - (0xfffffff0 | 0) - 1) | 0;
            expect(lines[n++]).toBe(expected.slice(at, at + p.length));
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("MarkStore", () => {
  it("keeps the first frames, the last and the cited ones, and forgets what lies between", () => {
    const store = new MarkStore(new Set([5]), 2);
    for (let frame = 1; frame <= 9; frame++) {
      store.saw(frame, 10);
      store.add(frame, { fromEnd: 10, length: 4, bytes: null });
      store.add(frame, { fromEnd: 6, length: 2, bytes: null });
    }
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].filter((frame) => store.seen(frame) > 0)).toEqual([1, 2, 5, 8, 9]);
    expect(store.of(5)).toEqual([{ fromEnd: 10, length: 6, bytes: null }]);
    expect(store.of(4)).toEqual([]);
    expect(FILL).toBe("x".charCodeAt(0));
  });
});
