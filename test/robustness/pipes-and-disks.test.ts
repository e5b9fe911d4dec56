// What does the program do when its output is closed, full, slow, or not opened at all? What a shell can do to a program is tried in a shell.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installed, isRoot } from "../live/installed.ts";
import { SICK, WRITING } from "./commands.ts";
import { BUILD_MS, build, type Program, shell } from "./program.ts";

let program: Program;
beforeAll(() => {
  program = build();
}, BUILD_MS);
afterAll(() => program.remove(), BUILD_MS);

const sh = (line: string, variables: Record<string, string> = {}) => shell(program, line, { SICK, ...variables });

describe("a reader that has left", () => {
  test("the exit code is that of the findings all the same", () => {
    const line = "$HALFCLOSE analyze $SICK --json --detail --fail-on high | head -c 1 >&2";
    expect(sh(line)).toMatchObject({ code: 1, stderr: "{" });
  });

  test("a bundle is written all the same", () => {
    expect(sh("$HALFCLOSE analyze $SICK --json --detail --bundle left.zip | head -c 1 > /dev/null").code).toBe(0);
    expect(existsSync(join(program.folder, "left.zip"))).toBe(true);
  });

  test.each(["--version", "--help", "flows --help", "analyze --list"])("%s: quiet, 0", (words) => {
    // It has left before the first byte.
    const { code, stderr } = sh(`(sleep 1; $HALFCLOSE ${words}) | true`);
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("of messages: the exit code is right", () => {
    expect(sh("(sleep 1; $HALFCLOSE flows nosuch.pcap; echo $? >code) 2>&1 | true").stderr).toBe("");
    expect(readFileSync(join(program.folder, "code"), "utf8")).toBe("3\n");
  });
});

describe.runIf(existsSync("/dev/full"))("a full disk as standard output or error", () => {
  test.each(["--version", "--help", "sockets --help", "analyze --list", "analyze $SICK", "interfaces"])(
    "%s: 3",
    (words) => {
      const { code, stderr } = sh(`$HALFCLOSE ${words} > /dev/full`);
      expect(code).toBe(3);
      expect(stderr).toMatch(/^halfclose: standard output: [^\n]+\n$/);
    },
  );
  test("messages are lost, and the exit code is right", () => {
    expect(sh("$HALFCLOSE flows nosuch.pcap 2> /dev/full").code).toBe(3);
  });
});

test("streams that are closed from the start: as /dev/null, and no file gets their number", () => {
  for (const closed of [">&-", "2>&-", ">&- 2>&-"]) {
    expect(sh(`$HALFCLOSE flows $SICK -o closed.txt ${closed}`).code).toBe(0);
    expect(readFileSync(join(program.folder, "closed.txt"), "utf8")).toMatch(/^FLOW {2}/);
    expect(sh(`$HALFCLOSE flows nosuch.pcap ${closed}`).code).toBe(3);
  }
  expect(sh("$HALFCLOSE flows - <&-").code).toBe(3);
});

test("standard input that is a file is not replaced either", () => {
  const { code, stderr } = sh("gzip -dc $SICK > in.pcap; $HALFCLOSE flows - -o in.pcap < in.pcap");
  expect(code).toBe(2);
  expect(stderr).toContain("is the capture itself");
});

describe("other names of standard output", () => {
  test.each(["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])("%s: what was in the file stays", (name) => {
    const { code } = sh(`echo first > log; $HALFCLOSE flows $SICK -o ${name} >> log`);
    expect(code).toBe(0);
    expect(readFileSync(join(program.folder, "log"), "utf8")).toMatch(/^first\nFLOW {2}/);
  });
  test("a file that the shell opened", () => {
    expect(sh("echo first > log; $HALFCLOSE flows $SICK -o /dev/fd/5 5>> log").code).toBe(0);
    expect(readFileSync(join(program.folder, "log"), "utf8")).toMatch(/^first\nFLOW {2}/);
  });
});

describe("a named pipe as -o", () => {
  test("its reader gets all, and may leave", () => {
    sh("mkfifo pipe");
    const { code, stdout } = sh("cat pipe & $HALFCLOSE flows $SICK -o pipe; C=$?; wait; exit $C");
    expect([code, stdout === sh("$HALFCLOSE flows $SICK").stdout]).toEqual([0, true]);
    expect(sh("head -c 1 pipe >/dev/null & $HALFCLOSE analyze $SICK --detail --format json -o pipe").code).toBe(0);
  });
  test("without a reader it waits, and a signal ends it", () => {
    const line = "mkfifo lonely; timeout -s TERM 3 $HALFCLOSE flows $SICK -o lonely; echo $?";
    expect(sh(line).stdout).toBe("124\n");
  });
});

describe.skipIf(!isRoot || !installed("unshare", "mount"))("a disk that becomes full (tmpfs, needs root)", () => {
  const full = (size: string, line: string) =>
    sh(`mkdir -p full; unshare -m sh -c 'mount -t tmpfs -o size=${size} none full && cd full && ${line}; ls -A'`);

  test("standard output into a file that took only a part of the last write: 3", () => {
    // Pages of 4 kB: 4 kB are free, and the report has 13 kB in one write.
    const { stdout, stderr } = full("8k", "head -c 4096 /dev/zero >fill; $HALFCLOSE analyze $SICK >out; echo $?");
    expect(stdout).toBe("3\nfill\nout\n");
    expect(stderr).toMatch(/^halfclose: standard output: no space left [^\n]+\n$/);
  });

  test.each(WRITING)("$name: 3, one line, nothing left", ({ argv, input, output }) => {
    const { stdout, stderr } = full(
      "8k",
      `head -c 8192 /dev/zero >fill; $HALFCLOSE ${argv(input, output).join(" ")} >&2; echo $?`,
    );
    expect(stdout).toBe("3\nfill\n");
    expect(stderr.match(/no space left/g)).toHaveLength(1);
  });

  test("what comes through a pipe cannot be kept: it is analysed, and the page says what it lacks", () => {
    const { stdout } = full("64k", "gzip -dc $SICK | TMPDIR=. $HALFCLOSE analyze - --format html >/dev/null; echo $?");
    expect(stdout).toBe("0\n");
  });
});

test("a file may not become so large (ulimit -f): 3, one line, nothing left", () => {
  const cwd = mkdtempSync(join(program.folder, "limit-"));
  const { stdout, stderr } = sh(`cd ${cwd}; ulimit -f 8; $HALFCLOSE flows $SICK --json -o out.json; echo $?`);
  expect(stdout).toBe("3\n");
  expect(stderr).toMatch(/^halfclose: out.json: the result is larger than a file may be [^\n]+\n$/);
  expect(readdirSync(cwd)).toEqual([]);
});

/** So many SYNs, each of a connection of its own: small to read, long to tell. */
const SYNS = 30_000;

function syns(): Buffer {
  const packet = Buffer.from(
    `${"00".repeat(12)}0800${"4500002800004000400600" + "00"}c0000201c0000202${"0000" + "0050"}${"00000001" + "00000000"}5002ffff${"0000" + "0000"}`,
    "hex",
  );
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const records = Array.from({ length: SYNS }, (_, i) => {
    const record = Buffer.alloc(16 + packet.length);
    record.writeUInt32LE(1_772_390_045, 0);
    record.writeUInt32LE(i, 4);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    packet.copy(record, 16);
    record.writeUInt16BE(20_000 + i, 16 + 34);
    return record;
  });
  return Buffer.concat([header, ...records]);
}

test.runIf(process.platform === "linux")(
  "a reader that stops for seconds: nothing piles up, and it gets all",
  async () => {
    const path = join(program.folder, "syns.pcap");
    writeFileSync(path, syns());
    const argv = [program.main, "flows", path, "--json"];
    const most = Number(
      sh("/usr/bin/env node -e '' ; $HALFCLOSE flows syns.pcap --json -o all.json; wc -c < all.json").stdout,
    );
    expect(most).toBeGreaterThan(SYNS * 300);
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "ignore"] });
    // Not read, but for the first byte that says that it writes.
    await once(child.stdout!, "readable");
    const memory = async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]) * 1024;
    };
    const first = await memory();
    await memory();
    const last = await memory();
    // All of it would be 10 MB and more.
    expect(last - first).toBeLessThan(most / 3);
    let bytes = 0;
    child.stdout!.on("data", (piece: Buffer) => {
      bytes += piece.length;
    });
    const [code] = await once(child, "close");
    expect([code, bytes]).toEqual([0, most]);
  },
);
