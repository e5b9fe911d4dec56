// Which sizes are understood, and what is said of the others?

import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.ts";
import { parseSize } from "../../src/core/size-option.ts";

const parse = (text: string): number => parseSize(text, "--file-size", 1000, 1e15);

describe("parseSize", () => {
  it.each([
    ["64MB", 64_000_000],
    ["1GB", 1_000_000_000],
    ["500kB", 500_000],
    ["500KB", 500_000],
    ["500 kB", 500_000],
    ["1.5G", 1_500_000_000],
    ["64MiB", 67_108_864],
    ["1KiB", 1024],
    ["2TiB", 2_199_023_255_552],
    ["2T", 2_000_000_000_000],
    ["4096", 4096],
    ["4096B", 4096],
    [" 64mb ", 64_000_000],
    ["1.0005kB", 1001],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parse(text)).toBe(bytes);
  });

  it.each([
    "",
    "MB",
    "64 Megabytes",
    "-64MB",
    "64Mbit",
    "1e9",
    "0x10",
    "64MB64",
    "٣MB",
    "1,5GB",
    ".5GB",
    "9".repeat(400),
  ])("%j is none", (text) => {
    expect(() => parse(text)).toThrow(UsageError);
    expect(() => parse(text)).toThrow(
      /^--file-size ".*": not a size; write 64MB, 1\.5GB, 500kB, 64MiB, or a number of bytes$/,
    );
  });

  it("names the bounds", () => {
    expect(() => parse("999")).toThrow(/less than 1\.0 kB; write/);
    expect(() => parse("9999TB")).toThrow(/more than 1000 TB; write/);
  });
});
