// Is an engine asked to end only when what it had taken by then has been read, and not much later?

import { describe, expect, test } from "vitest";
import type { LiveCapture } from "../../src/capture/live/engine.ts";
import { EngineStop } from "../../src/live/session/engine-stop.ts";

function stopping() {
  const at = { ms: 1000, stops: 0 };
  const capture = { stop: () => at.stops++ } as unknown as LiveCapture;
  const stop = new EngineStop(capture, () => at.ms);
  const pass = (ms: number): void => {
    at.ms += ms;
    stop.look();
  };
  return { at, stop, pass };
}

describe("the end of an engine", () => {
  test("nothing has come for a while: it is asked at once", () => {
    const { at, stop } = stopping();
    stop.readUpTo(5e9);
    at.ms += 1000;
    stop.ask("interrupt", 6e9);
    expect(at.stops).toBe(1);
  });

  test("packets are read late: those from before the moment are waited for", () => {
    const { at, stop, pass } = stopping();
    stop.readUpTo(5e9);
    stop.ask("interrupt", 6e9);
    for (const time of [5.2e9, 5.6e9, 5.9e9]) {
      pass(200);
      stop.readUpTo(time);
    }
    expect(at.stops).toBe(0);
    stop.readUpTo(6e9);
    pass(0);
    expect(at.stops).toBe(1);
    expect(stop.behindNs).toBeNull();
  });

  test("they stop coming: it is asked after 300 ms", () => {
    const { at, stop, pass } = stopping();
    stop.readUpTo(5e9);
    stop.ask("interrupt", 6e9);
    pass(299);
    expect(at.stops).toBe(0);
    pass(1);
    expect(at.stops).toBe(1);
  });

  test("it never catches up: after 10 s it is asked, and how far behind it was is known; after 5 s it is killed", () => {
    const { at, stop, pass } = stopping();
    stop.readUpTo(1e9);
    stop.ask("trigger", 6e9);
    for (let n = 0; n < 99; n++) {
      stop.readUpTo(1e9 + n * 1e7);
      pass(100);
    }
    expect(at.stops).toBe(0);
    stop.readUpTo(2e9);
    pass(100);
    expect([at.stops, stop.behindNs]).toEqual([1, 4e9]);
    pass(5000);
    expect(at.stops).toBe(2);
  });
});
