// How much of a comment is written where the tracker takes no more? Whole blocks, and a word on what was left out.

export interface Fit {
  /** The mark, which is always there. */
  readonly end: string;
  /** Null: no limit. */
  readonly limit: number | null;
  /** What the limit counts; characters as JavaScript does, where nothing is said. */
  readonly sizeOf?: (text: string) => number;
  /** How the markup parts blocks. */
  readonly between?: string;
  /** How many blocks are missing, in the tracker's markup. */
  readonly leftOut: (blocks: number) => string;
}

/** A block that does not fit is left out, and those behind it are not: one long listing does not cost the rest. */
export function fitted(
  blocks: readonly string[],
  { end, limit, sizeOf = (t) => t.length, between = "\n\n", leftOut }: Fit,
): string {
  const whole = blocks.filter((block) => block !== "");
  const all = [...whole, end].join(between);
  if (limit === null || sizeOf(all) <= limit) return all;
  const tail = (missing: number): string => [leftOut(missing), end].join(between);
  const kept: string[] = [];
  // None of its numbers is longer than the largest.
  let used = sizeOf(tail(whole.length));
  for (const block of whole) {
    const size = sizeOf(block) + sizeOf(between);
    if (used + size > limit) continue;
    used += size;
    kept.push(block);
  }
  return [...kept, tail(whole.length - kept.length)].join(between);
}
