// Onto what may a result be written? Every command refuses a folder, what it reads, what its user may not write; links stay links.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { beside, SICK, WRITING, writing } from "./commands.ts";

/** The user id without rights on every Linux. */
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-targets-"));
  chmodSync(folder, 0o777);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder in which anybody may write. */
function room(): string {
  const path = mkdtempSync(join(folder, "room-"));
  chmodSync(path, 0o777);
  return path;
}

/** Root may write everything: it is "nobody" for this one run. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (isRoot) process.seteuid!(NOBODY);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid!(0);
  }
}

function oneLine(stderr: string): string {
  expect(stderr).toMatch(/^halfclose: [^\n]+\n$/);
  return stderr;
}

describe.each(WRITING)("$name", ({ argv, input, output }) => {
  const isFolder = output === "out";
  const isBundle = isFolder || output === "out.zip";

  test("its own input is not replaced, whatever it is called", async () => {
    const here = room();
    const evidence = join(here, `evidence${basename(input).replace(/^[^.]*/, "")}`);
    copyFileSync(input, evidence);
    const bytes = readFileSync(evidence);
    linkSync(evidence, join(here, "hard"));
    symlinkSync(evidence, join(here, "soft"));
    const ending = output.slice(output.indexOf("."));
    symlinkSync(evidence, join(here, `soft${ending}`));
    const pattern = join(here, "evid*");
    for (const [from, to] of [
      [evidence, evidence],
      [evidence, join(here, "hard")],
      [join(here, "soft"), evidence],
      [evidence, join(here, `soft${ending}`)],
      [pattern, evidence],
      [join(here, "*o[f]t"), join(here, "hard")],
    ] as const) {
      const ran = await runCli(argv(from, to));
      expect([from, to, ran.code]).toEqual([from, to, 2]);
      // A diagram asks first what its ending means, a bundle whether it is a folder.
      if (!isBundle && !/\.svg$/.test(output)) expect(oneLine(ran.stderr)).toContain("itself; name another file");
      expect(readFileSync(evidence).equals(bytes)).toBe(true);
    }
  });

  test("a folder, or nothing that can be", async () => {
    const here = room();
    mkdirSync(join(here, "full"));
    writeFileSync(join(here, "full", "mine"), "mine");
    const ending = output.slice(3);
    symlinkSync(`loop${ending}`, join(here, `loop${ending}`));
    for (const target of [
      "full",
      join("nowhere", output),
      `loop${ending}`,
      `${"n".repeat(300)}${ending}`,
      join("full", "mine", output),
    ]) {
      const ran = await runCli(argv(input, join(here, target)));
      expect([target, [2, 3].includes(ran.code)]).toEqual([target, true]);
      expect(oneLine(ran.stderr)).toContain(target);
      expect(ran.stdout).toBe("");
    }
    expect(readdirSync(join(here, "full"))).toEqual(["mine"]);
    expect(readdirSync(here).sort()).toEqual(["full", `loop${ending}`]);
  });

  test("no permission", async () => {
    const here = room();
    chmodSync(here, 0o755);
    const ran = await asNobody(() => runCli(argv(input, join(here, output))));
    expect(ran.code).toBe(3);
    expect(oneLine(ran.stderr)).toContain("no permission");
    expect(readdirSync(here)).toEqual([]);
  });

  test.skipIf(isFolder)("a file that may not be written stays", async () => {
    const target = join(room(), output);
    writeFileSync(target, "mine", { mode: 0o444 });
    const ran = await asNobody(() => runCli(argv(input, target)));
    expect(ran.code).toBe(3);
    expect(oneLine(ran.stderr)).toContain("no permission");
    expect(readFileSync(target, "utf8")).toBe("mine");
  });

  test.skipIf(isFolder)("a link whose file is not there yet: the file is made, the link stays", async () => {
    const here = room();
    mkdirSync(join(here, "elsewhere"));
    const link = join(here, output);
    symlinkSync(join("elsewhere", "made"), link);
    expect((await runCli(argv(input, link))).code).toBe(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(here, "elsewhere"))).toEqual(["made"]);
    expect(beside(link)).toEqual(["elsewhere"]);
  });
});

test("a name as long as names may be", async () => {
  for (const name of [`${"n".repeat(251)}.txt`, `${"報".repeat(83)}.txt`]) {
    const target = join(room(), name);
    expect((await runCli(["flows", SICK, "-o", target])).code).toBe(0);
    expect(beside(target)).toEqual([]);
  }
});

test.runIf(isRoot)("owner and permissions stay, whatever the mask", async () => {
  const target = join(room(), "out.txt");
  writeFileSync(target, "old");
  chmodSync(target, 0o664);
  const { chownSync } = await import("node:fs");
  chownSync(target, NOBODY, NOBODY);
  const mask = process.umask(0o077);
  try {
    expect((await runCli(["flows", SICK, "-o", target])).code).toBe(0);
  } finally {
    process.umask(mask);
  }
  const { uid, gid, mode } = statSync(target);
  expect([uid, gid, mode & 0o777]).toEqual([NOBODY, NOBODY, 0o664]);
});

test("-o and --bundle over each other, -o without a name", async () => {
  const here = room();
  const bundle = join(here, "ticket");
  mkdirSync(bundle);
  for (const [output, of] of [
    [join(here, "ticket.zip"), join(here, "ticket.zip")],
    [join(bundle, "report.txt"), bundle],
  ] as const) {
    const ran = await runCli(["analyze", SICK, "-o", output, "--bundle", of]);
    expect(ran.code).toBe(2);
    expect(oneLine(ran.stderr)).toContain("over each other");
  }
  expect((await runCli(["flows", SICK, "-o", ""])).code).toBe(2);
  expect([readdirSync(here), readdirSync(bundle)]).toEqual([["ticket"], []]);
});

test("a bundle's folder is not replaced while a pattern reads in it", async () => {
  const path = join(room(), "ticket");
  expect((await runCli(["analyze", SICK, "--bundle", path])).code).toBe(0);
  const ran = await runCli(["analyze", join(path, "*.pcapng"), "--bundle", path]);
  expect(ran.code).toBe(2);
  expect(oneLine(ran.stderr)).toContain("would replace");
});

test("what cannot be written is said before anything is read", async () => {
  const missing = join(dirname(folder), "nosuch", "out.txt");
  const { code, stderr } = await runCli(["flows", join(folder, "nosuch.pcap"), "-o", missing]);
  expect(code).toBe(3);
  expect(oneLine(stderr)).toContain(missing);
  expect(existsSync(dirname(missing))).toBe(false);
});

test("a share that is joined is not replaced", async () => {
  const here = room();
  const shares = ["1.share", "2.share"].map((name) => join(here, name));
  for (const [i, share] of shares.entries())
    expect((await runCli(["analyze", SICK, "--shard", `${i + 1}/2`, "-o", share])).code).toBe(0);
  const before = readFileSync(shares[0]!);
  const ran = await runCli(["merge", ...shares, "-o", shares[0]!]);
  expect(ran.code).toBe(2);
  expect(oneLine(ran.stderr)).toContain("itself; name another file");
  expect(readFileSync(shares[0]!).equals(before)).toBe(true);
});

test("a dump's folder: what is in it is read, and not replaced", async () => {
  const here = room();
  copyFileSync(writing("sockets").input, join(here, "dump.txt"));
  const ran = await runCli(["sockets", here, "-o", join(here, "dump.txt")]);
  expect(ran.code).toBe(2);
  expect(oneLine(ran.stderr)).toContain("is the dump itself");
});
