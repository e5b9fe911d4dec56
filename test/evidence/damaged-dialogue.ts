// Does a redactor say the same, and no secret, of a dialogue of which bytes are missing, or among which are others?

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StreamDecoder } from "../../src/core/stream-decoder.ts";
import type { StreamRedaction } from "../../src/evidence/stream-redactor.ts";
import { gap, type Step } from "../decoders/recorder.ts";
import { DEFAULT, expectSame, redactSteps, STRICT, segmented, twice } from "./redacted-stream.ts";
import type { shownAs } from "./shown-as.ts";

export interface Dialogue {
  steps: readonly Step[];
  decoder: StreamDecoder;
  redaction: StreamRedaction;
  words: ReturnType<typeof shownAs>;
  secrets: readonly string[];
}

export function testDamaged({ steps: dialogue, decoder, redaction, words, secrets }: Dialogue): void {
  describe("where bytes are missing", () => {
    for (let k = 0; k < dialogue.length; k++) {
      test(`segment ${k + 1} is`, () => {
        const steps = dialogue.map((step, i): Step => {
          if (i !== k || !("bytes" in step)) return step;
          return gap(step.side, step.bytes.length, "missing");
        });
        expectSame(twice(steps, decoder, redaction), words);
      });
      test(`segment ${k + 1} is cut by the snap length`, () => {
        const steps = dialogue.flatMap((step, i): Step[] => {
          if (i !== k || !("bytes" in step) || step.bytes.length < 12) return [step];
          return [{ side: step.side, bytes: step.bytes.slice(0, 12) }, gap(step.side, step.bytes.length - 12, "snap")];
        });
        expectSame(twice(steps, decoder, redaction), words);
      });
      test(`joined behind segment ${k + 1}`, () => {
        expectSame(twice(dialogue.slice(k + 1), decoder, redaction), words);
      });
    }
    test("cut anywhere, with a hole anywhere", () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
          fc.nat(),
          fc.nat(),
          (lengths, a, n) => {
            const steps = segmented(dialogue, () => lengths);
            const at = a % steps.length;
            const holed = steps.map(
              (step, i): Step =>
                i >= at && i <= at + (n % 3) && "bytes" in step ? gap(step.side, step.bytes.length) : step,
            );
            // Which exchanges a hole leaves in doubt may hang on bytes behind it that are no message: not compared.
            const both = twice(holed, decoder, redaction);
            for (const side of [0, 1] as const)
              for (const secret of secrets) expect(both.left.text(side)).not.toContain(secret);
          },
        ),
        { numRuns: 300 },
      );
    });
  });

  test("arbitrary bytes", () => {
    const step = fc.record({
      side: fc.constantFrom(0 as const, 1 as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    });
    fc.assert(
      fc.property(fc.nat(dialogue.length), fc.array(step, { maxLength: 6 }), (n, more) => {
        for (const policy of [DEFAULT, STRICT])
          redactSteps([...dialogue.slice(0, n), ...more, ...dialogue.slice(n)], redaction, policy);
      }),
      { numRuns: 300 },
    );
  });
}
