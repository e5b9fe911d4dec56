// Are the sockets of a moment, and the counts over time, those of the histories? Counted again, one by one.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StateHistory, StateName } from "../../src/core/flow-view.ts";
import { SYSTEM_DEFAULTS } from "../../src/core/host-settings.ts";
import type { ReportSocket, ReportStateCounts } from "../../src/core/report.ts";
import { stateAt } from "../../src/core/state-at.ts";
import { countsAt, stateCountRows, stateCounts, statesAt } from "../../src/report/states.ts";
import { OPEN, type Played, play, script, segments } from "../flow/packet-script.ts";

const SECOND = 1e9;
const brief = (s: ReportSocket): string =>
  `${s.flow} ${s.local.address}:${s.local.port} ${s.state} ${s.since === null ? "earlier" : s.since.slice(17, 23)} ${s.certain ? "seen" : "assumed"}`;
const at = (text: string, ...seconds: number[]): string[] =>
  Array.from(
    statesAt(
      script(text).view,
      seconds.map((s) => s * SECOND),
    ),
    brief,
  );

describe("a moment", () => {
  const closed = `${OPEN} +1000 c FIN ACK\n s ACK\n +1000 s FIN ACK\n c ACK\n +100000 c SYN port=50000`;

  it("shows both ends, the client first", () => {
    expect(at(closed, 0.5, 1.5)).toEqual([
      "0 10.0.0.1:40000 ESTABLISHED 00.000 seen",
      "0 10.0.0.2:80 ESTABLISHED 00.000 assumed",
      "0 10.0.0.1:40000 FIN_WAIT_2 01.000 seen",
      "0 10.0.0.2:80 CLOSE_WAIT 01.000 seen",
    ]);
  });

  it("shows a socket until its timer ends it, and not after", () => {
    expect(at(closed, 30)).toEqual(["0 10.0.0.1:40000 TIME_WAIT 02.000 seen"]);
    expect(at(closed, 62.1)).toEqual([]);
  });

  it("belongs to what begins then", () => {
    const { view } = script(closed);
    const { history } = view.row(0).client;
    for (let n = 1; n < history.count; n++) expect(stateAt(history, history.from(n))).toBe(history.state(n));
    expect(stateAt(history, history.until(history.count - 1))).toBe("CLOSED");
    expect(stateAt(history, history.from(0) - 1)).toBe("CLOSED");
  });

  it("later than the last packet is not certain, though timers run on", () => {
    const open = `${OPEN} +1000 c FIN ACK\n s ACK\n s FIN ACK\n c ACK`;
    expect(at(open, 30)).toEqual(["0 10.0.0.1:40000 TIME_WAIT 01.000 assumed"]);
    expect(at(open, 62)).toEqual([]);
  });

  it("of a connection older than the capture has no since", () => {
    const joined = "c len=10\n s ACK\n s len=5\n c ACK\n +1000 c ACK";
    expect(at(joined, -3600, 0.5)).toEqual([
      "0 10.0.0.1:40000 ESTABLISHED earlier assumed",
      "0 10.0.0.2:80 ESTABLISHED earlier assumed",
      "0 10.0.0.1:40000 ESTABLISHED earlier seen",
      "0 10.0.0.2:80 ESTABLISHED earlier seen",
    ]);
  });

  it("can be asked for some states only", () => {
    const { view } = script(closed);
    const found = statesAt(view, [1.5 * SECOND], new Set<StateName>(["CLOSE_WAIT"]));
    expect(Array.from(found, brief)).toEqual(["0 10.0.0.2:80 CLOSE_WAIT 01.000 seen"]);
  });

  it("a redirected client sees the address that it called", () => {
    const { view } = script(`${OPEN} +1000 c ACK`, { redirected: true });
    expect(Array.from(statesAt(view, [SECOND / 2]), (s) => [s.local, s.remote])).toEqual([
      [
        { address: "10.0.0.1", port: 40_000 },
        { address: "10.0.0.9", port: 8080 },
      ],
      [
        { address: "10.0.0.2", port: 80 },
        { address: "10.0.0.1", port: 40_000 },
      ],
    ]);
  });
});

describe("counts", () => {
  it("from the first packet to the last, without zeros, the service with its port", () => {
    const { view } = script(
      `${OPEN}\n c SYN port=40001\n s SYN ACK port=40001\n c ACK port=40001\n +2000 s FIN ACK\n c ACK`,
    );
    const steps = [...stateCounts(view, SECOND)];
    expect(steps.map((s) => s.time.slice(17))).toEqual(["00.000000000Z", "01.000000000Z", "02.000000000Z"]);
    expect(steps[0]).toMatchObject({ counts: {}, by_endpoint: [] });
    expect(steps[1]).toMatchObject({
      counts: { ESTABLISHED: 4 },
      by_endpoint: [
        { local: { address: "10.0.0.1" }, remote: { address: "10.0.0.2", port: 80 }, counts: { ESTABLISHED: 2 } },
        { local: { address: "10.0.0.2", port: 80 }, remote: { address: "10.0.0.1" }, counts: { ESTABLISHED: 2 } },
      ],
    });
    const made = Array.from(stateCountRows(view, SECOND), (row) => ({ ...row, by_endpoint: [...row.by_endpoint] }));
    expect(made).toEqual(steps);
    const [after] = countsAt(view, [2.01 * SECOND]);
    expect(after!.counts).toEqual({ ESTABLISHED: 2, FIN_WAIT_2: 1, CLOSE_WAIT: 1 });
  });

  const line = fc.constantFrom(
    "c SYN",
    "s SYN ACK",
    "c ACK",
    "c len=40",
    "s len=300",
    "c FIN ACK",
    "s FIN ACK",
    "s ACK",
    "c RST ACK",
    "s RST",
    "+700 c ACK",
    "+5000 s ACK",
  );
  const connections = fc.array(fc.tuple(line, fc.integer({ min: 0, max: 4 })), { minLength: 1, maxLength: 40 });
  const hosts = { of: () => ({ ...SYSTEM_DEFAULTS.linux, timeWait: 3 * SECOND, finTimeout: 2 * SECOND }) };
  const played = (lines: readonly (readonly [string, number])[]): Played =>
    play(segments(lines.map(([text, n]) => `${text} port=${40_000 + n}`).join("\n")), { hosts });

  it("are those of each history, asked one by one, at any step", () => {
    fc.assert(
      fc.property(connections, fc.constantFrom(1e6, 0.1e9, 0.333e9, SECOND, 60 * SECOND), (lines, every) => {
        const { view } = played(lines);
        let step = 0;
        for (const counted of stateCounts(view, Math.max(every, view.lastTime / 500))) {
          const time = view.firstTime + step++ * Math.max(every, view.lastTime / 500);
          expect(counted).toEqual(recount(view, time));
        }
        expect(step).toBe(Math.floor((view.lastTime - view.firstTime) / Math.max(every, view.lastTime / 500)) + 1);
      }),
      { numRuns: 200 },
    );
  });

  it("agree with the list of sockets, at any moments", () => {
    const moments = fc.array(fc.integer({ min: -1000, max: 120_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(connections, moments, (lines, ms) => {
        const { view } = played(lines);
        const times = [...new Set(ms)].sort((a, b) => a - b).map((t) => t * 1e6);
        const sockets = [...statesAt(view, times)];
        for (const { time, counts } of countsAt(view, times)) {
          const then = sockets.filter((s) => s.at === time);
          expect(counts).toEqual(tallied(then.map((s) => s.state)));
        }
        for (const s of sockets) expect(s.since === null || s.since <= s.at).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

/** The plain way: every history, at one moment. */
function recount(view: Played["view"], time: number): ReportStateCounts {
  const all: StateName[] = [];
  const pairs = new Map<string, { local: object; remote: object; states: StateName[] }>();
  for (const flow of view.flows()) {
    for (const end of [flow.client, flow.server]) {
      const state = spanOver(end.history, time);
      if (state === null) continue;
      all.push(state);
      const isClient = end === flow.client;
      const local = { address: end.address, ...(isClient ? {} : { port: end.port }) };
      const remote = { address: end.remote.address, ...(isClient ? { port: end.remote.port } : {}) };
      const name = `${local.address}${isClient ? "" : `:${end.port}`}`;
      const pair = pairs.get(name) ?? { local, remote, states: [] };
      pair.states.push(state);
      pairs.set(name, pair);
    }
  }
  const sorted = [...pairs].sort(([a, x], [b, y]) => y.states.length - x.states.length || (a < b ? -1 : 1));
  return {
    time: view.clock.iso(time),
    counts: tallied(all),
    by_endpoint: sorted.map(([, { local, remote, states }]) => ({ local, remote, counts: tallied(states) })) as never,
  };
}

function spanOver(h: StateHistory, time: number): StateName | null {
  for (let n = 0; n < h.count; n++) if (h.from(n) <= time && time < h.until(n)) return h.state(n);
  return null;
}

function tallied(states: readonly StateName[]): ReportStateCounts["counts"] {
  const counts: ReportStateCounts["counts"] = {};
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
