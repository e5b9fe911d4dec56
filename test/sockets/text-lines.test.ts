// Are the lines of a text the same in every encoding, with every line end, however its bytes arrive?

import { describe, expect, test } from "vitest";
import { MAX_LINE, TextLines } from "../../src/sockets/text-lines.ts";

function linesOf(bytes: Uint8Array, size = bytes.length): string[] {
  const lines: string[] = [];
  const take = (line: string, isContinued: boolean): void => {
    lines.push(isContinued ? `+${line}` : line);
  };
  const reader = new TextLines();
  for (let at = 0; at < bytes.length; at += size) reader.feed(bytes.subarray(at, at + size), take);
  reader.end(take);
  return lines;
}

const utf8 = (text: string) => new TextEncoder().encode(text);

function utf16(text: string, isBig: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), !isBig);
  return bytes;
}

const TEXT = "  TCP    10.0.0.5:8280   10.0.0.6:51234   HERGESTELLT   4852\r\n  Adreßkürzel\r\r\n\r\nÉtat";
const LINES = ["  TCP    10.0.0.5:8280   10.0.0.6:51234   HERGESTELLT   4852", "  Adreßkürzel", "", "État"];

describe("encodings", () => {
  test.each([
    ["UTF-8", utf8(TEXT)],
    ["UTF-8 with its mark", utf8(`\ufeff${TEXT}`)],
    ["UTF-16LE", utf16(TEXT, false)],
    ["UTF-16LE with its mark", utf16(`\ufeff${TEXT}`, false)],
    ["UTF-16BE", utf16(TEXT, true)],
    ["UTF-16BE with its mark", utf16(`\ufeff${TEXT}`, true)],
  ])("%s", (_, bytes) => {
    for (const size of [bytes.length, 1, 2, 3, 7, 63, 64, 65]) expect(linesOf(bytes, size)).toEqual(LINES);
  });

  test("short texts, and none", () => {
    expect(linesOf(utf8(""))).toEqual([]);
    expect(linesOf(utf8("a"))).toEqual(["a"]);
    expect(linesOf(utf8("\n"))).toEqual([""]);
    expect(linesOf(utf16("ss\r\n", false), 1)).toEqual(["ss"]);
  });

  test("PowerShell appended UTF-16 to a file of single bytes", () => {
    const begun = utf8("Active Connections, and more than sixty-four bytes of a heading behind\r\n");
    const bytes = new Uint8Array([...begun, ...utf16("tcp 1\r\ntcp 2\r\n", false)]);
    expect(linesOf(bytes).slice(1, 3)).toEqual(["tcp 1", "tcp 2"]);
  });

  test("files put together, each with its mark; bytes that are no text", () => {
    expect(linesOf(utf8("\ufeffa\n\ufeffb\n"))).toEqual(["a", "b"]);
    expect(linesOf(new Uint8Array([0x41, 0x94, 0x42, 10, 0x43]))).toEqual(["A\ufffdB", "C"]);
  });
});

test("colours, titles and movements of a terminal are taken out", () => {
  const text =
    "\u001b[1;31mtcp\u001b[0m 1\n\u001b]0;root@web1\u0007$ ss\n\u001b(B\u001b[m$ \u001b[38:2:1:2:3mls\u001b[K\n\u001b]8;;x\u001b\\link\n";
  expect(linesOf(utf8(text))).toEqual(["tcp 1", "$ ss", "$ ls", "link"]);
  // A title that never ends hides nothing.
  expect(linesOf(utf8("\u001b]0;tcp 1"))).toEqual(["0;tcp 1"]);
});

describe("long lines come in pieces", () => {
  const piece = "x".repeat(MAX_LINE);
  test.each([
    [piece, [piece]],
    [`${piece}y`, [piece, "+y"]],
    [`${piece}${piece}`, [piece, `+${piece}`]],
    [`${piece}${piece}y\nz`, [piece, `+${piece}`, "+y", "z"]],
    [`a\n${piece}${piece}${piece}\n\nb`, ["a", piece, `+${piece}`, `+${piece}`, "", "b"]],
  ])("%#", (text, lines) => {
    for (const size of [1 << 20, 1000, MAX_LINE, MAX_LINE + 1]) expect(linesOf(utf8(text), size)).toEqual(lines);
  });

  test("a line of 8 MiB that comes in small bites is joined in linear time", () => {
    const bytes = utf8("x".repeat(8 << 20));
    const start = performance.now();
    expect(linesOf(bytes, 16)).toHaveLength(128);
    // Half a million bites: joining anew with each would need 2^19 · 2^15 steps on average, minutes.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
