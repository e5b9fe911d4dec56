// Is it a ZIP file that others open, with the same bytes wherever it is made?

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterEach, expect, test } from "vitest";
import { zipped } from "../src/zip.ts";

const FILES = [
  { name: "README.txt", bytes: new TextEncoder().encode("read me\n".repeat(100)) },
  { name: "pictures/states.svg", bytes: new Uint8Array(0) },
  { name: "evidence.pcapng", bytes: Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251) },
];
const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const inZone = (tz: string, time: string | null): Uint8Array => {
  process.env.TZ = tz;
  return zipped(FILES, time);
};

test("the same bytes in every time zone, in summer and winter, in an hour that a zone leaves out", () => {
  for (const time of ["2026-03-29T01:30:00.000000000Z", "2026-07-01T12:00:01.000000000Z", null]) {
    const bytes = inZone("UTC", time);
    for (const tz of ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati"])
      expect(Buffer.compare(inZone(tz, time), bytes)).toBe(0);
  }
});

test("python's zipfile finds it whole, and the time in it", () => {
  const folder = mkdtempSync(join(tmpdir(), "halfclose-zip-"));
  try {
    const path = join(folder, "b.zip");
    writeFileSync(path, inZone("Asia/Tokyo", "2026-03-01T18:40:01.500000000Z"));
    const script =
      "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nfor i in z.infolist(): print(i.filename,i.file_size,*i.date_time)";
    expect(execFileSync("python3", ["-c", script, path]).toString().trim().split("\n")).toEqual([
      "README.txt 800 2026 3 1 18 40 0",
      "pictures/states.svg 0 2026 3 1 18 40 0",
      "evidence.pcapng 5000 2026 3 1 18 40 0",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ["1970-01-01T00:00:00.000000000Z", 1980],
  ["2500-01-01T00:00:00.000000000Z", 2107],
  ["not a time at all, but text", 1980],
])("a time that ZIP does not know, %s, is the nearest that it knows", (time, year) => {
  const zip = zipped(FILES, time);
  const date = new DataView(zip.buffer, zip.byteOffset).getUint16(12, true);
  expect((date >> 9) + 1980).toBe(year);
  expect(unzipSync(zip)["evidence.pcapng"]).toEqual(FILES[2]!.bytes);
});
