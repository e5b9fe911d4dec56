// Has the moment come that a capture waits for? Conditions such as `half-closed > 100 for 30s`: read, and judged at every tick.

import type { Nanos } from "../../core/clock.ts";
import { UsageError } from "../../core/errors.ts";
import type { StateName } from "../../core/flow-view.ts";
import { formatDuration, formatNumber } from "../../core/format.ts";
import { SOCKET_STATES } from "../../core/state-option.ts";
import { parseDuration } from "../../core/time-option.ts";
import type { LiveCounts } from "./live-counts.ts";

/** Rates and shares look back so far: longer than a burst, shorter than an incident. What was before the start counts as nothing. */
export const WINDOW_NS = 10e9;
/** A share of fewer requests says nothing: one of one would be 100 %. */
export const LEAST_JUDGED = 10;
/** No condition is waited on for longer. */
const LONGEST = 24 * 3600e9;

const OTHERS = ["half-closed", "connections", "waiting", "oldest-wait", "unanswered", "resets", "dropped"] as const;
type Other = (typeof OTHERS)[number];
type Unit = "" | "/s" | "%" | "duration";
type Operator = ">" | ">=" | "<" | "<=";

export interface Condition {
  /** As the person wrote it, in one form. */
  readonly text: string;
  readonly what: StateName | Other;
  readonly unit: Unit;
  readonly operator: Operator;
  /** Sockets, connections, requests, per second, percent; of a duration nanoseconds. */
  readonly limit: number;
  /** It must have held for so long. */
  readonly forNs: Nanos;
}

/** Totals are since the start. */
const UNITS: Record<Other, readonly Unit[]> = {
  "half-closed": [""],
  connections: [""],
  waiting: [""],
  "oldest-wait": ["duration"],
  unanswered: ["", "/s", "%"],
  resets: ["", "/s"],
  dropped: [""],
};

const dashed = (state: string): string => state.toLowerCase().replaceAll("_", "-");
const bare = (text: string): string => text.toLowerCase().replace(/[-_]/g, "");
const NAMES = new Map<string, StateName | Other>([
  ...SOCKET_STATES.map((state): [string, StateName] => [bare(state), state]),
  ...OTHERS.map((name): [string, Other] => [bare(name), name]),
  // As ss shortens them.
  ["estab", "ESTABLISHED"],
  ["synrecv", "SYN_RECEIVED"],
]);

const FORM = /^([a-z][a-z0-9_-]*)\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)\s*(\/s|%|ms|s|min|m|h)?(?:\s+for\s+(\S(?:.*\S)?))?$/i;
/** What there is, in one line. */
const THERE_IS =
  "write NAME > NUMBER (also >=, <, <=), and if need be: for 30s; NAME is half-closed, connections, waiting, oldest-wait (> 5s), " +
  "unanswered (> 100, > 2/s or > 5%), resets (> 100 or > 2/s), dropped, or a state: " +
  SOCKET_STATES.map(dashed).join(", ");

/** Throws {@link UsageError} with what there is. */
export function parseCondition(text: string): Condition {
  const fail = (why: string): never => {
    throw new UsageError(`--until ${JSON.stringify(text)}: ${why}; ${THERE_IS}`);
  };
  const parts = FORM.exec(text.trim());
  if (parts === null) return fail("not a condition");
  const [, name = "", operator = "", number = "", suffix = "", duration] = parts;
  const what = NAMES.get(bare(name)) ?? fail(`nothing is called ${name}`);
  const units: readonly Unit[] = what in UNITS ? UNITS[what as Other] : [""];
  // A bare number of seconds, as every other duration may be.
  const isDuration = units.includes("duration");
  const unit: Unit = isDuration ? "duration" : suffix === "/s" || suffix === "%" ? suffix : "";
  if (!units.includes(unit) || (suffix !== "" && unit === "") || (isDuration && /[/%]/.test(suffix)))
    return fail(`${name} does not come in ${suffix}`);
  if (unit === "%" && Number(number) > 100) return fail("more than 100%");
  const limit = isDuration ? parseDuration(number + suffix, "--until", 0, LONGEST) : Number(number);
  const forNs = duration === undefined ? 0 : parseDuration(duration, "--until … for", 0, LONGEST);
  const shown = what in UNITS ? what : dashed(what);
  return {
    text: `${shown} ${operator} ${number}${suffix}${duration === undefined ? "" : ` for ${duration}`}`,
    what,
    unit,
    operator: operator as Operator,
    limit,
    forNs,
  };
}

/** What is known of a moment in the window. */
interface Sample {
  at: Nanos;
  unanswered: number;
  judged: number;
  resets: number;
}

/** A condition that came true. */
export interface Fired {
  readonly condition: Condition;
  /** When it had held for as long as it should. */
  readonly at: Nanos;
  /** Since when it held. */
  readonly since: Nanos;
  /** What was seen then: "113 half-closed". */
  readonly saw: string;
}

/** The conditions of a session. Any of them is enough. */
export class Triggers {
  readonly conditions: readonly Condition[];
  private samples: Sample[] = [];
  /** Since when each holds without a break; NaN where it does not. */
  private since: number[];

  constructor(conditions: readonly Condition[]) {
    this.conditions = conditions;
    this.since = conditions.map(() => Number.NaN);
  }

  /** Called at every tick, in order. The first condition that came true, or null. */
  judge(counts: LiveCounts): Fired | null {
    const before = this.remember(counts);
    for (const [n, condition] of this.conditions.entries()) {
      const value = measured(condition, counts, before);
      if (value === null || !compares(value, condition)) {
        this.since[n] = Number.NaN;
        continue;
      }
      // A clock that went back begins anew.
      if (!(this.since[n]! <= counts.at)) this.since[n] = counts.at;
      const since = this.since[n]!;
      if (counts.at - since < condition.forNs) continue;
      return { condition, at: counts.at, since, saw: inWords(condition, value) };
    }
    return null;
  }

  /** Returns what was known at the beginning of the window: nothing, when that is before the start. */
  private remember(counts: LiveCounts): Sample {
    const { at, totals } = counts;
    const judged = totals.answered + totals.late + totals.unanswered;
    if (this.samples.length > 0 && this.samples.at(-1)!.at > at) this.samples = [];
    this.samples.push({ at, unanswered: totals.unanswered, judged, resets: totals.resets });
    // The last one at or before the beginning stays.
    while (this.samples.length > 1 && this.samples[1]!.at <= at - WINDOW_NS) this.samples.shift();
    const first = this.samples[0]!;
    return first.at <= at - WINDOW_NS ? first : { at, unanswered: 0, judged: 0, resets: 0 };
  }
}

/** Null where nothing can be said. */
function measured({ what, unit }: Condition, counts: LiveCounts, before: Sample): number | null {
  const { totals } = counts;
  const perSecond = (n: number): number => n / (WINDOW_NS / 1e9);
  switch (what) {
    case "half-closed":
      return counts.halfClosed;
    case "connections":
      return counts.connections;
    case "waiting":
      return counts.waiting;
    case "oldest-wait":
      return counts.oldestWait ?? 0;
    case "unanswered": {
      if (unit === "") return totals.unanswered;
      const unanswered = totals.unanswered - before.unanswered;
      if (unit === "/s") return perSecond(unanswered);
      const judged = totals.answered + totals.late + totals.unanswered - before.judged;
      return judged < LEAST_JUDGED ? null : (100 * unanswered) / judged;
    }
    case "resets":
      return unit === "" ? totals.resets : perSecond(totals.resets - before.resets);
    case "dropped":
      return counts.dropped;
    default:
      return counts.sockets[what] ?? 0;
  }
}

function compares(value: number, { operator, limit }: Condition): boolean {
  if (operator === ">") return value > limit;
  if (operator === ">=") return value >= limit;
  return operator === "<" ? value < limit : value <= limit;
}

function inWords({ what, unit }: Condition, value: number): string {
  const name = what in UNITS ? what : dashed(what);
  if (unit === "duration") return `${name} ${formatDuration(value / 1e9)}`;
  if (unit === "") return `${formatNumber(value)} ${name}`;
  return `${name} ${formatNumber(value)}${unit === "%" ? " %" : " a second"} in the last ${WINDOW_NS / 1e9} s`;
}
