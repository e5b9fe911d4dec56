// Does redaction ever throw, say more of a payload than there is of it, or change what its decoder reports?

import { FRAMES } from "./grammar-binary.mjs";
import { expect, expectSame } from "./judge.mjs";
import { Recorder } from "./recorder.mjs";
import { CUT, conversation, decoderOf, opened, PROTOCOLS, play, Scratch, truth, WHOLE } from "./target-streams.mjs";

const scratch = new Scratch();
const KEY = "a key of the fuzzer's own, for pseudonyms";
/** A record that holds a payload only: what is in front of it is not looked at. */
const HEADERS = 40;

export async function redactorTarget(dist, seeds) {
  const { redactingDecoders } = await import(`${dist}/src/evidence/redacting-decoders.js`);
  const { redactionsFor } = await import(`${dist}/src/evidence/redactors/redactions.js`);
  const { redactedPayloads } = await import(`${dist}/src/evidence/redacted-payloads.js`);
  const { parseFrames } = await import(`${dist}/src/core/frame-option.js`);
  const { makePseudonyms } = await import(`${dist}/src/core/pseudonyms.js`);
  const names = Object.keys(PROTOCOLS);
  const decoders = Object.fromEntries(await Promise.all(names.map(async (n) => [n, await decoderOf(dist, n)])));
  const formats = FRAMES.map((text) => parseFrames([text]));
  const pseudonyms = makePseudonyms(KEY);

  function make(r) {
    const protocol = r.pick(names);
    const format = r.int(FRAMES.length);
    const isTrue = r.oneIn(4);
    const steps = isTrue ? truth(r, protocol, format) : conversation(r, protocol, seeds);
    return { isTrue, protocol, steps, level: r.pick(["default", "strict"]), format };
  }

  function run({ isTrue, protocol, steps, level, format }) {
    const decoder = decoders[protocol]({ format });
    const policy = { level, pseudonyms: level === "strict" ? pseudonyms : null };
    const wrapped = redactingDecoders([decoder], redactionsFor(formats[format]), policy);
    const [plain, seen] = [new Recorder(protocol), new Recorder(protocol)];
    play(opened(decoder, plain), steps, [], WHOLE, scratch);
    play(opened(wrapped.decoders[0], seen), steps, [], CUT, scratch);
    expectSame(plain.text, seen.text, "read with a redactor beside");
    const packets = packetsOf(steps);
    for (const { frame, captured } of packets)
      for (const { fromEnd, length, bytes } of wrapped.marksOf(frame)) {
        expect(
          length >= 0 && fromEnd <= captured && length <= fromEnd,
          () => `${length} bytes at −${fromEnd} of ${captured}`,
        );
        expect(bytes === null || bytes.length === length, () => `${bytes.length} bytes in place of ${length}`);
      }
    const redacted = redactedPayloads({ packets }, wrapped);
    for (const p of packets) {
      const there = redacted.bytes.get(p);
      expect(there?.length === p.captured, () => `${there?.length} bytes leave of ${p.captured}`);
    }
    // What leaves is read like anything else.
    let n = 0;
    const leaving = steps.map((s) => (s.bytes === undefined ? s : { ...s, bytes: redacted.bytes.get(packets[n++]) }));
    const after = new Recorder(protocol);
    play(opened(decoder, after), leaving, [], WHOLE, scratch);
    if (isTrue && !plain.isLost) expectSame(plain.shape, after.shape, "read anew, redacted");
  }

  /** As the second pass would hand them in. */
  function packetsOf(steps) {
    const seq = [1000, 5000];
    let frame = 0;
    const packets = [];
    for (const s of steps) {
      if (s.gap !== undefined) seq[s.side] = (seq[s.side] + s.gap) | 0;
      if (s.bytes === undefined) continue;
      const captured = s.bytes.length;
      const bytes = new Uint8Array(HEADERS + captured);
      bytes.set(s.bytes, HEADERS);
      const record = { bytes, payloadOffset: HEADERS, isCut: false };
      packets.push({ frame: ++frame, side: s.side, seq: seq[s.side], flags: 0x10, length: captured, captured, record });
      seq[s.side] = (seq[s.side] + captured) | 0;
    }
    return packets;
  }

  function grow(r, bytes) {
    const input = make(r);
    const of = input.steps.reduce((n, s) => n + 32 + (s.bytes?.length ?? 0), 1);
    return (n) => ({
      ...input,
      isTrue: false,
      steps: Array.from({ length: Math.ceil((bytes * n) / of) }, () => input.steps).flat(),
    });
  }

  return { name: "redactors", make, run, grow };
}
