// Is what a killed run left removed, and nothing else ever?

import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { folderPrefix, removeLeftovers, temporaryName } from "../../src/capture/leftovers.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-left-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process id that was used and is free again. */
const GONE = spawnSync(process.execPath, ["-e", ""]).pid;
const ofGone = (name: string): string => name.replace(`-${process.pid}-`, `-${GONE}-`);
const ofElsewhere = (name: string): string => name.replace(/halfclose-(watch-|)[0-9a-f]{8}/, "halfclose-$100000000");
const HOUR = 3600;
const put = (name: string, hoursOld = 0): string => {
  const path = join(folder, name);
  if (name.startsWith("halfclose-")) mkdirSync(path);
  else writeFileSync(path, name);
  const time = Date.now() / 1000 - hoursOld * HOUR;
  utimesSync(path, time, time);
  return name;
};
const left = (): string[] => {
  removeLeftovers(folder);
  return readdirSync(folder);
};

describe("removed", () => {
  test.each([
    ["a result half-written", () => temporaryName("tmp", "report.json")],
    ["of a name of any length and letters", () => temporaryName("tmp", "報告".repeat(40))],
    ["a file that had no name yet", () => temporaryName("new", "halfclose-20260301T183405Z-00001.pcapng")],
    ["a probe, a spool", () => temporaryName("spool")],
    ["the packets of a watch", () => `${folderPrefix("watch")}Ab3dEf`],
    ["a pipe", () => `${folderPrefix("pipe")}Ab3dEf`],
  ])("%s, when its process is gone", (_, name) => {
    put(ofGone(name()));
    expect(left()).toEqual([]);
  });

  test("of another machine or container: when it was not touched for a day", () => {
    put(ofElsewhere(temporaryName("tmp", "a")), 25);
    put(ofElsewhere(`${folderPrefix("watch")}Ab3dEf`), 25);
    expect(left()).toEqual([]);
  });
});

describe("kept", () => {
  test.each([
    ["of a process that lives", () => temporaryName("tmp", "report.json"), 100],
    ["of another machine, used today", () => ofElsewhere(temporaryName("tmp", "report.json")), 20],
    ["a file of the ring", () => "halfclose-20260301T183405Z-00001.pcapng", 100],
    ["a name that somebody chose", () => "halfclose-20260301-1234-incident.tmp", 100],
    ["hidden ones of other programs", () => ".report.json.20260301-1234-abcdef012345.tmp", 100],
  ])("%s", (_, name, hours) => {
    const kept = put(name(), hours);
    expect(left()).toEqual([kept]);
  });

  test("a watch of another container in which something is new", () => {
    const watch = ofElsewhere(`${folderPrefix("watch")}Ab3dEf`);
    mkdirSync(join(folder, watch));
    writeFileSync(join(folder, watch, "packets"), "");
    const old = Date.now() / 1000 - 30 * HOUR;
    utimesSync(join(folder, watch), old, old);
    expect(left()).toEqual([watch]);
  });

  test.runIf(process.getuid?.() === 0)("what is somebody else's", () => {
    const theirs = put(ofGone(temporaryName("tmp", "report.json")));
    chownSync(join(folder, theirs), 65_534, 65_534);
    expect(left()).toEqual([theirs]);
  });
});

test("an earlier bundle that was moved away goes back to its place, unless there is a new one", () => {
  const former = ofGone(temporaryName("old", "ticket"));
  mkdirSync(join(folder, former));
  expect(left()).toEqual(["ticket"]);
  mkdirSync(join(folder, former));
  expect(left()).toEqual(["ticket"]);
});

test("no folder, nothing to do", () => {
  expect(() => removeLeftovers(join(folder, "nosuch"))).not.toThrow();
});
