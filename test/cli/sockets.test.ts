// Does `halfclose sockets` tell what stands in socket dumps: for people, for programs, over files, folders and pipes, and what it left out?

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SocketsObject } from "../../src/core/sockets-report.ts";
import { readSockets } from "../../src/read-sockets.ts";
import { Collector, runCli } from "./run-cli.ts";
import { sample } from "./samples.ts";

const NETSTAT = `Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
`;
const row = (local: string, remote: string, state: string, owner = "-", recv = 0): string =>
  `tcp  ${String(recv).padStart(6)}      0 ${local.padEnd(23)} ${remote.padEnd(23)} ${state.padEnd(11)} ${owner}\n`;

/** By hand: `held` in CLOSE_WAIT, 2 ESTABLISHED, 1 LISTEN; all of java but one ESTABLISHED without an owner. */
const netstat = (host: string, held: number): string =>
  NETSTAT +
  row("0.0.0.0:8280", "0.0.0.0:*", "LISTEN", "4321/java") +
  row(`${host}:8280`, "192.0.2.50:50000", "ESTABLISHED", "4321/java") +
  row(`${host}:22`, "192.0.2.60:50001", "ESTABLISHED") +
  Array.from({ length: held }, (_, i) =>
    row(`${host}:${40_000 + i}`, "198.51.100.7:443", "CLOSE_WAIT", "4321/java", 1),
  ).join("");
const HELD = 700;
const LEAK = netstat("192.0.2.10", HELD);
const CALM = netstat("192.0.2.10", 0);
/** The user id without rights on every Linux. */
const NOBODY = 65_534;

const ajv = new Ajv2020({ strict: true, strictTypes: false, allowMatchingProperties: true, allErrors: true });
for (const name of ["flow", "exchange", "report", "sockets"])
  ajv.addSchema(JSON.parse(readFileSync(new URL(`../../schema/${name}.schema.json`, import.meta.url), "utf8")));
const validate = ajv.getSchema("sockets.schema.json")!;

let folder = "";
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-sockets-"));
  writeFileSync(at("leak.txt"), LEAK);
  writeFileSync(at("calm.txt"), CALM);
  writeFileSync(at("leak.txt.gz"), gzipSync(LEAK));
  writeFileSync(at("twice.txt.gz.gz"), gzipSync(gzipSync(LEAK)));
  writeFileSync(at("cut.txt.gz"), gzipSync(LEAK).subarray(0, -40));
  writeFileSync(at("empty.txt"), "");
  writeFileSync(at("prose.txt"), "the service hangs\nplease help, it says connection refused\n");
  writeFileSync(at("archive.zip"), Buffer.from("PK\x03\x04 and so on, for a while\0\0\0\0\0"));
  mkdirSync(at("series"));
  // Out of order by name as a shell sorts it; a minute between two.
  for (const n of [1, 2, 9, 10])
    writeFileSync(
      at(`series/dump-${n}.txt`),
      `Sun Mar  1 18:${String(n).padStart(2, "0")}:00 UTC 2026\n${netstat("192.0.2.10", n * 70)}`,
    );
  writeFileSync(at("series/.hidden"), LEAK);
  writeFileSync(at("series/notes.md"), "what we did\n");
  writeFileSync(at("series/incident.pcap.gz"), readFileSync(sample("leaked-pool")));
  mkdirSync(at("series/older"));
  mkdirSync(at("linked"));
  symlinkSync(at("leak.txt"), at("linked/link.txt"));
  mkdirSync(at("nothing"));
  mkdirSync(at("only-notes"));
  writeFileSync(at("only-notes/notes.md"), "what we did\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sockets = (...argv: string[]) => runCli(["sockets", ...argv]);
const objects = async (...argv: string[]): Promise<SocketsObject[]> =>
  (await sockets(...argv, "--json")).stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

/** Every line on standard error is one for a person. */
function said(stderr: string): string[] {
  const all = stderr.split("\n").filter((line) => line !== "");
  for (const line of all) expect(line).toMatch(/^halfclose: /);
  expect(stderr).not.toMatch(/\bat .*\.(ts|js):\d+/);
  return all;
}

describe("--json", () => {
  test("counts, processes and peers as counted by hand", async () => {
    const [o, ...more] = await objects(at("leak.txt"));
    expect(more).toEqual([]);
    expect(o).toMatchObject({
      schema: "halfclose.sockets/1",
      source: at("leak.txt"),
      format: "netstat-linux",
      taken_at: null,
      sockets: HELD + 3,
      counts: { CLOSE_WAIT: HELD, ESTABLISHED: 2, LISTEN: 1 },
      has_owners: true,
      processes: 2,
      unread_lines: 0,
      not_kept: 0,
    });
    expect(o!.by_process).toEqual([
      // 8280 of the ESTABLISHED one, and one of each that is held; LISTEN aside.
      {
        process: "java",
        pid: 4321,
        sockets: HELD + 2,
        ports: HELD + 1,
        counts: { LISTEN: 1, ESTABLISHED: 1, CLOSE_WAIT: HELD },
      },
      { process: null, pid: null, sockets: 1, ports: 1, counts: { ESTABLISHED: 1 } },
    ]);
    expect(o!.by_peer[0]).toEqual({
      local: { address: "192.0.2.10" },
      remote: { address: "198.51.100.7", port: 443 },
      sockets: HELD,
      ports: HELD,
      counts: { CLOSE_WAIT: HELD },
    });
    expect(o!.peers).toBe(3);
    const [finding] = o!.findings;
    expect(finding).toMatchObject({ analysis: "half-closed-connections", count: HELD });
    // Its lines: 700 rows behind two of heading and three others, so 6 to 705.
    for (const e of finding!.evidence) {
      if (!("lines" in e)) throw new Error("evidence of a dump is lines");
      expect(e.dump).toBe(at("leak.txt"));
      expect(e.lines.length).toBeGreaterThan(0);
      expect(e.lines.every((line) => line >= 6 && line <= 705)).toBe(true);
    }
  });

  test("every object keeps to the schema", async () => {
    for (const o of await objects(at("leak.txt"), at("calm.txt"), at("series"), "--zone", "+02:00")) {
      validate(o);
      expect(validate.errors ?? []).toEqual([]);
    }
    const [o] = await objects(at("leak.txt"));
    for (const change of [
      { schema: "halfclose.sockets/2" },
      { extra: 1 },
      { taken_at: "noon" },
      { counts: { CLOSE_WAIT: 0 } },
      { format: "dig" },
    ])
      expect(validate({ ...o, ...change })).toBe(false);
  });

  test("a healthy dump has no finding above info", async () => {
    const [o] = await objects(at("calm.txt"));
    expect(o!.findings.filter((f) => f.severity !== "info")).toEqual([]);
  });

  test("hostile names are inert", async () => {
    const evil = `${NETSTAT}${row("192.0.2.10:1", "192.0.2.50:2", "ESTABLISHED", "1/\u001b]0;x\u0007\u202e")}tcp \u202e rubbish\u009b31m\n`;
    writeFileSync(at("evil.txt"), evil);
    for (const format of ["text", "markdown", "json"]) {
      const { stdout } = await sockets(at("evil.txt"), "--format", format);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for.
      expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    }
  });
});

describe("a series", () => {
  test("in order of time, by the times in it; hidden files, folders, captures and prose are left out, and said", async () => {
    const { stdout, stderr, code } = await sockets(at("series"));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("The latest of 4 dumps in 9 min, 18:01:00.000 to 18:10:00.000 UTC.");
    // 70 → 700 in 9 minutes: 70 a minute.
    expect(stdout).toMatch(/^ {2}CLOSE_WAIT +70 +700 +70 +700 +\+70 {2}▂▂▇█$/m);
    const flat = stdout.replace(/\s+/g, " ");
    expect(flat).toContain("left out 1 hidden file, 1 folder in it");
    expect(flat).toContain("left out 1 capture (halfclose analyze reads it): ");
    expect(flat).toContain("left out 1 file without a socket dump: ");
  });

  test("--json: an object a dump, in order of the names; only the latest has a history", async () => {
    const { stdout, stderr, code } = await sockets(at("series"), "--json");
    expect(code).toBe(0);
    expect(said(stderr).length).toBe(3);
    const all: SocketsObject[] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(all.map((o) => o.counts.CLOSE_WAIT)).toEqual([70, 140, 630, 700]);
    expect(all.map((o) => o.taken_at)).toEqual(["01", "02", "09", "10"].map((m) => `2026-03-01T18:${m}:00.000000000Z`));
  });

  test("dumps of two hosts are two series, the worst first", async () => {
    writeFileSync(at("other-host.txt"), netstat("192.0.2.99", 0));
    const { stdout } = await sockets(at("other-host.txt"), at("leak.txt"));
    expect(stdout).toMatch(
      /^Dumps of 2 hosts, or by as many commands: something stands out in 1 of them,\ntold first\.\n/,
    );
    expect(stdout.indexOf("leak.txt: netstat")).toBeLessThan(stdout.indexOf("other-host.txt: netstat"));
  });

  test("a bridge that every host has does not make two hosts one", async () => {
    const bridge = row("172.17.0.1:5000", "172.17.0.2:6000", "ESTABLISHED");
    const texts = [10, 99].map((n) => new TextEncoder().encode(netstat(`192.0.2.${n}`, 2) + bridge));
    expect((await readSockets(texts)).series().length).toBe(2);
    const same = [2, 3].map((held) => new TextEncoder().encode(netstat("192.0.2.10", held) + bridge));
    expect((await readSockets(same)).series().length).toBe(1);
  });

  test("several dumps in one file", async () => {
    writeFileSync(
      at("all.txt"),
      [1, 2, 3].map((n) => `Sun Mar  1 18:0${n}:00 UTC 2026\n${netstat("192.0.2.10", n)}`).join(""),
    );
    const all = await objects(at("all.txt"));
    expect(all.map((o) => [o.source, o.sockets])).toEqual([1, 2, 3].map((n) => [`${at("all.txt")}#${n}`, n + 3]));
  });

  test("what an earlier dump had and the latest has not any more is said, and counts for --fail-on", async () => {
    const texts = [HELD, 0].map((held, n) => `Sun Mar  1 18:0${n}:00 UTC 2026\n${netstat("192.0.2.10", held)}`);
    writeFileSync(at("healed.txt"), texts.join(""));
    const { stdout, code } = await sockets(at("healed.txt"), "--fail-on", "low");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Nothing stands out among 3 sockets: /);
    expect(stdout).toContain("In earlier dumps, and not in the latest\n  • 18:00:00.000, ");
  });
});

describe("times", () => {
  test("without a zone: UTC, said; with --zone that zone", async () => {
    writeFileSync(at("local.txt"), `2026-03-01 18:00:00\n${CALM}`);
    const [assumed] = await objects(at("local.txt"));
    expect([assumed!.taken_at, assumed!.zone_assumed]).toEqual(["2026-03-01T18:00:00.000000000Z", true]);
    expect((await sockets(at("local.txt"))).stdout.replace(/\s+/g, " ")).toContain(
      "was taken as UTC; say it with --zone +02:00",
    );
    for (const [zone, hour] of [
      ["+02:00", "16:00"],
      ["-0530", "23:30"],
      ["+2", "16:00"],
      ["Z", "18:00"],
      ["utc", "18:00"],
    ]) {
      const [o] = await objects(at("local.txt"), "--zone", zone!);
      expect([o!.taken_at, o!.zone_assumed]).toEqual([`2026-03-01T${hour}:00.000000000Z`, undefined]);
    }
  });
});

describe("exit codes", () => {
  test("0 it ran; 1 with --fail-on", async () => {
    expect((await sockets(at("leak.txt"))).code).toBe(0);
    expect((await sockets(at("leak.txt"), "--fail-on", "medium")).code).toBe(1);
    expect((await sockets(at("leak.txt"), "--fail-on", "medium", "--json")).code).toBe(1);
    expect((await sockets(at("calm.txt"), "--fail-on", "low")).code).toBe(0);
  });

  test.each([
    [[], "no socket dump was named"],
    [["leak.txt", "--bogus"], "unknown option '--bogus'"],
    [["leak.txt", "--zone", "Mars"], '--zone "Mars": not an offset from UTC'],
    [["leak.txt", "--zone", "+99:00"], "not an offset from UTC"],
    [["leak.txt", "--host-os", "beos"], '--host-os: "beos" is no operating system'],
    [["leak.txt", "--json", "--format", "text"], "contradict"],
    [["leak.txt", "--format", "xml"], "text, markdown, json"],
    [["leak.txt", "--fail-on", "terrible"], "critical, high, medium, low, info"],
  ])("2 wrong usage: %j", async (argv, says) => {
    const { code, stdout, stderr } = await sockets(...argv.map((a) => (a === "leak.txt" ? at(a) : a)));
    expect([code, stdout]).toEqual([2, ""]);
    expect(said(stderr).length).toBe(1);
    expect(stderr).toContain(says);
  });

  test.each([
    ["nosuch.txt", "no such file"],
    ["empty.txt", "it is empty (0 bytes)"],
    [
      "prose.txt",
      "no socket dump in it: not one line looks like netstat, ss, lsof, /proc/net/tcp or Get-NetTCPConnection",
    ],
    ["series/incident.pcap.gz", "this is a capture, not a socket dump: halfclose analyze reads it"],
    ["archive.zip", "it is a zip archive, not text; extract the dump first"],
    ["nothing", "no file is in this folder"],
    ["only-notes", "no socket dump in any of its 1 file"],
    ["no-*.txt", "no file matches this pattern"],
  ])("3 could not be read at all: %s", async (name, says) => {
    const { code, stdout, stderr } = await sockets(at(name));
    expect([code, stdout]).toEqual([3, ""]);
    expect(said(stderr)).toEqual([`halfclose: ${at(name)}: ${says}`].map((line) => expect.stringContaining(line)));
  });

  test("the others are read all the same, and it is still 3", async () => {
    const { code, stdout, stderr } = await sockets(at("nosuch.txt"), at("leak.txt"), "--json");
    expect(code).toBe(3);
    expect(stdout.trimEnd().split("\n").length).toBe(1);
    expect(said(stderr).length).toBe(1);
  });

  test("a file that is cut is read as far as it goes, and that is said", async () => {
    const { code, stdout, stderr } = await sockets(at("cut.txt.gz"), "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).sockets).toBeGreaterThan(3);
    expect(said(stderr)[0]).toMatch(/cut\.txt\.gz: the gzip stream is .*; the dumps before it were read$/);
  });

  test.skipIf(process.getuid?.() !== 0)("no permission: 3", () => {
    const secret = at("secret.txt");
    writeFileSync(secret, LEAK);
    chmodSync(secret, 0o600);
    chmodSync(folder, 0o755);
    process.seteuid!(NOBODY);
    return sockets(secret)
      .finally(() => process.seteuid!(0))
      .then(({ code, stderr }) => {
        expect(code).toBe(3);
        expect(said(stderr)).toEqual([`halfclose: ${secret}: no permission to read it`]);
      });
  });
});

describe("files", () => {
  test("compressed, twice compressed, a link in a folder, a pattern, and the same file named twice", async () => {
    const counts = async (...paths: string[]) => (await objects(...paths.map(at))).map((o) => o.counts.CLOSE_WAIT);
    expect(await counts("leak.txt.gz")).toEqual([HELD]);
    expect(await counts("twice.txt.gz.gz")).toEqual([HELD]);
    expect(await counts("linked")).toEqual([HELD]);
    expect(await counts("leak.t?t", "leak.txt")).toEqual([HELD]);
    expect(await counts("leak.txt", "linked")).toEqual([HELD]);
    expect((await objects(at("leak.txt"), `${folder}/./leak.txt`)).length).toBe(1);
  });

  test("-o writes it whole, and not over the dump itself", async () => {
    const { code, stdout } = await sockets(at("leak.txt"), "--format", "markdown", "-o", at("ticket.md"));
    expect([code, stdout]).toEqual([0, ""]);
    expect(readFileSync(at("ticket.md"), "utf8")).toMatch(/^# What stands out\n/);
    const over = await sockets(at("leak.txt"), "-o", at("leak.txt"));
    expect(over.code).toBe(2);
    expect(over.stderr).toContain("is the dump itself");
    expect(readFileSync(at("leak.txt"), "utf8")).toBe(LEAK);
  });

  test("what ss says of this machine is read to the last line", async () => {
    let text: string;
    try {
      text = execFileSync("ss", ["-tan"], { encoding: "utf8" });
    } catch {
      return; // No ss here.
    }
    writeFileSync(at("ss.txt"), text);
    const [o] = await objects(at("ss.txt"));
    expect([o!.format, o!.unread_lines, o!.sockets]).toEqual(["ss", 0, text.trimEnd().split("\n").length - 1]);
  });
});

describe("a terminal", () => {
  test("no colour when piped; colour on a terminal; none with NO_COLOR", async () => {
    expect((await sockets(at("leak.txt"))).stdout).not.toContain("\u001b");
    const stdout = new Collector();
    stdout.isTTY = true;
    expect((await runCli(["sockets", at("leak.txt")], { stdout })).stdout).toContain("\u001b[");
    const plain = new Collector();
    plain.isTTY = true;
    expect((await runCli(["sockets", at("leak.txt")], { stdout: plain, env: { NO_COLOR: "1" } })).stdout).not.toContain(
      "\u001b",
    );
  });

  test("every line fits 80 columns", async () => {
    for (const name of ["leak.txt", "calm.txt", "series"]) {
      const { stdout } = await sockets(at(name));
      // A path is never broken off.
      expect(stdout.split("\n").filter((line) => line.length > 80 && !line.includes(folder))).toEqual([]);
    }
  });
});

test("README.md shows what is printed of its dump", async () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const shown = /^\$ halfclose sockets (\S+)\n([\s\S]*?)\n```/m.exec(readme)!;
  expect((await sockets(shown[1]!)).stdout.startsWith(shown[2]!)).toBe(true);
});
