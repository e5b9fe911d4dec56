// How often did it happen over the time of the capture, in one line?

const BLOCKS = "▁▂▃▄▅▆▇█";
/** As dense as their rank, for terminals that are not UTF-8. */
const LETTERS = "_.:-=+*#";

/**
 * One character a bucket: the lowest means none, the highest the peak. Buckets are joined in equal groups until they fit.
 * The peak is that of what is drawn.
 */
export function sparkline(
  timeline: readonly number[],
  width: number,
  unicode: boolean,
): { line: string; peak: number } {
  const group = Math.max(1, Math.ceil(timeline.length / Math.max(1, width)));
  const values: number[] = [];
  for (let i = 0; i < timeline.length; i += group) {
    let sum = 0;
    for (let j = i; j < Math.min(i + group, timeline.length); j++) sum += timeline[j]!;
    values.push(sum);
  }
  const peak = values.reduce((a, b) => Math.max(a, b), 0);
  const steps = unicode ? BLOCKS : LETTERS;
  const top = steps.length - 1;
  const line = values.map((v) => steps[v <= 0 ? 0 : Math.max(1, Math.round((v / peak) * top))]).join("");
  return { line, peak };
}
