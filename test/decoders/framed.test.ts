// Are described frames counted, paired and found broken, however they are cut into segments? Offsets and counts by hand.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { framed } from "../../decoders/framed.ts";
import { parseFrames } from "../../src/core/frame-option.ts";
import type { FlowOpening, Side, StreamDecoder } from "../../src/core/stream-decoder.ts";
import { type Cut, end, gap, play, Recorder, type Step } from "./recorder.ts";

const CLIENT_FIRST: FlowOpening = { ports: [40_000, 7000], fromStart: true };
const MIDWAY: FlowOpening = { ...CLIENT_FIRST, fromStart: false };

/** The framing of one description, on a flow that opens like this. */
function reader(format: string, opening = CLIENT_FIRST): StreamDecoder {
  const decoder = framed(parseFrames([`port=7000,${format}`]));
  return { protocol: "framed", probe: () => "no", open: (sink) => decoder.claim!(sink, opening)! };
}

const run = (format: string, steps: Step[], opening?: FlowOpening, cut?: Cut, pieces?: "one segment" | "segments") =>
  play(steps, cut, pieces, reader(format, opening));
const say = (side: Side, ...list: (number | number[])[]): Step => ({ side, bytes: Uint8Array.from(list.flat()) });
const fill = (n: number, byte = 0xee): number[] => Array<number>(n).fill(byte);
/** u32be length of the body, u32be id, body. */
const frame = (id: number, n: number): number[] => [0, 0, n >> 8, n & 255, 0, 0, id >> 8, id & 255, ...fill(n)];
const ID = "length=u32be,header=8,id=4:u32be";
const PLAIN = "length=u32be,header=8";
const MAGIC = "magic=cafe,length=u16be";
const magical = (n: number): number[] => [0xca, 0xfe, n >> 8, n & 255, ...fill(n)];

describe("lengths", () => {
  it.each([
    ["length=u8", [3]],
    ["length=u16be", [0, 3]],
    ["length=u16le", [3, 0]],
    ["length=u24be", [0, 0, 3]],
    ["length=u24le", [3, 0, 0]],
    ["length=u32be", [0, 0, 0, 3]],
    ["length=u32le", [3, 0, 0, 0]],
    ["length=u64be", [0, 0, 0, 0, 0, 0, 0, 3]],
    ["length=u64le", [3, 0, 0, 0, 0, 0, 0, 0]],
    ["length=varint", [3]],
    ["length=u16be,includes=all", [0, 5]],
    ["length=u8,offset=2,header=4", [9, 9, 3, 9]],
    ["length=u8,offset=2,header=4,includes=all", [9, 9, 7, 9]],
    ["length=u16le,magic=abcd", [0xab, 0xcd, 3, 0]],
    ["length=varint,offset=1", [9, 3]],
  ])("%s", (format, head) => {
    const two = [...head, 1, 2, 3, ...head, 4, 5, 6];
    for (const cut of [7, 1, 2, 100]) {
      const r = run(
        format,
        [say(0, two), say(1, two), end(0, "fin"), end(1, "fin")],
        undefined,
        () => [cut],
        "segments",
      );
      expect(r.intactMessages).toEqual([2, 2]);
      expect(r.brokenMessages).toEqual([]);
    }
  });

  it("a varint of two bytes, and frames without a payload", () => {
    expect(run("length=varint", [say(0, [0xac, 0x02], fill(300), 0, 0, 1, 7)]).intactMessages).toEqual([4, 0]);
  });
});

describe("broken frames", () => {
  it("a length above the limit, with the frame it began in and its offset; the direction is given up", () => {
    const steps = [say(0, frame(1, 20)), say(0, [0xff, 0xff]), say(0, [0xff, 1], fill(4)), say(0, frame(2, 1))];
    const r = run(PLAIN, [...steps, say(1, frame(1, 2)), end(0, "fin")]);
    expect(r.intactMessages).toEqual([1, 1]);
    expect(r.brokenMessages).toEqual([
      { side: 0, frame: 2, time: 2000, offset: 28, what: "length 4,294,967,041 is above the limit of 16,777,216" },
    ]);
  });

  it.each([
    ["length=u16be,max=100", [0, 101], "length 101 is above the limit of 100"],
    ["length=u16be,includes=all", [0, 1], "length 1 is below the 2 bytes of the header, which it counts"],
    ["length=u64be", fill(8, 255), "length 18,446,744,073,709,551,615 is above the limit of 16,777,216"],
    ["length=u64le", [1, 0, 0, 0, 0, 0, 32, 0], "length 9,007,199,254,740,993 is above the limit of 16,777,216"],
    ["length=varint", fill(10, 0x80), "its length is a varint longer than 10 bytes"],
    ["length=varint", [0xff, 0xff, 0xff, 0x0f], "length 33,554,431 is above the limit of 16,777,216"],
    [MAGIC, [0x47, 0x45, 0x54, 0x20], "starts with 47 45 instead of the magic ca fe"],
  ])("%s %j", (format, bytes, what) => {
    for (const cut of [1, 100]) {
      const r = run(format, [say(0, bytes)], undefined, () => [cut], "segments");
      expect(r.brokenMessages).toEqual([{ side: 0, frame: 1, time: 1000, offset: 0, what }]);
    }
  });

  it("shows no more of the content than four bytes", () => {
    const r = run("magic=00112233445566778899,length=u8", [
      say(
        0,
        [..."password: secret"].map((c) => c.charCodeAt(0)),
      ),
    ]);
    expect(r.brokenMessages[0]!.what).toBe(
      "starts with 70 61 73 73 … instead of the magic 00 11 22 33 44 55 66 77 88 99",
    );
  });

  it("a frame cut by the stream's end, not by the capture's", () => {
    const cut = [say(0, frame(1, 50), frame(2, 60).slice(0, 31))];
    expect(run(PLAIN, [...cut, end(0, "fin")]).brokenMessages).toEqual([
      { side: 0, frame: 1, time: 1000, offset: 58, what: "the stream ended 37 bytes before the frame did" },
    ]);
    expect(run(PLAIN, [...cut, end(0, "reset")]).brokenMessages).toMatchObject([
      { what: "the connection was reset 37 bytes before the frame did" },
    ]);
    expect(run(PLAIN, [say(1, [0, 0, 0]), end(1, "fin")]).brokenMessages).toMatchObject([
      { side: 1, offset: 0, what: "the stream ended 3 bytes into the header of a frame" },
    ]);
    expect(run(PLAIN, [...cut, end(0, "capture")]).brokenMessages).toEqual([]);
    expect(run(PLAIN, [say(0, frame(1, 50)), end(0, "fin")]).brokenMessages).toEqual([]);
  });

  it("behind it a magic is found again, and believed after three frames", () => {
    const bad = [1, 2, 3, 0xca, 0xca];
    const frames = [magical(5), magical(0), magical(7), magical(2)].flat();
    for (const cut of [1, 3, 1000]) {
      const steps = [say(0, magical(4), bad, frames), say(0, [0, 0]), end(0, "fin")];
      const r = run(MAGIC, steps, undefined, () => [cut], "segments");
      expect(r.intactMessages).toEqual([5, 0]);
      expect(r.brokenMessages.map((b) => b.offset)).toEqual([8, 8 + 5 + 9 + 4 + 11 + 6]);
    }
  });

  it("a guess that fails breaks nothing", () => {
    const r = run(MAGIC, [say(0, [1, 2, 3, 4], magical(5), magical(5), [7, 7, 7, 7], magical(1)), end(0, "fin")]);
    expect(r.brokenMessages.map((b) => b.offset)).toEqual([0]);
    expect(r.intactMessages).toEqual([0, 0]);
  });
});

describe("holes and joining midway", () => {
  it("a hole in a payload is stepped over", () => {
    const whole = frame(1, 50);
    const r = run(PLAIN, [say(0, whole.slice(0, 20)), gap(0, 38), say(0, frame(2, 5)), end(0, "fin")]);
    expect(r.intactMessages).toEqual([2, 0]);
    expect(r.brokenMessages).toEqual([]);
  });

  it("behind a longer one nothing is called broken", () => {
    for (const format of [PLAIN, MAGIC]) {
      const r = run(format, [say(0, [0, 0]), gap(0, 3), say(0, fill(90, 0xff)), say(0, [0xca, 0xfe]), end(0, "fin")]);
      expect(r.brokenMessages).toEqual([]);
      expect(r.intactMessages).toEqual([0, 0]);
    }
  });

  it("joined midway it counts once three segments began with a frame", () => {
    const start = [say(0, fill(40, 0x55)), say(0, frame(1, 4)), say(0, frame(2, 4), frame(3, 0))];
    expect(run(PLAIN, start, MIDWAY).intactMessages).toEqual([0, 0]);
    expect(run(PLAIN, [...start, say(0, frame(4, 9))], MIDWAY).intactMessages).toEqual([4, 0]);
    const late = run(PLAIN, [...start, say(0, frame(4, 9)), say(0, fill(8, 0xff))], MIDWAY);
    expect(late.brokenMessages).toMatchObject([{ side: 0, offset: 40 + 12 + 12 + 8 + 17 }]);
  });

  it("zeros are no frames", () => {
    const r = run(
      "length=u32be",
      [say(0, fill(400, 0)), say(0, fill(400, 0)), say(0, fill(400, 0)), say(0, fill(9, 1))],
      MIDWAY,
    );
    expect(r.intactMessages).toEqual([0, 0]);
    expect(r.brokenMessages).toEqual([]);
  });
});

describe("pairing", () => {
  it("without ids and reply= frames are only counted", () => {
    const r = run(PLAIN, [say(0, frame(1, 5)), say(1, frame(1, 5))]);
    expect(r.exchanges).toEqual([]);
    expect(r.intactMessages).toEqual([1, 1]);
  });

  it("by id, in any order", () => {
    const r = run(`${ID},type=8:u8`, [
      say(0, frame(1, 5), frame(2, 6)),
      say(0, frame(3, 7).slice(0, 10)),
      say(0, frame(3, 7).slice(10)),
      say(1, frame(3, 30), frame(1, 10)),
      end(1, "capture"),
    ]);
    expect(r.exchanges.map((e) => [e.request!.target, e.request!.frame, e.response?.frame])).toEqual([
      ["#1", 1, 4],
      ["#2", 1, undefined],
      ["#3", 2, 4],
    ]);
    expect(r.exchanges[2]).toMatchObject({
      requester: 0,
      request: { method: "FRAME 238", host: null, id: null },
      requestEnd: 3000,
      requestComplete: true,
      responseComplete: true,
      responseBytes: 30,
    });
    expect(r.exchanges[1]).toMatchObject({ requestComplete: true, response: null, doubt: null });
  });

  it("by order with reply=yes; the service's port tells who asks", () => {
    const steps = [say(1, frame(0, 5), frame(0, 6)), say(0, frame(0, 1)), say(0, frame(0, 2))];
    const r = run(`${PLAIN},reply=yes`, steps, { ports: [7000, 40_000], fromStart: true });
    expect(r.exchanges.map((e) => [e.requester, e.request!.frame, e.response?.frame])).toEqual([
      [1, 1, 2],
      [1, 1, 3],
    ]);
    expect(r.exchanges[0]!.request).toMatchObject({ method: "FRAME", target: "" });
  });

  it("with the service's port at both ends, who speaks first asks", () => {
    const steps = [say(1, frame(7, 5)), say(0, frame(7, 5))];
    expect(run(ID, steps, { ports: [7000, 7000], fromStart: true }).exchanges).toMatchObject([{ requester: 1 }]);
  });

  it("what the service sends of its own is counted only", () => {
    const r = run(ID, [say(0, frame(1, 5)), say(1, frame(9, 5), frame(1, 5))]);
    expect(r.exchanges).toMatchObject([{ request: { target: "#1" }, responseComplete: true }]);
    expect(r.intactMessages).toEqual([1, 2]);
  });

  it("ids of 64 bits are exact", () => {
    const id = [0, 32, 0, 0, 0, 0, 0, 1];
    const r = run("length=u8,id=1:u64be,header=9", [say(0, 0, id), say(1, 0, id)]);
    expect(r.exchanges).toMatchObject([{ request: { target: "#9007199254740993" }, responseComplete: true }]);
  });

  it("an id behind the header is waited for; a frame too short for it has none", () => {
    const steps = [say(0, [1, 9, 4, 0, 0, 7, 7]), say(1, [4, 0, 0, 7, 7])];
    const r = run("length=u8,id=1:u32be", steps, undefined, () => [1], "segments");
    expect(r.exchanges).toMatchObject([{ request: { target: "#1799", frame: 3 }, responseComplete: true }]);
    expect(r.intactMessages).toEqual([2, 1]);
  });

  it("a hole in the answers casts doubt on what waits", () => {
    const steps = [say(0, frame(1, 5), frame(2, 5)), say(1, frame(1, 5)), gap(1, 100, "snap")];
    expect(run(ID, steps).exchanges.map((e) => e.doubt)).toEqual([null, "snap"]);
    expect(run(`${PLAIN},reply=yes`, [...steps, say(0, frame(3, 3))]).exchanges.map((e) => e.doubt)).toEqual([
      null,
      "snap",
    ]);
  });

  it("while the answers' place is not known, what waits is in doubt as soon as they come", () => {
    const asked = [1, 2, 3, 4].map((id) => say(0, frame(id, 5)));
    const silent = run(ID, asked, MIDWAY);
    expect(silent.exchanges.map((e) => [e.request!.target, e.doubt])).toEqual([
      ["#3", null],
      ["#4", null],
    ]);
    expect(run(ID, [...asked, say(1, fill(9, 0xff))], MIDWAY).exchanges.map((e) => e.doubt)).toEqual(["gap", "gap"]);
    expect(run(`${PLAIN},reply=yes`, asked, MIDWAY).exchanges).toEqual([]);
  });
});

describe("claim", () => {
  const decoder = framed(parseFrames(["port=7000-7001,length=u8"]));
  it.each([
    [[7000, 80], true],
    [[80, 7001], true],
    [[80, 7002], false],
  ] as const)("ports %j", (ports, mine) => {
    expect(decoder.claim!(new Recorder("framed"), { ports, fromStart: true }) !== null).toBe(mine);
    expect(decoder.probe(Uint8Array.of(1, 2), 0, 2)).toBe("no");
  });
});

describe("any bytes, any cuts", () => {
  const format = fc.constantFrom(
    ID,
    PLAIN,
    `${PLAIN},reply=yes`,
    `${MAGIC},type=4:u8`,
    "magic=cafe,length=varint,max=40",
    "length=varint",
    "length=u8,includes=all,id=1:u8",
    "magic=0000,length=u8,header=5,id=3:u16le",
  );
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc.tuple(fc.nat(20), fc.nat(3)).map(([n, id]) => Uint8Array.from(frame(id, n))),
    fc.nat(20).map((n) => Uint8Array.from(magical(n))),
    fc.nat(9).map((n) => new Uint8Array(n)),
  );
  const side = fc.constantFrom<Side>(0, 1);
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ side, bytes: piece }) as fc.Arbitrary<Step> },
    { weight: 1, arbitrary: fc.tuple(side, fc.nat(40)).map(([s, n]): Step => gap(s, n)) },
  );
  const steps = fc.array(step, { maxLength: 25 });
  const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 });
  const seen = (r: Recorder) => ({ log: r.log, intact: r.intactMessages, broken: r.brokenMessages, lines: r.lines() });

  it("pieces of a segment change nothing, whatever comes", () => {
    fc.assert(
      fc.property(format, steps, cuts, fc.boolean(), (f, list, lengths, fromStart) => {
        const opening = { ...CLIENT_FIRST, fromStart: f.includes("magic") && fromStart };
        const all = [...list, end(0, "fin"), end(1, "reset")];
        if (!opening.fromStart && !f.includes("magic")) {
          run(f, all, opening, () => lengths);
          return;
        }
        expect(seen(run(f, all, opening, () => lengths))).toEqual(seen(run(f, all, opening)));
      }),
    );
  });

  it("from the start, cuts into segments move frame numbers only", () => {
    fc.assert(
      fc.property(format, steps, cuts, (f, list, lengths) => {
        const all = [...list.filter((s) => "bytes" in s), end(0, "fin"), end(1, "fin")];
        const what = (r: Recorder) => ({
          intact: r.intactMessages,
          broken: r.brokenMessages.map((b) => [b.side, b.offset, b.what]),
          lines: r.lines(),
        });
        expect(what(run(f, all, CLIENT_FIRST, () => lengths, "segments"))).toEqual(what(run(f, all)));
      }),
    );
  });

  it("every byte of whole frames is accounted for", () => {
    const frames = fc.array(fc.tuple(side, fc.nat(60)), { maxLength: 30 });
    fc.assert(
      fc.property(frames, cuts, (list, lengths) => {
        const all = list.map(([s, n], id) => say(s, frame(id, n)));
        const r = run(PLAIN, [...all, end(0, "fin"), end(1, "fin")], CLIENT_FIRST, () => lengths, "segments");
        expect(r.intactMessages).toEqual([0, 1].map((s) => list.filter(([of]) => of === s).length));
        expect(r.brokenMessages).toEqual([]);
      }),
    );
  });
});
