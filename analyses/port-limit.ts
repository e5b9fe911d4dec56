// How many ports does a client have for a destination, how many of them did it use, and were they all taken? The range is what
// was stated; or what shows by itself, where it was exhausted; or the default of the system.

import type { PortRange } from "../src/core/host-settings.ts";
import { type Exhaustion, exhaustionOf, isCutShort } from "./exhaustion.ts";
import { type Peak, peakOf } from "./occupancy.ts";
import { FULL_SHARE, filledRange, isWholeRange, LEAST_OBSERVED, mayBeChosen } from "./port-range.ts";
import { portsHeldAt, sweep, usable } from "./port-sweep.ts";
import type { PortUse } from "./port-use.ts";

export interface PortLimit {
  /** Ports in use at the fullest moment, and when that was. */
  peak: Peak;
  /** Null when the ports seen are of no range that is known. */
  range: PortRange | null;
  /** "stated", "observed", "linux default" … */
  rangeFrom: string;
  /** How many ports the system gives out of it. 0 without a range. */
  ports: number;
  exhaustion: Exhaustion | null;
  /** A range that may be full, where the capture does not tell; and what is missing. */
  doubt: { range: PortRange; why: "counter" | "too-short" } | null;
}

/** With this share of a stated range free for sure, nothing more is asked of it. */
const FREE_ENOUGH = 0.2;

export function portLimit(use: PortUse, lastTime: number): PortLimit {
  const { settings } = use;
  const system = `${settings.os} default`;
  // Most clients: no range that anybody would notice is full of so few.
  const few = settings.portsStated ? usable(settings.ports, settings.os) * (1 - FREE_ENOUGH) : LEAST_OBSERVED;
  if (use.from.length < few) {
    const range = settings.ports;
    return {
      peak: peakOf(use.from, use.until),
      range,
      rangeFrom: settings.portsStated ? "stated" : system,
      ports: usable(range, settings.os),
      exhaustion: null,
      doubt: null,
    };
  }
  const latest = sweep(use, use.latest, () => {});
  const peak = sweep(use, use.until, () => {});
  const limit = (range: PortRange, rangeFrom: string): PortLimit => ({
    peak,
    range,
    rangeFrom,
    ports: usable(range, settings.os),
    exhaustion: exhaustionOf(use, range, lastTime),
    doubt: null,
  });
  if (settings.portsStated) {
    const stated = limit(settings.ports, "stated");
    if (stated.exhaustion === null && sweep(use, use.until, () => {}, settings.ports).count >= stated.ports) {
      // Nobody need have noticed; still, whoever had tried would have failed.
      stated.exhaustion = exhaustionOf(use, settings.ports, lastTime, false);
    }
    return stated;
  }

  const held = portsHeldAt(use, use.latest, latest.at);
  const observed = filledRange(held);
  let doubt: PortLimit["doubt"] = null;
  if (observed !== null) {
    const found = limit(observed, same(observed, settings.ports) ? system : "observed");
    const inOrder = held.filter((port) => port >= observed.first && port <= observed.last);
    const isWhole = isWholeRange(inOrder, observed);
    if (isWhole && found.exhaustion !== null) return found;
    if (found.exhaustion !== null && mayBeChosen(observed)) doubt = { range: observed, why: "counter" };
    if (isWhole && isCutShort(use, observed, lastTime)) doubt = { range: observed, why: "too-short" };
  }
  const outside = held.filter((port) => port < settings.ports.first || port > settings.ports.last).length;
  if (outside > held.length * (1 - FULL_SHARE)) {
    return { peak, range: null, rangeFrom: "unknown", ports: 0, exhaustion: null, doubt };
  }
  return { ...limit(settings.ports, system), doubt };
}

const same = (a: PortRange, b: PortRange): boolean => a.first === b.first && a.last === b.last;
