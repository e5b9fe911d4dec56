// From when to when was no port of a range free? The spans that belong to an exhaustion, for pictures.

import type { PortLimit } from "./port-limit.ts";
import { FULL_SHARE } from "./port-range.ts";
import type { PortUse } from "./port-use.ts";

export interface Span {
  from: number;
  until: number;
}

/** A range that was full for less than this, beside the exhaustion itself, was full by the way: nobody need have noticed. */
const LEAST_SPAN = 1e9;

/** In order of time; to the end of the capture where no port came free. Empty without an exhaustion. */
export function usedUpSpans(use: PortUse, limit: PortLimit, lastTime: number): Span[] {
  const { exhaustion, range, ports } = limit;
  if (exhaustion === null || range === null) return [];
  if (exhaustion.times === 1) {
    return [{ from: exhaustion.at, until: exhaustion.freed ?? exhaustion.healed ?? lastTime }];
  }
  // As exhaustion.ts counts: by timers that may be late, and almost all.
  const enough = ports - Math.floor(ports * (1 - FULL_SHARE));
  return fullSpans(use, range.first, range.last, enough, lastTime).filter(
    ({ from, until }) => until > exhaustion.at && from <= exhaustion.lastAt && until - from >= LEAST_SPAN,
  );
}

function fullSpans(use: PortUse, first: number, last: number, enough: number, lastTime: number): Span[] {
  const inside = Array.from(use.from.keys()).filter((i) => use.port[i]! >= first && use.port[i]! <= last);
  const events = inside.flatMap((i) => [
    { time: use.from[i]!, port: use.port[i]!, by: 1 },
    { time: use.latest[i]!, port: use.port[i]!, by: -1 },
  ]);
  // What ends as another begins was free for no time.
  events.sort((a, b) => (a.time === b.time ? b.by - a.by : a.time - b.time));
  const holders = new Uint32Array(65_536);
  const spans: Span[] = [];
  let held = 0;
  let since = Number.NaN;
  for (const { time, port, by } of events) {
    if (time > lastTime) break;
    const before = holders[port]!;
    holders[port] = before + by;
    if (before === 0) held++;
    else if (before + by === 0) held--;
    if (held >= enough && Number.isNaN(since)) since = time;
    if (held < enough && !Number.isNaN(since)) {
      spans.push({ from: since, until: time });
      since = Number.NaN;
    }
  }
  if (!Number.isNaN(since)) spans.push({ from: since, until: lastTime });
  return spans;
}
