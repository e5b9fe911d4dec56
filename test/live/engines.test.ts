// What do the engines make of the programs that they run: of their words, their counts, their ends? Programs here are small scripts.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BoundedLines } from "../../src/capture/live/bounded-lines.ts";
import { CaptureProcess } from "../../src/capture/live/child-process.ts";
import { startCapture } from "../../src/capture/live/choose.ts";
import { complaintOf } from "../../src/capture/live/complaints.ts";
import { dumpcapArguments, startDumpcap } from "../../src/capture/live/dumpcap.ts";
import { type Engine, EngineUnusable, type LiveCapture, type LiveRequest } from "../../src/capture/live/engine.ts";
import { DEFAULT_FILTERS, defaultFilter } from "../../src/capture/live/filter.ts";
import { namesOfProcNetDev } from "../../src/capture/live/interface-names.ts";
import { findProgram, versionOf } from "../../src/capture/live/programs.ts";
import { startTcpdump, tcpdumpArguments } from "../../src/capture/live/tcpdump.ts";
import { CaptureError } from "../../src/capture/source.ts";

const REQUEST: LiveRequest = {
  interfaces: ["lo"],
  filter: "tcp",
  snapLength: 262_144,
  bufferBytes: 64_000_000,
  promiscuous: false,
};
const HEADER = String.raw`printf '\115\074\262\241\002\000\004\000\000\000\000\000\000\000\000\000\000\000\004\000\001\000\000\000'`;
const LISTENING = "echo 'tcpdump: listening on lo, link-type EN10MB (Ethernet)' >&2";

const folder = mkdtempSync(join(tmpdir(), "halfclose-engines-"));
afterAll(() => rmSync(folder, { recursive: true }));
let scripts = 0;

function script(...lines: string[]): string {
  const path = join(folder, `program-${++scripts}`);
  writeFileSync(path, `#!/bin/sh\n${lines.join("\n")}\n`);
  chmodSync(path, 0o755);
  return path;
}

async function readAll(capture: Pick<LiveCapture, "source">): Promise<Buffer> {
  const stream = await capture.source.open();
  const pieces: Buffer[] = [];
  for (;;) {
    const piece = Buffer.alloc(4096);
    const count = await stream.read(piece, 0, piece.length);
    if (count === 0) return Buffer.concat(pieces);
    pieces.push(piece.subarray(0, count));
  }
}

const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.unreachable("it should have failed"),
    (error) => error,
  );

/** As the programs wrote them, on Linux 6 with libpcap 1.10.3. */
const COMPLAINTS: [string, string, ReturnType<typeof complaintOf>][] = [
  ["nothing", "", null],
  [
    "only what is no complaint",
    "tcpdump: data link type LINUX_SLL2\ntcpdump: listening on any, link-type LINUX_SLL2\n0 packets captured\n0 packets received by filter\n0 packets dropped by kernel",
    null,
  ],
  [
    "dumpcap's report",
    "Capturing on 'Loopback: lo'\nFile: -\nPackets captured: 0\nPackets received/dropped on interface 'Loopback: lo': 0/0 (pcap:0/dumpcap:0/flushed:0/ps_ifdrop:0) (0.0%)",
    null,
  ],
  [
    "tcpdump, no interface",
    "tcpdump: nosuch: No such device exists\n(No such device exists)",
    { kind: "no-such-interface", text: "nosuch: No such device exists" },
  ],
  [
    "tcpdump, filter",
    "tcpdump: can't parse filter expression: syntax error",
    { kind: "bad-filter", text: "can't parse filter expression: syntax error" },
  ],
  [
    "tcpdump, link type",
    "tcpdump: data link type LINUX_SLL2\ntcpdump: no VLAN support for Linux cooked v2",
    { kind: "bad-filter", text: "no VLAN support for Linux cooked v2" },
  ],
  [
    "tcpdump, permission",
    "tcpdump: lo: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)",
    { kind: "no-permission", text: "lo: You don't have permission to perform this capture on that device" },
  ],
  [
    "tcpdump, gone",
    "tcpdump: listening on d0, link-type EN10MB\ntcpdump: pcap_loop: The interface disappeared\n0 packets captured",
    { kind: "interface-gone", text: "pcap_loop: The interface disappeared" },
  ],
  [
    "tcpdump, down",
    "tcpdump: d0: That device is not up",
    { kind: "interface-down", text: "d0: That device is not up" },
  ],
  [
    "tcpdump, user",
    "tcpdump: Couldn't find user 'tcpdump'",
    { kind: "no-such-user", text: "Couldn't find user 'tcpdump'" },
  ],
  [
    "dumpcap, no interface",
    "Capturing on 'nosuch'\ndumpcap: There is no device named \"nosuch\".\n(No such device exists)",
    { kind: "no-such-interface", text: 'There is no device named "nosuch".' },
  ],
  [
    "dumpcap, filter",
    "Capturing on 'Loopback: lo'\ndumpcap: Invalid capture filter \"no such device\" for interface 'lo'.\n\nThat string isn't a valid capture filter (can't parse filter expression: syntax error).\nSee the User's Guide for a description of the capture filter syntax.",
    { kind: "bad-filter", text: "can't parse filter expression: syntax error" },
  ],
  [
    "dumpcap, permission",
    "dumpcap: cap_set_proc() fail return: Operation not permitted\nCapturing on 'Loopback: lo'\ndumpcap: You do not have permission to capture on device \"lo\".\n(socket: Operation not permitted)\nPlease check to make sure you have sufficient permissions.",
    { kind: "no-permission", text: 'You do not have permission to capture on device "lo".' },
  ],
  [
    "dumpcap, gone",
    "Capturing on 'd0'\nFile: -\ndumpcap: The network adapter \"d0\" is no longer attached; the capture has stopped.",
    { kind: "interface-gone", text: 'The network adapter "d0" is no longer attached; the capture has stopped.' },
  ],
  [
    "dumpcap, down",
    "Capturing on 'd0'\ndumpcap: Device \"d0\" is not up.\n(That device is not up)",
    { kind: "interface-down", text: 'Device "d0" is not up.' },
  ],
  [
    "cap, permission",
    "Warning: SIOCGIFADDR: d0: No such device - This may not actually work\ncap: socket: Operation not permitted",
    { kind: "no-permission", text: "socket: Operation not permitted" },
  ],
  [
    "cap, aborted",
    "node: ../src/binding.cc:190: static void Pcap::cb_packets(uv_poll_t*, int, int): Assertion `status == 0' failed.",
    { kind: "interface-gone", text: "the device can no longer be read" },
  ],
  [
    "something else",
    "tcpdump: can't create rx ring on packet socket: Cannot allocate memory",
    { kind: "other", text: "can't create rx ring on packet socket: Cannot allocate memory" },
  ],
];

test.each(COMPLAINTS)("a complaint is understood: %s", (_name, text, wanted) => {
  expect(complaintOf(text.split("\n").filter((line) => line !== ""))).toEqual(wanted);
});

test("versions are read from what --version prints", () => {
  const tcpdump = "tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\nOpenSSL 3.0.19 27 Jan 2026\n";
  expect(versionOf("tcpdump", tcpdump)).toBe("tcpdump 4.99.3, libpcap 1.10.3");
  const dumpcap =
    "Dumpcap (Wireshark) 4.0.17 (Git v4.0.17 packaged as 4.0.17-0+deb12u3).\n\nCompiled (64-bit) using GCC 12.2.0, with zlib\n1.2.13, with libpcap, with libnl 3.\n\nRunning on Linux 6.18, with zlib\n1.2.13, with libpcap 1.10.3 (with TPACKET_V3).\n";
  expect(versionOf("dumpcap", dumpcap)).toBe("dumpcap 4.0.17, libpcap 1.10.3");
  expect(versionOf("tcpdump", "\u001b[31mgarbage")).toBe("tcpdump");
});

test("the kernel's list of interfaces", () => {
  const text = readFileSync(new URL("./proc-net-dev.txt", import.meta.url), "latin1");
  expect(namesOfProcNetDev(text)).toEqual(["lo", "eth0", "veth1234", "eth0.100", "br-0a1b2c3d4e5f"]);
  expect(namesOfProcNetDev("")).toEqual([]);
});

describe("standard error is kept within bounds", () => {
  const linesOf = (text: string | Uint8Array): readonly string[] => {
    const lines = new BoundedLines();
    lines.add(typeof text === "string" ? Buffer.from(text) : text);
    lines.end();
    return lines.lines;
  };

  test("lines end at line feeds and carriage returns; empty ones are none", () => {
    expect(linesOf("a\r\n\n\rb\rc")).toEqual(["a", "b", "c"]);
  });

  test("terminal escapes, overrides and bytes that are no text are shown, not sent on", () => {
    expect(linesOf("\u001b]0;owned\u0007 \u202egnp\n")).toEqual(["\\x1b]0;owned\\x07 \\u202egnp"]);
    expect(linesOf(Uint8Array.of(0xff, 0xfe, 0x41))).toEqual(["\ufffd\ufffdA"]);
  });

  test("of a flood the first and the last lines stay", () => {
    const lines = linesOf(Array.from({ length: 100_000 }, (_, n) => `line ${n}\n`).join(""));
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(lines[0]).toBe("line 0");
    expect(lines.at(-1)).toBe("line 99999");
  });

  test("an endless line is cut", () => {
    expect(linesOf("x".repeat(5_000_000))[0]).toHaveLength(1000);
  });
});

describe("what the programs are asked for", () => {
  test("tcpdump", () => {
    expect(tcpdumpArguments({ ...REQUEST, filter: "-w /etc/passwd" })).toEqual(
      "-i lo -w - -U -n --time-stamp-precision=nano -s 262144 -B 62500 -p --".split(" ").concat("-w /etc/passwd"),
    );
  });

  test("dumpcap: what is said before the first interface is said of all", () => {
    expect(dumpcapArguments({ ...REQUEST, interfaces: ["lo", "eth0"], promiscuous: true })).toEqual(
      "-q -s 262144 -B 62 -f tcp -C 64000000 -i lo -i eth0 -w -".split(" "),
    );
  });
});

describe("a program under way", () => {
  test("its bytes come through; asked to end, it is given time for its last packets", async () => {
    const end =
      "trap 'echo; echo 7 packets captured >&2; echo 9 packets received by filter >&2; echo 2 packets dropped by kernel >&2; exit 0' TERM";
    const path = script(end, HEADER, LISTENING, "sleep 0.8; printf late", "while :; do sleep 0.02; done");
    const capture = await startTcpdump(path, "tcpdump", REQUEST);
    capture.stop();
    const bytes = await readAll(capture);
    expect(bytes.subarray(24).toString()).toBe("late\n");
    expect(capture.statistics()).toEqual({ received: 7, dropped: 2 });
  });

  test("it says what its counts are worth", async () => {
    const remarks = async (name: string): Promise<string> => {
      const capture = await startTcpdump(script(HEADER, "exec sleep 9"), "", { ...REQUEST, interfaces: [name] });
      await (await capture.source.open()).close();
      return capture.remarks.join(" ");
    };
    expect(await remarks("lo")).toContain("counts a dropped packet twice");
    expect(await remarks("any")).toContain("counts a dropped packet twice");
    expect(await remarks("eth0")).not.toContain("twice");
  });

  test("a second request kills", async () => {
    const capture = await startTcpdump(script("trap '' TERM", HEADER, "while :; do sleep 0.02; done"), "", REQUEST);
    const reading = readAll(capture);
    const begin = performance.now();
    capture.stop();
    capture.stop();
    expect(await reading).toHaveLength(24);
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  test("it does not share the terminal's process group", async () => {
    const capture = await startTcpdump(script(HEADER, "cat /proc/$$/stat", "exec sleep 9"), "", REQUEST);
    const stream = await capture.source.open();
    let bytes = Buffer.alloc(0);
    while (!bytes.subarray(24).includes("\n")) {
      const piece = Buffer.alloc(4096);
      bytes = Buffer.concat([bytes, piece.subarray(0, await stream.read(piece, 0, piece.length))]);
    }
    const [pid, , , , group, session] = bytes.toString("latin1", 24).trim().split(" ");
    expect([group, session]).toEqual([pid, pid]);
    await stream.close();
  });

  test("tcpdump is asked for its counts once it listens, and once a second at most", async () => {
    const counts =
      "tcpdump: 11 packets captured, 12 packets received by filter, 1 packet dropped by kernel, 4 packets dropped by interface";
    const path = script(
      `trap 'echo "${counts}" >&2; asked=$((asked+1))' USR1`,
      "trap 'printf \"asked $asked\"; exit' TERM",
      HEADER,
      "sleep 0.1",
      LISTENING,
      "while :; do sleep 0.02; done",
    );
    const capture = await startTcpdump(path, "tcpdump", REQUEST);
    expect(capture.statistics()).toEqual({ received: null, dropped: null });
    const reading = readAll(capture);
    await expect
      .poll(() => capture.statistics(), { timeout: 5000, interval: 10 })
      .toEqual({ received: 11, dropped: 5 });
    for (let n = 0; n < 50; n++) capture.statistics();
    capture.stop();
    // Between the first and the end fewer than two seconds passed.
    expect((await reading).subarray(24).toString()).toMatch(/^asked [12]$/);
  });

  test("dumpcap's counts of several interfaces are added", async () => {
    const path = script(
      HEADER,
      "echo \"Packets received/dropped on interface 'Loopback: lo': 100/3 (pcap:3/dumpcap:0/flushed:0/ps_ifdrop:0) (97.1%)\" >&2",
      "echo \"Packets received/dropped on interface 'an\u001b[2Jy': 50/4 (pcap:0/dumpcap:4/flushed:0/ps_ifdrop:0) (92.6%)\" >&2",
      "exit 0",
    );
    const capture = await startDumpcap(path, "dumpcap", REQUEST);
    const ended = await failure(readAll(capture));
    expect(ended).toMatchObject({ code: "engine-ended" });
    expect(ended.message).toBe("dumpcap ended by itself (exit code 0); what it captured before is kept");
    expect(capture.statistics()).toEqual({ received: 150, dropped: 7 });
  });

  test("an end that nobody asked for is a failure, with all bytes before it", async () => {
    const path = script(
      HEADER,
      LISTENING,
      "printf packets",
      "echo 'tcpdump: pcap_loop: The interface disappeared' >&2",
      "exit 1",
    );
    const capture = await startTcpdump(path, "tcpdump", REQUEST);
    const stream = await capture.source.open();
    const piece = Buffer.alloc(4096);
    let bytes = 0;
    const ended = await failure(
      (async () => {
        for (let count = 1; count > 0; ) bytes += count = await stream.read(piece, 0, piece.length);
      })(),
    );
    expect(bytes).toBe(24 + 7);
    expect(ended).toMatchObject({ code: "interface-gone", exit: 3 });
    expect(ended.message).toContain("lo went down or away");
  });

  test("killed from outside: the signal is named", async () => {
    const capture = await startTcpdump(script(HEADER, "kill -9 $$"), "tcpdump", REQUEST);
    expect((await failure(readAll(capture))).message).toContain("(SIGKILL)");
  });

  test("a flood on standard error neither stops it nor grows", async () => {
    const path = script(HEADER, "yes 'tcpdump: \u001b[31mnoise' | head -c 20000000 >&2", "exit 3");
    const ended = await failure(readAll(await startTcpdump(path, "tcpdump", REQUEST)));
    expect(ended.message).toBe(
      "tcpdump ended by itself (exit code 3): \\x1b[31mnoise; what it captured before is kept",
    );
  });

  test("a slow reader holds it back; nothing is lost", async () => {
    const path = script(
      "trap 'done=1' TERM",
      HEADER,
      "head -c 3000000 /dev/zero",
      "while [ -z $done ]; do sleep 0.02; done",
    );
    const program = new CaptureProcess({ path, args: [] }, 0);
    expect(await program.begun()).toBe("begun");
    const stream = program.stream("lo", () => null);
    program.stop();
    let total = 0;
    const piece = Buffer.alloc(200_000);
    for (let count = 1; count > 0; ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      total += count = await stream.read(piece, 0, piece.length);
    }
    expect(total).toBe(24 + 3_000_000);
  });

  test("where no pipe can be made it goes through a socket", async () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = join(folder, "not-there");
    try {
      const capture = await startTcpdump(script(HEADER, LISTENING, "exit 3"), "tcpdump", REQUEST);
      expect((await failure(readAll(capture))).message).toContain("exit code 3");
      const error = await failure(startDumpcap(join(folder, "not-there"), "", REQUEST));
      expect(error.message).toMatch(/^dumpcap: ended before it captured .*ENOENT/);
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });

  test("closing the stream ends it", async () => {
    const program = new CaptureProcess(
      { path: script("trap '' TERM", HEADER, "while :; do sleep 0.02; done"), args: [] },
      0,
    );
    expect(await program.begun()).toBe("begun");
    await program.stream("lo", () => null).close();
    expect(await program.ended).toMatchObject({ signal: "SIGKILL", wanted: true });
  });
});

describe("a program that does not begin", () => {
  const start = (...lines: string[]) => failure(startTcpdump(script(...lines), "tcpdump", REQUEST));

  test("no permission: what would give it", async () => {
    const error = await start('echo "tcpdump: lo: You don\'t have permission to capture on that device" >&2', "exit 1");
    expect(error).toBeInstanceOf(EngineUnusable);
    const { why } = error as EngineUnusable;
    expect(why).toMatchObject({ engine: "tcpdump", reason: "no permission to capture on lo" });
    expect(why.remedy).toContain("setcap cap_net_raw,cap_net_admin=eip");
  });

  test("the user that tcpdump changes to is not there: it keeps its rights, and says so", async () => {
    const path = script(
      '[ "$1 $2" = "-Z root" ] || { echo "tcpdump: Couldn\'t find user \'tcpdump\'" >&2; exit 1; }',
      HEADER,
      "exec sleep 9",
    );
    const capture = await startTcpdump(path, "tcpdump", REQUEST);
    expect(capture.remarks.join(" ")).toContain("kept root's rights");
    const stream = await capture.source.open();
    await stream.close();
  });

  test("a bad filter, an interface that is not there or down: no other engine would do better", async () => {
    expect(await start('echo "tcpdump: can\'t parse filter expression: syntax error" >&2', "exit 1")).toMatchObject({
      name: "CaptureError",
      code: "bad-filter",
    });
    const missing = await start("echo 'tcpdump: lo: No such device exists' >&2", "exit 1");
    expect(missing).toMatchObject({ name: "CaptureError", code: "no-such-interface" });
    expect(missing.message).toMatch(
      /^there is no such interface: lo; there are: any, .*lo.* \(see: halfclose interfaces\)$/,
    );
    expect(await start("echo 'tcpdump: lo: That device is not up' >&2", "exit 1")).toMatchObject({
      code: "interface-down",
    });
  });

  test("anything else: in its own words, escaped", async () => {
    const error = await start("printf 'tcpdump: \\033]0;x\\007 cannot\\n' >&2", "exit 4");
    expect(error.message).toBe("tcpdump: ended before it captured (exit code 4): \\x1b]0;x\\x07 cannot");
  });

  test("what cannot be run at all", async () => {
    const path = join(folder, "not-there");
    expect((await failure(startDumpcap(path, "", REQUEST))).message).toMatch(
      /^dumpcap: ended before it captured .*not found/,
    );
  });
});

describe("which engine captures", () => {
  const capture = { engine: "x" } as LiveCapture;
  const works = (name: Engine["name"]): Engine => ({ name, start: async () => capture });
  const lacks = (name: Engine["name"], reason: string, remedy: string | null): Engine => ({
    name,
    start: () => Promise.reject(new EngineUnusable({ engine: name, reason, remedy })),
  });

  test("the first that can, and why not the ones before it", async () => {
    const engines = [lacks("dumpcap", "is not installed", "install it"), works("tcpdump"), works("cap")];
    const chosen = await startCapture(REQUEST, "auto", engines);
    expect(chosen.why).toBe("tcpdump, for dumpcap: is not installed.");
    expect(chosen.passedOver).toEqual([{ engine: "dumpcap", reason: "is not installed", remedy: "install it" }]);
    expect((await startCapture(REQUEST, "cap", engines)).why).toBe("cap, as asked for.");
  });

  test("none can: each with its reason and remedy, in one line", async () => {
    const error = await failure(
      startCapture(REQUEST, "auto", [lacks("dumpcap", "a", "b"), lacks("tcpdump", "c", null)]),
    );
    expect(error).toMatchObject({ code: "no-engine" });
    expect(error.message).toBe("no engine can capture: dumpcap: a (b); tcpdump: c");
  });

  test("a wrong filter or interface is not tried with the next", async () => {
    const wrong = new CaptureError("no", { code: "bad-filter", path: "lo" });
    const engines: Engine[] = [{ name: "dumpcap", start: () => Promise.reject(wrong) }, works("tcpdump")];
    expect(await failure(startCapture(REQUEST, "auto", engines))).toBe(wrong);
  });

  test("the default filter gives way to what the link type knows; one that was asked for does not", async () => {
    const tried: string[] = [];
    const engine: Engine = {
      name: "tcpdump",
      start: (request) => {
        tried.push(request.filter);
        if (request.filter === "tcp") return Promise.resolve(capture);
        return Promise.reject(new CaptureError("no", { code: "bad-filter", path: "lo" }));
      },
    };
    const chosen = await startCapture({ ...REQUEST, filter: defaultFilter() }, "auto", [engine]);
    expect(tried).toEqual(DEFAULT_FILTERS.map(({ filter }) => filter));
    expect(chosen).toMatchObject({ filter: "tcp", filterRemark: expect.stringContaining("TCP only") });
    expect((await startCapture(REQUEST, "auto", [engine])).filterRemark).toBeNull();
    expect(await failure(startCapture({ ...REQUEST, filter: "vlan" }, "auto", [engine]))).toMatchObject({
      code: "bad-filter",
    });
  });

  test.each(["-", "", "TCP@192.0.2.1:19000", "/tmp/pipe"])(
    "%j is no interface, though dumpcap would take it",
    async (name) => {
      const error = await failure(startCapture({ ...REQUEST, interfaces: [name] }, "auto", [works("dumpcap")]));
      expect(error).toMatchObject({ code: "no-such-interface" });
    },
  );
});

describe("where a program is", () => {
  test("in PATH, or not at all", async () => {
    const path = script("exit 0");
    const name = path.slice(folder.length + 1);
    expect(await findProgram(name, folder)).toEqual({ path, allowed: true });
    expect(await findProgram(name, "/nonexistent:")).toBeNull();
  });

  test("there, and not for this user", async () => {
    const path = script("exit 0");
    chmodSync(path, 0o644);
    expect(await findProgram(path.slice(folder.length + 1), folder)).toEqual({ path, allowed: false });
  });
});
