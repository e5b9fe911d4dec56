// Does a session count what `states` counts, stop when it should, and end in every way with its files closed?

import { describe, expect, test } from "vitest";
import { analyze, readFlows, readStates } from "../../src/analyze.ts";
import { RingError } from "../../src/live/ring/ring-error.ts";
import { parseCondition } from "../../src/live/session/triggers.ts";
import { SAMPLES, sample } from "../cli/samples.ts";
import { bytesOf, CountingRing, fakeEngine, type Played, play } from "./fake-capture.ts";

const epochOf = (iso: string): bigint =>
  BigInt(Date.parse(`${iso.slice(0, 19)}Z`)) * 1_000_000n + BigInt(iso.slice(20, 29));

interface Known {
  bytes: Uint8Array;
  from: bigint;
  packets: number;
  report: Awaited<ReturnType<typeof analyze>>;
}
const known = new Map<string, Promise<Known>>();
const open = (name: string): Promise<Known> => {
  const read = async (): Promise<Known> => {
    const path = sample(name);
    const report = await analyze([path]);
    const { first_time, packets } = report.captures[0]!;
    return { bytes: bytesOf(path), from: epochOf(first_time!), packets, report };
  };
  let found = known.get(name);
  if (found === undefined) known.set(name, (found = read()));
  return found;
};
const played = async (name: string, more: Partial<Parameters<typeof play>[1]> = {}): Promise<Played> => {
  const { bytes, from } = await open(name);
  return play(fakeEngine(bytes), { from, ...more });
};

describe("counts", () => {
  test.each(SAMPLES.map(([name]) => name))(
    "%s: each second, the sockets that states --at shows when the capture ends there",
    async (name) => {
      // All hosts of the sample are this machine.
      const { flows } = await readFlows([sample(name)]);
      const addresses = new Set([...flows].flatMap(({ client, server }) => [client.address, server.address]));
      const { seconds, end } = await played(name, { parts: { ownAddresses: () => [...addresses] } });
      const { packets, report } = await open(name);
      expect(end).toMatchObject({ why: "engine", packets, dropped: 7 });
      expect(seconds.length).toBeGreaterThan(0);
      const chosen = [...new Set([seconds[0], seconds[seconds.length >> 1], seconds.at(-1)])].filter(
        (s) => s !== undefined,
      );
      for (const { iso, counts } of chosen) {
        const { states } = await readStates([sample(name)], { to: iso, at: [iso] });
        const there: Record<string, number> = {};
        for (const { state } of states) there[state] = (there[state] ?? 0) + 1;
        expect({ iso, ...counts.sockets }).toEqual({ iso, ...there });
      }
      const { answered, late, unanswered, pending } = report.totals;
      const last = end.last!.totals;
      expect(last.answered).toBe(answered);
      expect(last.late).toBe(late);
      expect(last.unanswered).toBe(unanswered);
      expect(end.last!.waiting).toBe(pending);
    },
    60_000,
  );

  test.each(["leaked-pool", "refused-and-unanswered", "stale-pool"])(
    "%s: resets of open connections, refused ones left out",
    async (name) => {
      const { end } = await played(name);
      const { flows } = await readFlows([sample(name)]);
      const reset = [...flows].filter(
        ({ flags, ending }) =>
          flags.client.rst + flags.server.rst > 0 && ending !== "refused" && ending !== "unanswered",
      );
      expect(end.last!.totals.resets).toBe(reset.length);
    },
  );

  test("half-closed at the end: as the finding has it", async () => {
    const { end } = await played("leaked-pool");
    const { report } = await open("leaked-pool");
    const finding = report.findings.find((f) => f.analysis === "half-closed-connections")!;
    expect(end.last!.halfClosed).toBeGreaterThan(100);
    expect(end.last!.halfClosed).toBeLessThanOrEqual(finding.count);
    expect(end.last!.halfClosed).toBe(end.last!.sockets.CLOSE_WAIT);
  });

  test("each second once, in order, whole seconds", async () => {
    const { seconds } = await played("leaked-pool");
    const times = seconds.map(({ iso }) => iso);
    expect([...new Set(times)].sort()).toEqual(times);
    expect(times.every((iso) => iso.endsWith(".000000000Z"))).toBe(true);
  });

  test("requests that went unanswered are told as they happen, each once, with both ends", async () => {
    const { unanswered, end } = await played("leaked-pool");
    expect(unanswered.length).toBeGreaterThan(100);
    expect(unanswered.length).toBeLessThanOrEqual(end.last!.totals.unanswered);
    expect(new Set(unanswered.map((u) => u.exchange)).size).toBe(unanswered.length);
    expect(unanswered[0]!.server).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test("packets go to the files, all of them, by the interface's name", async () => {
    const { ring } = await played("leaked-pool");
    const { packets } = await open("leaked-pool");
    expect([ring.packets, [...ring.names], ring.closes]).toEqual([packets, ["lo"], 1]);
  });
});

describe("clocks", () => {
  /** The same packets; those behind the first half are stamped otherwise. Classic pcap, little-endian: the time is the record's first word. */
  const restamped = (bytes: Uint8Array, by: number): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    const view = new DataView(copy.buffer);
    for (let at = 24; at + 16 <= copy.length; at += 16 + view.getUint32(at + 8, true)) {
      if (at > copy.length / 2) view.setUint32(at, view.getUint32(at, true) + by, true);
    }
    return copy;
  };

  test.each([-3600, 3600, 40 * 365 * 86_400])(
    "set by %d s in the middle: packets and requests are all counted",
    async (by) => {
      const { bytes, from, packets } = await open("leaked-pool");
      const { end: plain, seconds: usual } = await play(fakeEngine(bytes), { from });
      const { end, seconds } = await play(fakeEngine(restamped(bytes, by)), {
        from,
        // Set back, the wall shows what the packets do.
        parts: { wallClock: () => from - 4_000_000_000_000n },
      });
      expect(end.packets).toBe(packets);
      expect(end.last!.totals.requests).toBe(plain.last!.totals.requests);
      expect(end.last!.sockets.CLOSE_WAIT).toBe(plain.last!.sockets.CLOSE_WAIT);
      // As many seconds as there were, give or take those at the jump.
      expect(Math.abs(seconds.length - usual.length)).toBeLessThan(4);
    },
  );

  test("a wall clock behind the packets does not hold them back; one ahead of them counts on, though none comes", async () => {
    const { bytes, from } = await open("leaked-pool");
    const { seconds } = await play(fakeEngine(bytes), { from, parts: { wallClock: () => from - 5_000_000_000n } });
    expect(seconds.length).toBeGreaterThan(10);
    let wall = from + 3_600_000_000_000n;
    const { seconds: later, end } = await play(fakeEngine(bytes, "waits"), {
      from,
      parts: { wallClock: () => (wall += 500_000_000n) },
      begun: (session) => void setTimeout(() => session.end("interrupt"), 500),
    });
    expect(end.why).toBe("interrupt");
    // An hour on, what was closed is gone, and what is held still is.
    expect(later.at(-1)!.counts.sockets.TIME_WAIT ?? 0).toBe(0);
    expect(later.at(-1)!.counts.sockets.CLOSE_WAIT).toBeGreaterThan(50);
  });
});

describe("triggers", () => {
  test("half-closed: at the second at which there are so many, and not before", async () => {
    const { seconds } = await played("leaked-pool");
    const due = seconds.find(({ counts }) => counts.halfClosed > 50)!;
    const {
      end,
      fired,
      engine,
      seconds: told,
    } = await played("leaked-pool", {
      settings: { until: [parseCondition("half-closed > 50")] },
    });
    expect(end).toMatchObject({ why: "trigger", firedAt: due.iso });
    expect(fired.length).toBe(1);
    expect(told.findIndex(({ iso }) => iso === due.iso)).toBeGreaterThanOrEqual(0);
    expect(engine.stops).toBeGreaterThan(0);
  });

  test("--after: goes on for so long", async () => {
    const { seconds } = await played("leaked-pool");
    const due = seconds.find(({ counts }) => counts.halfClosed > 50)!;
    const { end, stoppedAt } = await played("leaked-pool", {
      settings: { until: [parseCondition("half-closed > 50")], afterNs: 2e9 },
    });
    expect(end).toMatchObject({ why: "trigger", firedAt: due.iso });
    const n = seconds.indexOf(due);
    expect(stoppedAt).toBe(seconds[n + 2]!.iso);
    // At once without it.
    const { stoppedAt: atOnce } = await played("leaked-pool", {
      settings: { until: [parseCondition("half-closed > 50")] },
    });
    expect(atOnce).toBe(due.iso);
  });

  test("a healthy service fires none", async () => {
    const { end, fired } = await played("healthy-service", {
      settings: { until: ["half-closed > 2", "unanswered > 1%", "resets > 5", "oldest-wait > 5s"].map(parseCondition) },
    });
    expect(fired).toEqual([]);
    expect(end.fired).toBeNull();
  });
});

describe("the end", () => {
  const stopSoon = (why: "interrupt" | "output") => (session: { end(why: "interrupt" | "output"): void }) => {
    setTimeout(() => session.end(why), 300);
  };

  test("an interrupt: what was captured is read, then the files are closed", async () => {
    const { bytes, from, packets } = await open("leaked-pool");
    const { end, ring } = await play(fakeEngine(bytes, "waits"), { from, begun: stopSoon("interrupt") });
    expect(end).toMatchObject({ why: "interrupt", packets, engineProblem: null });
    expect([ring.packets, ring.closes]).toEqual([packets, 1]);
  });

  test("its time is up, though no packet comes", async () => {
    const { bytes, from } = await open("leaked-pool");
    const { end } = await play(fakeEngine(bytes.subarray(0, 24), "waits"), { from, settings: { durationNs: 0.3e9 } });
    expect(end).toMatchObject({ why: "duration", packets: 0 });
  });

  test("the engine dies: said, and the files are closed", async () => {
    const { bytes, from } = await open("leaked-pool");
    const { end, ring } = await play(fakeEngine(bytes.subarray(0, 100_000), "dies"), { from });
    expect(end.why).toBe("engine");
    expect(end.engineProblem).toBe("tcpdump: killed by SIGKILL");
    expect(end.packets).toBeGreaterThan(100);
    expect(ring.closes).toBe(1);
  });

  test("the engine does not end, even when killed: it is not waited for", async () => {
    const { bytes, from } = await open("leaked-pool");
    const began = performance.now();
    // A clock that runs fast, so that patience ends soon.
    const { end, ring, engine } = await play(fakeEngine(bytes, "hangs"), {
      from,
      begun: stopSoon("interrupt"),
      parts: { steadyClock: () => began + (performance.now() - began) * 20 },
    });
    expect(end.why).toBe("interrupt");
    expect(engine.stops).toBeGreaterThan(1);
    expect(ring.closes).toBe(1);
  }, 20_000);

  test("the disk is full: said once, counted, and the capture goes on", async () => {
    const ring = new CountingRing();
    ring.state = "full";
    ring.notWritten = 12;
    const { end, notices } = await played("leaked-pool", { ring });
    expect(notices.filter((n) => n.includes("the disk is full")).length).toBe(1);
    expect(end).toMatchObject({ notWritten: 12, packets: (await open("leaked-pool")).packets });
  });

  test("the folder goes away: the capture ends, and says why", async () => {
    const ring = new CountingRing();
    ring.flush = async () => {
      throw new RingError("incident: was removed while the capture went on", "ENOENT");
    };
    const { end } = await played("leaked-pool", { ring });
    expect(end).toMatchObject({ why: "files", fileProblem: "incident: was removed while the capture went on" });
  });

  test("older files made room: half-closed connections that the packets kept do not show are counted", async () => {
    const { from } = await open("leaked-pool");
    const ring = new CountingRing();
    ring.removed = { files: 3, packets: 999 };
    ring.covered = { from: from + 1_000_000_000_000n, to: from + 2_000_000_000_000n };
    const { end } = await played("leaked-pool", { ring });
    expect(end.olderHalfClosed).toBe(end.last!.halfClosed);
    ring.removed = { files: 0, packets: 0 };
    expect((await played("leaked-pool", { ring })).end.olderHalfClosed).toBe(0);
  });

  test("snapshots: at the beginning, and once more at the end; what fails is said once", async () => {
    const { bytes, from } = await open("healthy-service");
    const settings = { snapshotsEveryNs: 0.1e9 };
    const quick = { from, settings, begun: stopSoon("interrupt") };
    let taken = 0;
    const { ring } = await play(fakeEngine(bytes, "waits"), {
      ...quick,
      parts: { takeSnapshot: async () => `snapshot ${++taken}` },
    });
    expect(ring.snapshots.length).toBeGreaterThan(1);
    expect(ring.snapshots.at(-1)).toBe(`snapshot ${taken}`);
    const { notices } = await play(fakeEngine(bytes, "waits"), {
      ...quick,
      parts: {
        takeSnapshot: async () => {
          throw new Error("no ss");
        },
      },
    });
    expect(notices).toEqual(["the sockets of this machine cannot be listed: no ss"]);
  });
});
