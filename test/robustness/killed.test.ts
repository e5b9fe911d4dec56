// What if the program is ended, by whatever signal and at whatever moment? The result is whole or not there, what was there before is
// whole, and nothing else is left; after kill -9, nothing that the next run does not remove.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installed, isRoot } from "../live/installed.ts";
import { beside, capture, contentOf, SMALL, type Writing, writing } from "./commands.ts";
import { BUILD_MS, build, type Program, run, shell } from "./program.ts";

const CAUGHT = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Signal = keyof typeof CAUGHT | "SIGKILL";
const SIGNALS = [...Object.keys(CAUGHT), "SIGKILL"] as Signal[];
/** What a killed run may leave: hidden, and recognised by the next one. */
const LEFTOVER = /^\..*halfclose-[0-9a-f]{8}-\d+-[0-9a-f]{12}\.(?:tmp|old)$/;
/** Some hundred runs of the program, on a machine that has other things to do. */
const MANY_RUNS_MS = 600_000;
/** Each signal so often. */
const RANDOM_ENDS = 6;

let program: Program;
beforeAll(() => {
  program = build();
}, BUILD_MS);
afterAll(() => program.remove(), BUILD_MS);

const room = (): string => mkdtempSync(join(program.folder, "room-"));

/** Whole and new, or what was there before. */
function wholeOrBefore(target: string, whole: Buffer, before: Buffer | null): string {
  const now = contentOf(target);
  if (now === null) return before === null ? "as before" : "the earlier one is gone";
  if (now.equals(whole)) return "whole";
  return before?.equals(now) === true ? "as before" : "half";
}

/** A run that writes something else beside the target: what a killed run left is gone then, and the earlier result at its place. */
function nextRun(target: string): void {
  const other = join(dirname(target), "next.txt");
  expect(run(program, ["flows", SMALL, "-o", other]).code).toBe(0);
  rmSync(other);
}

describe.each([writing("flows"), writing("bundle, ZIP"), writing("bundle, folder")])("$name", (command: Writing) => {
  const argv = (target: string): string[] => command.argv(SMALL, target);
  const made = (...more: string[]): string => {
    const target = join(room(), command.output);
    expect(run(program, [...argv(target), ...more]).code).toBe(0);
    return target;
  };

  test.each([false, true])(
    "kill -9 at any call that changes the disk; an earlier result is there: %s",
    (isThere) => {
      const whole = contentOf(made())!;
      // Over fewer packets.
      const earlier = isThere ? made("--to", "+1s") : null;
      const before = earlier === null ? null : contentOf(earlier);
      const target = join(room(), command.output);
      const fired = join(program.folder, "fired");
      // Without an earlier folder, its files are written in the same way as with one.
      const step = isThere || command.output !== "out" ? 1 : 4;
      let at = 1;
      for (; ; at += step) {
        rmSync(target, { recursive: true, force: true });
        if (earlier !== null) cpSync(earlier, target, { recursive: true });
        const ended = run(program, argv(target), {}, { kind: "SIGKILL", at, fired });
        if (!existsSync(fired)) break;
        rmSync(fired);
        expect([at, ended.signal]).toEqual([at, "SIGKILL"]);
        expect([at, beside(target).filter((name) => !LEFTOVER.test(name))]).toEqual([at, []]);
        // Between the two renames of a folder its place is empty, until the next run.
        if (isThere && !existsSync(target)) nextRun(target);
        expect([at, wholeOrBefore(target, whole, before)]).toEqual([at, expect.stringMatching(/^(whole|as before)$/)]);
      }
      nextRun(target);
      expect(beside(target)).toEqual([]);
      expect(at).toBeGreaterThan(5);
    },
    MANY_RUNS_MS,
  );

  test(
    "SIGINT, SIGTERM, SIGHUP at any call that changes the disk",
    () => {
      const whole = contentOf(made())!;
      const target = join(room(), command.output);
      const fired = join(program.folder, "fired");
      const signals = Object.keys(CAUGHT);
      for (let at = 1; ; at++) {
        rmSync(target, { recursive: true, force: true });
        const kind = signals[at % signals.length]!;
        const ended = run(program, argv(target), {}, { kind, at, fired });
        if (!existsSync(fired)) break;
        rmSync(fired);
        // One that came in the last moment is not heard any more.
        if (ended.signal === null) expect(ended.code).toBe(0);
        else expect(ended.signal).toBe(kind);
        expect([at, wholeOrBefore(target, whole, null)]).toEqual([at, expect.stringMatching(/^(whole|as before)$/)]);
        expect([at, beside(target)]).toEqual([at, []]);
      }
    },
    MANY_RUNS_MS,
  );
});

async function endedBy(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  const [code, signal] = await once(child, "close");
  return { code, signal };
}

describe("at a random moment", () => {
  /** A pipe, read twice for a page: it is kept in a temporary file meanwhile. */
  const argv = (target: string): string[] => ["analyze", "-", "-o", target];
  const began = (target: string, temporary: string): ChildProcess => {
    const child = spawn(process.execPath, [program.main, ...argv(target)], {
      stdio: ["pipe", "ignore", "ignore"],
      env: { ...process.env, TMPDIR: temporary },
    });
    child.stdin!.on("error", () => {});
    child.stdin!.end(capture());
    return child;
  };

  test.each(SIGNALS)(
    "%s: nothing half, nothing temporary",
    async (signal) => {
      const temporary = room();
      const target = join(room(), "out.html");
      const start = performance.now();
      expect(await endedBy(began(target, temporary))).toEqual({ code: 0, signal: null });
      const lasts = performance.now() - start;
      const whole = contentOf(target)!;
      for (let i = 0; i < RANDOM_ENDS; i++) {
        rmSync(target, { force: true });
        const child = began(target, temporary);
        const ended = endedBy(child);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * lasts));
        child.kill(signal);
        // While a pipe is read, the first Ctrl-C is for the program at its other end.
        if (signal === "SIGINT") child.kill(signal);
        const { code, signal: by } = await ended;
        if (by === null) expect(code).toBe(0);
        else expect(by).toBe(signal);
        expect(wholeOrBefore(target, whole, null)).toMatch(/^(whole|as before)$/);
        // The temporary file of a pipe has no name, so that not even kill -9 leaves one.
        expect(readdirSync(temporary)).toEqual([]);
        if (signal !== "SIGKILL") expect(beside(target)).toEqual([]);
      }
      nextRun(target);
      expect(beside(target)).toEqual([]);
    },
    120_000,
  );
});

test.each(Object.entries(CAUGHT))("%s: the shell sees %i", (signal, status) => {
  // A pipe that never ends; the first Ctrl-C is for the program at its other end.
  const line = `mkfifo ${signal}; exec 3<>${signal}; $HALFCLOSE flows - <${signal} & P=$!; sleep 1.5
    kill -${signal} $P; [ ${signal} = SIGINT ] && sleep 0.5 && kill -INT $P; wait $P; echo $?`;
  expect(shell(program, line).stdout).toBe(`${status}\n`);
});

/** tcpdump and dumpcap need root, or capabilities. */
describe.skipIf(!isRoot || !(installed("tcpdump") || installed("dumpcap")))("watch", () => {
  const began = (temporary: string): ChildProcess =>
    spawn(process.execPath, [program.main, "watch", "-i", "lo"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TMPDIR: temporary },
    });

  test.each([...Object.keys(CAUGHT), "SIGKILL"] as Signal[])(
    "%s twice, early and late: its packets are gone, at the latest with the next run",
    async (signal) => {
      const temporary = room();
      for (const ms of [300, 900, 2500]) {
        const child = began(temporary);
        child.stdout!.resume();
        child.stderr!.resume();
        const ended = endedBy(child);
        await new Promise((resolve) => setTimeout(resolve, ms));
        child.kill(signal);
        await new Promise((resolve) => setTimeout(resolve, 50));
        child.kill(signal);
        const { code, signal: by } = await ended;
        if (by === null) expect(code).toBe(0);
        else expect(by).toBe(signal);
        const left = readdirSync(temporary).filter(
          (name) => !/^halfclose-(?:watch|pipe)-[0-9a-f]{8}-\d+-\w{6}$/.test(name),
        );
        expect(left).toEqual([]);
        if (signal !== "SIGKILL")
          expect([ms, readdirSync(temporary)]).toEqual([
            ms,
            expect.not.arrayContaining([expect.stringContaining("watch")]),
          ]);
      }
      const last = began(temporary);
      last.stdout!.resume();
      let told = "";
      last.stderr!.on("data", (text) => {
        told += text;
      });
      const ended = endedBy(last);
      for (let i = 0; i < 100 && !told.includes("apturing"); i++)
        await new Promise((resolve) => setTimeout(resolve, 100));
      last.kill("SIGTERM");
      expect(await ended).toEqual({ code: 0, signal: null });
      expect(readdirSync(temporary)).toEqual([]);
    },
    120_000,
  );
});

test("a folder that is not ours to write is left as it is", () => {
  const folder = room();
  mkdirSync(join(folder, "halfclose-watch-notes"));
  writeFileSync(join(folder, "halfclose-20260101-1234-notes.tmp"), "mine");
  run(program, ["flows", SMALL, "-o", join(folder, "out.txt")]);
  expect(readdirSync(folder).sort()).toEqual(["halfclose-20260101-1234-notes.tmp", "halfclose-watch-notes", "out.txt"]);
});
