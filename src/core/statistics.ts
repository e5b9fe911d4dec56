// What is typical of these numbers? Order statistics of small to middling samples; nearest rank, no interpolation, so that
// every figure that is printed did occur.

/** The value below or at which a share `q` (0 to 1) of the sorted values lies. NaN of none. */
export function percentile(sorted: readonly number[], q: number): number {
  return sorted.length === 0 ? Number.NaN : sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
}

export const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);

export const median = (values: Iterable<number>): number => percentile(sorted(values), 0.5);

/** Values this close to their median (5th to 95th percentile, as a share of it) come from one timer, not from chance. */
const CONSTANT_SPREAD = 0.05;
/** Fewer than this agree by accident. */
const CONSTANT_MIN = 3;

/** The median, when the values are practically all the same; otherwise null. */
export function constantOf(values: Iterable<number>): number | null {
  const s = sorted(values);
  if (s.length < CONSTANT_MIN) return null;
  const middle = percentile(s, 0.5);
  return percentile(s, 0.95) - percentile(s, 0.05) <= CONSTANT_SPREAD * middle ? middle : null;
}

/** Index of the first of the sorted values that is not below `value`; their number when there is none. */
export function firstFrom(sorted: ArrayLike<number>, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of `times` fall into each of `buckets` equal parts of [from, to]. */
export function timelineOf(times: Iterable<number>, from: number, to: number, buckets = 40): number[] {
  const counts = new Array<number>(buckets).fill(0);
  const width = Math.max(1, (to - from) / buckets);
  for (const t of times) {
    const at = Math.min(buckets - 1, Math.max(0, Math.floor((t - from) / width)));
    counts[at]!++;
  }
  return counts;
}

/** As Math.max and Math.min, of however many: a call takes some 100,000 arguments. −Infinity and Infinity of none. */
export const largest = (values: Iterable<number>): number => {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > most) most = value;
  return most;
};
export const smallest = (values: Iterable<number>): number => {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) if (value < least) least = value;
  return least;
};

/**
 * The value that would stand at `n` if they were sorted; the values change their places. In linear time, whatever they are: the pivots are
 * drawn by lot (Hoare's FIND).
 */
export function nthSmallest(values: Float64Array, n: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const pivot = values[low + Math.floor(Math.random() * (high - low + 1))]!;
    let [left, right] = [low, high];
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const value = values[left]!;
      values[left++] = values[right]!;
      values[right--] = value;
    }
    if (n <= right) high = right;
    else if (n >= left) low = left;
    else break;
  }
  return values[n]!;
}
