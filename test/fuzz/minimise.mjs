// What of a failing input does the failure need? Leaves out parts of every list, text and row of bytes while it still fails.

/** Trials at most: a slow failure is minimised less. */
const MAX_TRIALS = 4000;
const MAX_MS = 20_000;

const TEXTS = new Set(["text", "json"]);

/** `stillFails(input)`: the same failure as before. */
export async function minimise(input, stillFails) {
  const until = performance.now() + MAX_MS;
  let trials = 0;
  const isTime = () => trials < MAX_TRIALS && performance.now() < until;
  let best = input;
  // Less of it would not be true to its protocol: its end alone may go.
  if (input.isTrue === true) {
    while (best.steps.length > 1 && (await stillFails({ ...best, steps: best.steps.slice(0, -1) })))
      best = { ...best, steps: best.steps.slice(0, -1) };
    return best;
  }
  for (let changed = true; changed && isTime(); ) {
    changed = false;
    for (const path of pathsOf(best)) {
      let value = at(best, path);
      if (value === undefined || !(value.length > 0)) continue;
      for (let size = Math.ceil(value.length / 2); size >= 1 && isTime(); size = size === 1 ? 0 : Math.ceil(size / 2)) {
        for (let from = 0; from < value.length && isTime(); ) {
          const shorter = without(value, from, from + size);
          const candidate = withValue(best, path, shorter);
          trials++;
          if (await stillFails(candidate)) {
            best = candidate;
            value = shorter;
            changed = true;
          } else from += size;
        }
      }
    }
  }
  return best;
}

/** Ways to every list, text and row of bytes, the outer ones first. */
function* pathsOf(value, path = []) {
  if (value === null || typeof value !== "object") {
    // Other texts are one of a few words.
    if (typeof value === "string" && TEXTS.has(path.at(-1))) yield path;
    return;
  }
  if (Array.isArray(value) || value instanceof Uint8Array) yield path;
  if (value instanceof Uint8Array) return;
  for (const key of Object.keys(value)) yield* pathsOf(value[key], [...path, key]);
}

const at = (value, path) => path.reduce((v, key) => v?.[key], value);

function without(value, from, to) {
  if (typeof value === "string") return value.slice(0, from) + value.slice(to);
  if (Array.isArray(value)) return [...value.slice(0, from), ...value.slice(to)];
  const out = new Uint8Array(value.length - (Math.min(to, value.length) - from));
  out.set(value.subarray(0, from));
  out.set(value.subarray(to), from);
  return out;
}

function withValue(value, [key, ...rest], changed) {
  if (key === undefined) return changed;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[key] = withValue(value[key], rest, changed);
  return copy;
}

/** An input as text, and back: bytes are hexadecimal. */
export const written = (input) =>
  JSON.stringify(input, (_, v) => (v instanceof Uint8Array ? { hex: Buffer.from(v).toString("hex") } : v));
export const readBack = (text) =>
  JSON.parse(text, (_, v) => (typeof v?.hex === "string" ? Uint8Array.from(Buffer.from(v.hex, "hex")) : v));
