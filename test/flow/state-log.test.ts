// Does the log give back what was put into it, whether an entry stands in the columns or in the list? Against plain arrays.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlowColumns, HISTORY_ENTRIES } from "../../src/flow/columns.ts";
import { Note, StateLog } from "../../src/flow/state-log.ts";
import { State } from "../../src/flow/states.ts";

const REPEAT = 0x80;
const SIDES = [0, 1, 2, 3];
/** Moments that columns have, each once, and others that none has. */
const KNOWN = [5, 10, 20, 30, 40, 50, 60, 70];
const OTHER = [7, 15, 25, 0, -3];

interface Entry {
  state: number;
  time: number;
}

function columnsWithTimes(): FlowColumns {
  const c = new FlowColumns();
  for (const f of [0, 1]) {
    c.firstFrame[f] = 1;
    c.firstTime[f] = 5;
    c.synAckFrame[f] = 2;
    c.synAckTime[f] = 10;
    [c.finFrame, c.finAckFrame, c.rstFrame].forEach((frames, n) => {
      for (const s of [0, 1]) {
        frames[f * 2 + s] = 3 + n;
        [c.finTime, c.finAckTime, c.rstTime][n]![f * 2 + s] = 20 + 20 * n + 10 * s;
      }
    });
  }
  return c;
}

/** Newest last. */
function entriesOf(log: StateLog, c: FlowColumns, i: number): Entry[] {
  const entries: Entry[] = [];
  for (let e = c.lastChange[i]!; e !== 0; e = log.before(e)) {
    const state = log.isRepeat(e) ? REPEAT : log.state(e);
    expect([log.isRepeat(e), log.isNote(e)]).toEqual([state === REPEAT, state > REPEAT]);
    entries.push({ state, time: log.time(e) });
  }
  return entries.reverse();
}

/** What each way to write does to an array. */
const model = {
  append(list: Entry[], state: number, time: number): void {
    const since = list.findLast((e) => e.state <= REPEAT)?.time ?? time;
    list.push({ state, time: Math.max(since, time) });
  },
  note(list: Entry[], state: number, time: number): void {
    list.push({ state, time });
  },
  repeat(list: Entry[], time: number): void {
    if (list.length === 0) return;
    const [last, before] = [list.at(-1)!, list.at(-2)];
    if (last.state === REPEAT && before?.state === REPEAT) {
      before.time = last.time;
      last.time = time;
    } else model.append(list, REPEAT, time);
  },
  replace(list: Entry[], state: number, time: number): void {
    list[list.length - 1] = { state, time };
  },
  withdraw(list: Entry[]): void {
    while (list.pop()!.state >= REPEAT);
  },
};

const states = fc.constantFrom(...Object.values(State).filter((s) => s !== State.unseen));
const times = fc.constantFrom(...KNOWN, ...OTHER);
const step = fc.record({
  does: fc.constantFrom("append", "append", "append", "note", "repeat", "replace", "withdraw", "release"),
  i: fc.constantFrom(...SIDES),
  state: states,
  note: fc.constantFrom(...Object.values(Note)),
  time: times,
});

describe("StateLog", () => {
  it("holds what was written, changed and taken back, of each end apart", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const c = columnsWithTimes();
        const log = new StateLog(c);
        const lists: Entry[][] = SIDES.map(() => []);
        for (const { does, i, state, note, time } of steps) {
          const list = lists[i]!;
          if (does === "append") {
            log.append(i, state, time);
            model.append(list, state, time);
          } else if (does === "repeat") {
            log.repeat(i, time);
            model.repeat(list, time);
          } else if (does === "release") {
            log.release(i);
            lists[i] = [];
          } else if (list.length === 0) continue;
          else if (does === "note") {
            log.note(i, note, time);
            model.note(list, note, time);
          } else if (does === "replace") {
            log.replace(i, state, time);
            model.replace(list, state, time);
          } else {
            log.withdraw(i);
            model.withdraw(list);
          }
        }
        for (const i of SIDES) expect(entriesOf(log, c, i)).toEqual(lists[i]);

        const other = columnsWithTimes();
        const flows = SIDES.length / 2;
        other.join([c], Array(flows).fill(0), new Set(Object.keys(c)));
        const copy = new StateLog(other);
        for (const i of SIDES) {
          copy.adopt(i, log, i);
          expect(entriesOf(copy, other, i)).toEqual(lists[i]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("needs no list for the life of an ordinary connection", () => {
    const c = columnsWithTimes();
    const log = new StateLog(c);
    const { synReceived, established, closeWait, lastAck, closed } = State;
    for (const [state, time] of [
      [synReceived, 10],
      [established, 12],
      [closeWait, 20],
      [lastAck, 30],
      [closed, 50],
    ] as const) {
      log.append(1, state, time);
    }
    expect(log.list.export().times.length).toBe(0);
    expect(entriesOf(log, c, 1).map((e) => e.time)).toEqual([10, 12, 20, 30, 50]);
    for (let n = 5; n <= HISTORY_ENTRIES; n++) log.append(1, State.synSent, 60);
    expect(log.list.export().times.length).toBe(2);
  });
});
