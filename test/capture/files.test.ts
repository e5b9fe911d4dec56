// Which files does a command line mean, and what is said of those that cannot be read?

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileError, streamOfReadable } from "../../src/capture/file-stream.ts";
import { openCaptures } from "../../src/capture/files.ts";
import { expandPattern } from "../../src/capture/glob.ts";
import { fill, pcap, readAll } from "./build.ts";

const one = (seconds: number) => pcap([{ seconds, data: fill(100) }]);
let folder = "";
const at = (...names: string[]) => join(folder, ...names);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "captures-"));
  mkdirSync(at("deep", "er"), { recursive: true });
  writeFileSync(at("a.pcap0"), one(3));
  writeFileSync(at("a.pcap1"), one(1));
  writeFileSync(at("a.pcap2.gz"), gzipSync(one(2)));
  writeFileSync(at("[1].pcap"), one(9));
  writeFileSync(at(".hidden.pcap"), one(9));
  writeFileSync(at("deep", "b.pcap"), one(4));
  writeFileSync(at("deep", "er", "c.pcap"), one(5));
  writeFileSync(at("empty"), "");
  symlinkSync(at("a.pcap0"), at("link"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const paths = async (...args: string[]) => (await openCaptures(args)).map(({ path }) => path);
const failure = async (...args: string[]) =>
  readAll(await openCaptures(args)).then(
    () => null,
    (error) => error,
  );

describe("paths and patterns", () => {
  it("are taken in order, each file once", async () => {
    expect(await paths(at("a.pcap1"), at("a.pcap0"), at("link"), at("a.pcap*"))).toEqual(
      ["a.pcap1", "a.pcap0", "a.pcap2.gz"].map((name) => at(name)),
    );
  });

  it("are one capture", async () => {
    const { records, captures, set } = await readAll(await openCaptures([at("a.pcap*")]));
    expect(records.map(({ file, epoch }) => [file, epoch])).toEqual([
      [1, 1_000_000_000n],
      [2, 2_000_000_000n],
      [0, 3_000_000_000n],
    ]);
    expect(captures.map(({ format }) => format)).toEqual(["pcap", "pcap", "pcap.gz"]);
    expect(set.bytesRead).toBe(set.bytesTotal);
  });

  it("match as in a shell", async () => {
    const expand = async (pattern: string) =>
      (await expandPattern(at(pattern))).map((path) => path.slice(folder.length + 1));
    expect(await expand("a.pcap?")).toEqual(["a.pcap0", "a.pcap1"]);
    expect(await expand("a.pcap[!0]*")).toEqual(["a.pcap1", "a.pcap2.gz"]);
    expect(await expand("*.pcap")).toEqual(["[1].pcap"]);
    expect(await expand(".*.pcap")).toEqual([".hidden.pcap"]);
    expect(await expand("d*/*.pcap")).toEqual(["deep/b.pcap"]);
    expect(await expand("**/*.pcap")).toEqual(["[1].pcap", "deep/b.pcap", "deep/er/c.pcap"]);
    expect(await expand("*/er/c.pcap")).toEqual(["deep/er/c.pcap"]);
    expect(await expand("[z-a]*")).toEqual([]);
    expect(await expand("a.pcap0/*")).toEqual([]);
  });

  it("that name a file are that file, whatever characters it has", async () => {
    expect(await paths(at("[1].pcap"))).toEqual([at("[1].pcap")]);
  });
});

describe("what cannot be read", () => {
  it.each([
    ["a file that is not there", "nothing.pcap", "no-such-file", "no such file"],
    ["a pattern that matches nothing", "*.nothing", "no-such-file", "no file matches"],
    ["a path through a file", "a.pcap0/x", "no-such-file", "no such file"],
    ["a directory", "deep", "directory", "is a directory"],
    ["an empty file", "empty", "empty", "empty (0 bytes)"],
  ])("%s", async (_, name, code, message) => {
    const error = await failure(at(name));
    expect(error).toMatchObject({ code, path: at(name), exit: 3 });
    expect(error.message).toContain(`${at(name)}: `);
    expect(error.message).toContain(message);
  });

  it("no permission, by the reason of the system", () => {
    expect(fileError({ code: "EACCES" }, "x")).toMatchObject({ code: "no-permission" });
    expect(fileError({ code: "EMFILE" }, "x").message).toContain("ulimit -n");
    expect(fileError({ code: "EIO" }, "x").message).toBe("reading failed (EIO)");
  });

  it("leaves the others", async () => {
    const { records, captures } = await readAll(await openCaptures([at("nothing"), at("a.pcap0"), at("deep")]));
    expect(records.map(({ file }) => file)).toEqual([1]);
    expect(captures.map(({ problems }) => problems.map(({ code }) => code))).toEqual([
      ["no-such-file"],
      [],
      ["directory"],
    ]);
  });

  it("no capture at all", async () => {
    await expect(openCaptures([])).rejects.toMatchObject({ code: "no-capture" });
  });
});

describe("pipes", () => {
  it.runIf(process.platform !== "win32")("are read as they come", async () => {
    spawnSync("mkfifo", [at("pipe")]);
    const [source] = await openCaptures([at("pipe")]);
    expect(source).toMatchObject({ once: true, size: undefined });
    const writer = spawn("sh", ["-c", `cat '${at("a.pcap2.gz")}' > '${at("pipe")}'`]);
    const { records, captures } = await readAll([source]);
    expect([records.length, captures[0].format]).toEqual([1, "pcap.gz"]);
    await new Promise((resolve) => (writer.exitCode === null ? writer.once("exit", resolve) : resolve(null)));
  });

  it("standard input is one source, however often it is named", async () => {
    expect(await paths("-", "-")).toEqual(["-"]);
  });

  it("a stream may give pieces of any size", async () => {
    const bytes = pcap([1, 2, 3].map((seconds) => ({ seconds, data: fill(1000) })));
    const pieces = [0, 1, 23, 24, 500, 2000, bytes.length].map((from, i, all) => bytes.slice(from, all[i + 1] ?? from));
    const open = () => streamOfReadable(Readable.from(pieces.filter(({ length }) => length > 0)), "-");
    const { records, captures } = await readAll([{ path: "-", size: undefined, once: true, open }]);
    expect([records.length, captures[0].problemCount]).toEqual([3, 0]);
  });
});
