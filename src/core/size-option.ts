// How many bytes does a person mean? `64MB`, `1.5GB`, `500kB` (powers of 1000), `64MiB` (powers of 1024), or a bare number of bytes.

import { UsageError } from "./errors.ts";
import { formatBytes } from "./format.ts";

/** Digits are bounded: longer numbers than any disk has bytes. */
const SIZE = /^(\d{1,16}(?:\.\d{1,9})?)\s?([A-Za-z]{0,3})$/;
const KILO = 1000;
const KIBI = 1024;
/** As people write them, whatever the case: nobody means bits, or thousandths. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ...["k", "m", "g", "t"].flatMap((letter, i): [string, number][] => [
    [letter, KILO ** (i + 1)],
    [`${letter}b`, KILO ** (i + 1)],
    [`${letter}ib`, KIBI ** (i + 1)],
  ]),
]);

/** Throws {@link UsageError} for a text that is no size, and for one that is out of bounds. Bytes, rounded. */
export function parseSize(text: string, option: string, least: number, most: number): number {
  const fail = (why: string): never => {
    throw new UsageError(
      `${option} ${JSON.stringify(text)}: ${why}; write 64MB, 1.5GB, 500kB, 64MiB, or a number of bytes`,
    );
  };
  const parts = SIZE.exec(text.trim());
  const unit = UNITS.get(parts?.[2]?.toLowerCase() ?? "");
  if (parts === null || unit === undefined) return fail("not a size");
  const bytes = Math.round(Number(parts[1]) * unit);
  if (bytes < least) return fail(`less than ${formatBytes(least)}`);
  return bytes > most ? fail(`more than ${formatBytes(most)}`) : bytes;
}
