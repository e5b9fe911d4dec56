// What counts as a failure? An error that is not documented, a wrong result, time or memory beyond a budget.

/** A judgement of the fuzzer's own: what it found, in one line. */
export class Failure extends Error {
  constructor(kind, message) {
    super(message);
    this.name = "Failure";
    this.kind = kind;
  }
}

export function expect(isSo, what) {
  if (!isSo) throw new Failure("wrong", typeof what === "function" ? what() : what);
}

/** Two renderings of the same thing. Says where they part. */
export function expectSame(a, b, what) {
  if (a === b) return;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const near = (s) => JSON.stringify(s.slice(Math.max(0, at - 60), at + 60));
  throw new Failure("differs", `${what}: ${near(a)} against ${near(b)}`);
}

/** Milliseconds that any input may take: a collection of garbage and the first, uncompiled run are within. */
const BUDGET_MS = 80;
/** And for each kilobyte of it: a hundredth of the slowest reader's pace. */
const BUDGET_MS_PER_KB = 2;

export const budgetOf = (bytes) => BUDGET_MS + (bytes / 1000) * BUDGET_MS_PER_KB;

/** Bytes of all that is in an input, for the budget. */
export function sizeOf(value) {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.reduce((n, v) => n + sizeOf(v), 0);
  return value !== null && typeof value === "object" ? sizeOf(Object.values(value)) : 1;
}

/** Runs an input. Null: all is well. */
export async function judge(target, input) {
  try {
    const begun = performance.now();
    const running = target.run(input);
    if (running !== undefined) await running;
    const took = performance.now() - begun;
    const budget = budgetOf(sizeOf(input)) * (target.slowness ?? 1);
    return took > budget ? await again(target, input, budget) : null;
  } catch (error) {
    return failureOf(error);
  }
}

/** Too slow by the first measure: three more, of which the best counts. */
async function again(target, input, budget) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3 && best > budget; i++) best = Math.min(best, await timeOf(() => target.run(input)));
  return best > budget
    ? new Failure("slow", `${best.toFixed(0)} ms for ${sizeOf(input)} bytes (${budget.toFixed(0)} at most)`)
    : null;
}

/** Milliseconds by the clock or of the processor, whichever are fewer: other programs, or other threads, may run beside. */
export async function timeOf(run) {
  const begun = performance.now();
  const before = cpuMs();
  await run();
  return Math.min(performance.now() - begun, cpuMs() - before);
}

export function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export const failureOf = (error) =>
  error instanceof Failure ? error : new Failure("throws", String(error?.stack ?? error));

/** What two failures must share to be one: kind and place, for the report and for the minimiser. */
export function signatureOf(failure) {
  if (failure.kind !== "throws") return `${failure.kind} ${failure.message.replace(/[\d.]+/g, "n").slice(0, 24)}`;
  const [first, ...lines] = failure.message.split("\n");
  const place =
    lines.find((l) => l.includes("/dist") || l.includes("file:"))?.replace(/^.*\/(?=[^/]+\/[^/]+$)/, "") ?? "";
  return `${first.replace(/\d+/g, "n").slice(0, 60)} ${place}`;
}
