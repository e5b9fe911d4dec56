// No text makes a reader throw, go back over what it has read, or depend on how the bytes arrive.

import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { timeInLine, timeInName } from "../../src/sockets/dump-times.ts";
import { DumpFile } from "../../src/sockets/read-dumps.ts";
import { READERS } from "../../src/sockets/readers.ts";
import { SocketColumns } from "../../src/sockets/socket-columns.ts";

/** All that a text was read as, in plain data. */
function read(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]) {
  const file = new DumpFile({ source: "x", columns: new SocketColumns(), servicePort: () => null });
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1);
    file.feed(bytes.subarray(at, at + size));
    at += size;
  }
  const { dumps, otherLines, leftOut } = file.end();
  return {
    otherLines,
    leftOut,
    dumps: dumps.map((dump) => ({
      ...dump,
      counts: [...dump.counts],
      rows: Array.from(dump.rows(), ({ line, local, remote, state, recvQ, sendQ, pid, process, isCut, expiresIn }) =>
        JSON.stringify([
          line,
          local.address,
          local.port,
          remote.address,
          remote.port,
          state,
          recvQ,
          sendQ,
          pid,
          process,
          isCut,
          expiresIn,
        ]),
      ),
    })),
  };
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Real dumps and their lines, to be torn apart and mixed. */
const DUMPS = new URL("dumps/", import.meta.url);
const texts = readdirSync(DUMPS)
  .filter((name) => /\.(?:txt|csv|json|gz)$/.test(name))
  .map((name) => {
    const bytes = readFileSync(new URL(name, DUMPS));
    return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).subarray(0, 20_000);
  });
const lines = texts.flatMap((bytes) => new TextDecoder().decode(bytes).split("\n").slice(0, 40));
const SURROUNDINGS = [
  "Sun Mar  1 18:34:05 UTC 2026",
  "2026-03-01T18:34:05Z",
  "1772390045",
  "$ ss -tan",
  "$ netstat -ant | grep CLOSE_WAIT",
  "```",
  "",
  "p4852",
  "\u001b[1mtcp\u001b[0m",
];
const anyLine = fc.oneof(
  fc.constantFrom(...lines),
  fc.constantFrom(...SURROUNDINGS),
  fc.string({ unit: "binary", maxLength: 80 }),
  // A line of a dump with a piece cut out.
  fc
    .tuple(fc.constantFrom(...lines), fc.nat(80), fc.nat(80))
    .map(([line, a, b]) => line.slice(0, a) + line.slice(a + b)),
);
const anyText = fc.array(anyLine, { maxLength: 40 }).map((all) => utf8(all.join("\n")));
const anySizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 });

describe("pieces", () => {
  test("any bytes give the same, fed in any pieces", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), anyText), anySizes, (bytes, sizes) => {
        expect(read(bytes, sizes)).toEqual(read(bytes));
      }),
      { numRuns: 300 },
    );
  });

  test("recorded dumps, byte by byte", () => {
    for (const bytes of texts) expect(read(bytes, [1])).toEqual(read(bytes));
  });
});

test("every line is accounted for", () => {
  fc.assert(
    fc.property(anyText, (bytes) => {
      const all = new TextDecoder().decode(bytes).split("\n").length;
      const { dumps, otherLines } = read(bytes);
      const unread = dumps.reduce((sum, dump) => sum + dump.unreadCount, 0);
      expect(otherLines + unread).toBeLessThanOrEqual(all);
      for (const dump of dumps) {
        expect(dump.counts.reduce((sum, [, n]) => sum + n, 0)).toBe(dump.rows.length + dump.notKept);
        expect(dump.unread.every(({ line }) => line >= 1 && line <= all)).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test("times: any text, any name", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[0-9:/. APMZT+-]{0,60}$/)), (text) => {
      for (const time of [timeInLine(text), timeInName(text)]) {
        if (time === null) continue;
        const year = new Date(time.ms).getUTCFullYear();
        expect(year >= 1989 && year <= 2101).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

/** Texts of one line or of many that would hurt a reader that goes back. */
const HOSTILE: readonly (readonly [string, (n: number) => string])[] = [
  ["blanks", (n) => " ".repeat(n)],
  ["tabs and a word", (n) => `tcp${"\t".repeat(n)}x`],
  ["digits", (n) => "1".repeat(n)],
  ["colons", (n) => `tcp 0 0 ${":".repeat(n)} ${":".repeat(n)} LISTEN`],
  ["dots", (n) => `tcp4 0 0 ${"1.".repeat(n)} *.* LISTEN`],
  ["brackets", (n) => "[".repeat(n)],
  ["braces", (n) => "{".repeat(n)],
  ["objects in objects", (n) => '[{"LocalPort":'.repeat(n / 10)],
  ["quotation marks", (n) => '"'.repeat(n)],
  ["a quoted field without an end", (n) => `"LocalAddress","LocalPort"\n"${"a".repeat(n)}`],
  ["backslashes", (n) => `"${"\\".repeat(n)}`],
  ["parentheses", (n) => `ESTAB 0 0 10.0.0.5:1 10.0.0.6:2 users:${"(".repeat(n)}`],
  ["users", (n) => `ESTAB 0 0 10.0.0.5:1 10.0.0.6:2 users:(${'("a",pid=1,fd=2),'.repeat(n / 10)})`],
  ["arrows", (n) => `a 1 b 3u IPv4 1 0t0 TCP ${"->".repeat(n)}`],
  ["names and values", (n) => "LocalAddress : a\n".repeat(n / 10)],
  ["headings", (n) => "State Recv-Q Send-Q Local Address:Port Peer Address:Port\n".repeat(n / 50)],
  ["clocks", (n) => "18:34:05 ".repeat(n / 9)],
  ["dates", (n) => "2026-03-01 ".repeat(n / 10)],
  ["escapes", (n) => "\u001b[".repeat(n / 2)],
  ["escapes without an end", (n) => `\u001b]${"\u001b]0;".repeat(n / 4)}`],
  ["quotation", (n) => `${">".repeat(n)} tcp`],
  ["carriage returns", (n) => "\r".repeat(n)],
  ["lines", (n) => "\n".repeat(n)],
  ["rows that nobody reads", (n) => "quic 10.0.0.5:1 10.0.0.6:2 OPEN\n".repeat(n / 30)],
  ["fields", (n) => "p1\nf1\nPTCP\n".repeat(n / 10)],
  ["rows that wait for another", (n) => "UNCONN 0 0 10.0.0.5:1 0.0.0.0:*\n".repeat(n / 30)],
  ["half rows", (n) => "ESTAB 0 0 10.0.0.5:1\n".repeat(n / 20)],
];

describe("linear", () => {
  const SIZE = 40_000;
  /** Warm, the least of three: a quadratic reader needs 64 times as long for eight times the text. */
  const seconds = (bytes: Uint8Array): number => {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      read(bytes);
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };

  test.each(HOSTILE)("%s", (_, text) => {
    const small = seconds(utf8(text(SIZE)));
    const large = seconds(utf8(text(SIZE * 8)));
    // Generous: other work may run beside. Small times are noise.
    expect(large / Math.max(small, 5)).toBeLessThan(32);
  });

  test.each(READERS.map((reader) => [reader.format, reader] as const))("%s: may a dump begin here?", (_, reader) => {
    for (const [, text] of HOSTILE) {
      const line = text(1 << 16).replaceAll("\n", " ");
      const start = performance.now();
      reader.begins(line);
      // A line has at most 65,536 characters; squared that would be seconds.
      expect(performance.now() - start).toBeLessThan(500);
    }
  });
});
