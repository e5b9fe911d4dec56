// How is a file read that others may be writing to, so that everybody reads the same of it? Up to the size that it had.

import type { ByteStream, CaptureSource } from "./source.ts";

/** The first `size` bytes of a source; all of it where no size is known. */
export function limited(source: CaptureSource, size: number | undefined): CaptureSource {
  if (size === undefined) return source;
  return { ...source, size, open: async () => firstBytes(await source.open(), size) };
}

function firstBytes(stream: ByteStream, size: number): ByteStream {
  /** Not asked for yet. */
  let left = size;
  let underWay = 0;
  let last: Promise<unknown> = Promise.resolve();
  const asked = async (into: Uint8Array, offset: number, length: number): Promise<number> => {
    underWay++;
    left -= length;
    try {
      const count = await stream.read(into, offset, length);
      left += length - count;
      return count;
    } finally {
      underWay--;
    }
  };
  return {
    async read(into, offset, length) {
      // What is under way may fall short, and leave something to be asked for.
      while (left === 0 && underWay > 0) await last.catch(() => {});
      if (left === 0) return 0;
      const reading = asked(into, offset, Math.min(length, left));
      last = reading;
      return reading;
    },
    ...(stream.ahead === undefined ? {} : { ahead: () => (left > 0 ? stream.ahead!() : 1) }),
    close: () => stream.close(),
  };
}
