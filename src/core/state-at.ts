// In which state was one end at a moment?

import type { Nanos } from "./clock.ts";
import type { StateHistory, StateName } from "./flow-view.ts";

/** The state of one end at a moment; CLOSED when there was no socket. */
export function stateAt(history: StateHistory, time: Nanos): StateName {
  for (let n = history.count - 1; n >= 0; n--) {
    if (history.from(n) <= time) return time < history.until(n) ? history.state(n) : "CLOSED";
  }
  return "CLOSED";
}
