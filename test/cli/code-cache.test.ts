// Is cached code only ever a short cut? Missing, damaged, of another Node, moved, read-only: the program says the same, and writes nothing.

import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILD_MS, type BuiltProgram, buildProgram, ROOT } from "../built-program.ts";
import { sample } from "./samples.ts";

const SICK = sample("leaked-pool");
const ANALYZE = ["analyze", SICK, "--format", "json"];
let built: BuiltProgram;
let expected = "";
let chunks = "";

beforeAll(() => {
  built = buildProgram("code-cache");
  chunks = join(built.dist, "chunks");
  expected = outcome([], built.main);
  expect(expected).toMatch(/^0: {\n/);
}, BUILD_MS);
afterAll(() => built.remove());

/** How a run ends and what it says; `flags` are Node's. */
function outcome(flags: readonly string[], main: string, argv = ANALYZE): string {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, main, ...argv], {
    encoding: "utf8",
  });
  return `${status ?? signal}: ${stdout}${stderr}`;
}

const caches = (): string[] => readdirSync(chunks).filter((name) => name.endsWith(".cache"));

/** Runs with every cache replaced by what `change` makes of it; puts them back. */
function withCaches(change: (cache: Buffer) => Uint8Array | null, run: () => void): void {
  const kept = caches().map((name) => [join(chunks, name), readFileSync(join(chunks, name))] as const);
  try {
    for (const [path, cache] of kept) {
      const changed = change(cache);
      if (changed === null) rmSync(path);
      else writeFileSync(path, changed);
    }
    run();
  } finally {
    for (const [path, cache] of kept) writeFileSync(path, cache);
  }
}

/** Which caches a run takes, by what the loader kept of it. */
function taken(flags: readonly string[] = []): Record<string, boolean> {
  const script = `
    const { load, scripts } = require(${JSON.stringify(join(chunks, "load.js"))});
    for (const name of ["commands.js", "analysis.js"]) load(name);
    console.log(JSON.stringify(Object.fromEntries([...scripts].map(([name, s]) => [name, s.cachedDataRejected === false]))));`;
  const { stdout } = spawnSync(process.execPath, [...flags, "-e", script], { encoding: "utf8" });
  return JSON.parse(stdout);
}

const flipped = (cache: Buffer, at: number): Buffer => {
  const copy = Buffer.from(cache);
  copy[at]! ^= 1 << (at % 8);
  return copy;
};

describe("the build", () => {
  it("keeps code of what every analysis loads", () => {
    for (const name of ["analysis", "commands", "core", "files", "findings"])
      expect(caches()).toContain(`${name}.cache`);
  });

  it("and it is taken", () => {
    expect(taken()).toMatchObject({ "analysis.js": true, "commands.js": true, "core.js": true });
  });
});

describe("a cache that does not fit is no cache", () => {
  it.each([
    ["missing", () => null],
    ["empty", () => new Uint8Array(0)],
    ["half a digest", (cache: Buffer) => cache.subarray(0, 16)],
    ["cut", (cache: Buffer) => cache.subarray(0, cache.length >> 1)],
    ["its last byte missing", (cache: Buffer) => cache.subarray(0, -1)],
    ["zeros", (cache: Buffer) => new Uint8Array(cache.length)],
    ["one byte longer", (cache: Buffer) => Buffer.concat([cache, Buffer.of(0)])],
  ])("%s", (_, change) => {
    withCaches(change, () => {
      expect(Object.values(taken())).not.toContain(true);
      expect(outcome([], built.main)).toBe(expected);
    });
  });

  it("a byte changed anywhere: V8 itself would take it, and crash", () => {
    for (const part of [0, 0.0001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.9999]) {
      withCaches(
        (cache) => flipped(cache, Math.floor(cache.length * part)),
        () => expect(outcome([], built.main)).toBe(expected),
      );
    }
  });

  it("another chunk's", () => {
    const path = join(chunks, "core.cache");
    withCaches(
      (cache) => cache,
      () => {
        writeFileSync(path, readFileSync(join(chunks, "files.cache")));
        expect(taken()).toMatchObject({ "core.js": false, "files.js": true });
        expect(outcome([], built.main)).toBe(expected);
      },
    );
  });

  it("of a source that was changed since, at the same length", () => {
    const path = join(chunks, "core.js");
    const source = readFileSync(path, "latin1");
    writeFileSync(path, source.replace("const ", "var   "), "latin1");
    expect(taken()).toMatchObject({ "core.js": false, "files.js": true });
    writeFileSync(path, source, "latin1");
    expect(taken()).toMatchObject({ "core.js": true });
  });

  it.each(["--no-opt", "--max-lazy", "--max-old-space-size=500", "--stack-size=900"])("Node with %s", (flag) => {
    expect(outcome([flag], built.main)).toBe(expected);
  });
});

describe("wherever it lies", () => {
  const moved = (name: string): string => {
    const folder = join(built.folder, name, "dist");
    cpSync(built.dist, folder, { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(built.folder, name, "node_modules"));
    return folder;
  };

  it("a path with spaces and other letters, and a link to it", () => {
    const folder = moved("träger und 証拠 #1%20");
    expect(outcome([], join(folder, "src/cli/main.js"))).toBe(expected);
    expect(outcome([], join(folder, "src/cli/main.js"), ["analyze", SICK, "--format", "html"])).toMatch(
      /^0: <!doctype html>/i,
    );
    expect(outcome([], join(folder, "src/cli/main.js"), [...ANALYZE, "--workers", "2"])).toBe(expected);
    const link = join(built.folder, "halfclose");
    symlinkSync(join(folder, "src/cli/main.js"), link);
    expect(outcome([], link)).toBe(expected);
  });

  it("nothing is written: read-only, and as it was", () => {
    const folder = moved("read-only");
    const all = readdirSync(folder, { recursive: true, withFileTypes: true }).map((file) =>
      join(file.parentPath, file.name),
    );
    const state = (): string[] => all.map((path) => `${path} ${statSync(path).mtimeMs} ${statSync(path).size}`);
    const before = state();
    for (const path of all) chmodSync(path, statSync(path).isDirectory() ? 0o555 : 0o444);
    expect(outcome([], join(folder, "src/cli/main.js"))).toBe(expected);
    expect(outcome(["--no-opt"], join(folder, "src/cli/main.js"))).toBe(expected);
    expect(state()).toEqual(before);
    for (const path of all) chmodSync(path, 0o755);
  });
});
