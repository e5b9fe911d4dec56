// Does the README still tell the truth? Its example output and its list of analyses come from the program.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { analyses } from "../../analyses/index.ts";
import { VERSION } from "../../src/version.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("README.md", () => {
  it("shows the reviewed report of its sample", () => {
    const shown = /^\$ halfclose analyze (\S+)\/capture\.pcap\.gz\n([\s\S]*?)\n```/m.exec(read("README.md"))!;
    expect(read(`${shown[1]}/report.txt`).startsWith(shown[2]!)).toBe(true);
  });

  it("lists every analysis with its question", () => {
    for (const a of analyses) expect(read("README.md")).toContain(`| \`${a.id}\` | ${a.question} |`);
  });
});

describe("the version", () => {
  it("is that of package.json", () => {
    expect(VERSION).toBe(JSON.parse(read("package.json")).version);
  });
});
