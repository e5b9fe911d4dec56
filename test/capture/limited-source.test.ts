// Are exactly the first bytes read, however the reads fall short and however many are under way?

import fc from "fast-check";
import { expect, it } from "vitest";
import { limited } from "../../src/capture/limited-source.ts";
import type { ByteStream } from "../../src/capture/source.ts";

it("reads the first bytes, and then the end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(300),
      fc.nat(300),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (there, size, counts) => {
        let at = 0;
        let n = 0;
        const stream: ByteStream = {
          async read(into, offset, length) {
            const count = Math.min(length, counts[n++ % counts.length]!, there - at);
            for (let k = 0; k < count; k++) into[offset + k] = at++ & 0xff;
            return count;
          },
          ahead: () => 3,
          close() {},
        };
        const source = { path: "x", size: there, open: () => stream };
        const opened = await limited(source, size).open();
        const read: number[] = [];
        const into = new Uint8Array(32);
        for (;;) {
          const asked: Promise<number>[] = [];
          const ahead = Math.max(1, opened.ahead!());
          const pieces = Array.from({ length: ahead }, () => new Uint8Array(32));
          for (const piece of pieces) asked.push(Promise.resolve(opened.read(piece, 0, 32)));
          const got = await Promise.all(asked);
          got.forEach((count, k) => void read.push(...pieces[k]!.subarray(0, count)));
          if (got[0] === 0) break;
        }
        expect(read).toEqual(Array.from({ length: Math.min(there, size) }, (_, k) => k & 0xff));
        expect(await opened.read(into, 0, 32)).toBe(0);
      },
    ),
  );
});
