// Can what came through a pipe be read again, and does nothing of it stay behind?

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ByteStream, CaptureError } from "../../src/capture/source.ts";
import { spooled } from "../../src/capture/spool.ts";
import { sourceInPieces } from "./build.ts";

const BYTES = Uint8Array.from({ length: 100_000 }, (_, n) => (n * 7) & 255);
const once = (sizes: readonly number[], bytes = BYTES) => ({
  ...sourceInPieces("-", bytes, sizes),
  once: true,
  size: undefined,
});

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);

async function readAll(stream: ByteStream, most = 4096): Promise<Uint8Array> {
  const all: number[] = [];
  const into = new Uint8Array(most + 10);
  for (;;) {
    const count = await stream.read(into, 10, most);
    if (count === 0) break;
    all.push(...into.subarray(10, 10 + count));
  }
  await stream.close();
  return Uint8Array.from(all);
}

describe("a spooled source", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "spool-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each([[[1000]], [[1, 2, 3, 5000]], [[99_999, 1]]])(
    "gives the same bytes again, in pieces of %j",
    async (sizes) => {
      const source = spooled(once(sizes), folder);
      expect([source.once, source.size, source.path]).toEqual([true, undefined, "-"]);
      expect(same(await readAll(await source.open()), BYTES)).toBe(true);
      expect(same(await readAll(await source.open(), 333), BYTES)).toBe(true);
      expect(same(await readAll(await source.open(), 65_536), BYTES)).toBe(true);
      await source.close();
      await source.close();
    },
  );

  it("leaves no file behind, not even while it is read", async () => {
    const source = spooled(once([1000]), folder);
    const stream = await source.open();
    await stream.read(new Uint8Array(2000), 0, 2000);
    // Where an open file can be removed, it has no name from the start.
    const names = readdirSync(folder);
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    if (process.platform !== "win32") expect(names).toEqual([]);
    await source.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("gives again only what was read before", async () => {
    const source = spooled(once([1000]), folder);
    const stream = await source.open();
    const into = new Uint8Array(1000);
    expect(await stream.read(into, 0, 1000)).toBe(1000);
    await stream.close();
    expect(same(await readAll(await source.open()), BYTES.subarray(0, 1000))).toBe(true);
    await source.close();
  });

  it("is read to its end when it cannot be kept, and says why it cannot be read again", async () => {
    const source = spooled(once([1000]), join(folder, "no-such-folder"));
    expect(same(await readAll(await source.open()), BYTES)).toBe(true);
    const again = source.open();
    await expect(again).rejects.toThrow(CaptureError);
    await expect(again).rejects.toThrow(/cannot be read a second time.*no such folder.*save it to a file/);
    await source.close();
  });

  it.skipIf(process.platform !== "linux")("says that the disk is full", async () => {
    // A file on which every write fails with ENOSPC.
    const source = spooled(once([1000]), folder, () => open("/dev/full", "r+"));
    expect(same(await readAll(await source.open()), BYTES)).toBe(true);
    await expect(source.open()).rejects.toThrow(/no space left on the disk/);
    await source.close();
  });

  it("passes on what is wrong with the pipe", async () => {
    const fails = { path: "-", size: undefined, once: true, open: () => Promise.reject(new Error("gone")) };
    await expect(spooled(fails, folder).open()).rejects.toThrow("gone");
    expect(readdirSync(folder)).toEqual([]);
  });
});
