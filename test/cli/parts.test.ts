// Do the parts of the command line hold on their own: progress, tables, interrupts, terminals, faults?

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Interrupts } from "../../src/cli/interrupts.ts";
import type { Io } from "../../src/cli/io.ts";
import { OutputError, openOutput, writeAll } from "../../src/cli/output.ts";
import { progressLine, startProgress } from "../../src/cli/progress.ts";
import { run } from "../../src/cli/run.ts";
import { tableLines } from "../../src/cli/table.ts";
import { showsUnicode, widthOf } from "../../src/cli/terminal.ts";
import { Collector } from "./run-cli.ts";

function io(change: Partial<Io> = {}): Io & { stderr: Collector } {
  return {
    stdout: new Collector(),
    stderr: new Collector(),
    env: {},
    interrupts: new Interrupts(),
    ...change,
  } as never;
}

test("progress says percent, amount, rate, packets and time left", () => {
  expect(progressLine(400e6, 1000e6, 1_204_113, 2)).toBe(
    "[########------------]  40%  400 MB  200 MB/s  1,204,113 packets  3.0 s left",
  );
  expect(progressLine(400e6, undefined, 5, 2)).toBe("400 MB  200 MB/s  5 packets");
  expect(progressLine(1e9, 100e9, 5, 10)).toContain("16 min 30 s left");
  expect(progressLine(1e9, 50e9, 5, 1)).toContain("49 s left");
});

test("progress is quiet for a second, draws seldom, fits the line, and erases itself", () => {
  let now = 0;
  const world = io();
  world.stderr.isTTY = true;
  world.stderr.columns = 40;
  const progress = startProgress(world, true, () => now);
  progress.update(1, 100, 1);
  now = 999;
  progress.update(2, 100, 1);
  expect(world.stderr.text).toBe("");
  now = 1000;
  progress.update(50, 100, 1);
  now = 1050;
  progress.update(51, 100, 1);
  const drawn = world.stderr.text.split("\r\x1b[2K");
  expect(drawn.length).toBe(2);
  expect(drawn[1]!.length).toBe(39);
  progress.end();
  expect(world.stderr.text.endsWith("\r\x1b[2K")).toBe(true);
});

test("progress that was never drawn erases nothing, and none is drawn where there is no terminal", () => {
  const world = io();
  world.stderr.isTTY = true;
  startProgress(world, true).end();
  let now = 0;
  const piped = io();
  const progress = startProgress(piped, true, () => now);
  now = 5000;
  progress.update(1, 2, 3);
  progress.end();
  expect([world.stderr.text, piped.stderr.text]).toEqual(["", ""]);
});

test("an interrupt erases the bar and removes a half-written file", () => {
  const folder = mkdtempSync(join(tmpdir(), "halfclose-interrupt-"));
  const world = io();
  world.stderr.isTTY = true;
  let now = 0;
  const progress = startProgress(world, true, () => now);
  now = 2000;
  progress.update(1, 2, 3);
  const output = openOutput(join(folder, "out.json"), world);
  void output.write("x".repeat(100_000));
  expect(readdirSync(folder).length).toBe(1);
  world.interrupts.cleanUp();
  expect(readdirSync(folder)).toEqual([]);
  expect(world.stderr.text.endsWith("\r\x1b[2K")).toBe(true);
  output.abandon();
  rmSync(folder, { recursive: true });
});

test("an interrupt undoes the rest when one thing cannot be undone", () => {
  const interrupts = new Interrupts();
  const undone: string[] = [];
  interrupts.add(() => {
    throw new Error("ENOTEMPTY");
  });
  interrupts.add(() => undone.push("the other"));
  expect(() => interrupts.cleanUp()).not.toThrow();
  expect(undone).toEqual(["the other"]);
});

test("the first Ctrl-C goes to the other end of a pipe, the second ends the program", () => {
  const interrupts = new Interrupts();
  let told = 0;
  const over = interrupts.whileReadingPipe(() => told++);
  expect([interrupts.letPipeEnd(), interrupts.letPipeEnd(), told]).toEqual([true, false, 1]);
  over();
  expect(interrupts.letPipeEnd()).toBe(false);
});

test("a failure in the middle leaves neither the file nor a temporary one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "halfclose-half-"));
  const target = join(folder, "out.json");
  function* failing(): Iterable<string> {
    yield "x".repeat(100_000);
    throw new OutputError("no more");
  }
  await expect(writeAll(failing(), openOutput(target, io()))).rejects.toThrow("no more");
  expect([existsSync(target), readdirSync(folder)]).toEqual([false, []]);
  rmSync(folder, { recursive: true });
});

test("a table takes its widths from the first thousand rows and keeps none after", () => {
  let made = 0;
  function* rows(): Iterable<number> {
    for (let i = 0; i < 200_000; i++) {
      made = i;
      yield i;
    }
  }
  const columns = [
    { title: "N", value: (n: number) => String(n), right: true },
    { title: "TWICE", value: (n: number) => String(2 * n) },
  ];
  const lines = tableLines(columns, rows())[Symbol.iterator]();
  expect(lines.next().value).toBe("  N  TWICE\n");
  expect(made).toBe(999);
  expect(lines.next().value).toBe("  0  0\n");
  expect([...tableLines(columns, [])].join("")).toBe("N  TWICE\n");
  expect([...tableLines(columns, rows())].length).toBe(200_001);
});

test("what a terminal can show", () => {
  expect(showsUnicode({ LANG: "en_US.UTF-8" }, "linux")).toBe(true);
  expect(showsUnicode({ LANG: "en_US.UTF-8", LC_ALL: "C" }, "linux")).toBe(false);
  expect(showsUnicode({ LC_CTYPE: "C.utf8" }, "linux")).toBe(true);
  expect(showsUnicode({}, "linux")).toBe(false);
  expect(showsUnicode({}, "win32")).toBe(true);
  expect(widthOf(Object.assign(new Collector(), { isTTY: true, columns: 300 }))).toBe(100);
  expect(widthOf(Object.assign(new Collector(), { isTTY: true, columns: 60 }))).toBe(60);
  expect(widthOf(new Collector())).toBe(80);
});

test("a fault of the program is one line, 70; where, only when asked", async () => {
  const broken = (env: Io["env"]) => {
    const world = io({ env });
    // Standard output that cannot be written to at all is not foreseen.
    world.stdout = {
      once: () => {
        throw new Error("a fault\n\x1b[2J");
      },
    } as never;
    return world;
  };
  const quiet = broken({});
  expect(await run(["analyze", "--list"], quiet)).toBe(70);
  expect(quiet.stderr.text).toMatch(/^halfclose: internal error: a fault\\n\\x1b\[2J; please report it[^\n]*\n$/);
  const loud = broken({ HALFCLOSE_DEBUG: "1" });
  await run(["analyze", "--list"], loud);
  expect(loud.stderr.text).toMatch(/at .*:\d+/);
});
