// What stays when the program is killed (kill -9) while it writes at full speed? All packets up to the last whole block.
//
// The kernel looks for a deadly signal within a write, between two pages, and ends it there: no program can prevent that the last file
// may then end within a block. Readers take what is before, and say so.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { wholeBlocks } from "../../src/live/ring/whole-blocks.ts";
import { readAll } from "../capture/build.ts";
import { START } from "./ring-records.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const KILLS = 10;
const hasTshark = spawnSync("capinfos", ["--version"]).status === 0;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-killed-"));
  const config = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: { rootDir: ROOT, outDir: join(folder, "dist"), typeRoots: [join(ROOT, "node_modules/@types")] },
    include: [],
    files: [join(ROOT, "test/live/ring-at-full-speed.ts")],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const built = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  expect(built.stdout).toBe("");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Milliseconds from the first file on, at random. Resolves to the files in order. */
async function killedAfter(ms: number, target: string): Promise<string[]> {
  const program = join(folder, "dist/test/live/ring-at-full-speed.js");
  const child = spawn(process.execPath, [program, target, "1500"]);
  const ended = once(child, "close");
  await once(child.stdout, "data");
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.kill("SIGKILL");
  await ended;
  // Names say the time of the first packet, to the second; the number orders them.
  const named = readdirSync(target).filter((name) => !name.startsWith("."));
  const names = named.sort((a, b) => a.slice(-12).localeCompare(b.slice(-12)));
  return names.map((name) => join(target, name));
}

describe("a ring whose program is killed", () => {
  it("is whole but for the end of its last file, with every packet in order", async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const target = join(folder, `ring${kill}`);
      const files = await killedAfter(20 + Math.random() * 400, target);
      let next: bigint | null = null;
      for (const [n, path] of files.entries()) {
        const bytes = readFileSync(path);
        const whole = wholeBlocks(bytes, bytes.length);
        const isWhole = whole.bytes === bytes.length;
        if (n < files.length - 1) expect(isWhole).toBe(true);
        const { records, captures } = await readAll([sourceFromBytes(path, bytes)]);
        expect(captures[0]!.problems.map((p) => p.code)).toEqual(isWhole ? [] : ["block-cut-short"]);
        expect(records.length).toBe(whole.packets);
        for (const { epoch } of records) {
          if (next !== null && epoch !== next) throw new Error(`${path}: a packet is missing before ${epoch - START}`);
          next = epoch + 1000n;
        }
        if (hasTshark && n === files.length - 1) {
          const tshark = spawnSync("tshark", ["-r", path, "-T", "fields", "-e", "frame.number"], { maxBuffer: 1e8 });
          expect(tshark.stdout.toString().split("\n").length - 1).toBe(whole.packets);
          expect(tshark.status === 0).toBe(isWhole);
        }
      }
      rmSync(target, { recursive: true });
    }
  }, 180_000);
});
