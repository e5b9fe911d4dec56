// Is a bundle read that halfclose wrote, from a folder and a ZIP file alike, and nothing else, however it was damaged or made up?

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/ticket/bundle/read-bundle.ts";
import { BundleError, filesFor, isBundleFile } from "../../src/ticket/bundle/stored-bundle.ts";
import { unzipped, ZipError } from "../../src/ticket/bundle/unzip.ts";
import { runCli } from "../cli/run-cli.ts";
import { sample } from "../cli/samples.ts";
import { madeUpFiles } from "./fake-tracker.ts";

/** A bundle takes a second; a busy machine may take its time. */
const MAKING_MS = 120_000;
let folder = "";
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-read-bundle-"));
  const capture = sample("leaked-pool");
  expect((await runCli(["analyze", capture, "--bundle", at("real"), "--no-progress"])).code).toBe(0);
  expect((await runCli(["analyze", capture, "--bundle", at("real.zip"), "--no-progress"])).code).toBe(0);
}, MAKING_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const put = (name: string, bytes: Uint8Array | string): void => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), bytes);
};
const entries = (): Record<string, Uint8Array> =>
  Object.fromEntries(madeUpFiles().map(({ name, bytes }) => [name, bytes]));

describe("a bundle of a real report", () => {
  it("is the same from a folder and a ZIP file", async () => {
    const [inFolder, inZip] = [await readBundle(at("real")), await readBundle(at("real.zip"))];
    expect(inFolder.report.totals.unanswered).toBe(130);
    expect(inZip.report).toEqual(inFolder.report);
    expect(inZip.files.map((f) => f.name)).toEqual(inFolder.files.map((f) => f.name));
    inZip.files.forEach(({ bytes }, i) => {
      expect(Buffer.compare(bytes, inFolder.files[i]!.bytes)).toBe(0);
    });
    expect(filesFor(inZip, ["zip"], false)).toEqual(filesFor(inFolder, ["zip"], false));
  });

  it("has the first ladder, for trackers that draw Mermaid and for those that do not", async () => {
    const { ladder } = await readBundle(at("real"));
    expect(ladder!.title).toBe("127.0.0.1:8280 leaked its pool of 10 connections to 127.0.0.1:3307");
    expect(ladder!.mermaid).toMatch(/^sequenceDiagram\n {2}participant p0 as 127\.0\.0\.1:\d+<br\/>client\n/);
    expect(ladder!.text).toContain("GET /orders/14?coupon=SPRING");
    expect(ladder!.text).not.toMatch(/<\/?[a-z]|&[a-z]+;/);
  });

  it("is attached by the names that its files have without folders", async () => {
    const bundle = await readBundle(at("real"));
    const names = (wanted: string[] | null, byHand = false): string[] =>
      filesFor(bundle, wanted, byHand).map((f) => f.name);
    expect(names(null)).toEqual(["report.html", "evidence.pcapng", "report.json"]);
    expect(names(null, true)).toEqual(["report.html", "evidence.pcapng"]);
    expect(names(["pictures"])).toContain("ladder-pool-starvation-1.svg");
    expect(names(["all"])).toHaveLength(bundle.files.length);
    expect(names(["all"]).some((name) => name.includes("/"))).toBe(false);
  });
});

describe("what is no bundle", () => {
  it.each([
    ["nothing there", "nosuch", "no such file or folder"],
    ["an empty folder", "empty", "is no bundle that halfclose wrote"],
    ["another folder", "foreign", "is no bundle that halfclose wrote"],
    ["another file", "note.txt", "is no ZIP file, or is cut short"],
    ["a ZIP file of something else", "foreign.zip", "is no bundle that halfclose wrote"],
    ["a ZIP file that is cut short", "cut.zip", "is no ZIP file, or is cut short"],
    ["one without report.json", "incomplete.zip", "has no report.json"],
    ["one whose report.json is none", "odd.zip", "report.json cannot be used: findings[0].title is no text"],
    ["one of another version", "later.zip", "report.json cannot be used: schema is not halfclose.report/1"],
    ["one with a link in it", "linked", "evidence.pcapng is no file of its own"],
  ])("%s", async (_, name, says) => {
    mkdirSync(at("empty"), { recursive: true });
    put("foreign/README.txt", "my own notes\n");
    put("note.txt", "x".repeat(500));
    put("foreign.zip", zipSync({ "a.txt": new Uint8Array(3) }));
    const zip = zipSync(entries());
    put("cut.zip", zip);
    truncateSync(at("cut.zip"), zip.length - 30);
    const { "report.json": json, ...rest } = entries();
    put("incomplete.zip", zipSync(rest));
    const report = JSON.parse(new TextDecoder().decode(json));
    const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
    put(
      "odd.zip",
      zipSync({ ...rest, "report.json": bytesOf({ ...report, findings: [{ ...report.findings[0], title: 7 }] }) }),
    );
    put("later.zip", zipSync({ ...rest, "report.json": bytesOf({ ...report, schema: "halfclose.report/9" }) }));
    for (const [file, bytes] of Object.entries(rest)) if (file !== "evidence.pcapng") put(`linked/${file}`, bytes);
    put("linked/report.json", json!);
    rmSync(at("linked/evidence.pcapng"), { force: true });
    symlinkSync(at("note.txt"), at("linked/evidence.pcapng"));
    const error = await readBundle(at(name)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BundleError);
    expect((error as Error).message).toMatch(/^[^\n]+$/);
    expect((error as Error).message).toContain(says);
    expect((error as Error).message).toContain(at(name));
  });

  it("and files beside a bundle's own are left where they are", async () => {
    put("notes.zip", zipSync({ ...entries(), "thesis.txt": new Uint8Array(9), "../report.html": new Uint8Array(9) }));
    expect((await readBundle(at("notes.zip"))).files.map((f) => f.name)).toEqual(Object.keys(entries()).sort());
  });
});

describe("a ZIP file from anybody", () => {
  const limits = { entries: 10, bytes: 1_000_000 };
  const all = (zip: Uint8Array) => unzipped(zip, () => true, limits);
  const view = (zip: Uint8Array): DataView => new DataView(zip.buffer, zip.byteOffset);
  /** Where the first entry of the central directory is. */
  const directory = (zip: Uint8Array): number => view(zip).getUint32(zip.length - 22 + 16, true);

  it.each([0, 6] as const)("comes out as it went in, level %d", (level) => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) >> 7);
    expect(all(zipSync({ "a/b.txt": bytes, empty: new Uint8Array(0) }, { level }))).toEqual([
      { name: "a/b.txt", bytes },
      { name: "empty", bytes: new Uint8Array(0) },
    ]);
  });

  it("is not unpacked beyond what a bundle holds, nor beyond what it says of itself", () => {
    const bomb = zipSync({ bomb: new Uint8Array(30_000_000) });
    expect(() => all(bomb)).toThrow("unpacks to more than any bundle holds");
    view(bomb).setUint32(directory(bomb) + 24, 100, true);
    expect(() => all(bomb)).toThrow("bomb is larger than its list of files says");
    expect(() => all(zipSync(Object.fromEntries([..."abcdefghijk"].map((n) => [n, new Uint8Array(1)]))))).toThrow(
      "has 11 files",
    );
    const both = { one: new Uint8Array(600_000), two: new Uint8Array(600_000) };
    expect(() => all(zipSync(both))).toThrow("unpacks to more than any bundle holds");
  });

  it("is refused where a name is there twice, or a byte is not what it was", () => {
    const twice = zipSync({ ax: new Uint8Array(3), ay: new Uint8Array(4) });
    twice[twice.lastIndexOf("y".charCodeAt(0))] = "x".charCodeAt(0);
    expect(() => all(twice)).toThrow("holds ax twice");
    const changed = zipSync({ a: new Uint8Array(300).fill(7) }, { level: 0 });
    changed[100]! ^= 1;
    expect(() => all(changed)).toThrow("a is not what was put in");
  });

  it("never throws anything else, whatever is changed in it", () => {
    const zip = zipSync({ "report.html": new TextEncoder().encode("<p>hello</p>".repeat(50)), b: new Uint8Array(9) });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(zip.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(zip.length),
        (changes, cut) => {
          const damaged = zip.slice(0, cut < 20 ? cut : zip.length);
          for (const [where, byte] of changes) if (where < damaged.length) damaged[where] = byte;
          try {
            for (const { bytes } of all(damaged)) expect(bytes.length).toBeLessThanOrEqual(limits.bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(ZipError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

it("knows the names that a bundle has", () => {
  for (const name of [
    "README.txt",
    "report.html",
    "report.md",
    "report.json",
    "evidence.pcapng",
    "pictures/ladder-resets-1.svg",
  ])
    expect(isBundleFile(name)).toBe(true);
  for (const name of [
    "../report.html",
    "/report.html",
    "pictures/../x.svg",
    "pictures/a/b.svg",
    "report.html\n",
    "pictures/.svg",
    "x.svg",
  ])
    expect(isBundleFile(name)).toBe(false);
});
