// Do `capture` and `watch` refuse what means nothing before anything begins, and say what was captured so that a person can go on?

import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Chosen } from "../../src/capture/live/choose.ts";
import { Interrupts } from "../../src/cli/interrupts.ts";
import { type Captured, capturedLines, startLines } from "../../src/cli/live-captured.ts";
import { LiveLines } from "../../src/cli/live-lines.ts";
import { type LiveFlags, readLiveFlags } from "../../src/cli/live-options.ts";
import type { LiveCounts } from "../../src/live/session/live-counts.ts";
import { fakeEngine } from "../live/fake-capture.ts";
import { Collector, runCli } from "./run-cli.ts";

const FLAGS: LiveFlags = {
  interface: ["lo"],
  engine: "auto",
  snap: "262144",
  buffer: "64MB",
  fileSize: "64MB",
  fileTime: "5m",
  keepSize: "1GB",
  after: "0s",
  report: true,
  redact: "default",
  color: "auto",
};

describe("wrong usage: 2, one line, and nothing was begun", () => {
  test.each([
    [["watch"], /no interface was named.*halfclose interfaces/],
    [["capture", "-w", "x"], /no interface was named.*halfclose capture -i lo/],
    [["capture", "-i", "lo"], /no folder was named.*capture -i lo -w DIR/],
    [["watch", "-i", "lo", "--until", "half-closed"], /--until "half-closed": not a condition/],
    [["watch", "-i", "lo", "--after", "5s"], /--after .* --until/],
    [["watch", "-i", "lo", "--snap", "0"], /--snap "0"/],
    [["watch", "-i", "lo", "--buffer", "many"], /--buffer "many"/],
    [["watch", "-i", "lo", "--duration", "soon"], /--duration "soon"/],
    [["watch", "-i", "lo", "--every", "1ms"], /--every "1ms"/],
    [["watch", "-i", "lo", "--sockets", "never"], /--sockets "never"/],
    [["watch", "-i", "lo", "--no-report", "-o", "x.html"], /--no-report/],
    [["watch", "-i", "lo", "--engine", "libpcap"], /--engine/],
    [["capture", "-i", "lo", "-w", "x", "--every", "5s"], /unknown option '--every'/],
  ])("%j", async (argv, said) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^halfclose: [^\n]+\n$/);
    expect(stderr).toMatch(said);
    expect(existsSync("x")).toBe(false);
  });
});

describe("options", () => {
  test("as they stand in the help", () => {
    expect(readLiveFlags(FLAGS, "tcp")).toEqual({
      request: { interfaces: ["lo"], filter: "tcp", snapLength: 262_144, bufferBytes: 64e6, promiscuous: false },
      limits: { fileBytes: 64e6, fileNs: 300e9, keepBytes: 1e9, keepNs: null },
      session: { interfaces: ["lo"], until: [], afterNs: 0, durationNs: null, snapshotsEveryNs: null },
      everyNs: 10e9,
    });
  });

  test("as given", () => {
    const flags = {
      ...FLAGS,
      interface: ["lo", "eth0", "lo"],
      filter: "",
      keepTime: "2h",
      duration: "90s",
      sockets: "5s",
      until: ["waiting > 5"],
      after: "30s",
    };
    const { request, limits, session } = readLiveFlags(flags, "tcp");
    expect(request).toMatchObject({ interfaces: ["lo", "eth0"], filter: "" });
    expect(limits.keepNs).toBe(7200e9);
    expect(session).toMatchObject({ durationNs: 90e9, snapshotsEveryNs: 5e9, afterNs: 30e9 });
    expect(session.until[0]?.text).toBe("waiting > 5");
  });
});

const CHOSEN: Chosen = {
  capture: { ...fakeEngine(new Uint8Array()).capture, version: "tcpdump 4.99.5, libpcap 1.10.5" },
  why: "tcpdump, for dumpcap: not installed.",
  passedOver: [],
  filter: "tcp",
  filterRemark: null,
};
const PLAN = readLiveFlags({ ...FLAGS, until: ["half-closed > 100"], duration: "10m" }, "tcp");
const CAPTURED: Captured = {
  end: {
    why: "interrupt",
    packets: 1204,
    dropped: 0,
    notWritten: 0,
    fired: null,
    firedAt: null,
    engineProblem: null,
    fileProblem: null,
    olderHalfClosed: 0,
    abandoned: 0,
    last: null,
    seconds: 32.13,
  },
  chosen: CHOSEN,
  plan: PLAN,
  files: ["incident/a.pcapng", "incident/b.pcapng"],
  snapshots: [],
  covered: { from: 1_772_390_045_000_000_000n, to: 1_772_390_077_000_000_000n },
  removed: { files: 0, packets: 0, forRoom: 0 },
  lostSnapshots: 0,
  kept: "incident",
};
const said = (more: Partial<Captured> & { ended?: Partial<Captured["end"]> } = {}): string[] => {
  const { ended, ...rest } = more;
  return capturedLines({ ...CAPTURED, ...rest, end: { ...CAPTURED.end, ...ended } });
};

test("when the disk was full, that is why files went", () => {
  const because = (forRoom: number): string | undefined =>
    said({ removed: { files: 3, packets: 9000, forRoom } }).find((line) => line.includes("made room"));
  expect(because(0)).toContain("made room: the report sees");
  expect(because(2)).toContain("made room, 2 of them because the disk was full: the report sees");
  expect(because(3)).toContain("made room, because the disk was full: the report sees");
});

describe("what is said", () => {
  test("at the start: who captures, why, and what ends it", () => {
    expect(startLines(CHOSEN, PLAN, "capture")).toEqual([
      "capturing on lo by tcpdump 4.99.5, libpcap 1.10.5",
      "engine: tcpdump, for dumpcap: not installed",
      "what ends it: Ctrl-C; 10 min; half-closed > 100",
    ]);
  });

  test("at the end: packets, drops, files and the way back", () => {
    expect(said()).toEqual([
      "ended as asked for, after 32.100 s",
      "1,204 packets by tcpdump, 0 dropped by the kernel",
      "2 files in incident: 2026-03-01 18:34:05.000 to 18:34:37.000 UTC",
      "to come back: halfclose analyze 'incident/halfclose-*.pcapng' --bundle ticket.zip",
    ]);
  });

  test("the way back fits a shell, and takes the snapshots along", () => {
    expect(said({ kept: "it's here/", snapshots: ["s.txt"] }).at(-1)).toBe(
      "to come back: halfclose analyze 'it'\\''s here/halfclose-*.pcapng' --sockets 'it'\\''s here/halfclose-*.sockets.txt' --bundle ticket.zip",
    );
    expect(said({ kept: "/" }).at(-1)).toContain("'/halfclose-*.pcapng'");
  });

  test("what the trigger saw", () => {
    const condition = PLAN.session.until[0]!;
    const fired = { condition, at: 0, since: 0, saw: "113 half-closed" };
    expect(said({ ended: { why: "trigger", fired, firedAt: "2026-03-01T18:34:36.000000000Z" } })[0]).toBe(
      "half-closed > 100 held at 18:34:36.000 UTC (113 half-closed), after 32.100 s",
    );
  });

  test("what is not in the files is said: removed, not written, older FINs", () => {
    const lines = said({
      removed: { files: 3, packets: 9000, forRoom: 0 },
      ended: { olderHalfClosed: 12, notWritten: 77, dropped: null },
    });
    expect(lines).toContain("3 older files (9,000 packets) made room: the report sees from 18:34:05.000 UTC on");
    expect(lines).toContain(
      "12 half-closed connections held at the end cannot show in the report: their FIN is older than the files kept",
    );
    expect(lines).toContain("77 packets came while the disk was full, and no file has them");
    expect(lines).toContain("1,204 packets by tcpdump, the engine does not say how many the kernel dropped");
  });

  test("not one packet: the way to the right interface", () => {
    const lines = said({ covered: null, files: [], ended: { packets: 0 } });
    expect(lines.at(-1)).toMatch(/^nothing to report: not one packet was seen on lo; halfclose interfaces says/);
  });

  test("the engine died", () => {
    const ended = { why: "engine", engineProblem: "tcpdump ended by itself (SIGKILL)" } as const;
    expect(said({ ended })[0]).toBe("the engine ended: tcpdump ended by itself (SIGKILL), after 32.100 s");
  });
});

const COUNTS: LiveCounts = {
  at: 0,
  packets: 0,
  sockets: {},
  whose: "all",
  connections: 0,
  halfClosed: 0,
  waiting: 0,
  oldestWait: null,
  totals: { requests: 0, answered: 0, late: 0, unanswered: 0, resets: 0 },
  dropped: null,
};

describe("the lines", () => {
  const drawn = (columns: number, isTTY: boolean, seconds: number): string[] => {
    const out = new Collector();
    Object.assign(out, { isTTY, columns });
    const lines = new LiveLines(out, { LANG: "C.UTF-8" }, () => {});
    for (let n = 0; n < seconds; n++) lines.second({ ...COUNTS, at: n * 1e9 }, "2026-03-01T18:34:05.000000000Z");
    return out.text.trimEnd().split("\n");
  };

  test("a terminal: within its width, with the header again every 20 lines", () => {
    const lines = drawn(80, true, 41);
    expect(lines.length).toBe(41 + 3 * 2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.flatMap((line, n) => (line.startsWith("time UTC") ? [n] : []))).toEqual([1, 23, 45]);
  });

  test("a file: one header", () => {
    expect(drawn(80, false, 41).filter((line) => line.startsWith("time UTC")).length).toBe(1);
  });

  test("what was on the wire can do nothing to a terminal", () => {
    const out = new Collector();
    new LiveLines(out, { LANG: "C.UTF-8" }, () => {}).write(["GET /\x1b[2J\u202e"]);
    expect(out.text).toBe("GET /\\x1b[2J\\u202e\n");
  });

  test("a reader that leaves is noticed, and gets no more", () => {
    let left = 0;
    const out = new Collector();
    const lines = new LiveLines(out, {}, () => left++);
    out.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    lines.write(["more"]);
    expect([left, out.text]).toEqual([1, ""]);
  });
});

test("the first signal ends a capture, the second the program", () => {
  const interrupts = new Interrupts();
  let asked = 0;
  const release = interrupts.whileCapturing(() => asked++);
  expect([interrupts.letCaptureEnd(), interrupts.letCaptureEnd(), asked]).toEqual([true, false, 1]);
  release();
  interrupts.whileCapturing(() => asked++)();
  expect([interrupts.letCaptureEnd(), asked]).toEqual([false, 1]);
});
