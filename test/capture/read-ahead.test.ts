// Are a file's bytes the same when several reads are under way at once: if a read is short, if the file grows, if it is closed meanwhile?

import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BufferPool } from "../../src/capture/buffer-pool.ts";
import { openFileStream } from "../../src/capture/file-stream.ts";
import { type ByteStream, CaptureError } from "../../src/capture/source.ts";
import { StreamBuffer } from "../../src/capture/stream-buffer.ts";

const SIZE = 300_000;
const content = Uint8Array.from({ length: 2 * SIZE }, (_, i) => (i * 31 + (i >> 8)) & 255);
let folder = "";
let path = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "read-ahead-"));
  path = join(folder, "file");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Everything that is left, parsed in steps of `need` bytes. */
async function rest(buffer: StreamBuffer, need: number): Promise<Uint8Array> {
  const out = new Uint8Array(content.length + 1);
  let length = 0;
  for (let more = true; more; ) {
    more = buffer.end - buffer.pos >= need || (await buffer.fill(need));
    const count = more ? Math.min(need, buffer.end - buffer.pos) : buffer.end - buffer.pos;
    expect(buffer.offset).toBe(length);
    out.set(buffer.bytes.subarray(buffer.pos, buffer.pos + count), length);
    buffer.pos += count;
    length += count;
  }
  return out.subarray(0, length);
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe("a file", () => {
  it.each([
    [1000, 3, 700],
    [4096, 3, 5000],
    [1 << 20, 3, 1],
    [65_536, 1, 65_537],
    [1, 4, 3],
  ])("in chunks of %i bytes, %i ahead, in records of %i", async (chunk, ahead, need) => {
    const bytes = content.subarray(0, chunk === 1 ? 2000 : SIZE);
    writeFileSync(path, bytes);
    const buffer = new StreamBuffer(await openFileStream(path), { chunk, ahead, pool: new BufferPool() });
    expect(same(await rest(buffer, need), bytes)).toBe(true);
    await buffer.close();
  });

  it("that grows while reads are under way: what comes after a short read is what follows it", async () => {
    writeFileSync(path, content.subarray(0, SIZE));
    const stream = await openFileStream(path);
    const chunk = 200_000;
    const parts = [0, 1, 2].map(() => new Uint8Array(chunk));
    // All three are asked for before any is answered; the file grows when the first one has been.
    const counts = parts.map((part) => stream.read(part, 0, chunk));
    const first = await counts[0];
    appendFileSync(path, content.subarray(SIZE));
    const pieces = [parts[0].subarray(0, first)];
    for (const i of [1, 2]) pieces.push(parts[i].subarray(0, await counts[i]));
    for (;;) {
      const part = new Uint8Array(chunk);
      const count = await stream.read(part, 0, chunk);
      if (count === 0) break;
      pieces.push(part.subarray(0, count));
    }
    await stream.close();
    expect(same(Buffer.concat(pieces), content)).toBe(true);
  });

  it("asks for one read at a time where its size says that there is no more", async () => {
    writeFileSync(path, content.subarray(0, 1500));
    const stream = await openFileStream(path);
    const into = new Uint8Array(1000);
    expect(stream.ahead?.()).toBeGreaterThan(1);
    expect(await stream.read(into, 0, 1000)).toBe(1000);
    expect(await stream.read(into, 0, 1000)).toBe(500);
    expect(stream.ahead?.()).toBe(1);
    expect(await stream.read(into, 0, 1000)).toBe(0);
    appendFileSync(path, content.subarray(1500, 1600));
    expect(await stream.read(into, 0, 1000)).toBe(100);
    expect(same(into.subarray(0, 100), content.subarray(1500, 1600))).toBe(true);
    await stream.close();
  });

  it("may be closed under its reads", async () => {
    writeFileSync(path, content);
    const pool = new BufferPool();
    const buffer = new StreamBuffer(await openFileStream(path), { chunk: 1000, ahead: 3, pool });
    await buffer.fill(10);
    await buffer.close();
    expect(await buffer.fill(10)).toBe(false);
  });
});

describe("a stream that fails", () => {
  it("gives what came before, and the error of the first read that failed", async () => {
    let reads = 0;
    const stream: ByteStream = {
      ahead: () => 3,
      read(into, offset, length) {
        reads++;
        if (reads > 2) return Promise.reject(new CaptureError(`read ${reads}`, { code: "read-failed", path }));
        into.fill(reads, offset, offset + length);
        return Promise.resolve(length);
      },
      close() {},
    };
    const buffer = new StreamBuffer(stream, { chunk: 100, ahead: 3, pool: new BufferPool() });
    expect(await rest(buffer, 7)).toHaveLength(200);
    expect(buffer.failure?.message).toBe("read 3");
    await buffer.close();
  });
});

describe("buffers", () => {
  it("are used again, in their size, and not all of them kept", () => {
    const pool = new BufferPool();
    const one = pool.take(1000);
    pool.giveBack(one);
    expect(pool.take(2000)).not.toBe(one);
    expect(pool.take(1000)).toBe(one);
    expect(pool.take(1000)).not.toBe(one);
    const large = [0, 1, 2, 3].map(() => pool.take(5 << 20));
    for (const buffer of large) pool.giveBack(buffer);
    const again = [0, 1, 2, 3].map(() => pool.take(5 << 20));
    expect(again.filter((buffer) => large.includes(buffer)).length).toBe(2);
  });
});
