// Does a stream decoder come to the same exchanges however a conversation is cut, and does it survive whatever is said?

import { FRAMES, framed, mysql, postgres } from "./grammar-binary.mjs";
import { http2 } from "./grammar-http2.mjs";
import { http, memcached, redis } from "./grammar-text.mjs";
import { tls } from "./grammar-tls.mjs";
import { trueConversation } from "./grammar-true.mjs";
import { expectSame } from "./judge.mjs";
import { mutate, mutateList } from "./mutate.mjs";
import { Recorder } from "./recorder.mjs";

/** In front of a piece in its buffer; another view offset, other bytes around. Line ends, for whatever searches for one. */
const LAYOUTS = [
  { view: 0, before: 0, around: 0x0a },
  { view: 13, before: 7, around: 0xff },
];
const BEHIND = 16;
/** Above it, few conversations are cut byte by byte. */
const MANY_BYTES = 400;
/** Nanoseconds from one segment to the next. */
const STEP_NS = 1_000_000;

/** File of the decoder, its export, and who makes up its conversations. */
export const PROTOCOLS = {
  http: ["http1", "http1", http],
  http2: ["http2", "http2", http2],
  mysql: ["mysql", "mysql", mysql],
  postgresql: ["postgres", "postgres", postgres],
  redis: ["redis", "redis", redis],
  memcached: ["memcached", "memcached", memcached],
  tls: ["tls", "tls", tls],
  framed: ["framed", null, framed],
};

/** Where a protocol has no such conversation: what its grammar says without lies. */
export function truth(r, protocol, format) {
  r.lies = false;
  const steps =
    trueConversation(r, protocol, format) ?? PROTOCOLS[protocol][2](r).map(([side, bytes]) => ({ side, bytes }));
  r.lies = true;
  return steps.filter((s) => s.bytes.length > 0);
}

/** A conversation: made up, recorded, or both, and spoilt or not; with gaps and ends. */
export function conversation(r, protocol, seeds) {
  const grammar = PROTOCOLS[protocol][2];
  const recorded = seeds.streams[protocol] ?? [];
  const base = recorded.length > 0 && r.oneIn(4) ? pieceOf(r, r.pick(recorded)) : grammar(r);
  const other = () => r.pick(base)?.[1] ?? new Uint8Array(0);
  const isSpoilt = r.oneIn(2);
  const said = isSpoilt ? mutateList(r, base, ([side, b]) => [side, mutate(r, b, other)]) : base;
  const steps = [];
  const gaps = r.oneIn(3) ? 6 : 1e9;
  for (const [side, bytes] of said) {
    if (r.oneIn(gaps)) {
      const length = r.oneIn(3) ? 1 + r.turn() : 1 + r.int(200);
      steps.push({ side: r.int(2), gap: length, reason: r.pick(["missing", "snap"]) });
      // What is missing is the beginning of what follows, as often as not.
      if (r.oneIn(2)) steps.push({ side, bytes: bytes.slice(r.int(bytes.length + 1)) });
      else steps.push({ side, bytes });
    } else steps.push({ side, bytes });
    if (r.oneIn(60)) steps.push({ side: r.int(2), end: r.pick(["fin", "reset", "capture"]) });
  }
  if (!r.oneIn(3))
    for (const side of [0, 1]) if (!r.oneIn(4)) steps.push({ side, end: r.pick(["fin", "reset", "capture"]) });
  return steps.filter((s) => s.bytes === undefined || s.bytes.length > 0);
}

/** A few of its messages, most often the first. */
function pieceOf(r, steps) {
  const from = r.oneIn(2) ? 0 : r.int(steps.length);
  return steps.slice(from, from + 1 + r.small(12));
}

/** How segments are cut: most often into a few pieces, for each costs a call. */
function cutsOf(r, steps) {
  const bytes = steps.reduce((n, s) => n + (s.bytes?.length ?? 0), 0);
  if (r.oneIn(bytes > MANY_BYTES ? 50 : 3)) return [1];
  const least = 1 + Math.floor(bytes / MANY_BYTES);
  return Array.from({ length: r.between(1, 4) }, () => least + r.small(60));
}

/** Plays a conversation to a session; each step is one segment, its pieces by `cuts`. `saw`: told of each segment. */
export function play(session, steps, cuts, layout, scratch) {
  let frame = 0;
  let turn = 0;
  for (const s of steps) {
    if (s.gap !== undefined) session.gap(s.side, s.gap, s.reason);
    else if (s.end !== undefined) session.end(s.side, s.end);
    else {
      frame++;
      for (let at = 0; at < s.bytes.length; ) {
        const n = cuts.length === 0 ? s.bytes.length : Math.max(1, cuts[turn++ % cuts.length]);
        const stop = Math.min(s.bytes.length, at + n);
        const buf = scratch.of(layout.before + stop - at + BEHIND, layout);
        buf.set(at === 0 && stop === s.bytes.length ? s.bytes : s.bytes.subarray(at, stop), layout.before);
        const end = layout.before + stop - at;
        session.data(s.side, buf, layout.before, end, frame, frame * STEP_NS, s.bytes.length - stop);
        buf.fill(layout.around, 0, end);
        at = stop;
      }
    }
  }
}

/** Two buffers a layout, in turn, junk when a piece is over: what a session keeps of a piece has changed by then. */
export class Scratch {
  constructor() {
    this.buffers = new Map(LAYOUTS.map((layout) => [layout, [new Uint8Array(0), new Uint8Array(0)]]));
    this.turn = 0;
  }

  of(size, layout) {
    const pair = this.buffers.get(layout);
    this.turn ^= 1;
    if (pair[this.turn].length < size)
      pair[this.turn] = new Uint8Array(new ArrayBuffer(size * 2 + layout.view), layout.view);
    const b = pair[this.turn];
    b.fill(layout.around, 0, size);
    return b;
  }
}

const scratch = new Scratch();
const PORT = 7000;
/** As a flow does that the capture shows from its SYN. */
export const opened = (decoder, sink) =>
  decoder.claim?.(sink, { ports: [50_000, PORT], fromStart: true }) ?? decoder.open(sink);
export const WHOLE = LAYOUTS[0];
export const CUT = LAYOUTS[1];

export async function decoderOf(dist, protocol) {
  const [file, name] = PROTOCOLS[protocol];
  const module = await import(`${dist}/decoders/${file}.js`);
  if (name !== null) return () => module[name];
  const { parseFrames } = await import(`${dist}/src/core/frame-option.js`);
  const decoders = FRAMES.map((text) => module.framed(parseFrames([text])));
  return (input) => decoders[input.format ?? 0];
}

export async function streamTarget(dist, seeds, protocol) {
  const decoderFor = await decoderOf(dist, protocol);

  function make(r) {
    const isTrue = r.oneIn(4);
    const format = r.int(FRAMES.length);
    const steps = isTrue ? truth(r, protocol, format) : conversation(r, protocol, seeds);
    return { isTrue, steps, cuts: cutsOf(r, steps), ...(protocol === "framed" ? { format } : {}) };
  }

  function report(decoder, steps, cuts, layout) {
    const sink = new Recorder(protocol);
    play(opened(decoder, sink), steps, cuts, layout, scratch);
    return sink;
  }

  function run(input) {
    const decoder = decoderFor(input);
    const { isTrue, steps, cuts } = input;
    const b = report(decoder, steps, cuts, CUT);
    expectSame(report(decoder, steps, cuts, WHOLE).text, b.text, "depends on bytes around");
    if (isTrue) {
      // What a grammar puts together is not always a conversation that makes sense.
      const a = report(decoder, steps, [], WHOLE);
      if (!a.isLost) expectSame(a.text, b.text, "cut in pieces");
    }
    const first = input.steps.find((s) => s.bytes !== undefined);
    if (first !== undefined) probes(decoder, first.bytes);
  }

  /** What is asked of every flow's first bytes: of a few beginnings of them. */
  function probes(decoder, bytes) {
    for (let n = 1; ; n = Math.min(bytes.length, n * 4)) {
      const [a, b] = LAYOUTS.map((layout) => {
        const buf = scratch.of(layout.before + n + BEHIND, layout);
        buf.set(bytes.subarray(0, n), layout.before);
        return decoder.probe(buf, layout.before, layout.before + n);
      });
      expectSame(a, b, `probe of ${n} bytes depends on bytes around`);
      if (n >= bytes.length) return;
    }
  }

  /** A part of the conversation over and over. */
  function grow(r, bytes) {
    const input = make(r);
    const { steps } = input;
    if (steps.length === 0) return null;
    const from = r.int(steps.length);
    const to = Math.min(steps.length, from + 1 + r.small(4));
    const part = steps.slice(from, to).filter((s) => s.end === undefined);
    const repeated = (n) => {
      if (part.length === 1 && part[0].bytes?.length > 1 && n > 0) {
        // Within one segment: a part of its bytes.
        const b = part[0].bytes;
        const [a, z] = [b.length >> 2, Math.max((b.length >> 2) + 1, b.length - (b.length >> 2))];
        const times = Math.ceil((bytes * n) / (z - a));
        const long = new Uint8Array(a + (z - a) * times + b.length - z);
        long.set(b.subarray(0, a));
        for (let i = 0; i < times; i++) long.set(b.subarray(a, z), a + i * (z - a));
        long.set(b.subarray(z), a + (z - a) * times);
        return pieces(part[0].side, long);
      }
      const of = part.reduce((sum, s) => sum + 32 + (s.bytes?.length ?? 0), 1);
      return Array.from({ length: Math.ceil((bytes * n) / of) }, () => part).flat();
    };
    return (n) => ({ ...input, isTrue: false, steps: [...steps.slice(0, from), ...repeated(n), ...steps.slice(to)] });
  }

  /** Into segments of a usual size. */
  function pieces(side, long) {
    const out = [];
    for (let at = 0; at < long.length; at += 1448) out.push({ side, bytes: long.slice(at, at + 1448) });
    return out;
  }

  return { name: protocol, make, run, grow };
}
