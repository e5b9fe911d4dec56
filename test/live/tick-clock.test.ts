// Does each second come once, whatever the clock does?

import { expect, test } from "vitest";
import { TickClock } from "../../src/live/session/tick-clock.ts";

const S = 1e9;

/** The moments counted at, as times come by. */
function ticksOf(clock: TickClock, times: readonly number[]): number[] {
  return times.flatMap((time) => (clock.due(time) ? [clock.take(time)] : []));
}

test("whole seconds of the calendar, though the capture's clock begins within one", () => {
  // The base is 0.3 s after a whole second: that lies at -0.3 s.
  const clock = new TickClock(S, 0, -0.3 * S);
  expect(ticksOf(clock, [0.1 * S, 0.69 * S, 0.7 * S, 0.71 * S, 1.8 * S])).toEqual([0.7 * S, 1.7 * S]);
});

test("what was slept through is left out", () => {
  expect(ticksOf(new TickClock(S, 0, 0), [1.2 * S, 7.5 * S, 7.9 * S, 8 * S])).toEqual([1 * S, 7 * S, 8 * S]);
});

test("packets out of order are no jump; a clock that was set back is followed", () => {
  const clock = new TickClock(S, 0, 0);
  expect(ticksOf(clock, [5 * S, 4.2 * S, 3.5 * S])).toEqual([5 * S]);
  expect(ticksOf(clock, [-3600.5 * S, -3600.2 * S, -3599.9 * S])).toEqual([-3601 * S, -3600 * S]);
});

test("slowed down", () => {
  const clock = new TickClock(S, 0, 0);
  expect(ticksOf(clock, [1 * S])).toEqual([1 * S]);
  clock.setEvery(3 * S, 1 * S);
  expect(
    ticksOf(
      clock,
      [2, 3, 4, 5, 6, 7].map((n) => n * S),
    ),
  ).toEqual([4 * S, 7 * S]);
});
