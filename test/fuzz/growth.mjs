// Does time grow faster than the input? Parts of an input are repeated ×1, ×2, ×4, ×8 and timed.

import { Failure, timeOf } from "./judge.mjs";

/** Bytes of the smallest. */
const BASE_BYTES = 8 << 10;
const STEPS = [1, 2, 4, 8];
/** Time may grow by so much more than the input: collections of garbage, caches. */
const SLACK = 1.6;
/** Shorter than this says nothing: the clock and the compiler do. */
const TELLING_MS = 40;
const TRIALS = 3;
/** Looked at again, each time with inputs twice as long, before it is called a failure. */
const LOOKS = 3;

/** Null: it does not, or cannot be told. `make(n)`: the input, n times the smallest. */
export async function growthOf(target, makeOf) {
  for (let look = 0, bytes = BASE_BYTES; look < LOOKS; look++, bytes *= 2) {
    const make = makeOf(bytes);
    if (make === null) return null;
    const times = [];
    for (const n of STEPS) times.push(await bestOf(target, make(n)));
    const isSteep = (i) => times[i] > times[i - 1] * 2 * SLACK;
    if (times[3] < TELLING_MS || !isSteep(3) || !(isSteep(2) || times[3] > times[1] * 4 * SLACK * SLACK)) return null;
    if (look === LOOKS - 1)
      return new Failure(
        "grows",
        `${times.map((t) => t.toFixed(1)).join(", ")} ms for ×1, ×2, ×4, ×8 of ${bytes} bytes`,
      );
  }
  return null;
}

async function bestOf(target, input) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIALS; i++) {
    best = Math.min(best, await timeOf(() => target.run(input)));
    // Long already: the clock errs by less than what is asked.
    if (best > 4 * TELLING_MS) break;
  }
  return best;
}
