import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { framed } from "../../decoders/framed.ts";
import { parseFrames } from "../../src/core/frame-option.ts";
import type { FlowOpening, StreamDecoder } from "../../src/core/stream-decoder.ts";
import { redactFramed } from "../../src/evidence/redactors/redact-framed.ts";
import type { StreamRedaction } from "../../src/evidence/stream-redactor.ts";
import { bytesOf, end, gap, type Step } from "../decoders/recorder.ts";
import { expectSame, redactSteps, segmented, twice } from "./redacted-stream.ts";

const START: FlowOpening = { ports: [40_000, 7000], fromStart: true };
const MIDWAY: FlowOpening = { ...START, fromStart: false };

function both(format: string, opening: FlowOpening): [StreamDecoder, StreamRedaction] {
  const formats = parseFrames([`port=7000,${format}`]);
  const decoder = framed(formats);
  const redaction = redactFramed(formats);
  return [
    { protocol: "framed", probe: () => "no", open: (sink) => decoder.claim!(sink, opening)! },
    { protocol: "framed", open: (sink, policy) => redaction.open(sink, policy, opening) },
  ];
}

const ID = "length=u32be,header=8,id=4:u32be";
const MAGIC = "magic=cafe,length=u16be";
const frame = (id: number, text: string): number[] => [0, 0, 0, text.length, 0, 0, 0, id, ...bytesOf(text)];
const magical = (text: string): number[] => [0xca, 0xfe, 0, text.length, ...bytesOf(text)];
const say = (side: 0 | 1, ...list: number[][]): Step => ({ side, bytes: Uint8Array.from(list.flat()) });

const byId: Step[] = [
  say(0, frame(1, "hunter2")),
  say(1, frame(1, "Swordfish")),
  say(0, frame(2, "jane"), frame(3, "hunter2")),
  say(1, frame(3, "")),
  say(1, frame(2, "jane")),
  say(0, frame(4, "hunter2").slice(0, 6)),
  end(0, "fin"),
];
const byMagic: Step[] = [
  say(0, magical("hunter2"), magical("jane")),
  say(1, magical("Swordfish")),
  say(1, magical("Swordfish"), magical("")),
  say(1, magical("hunter2")),
  say(1, [0xca, 0xff, 1, 2, ...bytesOf("hunter2")]),
  say(1, magical("jane"), magical("jane"), magical("jane"), magical("jane")),
];

describe.each([
  ["by id", ID, byId],
  ["by magic", MAGIC, byMagic],
] as const)("%s", (_, format, dialogue) => {
  test.each([
    ["from the start", START],
    ["midway", MIDWAY],
  ])("%s, in any cut: the same frames, intact or broken, and no payload", (_, opening) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), (lengths) => {
        const played = twice(
          segmented(dialogue, () => lengths),
          ...both(format, opening),
        );
        expectSame(played);
        for (const side of [0, 1] as const) expect(played.left.text(side)).not.toMatch(/[a-wyzA-Z]/);
      }),
      { numRuns: 200 },
    );
  });
  test("with a hole anywhere", () => {
    for (let k = 0; k < dialogue.length; k++) {
      const steps = dialogue.map(
        (step, i): Step => (i === k && "bytes" in step ? gap(step.side, step.bytes.length) : step),
      );
      expectSame(twice(steps, ...both(format, START)));
    }
  });
  test("arbitrary bytes", () => {
    const step = fc.record({
      side: fc.constantFrom(0 as const, 1 as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        redactSteps([...dialogue, ...steps], both(format, START)[1]);
        redactSteps(steps, both(format, MIDWAY)[1]);
      }),
      { numRuns: 200 },
    );
  });
});

test("headers: magic, length, id and type stay; a field between them does not", () => {
  const opening = START;
  const [, redaction] = both("magic=cafe,offset=4,length=u16be,header=10,type=8:u8,id=12:u16be", opening);
  const bytes = Uint8Array.of(0xca, 0xfe, 0x41, 0x42, 0, 6, 0x43, 0x44, 9, 0x45, 0x46, 0x47, 0, 5, 0x48, 0x49);
  const { text } = redactSteps([{ side: 0, bytes }], redaction);
  expect(text(0)).toBe("\xca\xfexx\0\x06xx\tx" + "xx\0\x05xx");
});
