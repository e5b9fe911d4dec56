// Do shares that were made on several machines become one report, and is said what is wrong with those that do not fit?

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { sample } from "../cli/samples.ts";

const SICK = sample("leaked-pool");
const OTHER = sample("healthy-pool");
let folder = "";
const at = (name: string): string => join(folder, name);
const made = async (...argv: string[]): Promise<void> => {
  const { code, stderr } = await runCli(["analyze", ...argv]);
  expect([code, stderr]).toEqual([0, ""]);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-merge-"));
  await made(SICK, "--shard", "1/2", "-o", at("1.share"));
  await made(SICK, "--shard", "2/2", "-o", at("2.share"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("halfclose merge", () => {
  it.each([
    [[]],
    [["--json", "--detail"]],
    [["--format", "markdown"]],
    [["--only", "pool-starvation", "--fail-on", "high"]],
    [["--format", "html"]],
  ])("says what analyze says: %j", async (options) => {
    const whole = await runCli(["analyze", SICK, ...options]);
    const merged = await runCli(["merge", at("2.share"), at("1.share"), ...options]);
    expect(merged).toEqual(whole);
    expect(whole.stdout.length).toBeGreaterThan(500);
  });

  it("takes over what was read of the capture", async () => {
    for (const n of [1, 2]) {
      await made(SICK, "--filter", "port 3307", "--to", "+5s", "--shard", `${n}/2`, "-o", at(`some-${n}.share`));
    }
    const whole = await runCli(["analyze", SICK, "--filter", "port 3307", "--to", "+5s", "--json"]);
    expect(await runCli(["merge", at("some-1.share"), at("some-2.share"), "--json"])).toEqual(whole);
    const { code, stderr } = await runCli(["merge", at("some-1.share"), at("2.share")]);
    expect(code).toBe(2);
    expect(stderr).toContain("2.share does not belong to");
    expect(stderr).toContain("it has other options");
  });

  it("says which share is missing, is there twice, or is of something else", async () => {
    await made(OTHER, "--shard", "2/2", "-o", at("other.share"));
    await made(SICK, "--shard", "2/3", "-o", at("third.share"));
    const said = async (...shares: string[]) => {
      const { code, stdout, stderr } = await runCli(["merge", ...shares.map(at)]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      return stderr;
    };
    expect(await said("1.share")).toContain("share 2/2 is missing");
    expect(await said("1.share", "1.share")).toContain("are the same share, 1/2");
    expect(await said("1.share", "other.share")).toContain("other captures");
    expect(await said("1.share", "third.share")).toContain("another number of shares (3)");
    expect(await said()).toContain("no share was named");
  });

  it("says what is wrong with a file: no share, damaged anywhere, cut short anywhere", async () => {
    const bytes = readFileSync(at("1.share"));
    const wrong = at("wrong.share");
    const said = async (content: Uint8Array): Promise<string> => {
      writeFileSync(wrong, content);
      const { code, stdout, stderr } = await runCli(["merge", wrong, at("2.share")]);
      expect([code, stdout]).toEqual([3, ""]);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect(stderr).toContain("wrong.share: ");
      return stderr;
    };
    expect(await said(readFileSync(SICK))).toContain("is no share");
    const older = Uint8Array.from(bytes);
    older[7] = 0;
    expect(await said(older)).toContain("another version of halfclose");
    expect(await said(new Uint8Array(0))).toContain("cut short at byte 0");
    for (let n = 1; n < 24; n++) {
      const place = 8 + Math.floor(((bytes.length - 9) * n) / 24);
      expect(await said(bytes.subarray(0, place))).toMatch(/is cut short at byte \d+|is damaged before byte \d+/);
      const damaged = Uint8Array.from(bytes);
      damaged[place]! ^= 0x10;
      expect(await said(damaged)).toMatch(/is (?:cut short|damaged)/);
    }
    const { code, stderr } = await runCli(["merge", at("nowhere.share"), at("2.share")]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("nowhere.share: no such file")]);
  });

  it("needs the same key for pseudonyms", async () => {
    const strict = ["--redact", "strict"];
    const keyed = { env: { LANG: "C.UTF-8", HALFCLOSE_REDACT_KEY: "one" } };
    const none = await runCli(["analyze", SICK, ...strict, "--shard", "1/2", "-o", at("s.share")]);
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("HALFCLOSE_REDACT_KEY")]);
    for (const n of [1, 2]) {
      await runCli(["analyze", SICK, ...strict, "--shard", `${n}/2`, "-o", at(`strict-${n}.share`)], keyed);
    }
    const shares = [at("strict-1.share"), at("strict-2.share")];
    const whole = await runCli(["analyze", SICK, ...strict, "--json"], keyed);
    expect(await runCli(["merge", ...shares, ...strict, "--json"], keyed)).toEqual(whole);
    const other = { env: { HALFCLOSE_REDACT_KEY: "two" } };
    expect((await runCli(["merge", ...shares, ...strict], other)).stderr).toContain("that they were made with");
    expect((await runCli(["merge", ...shares])).code).toBe(2);
    expect((await runCli(["merge", at("1.share"), at("2.share"), ...strict], keyed)).stderr).toContain(
      "true addresses",
    );
  });
});

describe("analyze --shard", () => {
  it.each([
    [["--shard", "3/2", "-o", "x"], "names no share"],
    [["--shard", "0/2", "-o", "x"], "names no share"],
    [["--shard", "1/17", "-o", "x"], "at most 16"],
    [["--shard", "half", "-o", "x"], "names no share"],
    [["--shard", "1/2"], "a share goes into a file"],
    [["--shard", "1/2", "-o", "x", "--json"], "--json is for the report"],
    [["--shard", "1/2", "-o", "x", "--fail-on", "high"], "--fail-on is for the report"],
    [["--shard", "1/2", "-o", "x", "--only", "resets"], "choose analyses"],
    [["--shard", "1/2", "-o", "x", "--workers", "2"], "read by one thread"],
  ])("refuses %j", async (options, message) => {
    const { code, stdout, stderr } = await runCli(["analyze", SICK, ...options]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
  });

  it("refuses what can be read once only", async () => {
    const { code, stderr } = await runCli(["analyze", "-", "--shard", "1/2", "-o", at("x")]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("put the capture into a file")]);
  });

  it("says what is wrong with the capture, and what is right is in the share", async () => {
    const cut = at("cut.pcap");
    writeFileSync(cut, readFileSync(SICK).subarray(0, 40_000));
    const whole = await runCli(["analyze", cut, "--json"]);
    for (const n of [1, 2]) {
      const { code, stderr } = await runCli(["analyze", cut, "--shard", `${n}/2`, "-o", at(`cut-${n}`)]);
      expect([code, stderr]).toEqual([whole.code, whole.stderr]);
    }
    expect(await runCli(["merge", at("cut-1"), at("cut-2"), "--json"])).toEqual(whole);
    const { code, stderr } = await runCli(["analyze", at("nowhere"), "--shard", "1/2", "-o", at("y")]);
    expect([code, stderr]).toEqual([3, expect.stringContaining("no such file")]);
  });
});

it.each(["0", "17", "two", "1.5"])("--workers %s is refused", async (workers) => {
  const { code, stderr } = await runCli(["analyze", SICK, "--workers", workers]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("1 to 16 workers")]);
});
