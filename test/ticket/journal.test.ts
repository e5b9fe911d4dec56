// Is a work note inert whatever is in it, and is it known again?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  findNote,
  isZipOf,
  journalNote,
  journalText,
  markOf,
  replacing,
  sameNote,
  zipNameOf,
} from "../../src/ticket/markup/journal.ts";
import type { Block } from "../../src/ticket/summary.ts";
import { anyBlocks, anyText } from "./any-blocks.ts";

const MARK = "halfclose-0123456789abcdef";
const paragraph = (text: string): Block => ({ kind: "paragraph", words: [{ kind: "text", text }] });
const URL = "https://dev12345.service-now.com/sys_attachment.do?sys_id=a1";
const REPORT = { name: "report.html", bytes: 5, url: URL, id: "a1" };

describe("what would act", () => {
  it.each([
    ["[code]<b>x</b>[/code]", "\uff3bcode]<\u200bb>x<\u200b/b>\uff3b/code]"],
    ["[ / CoDe ]", "\uff3b / CoDe ]"],
    ["[codec]", "\uff3bcodec]"],
    ["a[i] of [x]", "a[i] of [x]"],
    ["ask @ann or ann@example.com", "ask @\u200bann or ann@\u200bexample.com"],
    ["https://evil.example www.evil.example", "https:\u200b//evil.example www\u200b.evil.example"],
    ["a < b <c", "a < b <\u200bc"],
    ["\u{1f600}", "\\u{1f600}"],
    ["\u202eabc\u0000", "\\u202eabc\\0"],
  ])("%s", (text, shown) => {
    expect(journalNote([paragraph(text)], MARK, [])).toContain(`\n\n${shown}\n\n`);
  });

  it("stays words, whatever stands beside it", () => {
    fc.assert(
      fc.property(anyBlocks, anyText, (blocks, mark) => {
        const note = journalNote(blocks, mark, [REPORT]).replaceAll(URL, "");
        expect(note).not.toMatch(/\[[\s/]*code/i);
        expect(note).not.toMatch(/:\/\/|\bwww\.|<[a-z/!?]|@[^\s\u200b]/i);
        expect(note).not.toMatch(/[\u{10000}-\u{10ffff}]/u);
      }),
    );
  });

  it("does not come together over a line break", () => {
    const blocks: Block[] = [
      { kind: "list", ordered: false, items: [[{ kind: "text", text: "[" }], []] },
      { kind: "code", text: "[\ncode]<b>[\n/code]" },
    ];
    expect(journalNote(blocks, MARK, [])).not.toMatch(/\[[\s/]*code/i);
  });
});

describe("the note", () => {
  const note = journalNote([paragraph("one")], MARK, []);

  it("is found among others by its mark, and by no other mark", () => {
    fc.assert(
      fc.property(anyBlocks, anyText, (blocks, before) => {
        const written = journalNote(blocks, MARK, []);
        const journal = `2026-11-21 10:00:00 - Ann (Work notes)\n${before}\n\n2026-11-20 10:00:00 - Ann (Work notes)\n${written}\n\n${note}`;
        expect(findNote(journal, MARK)).toBe(written);
        expect(findNote(replacing(written), MARK)).toBe(written);
        expect(findNote(journal, "halfclose-fedcba9876543210")).toBeNull();
        expect(markOf(written)).toBe(MARK);
      }),
    );
  });

  it("is the same as itself alone", () => {
    expect(sameNote(note, replacing(note))).toBe(true);
    expect(sameNote(note, note.replace(/\n/g, "\r\n"))).toBe(true);
    expect(sameNote(note, journalNote([paragraph("two")], MARK, []))).toBe(false);
    expect(sameNote(note, journalNote([paragraph("one")], "halfclose-2", []))).toBe(false);
    expect(sameNote("", "")).toBe(false);
  });

  it("links the files that are there", () => {
    const blocks: Block[] = [
      {
        kind: "list",
        ordered: false,
        items: [[{ kind: "file", name: "report.html" }], [{ kind: "file", name: "gone.svg" }]],
      },
    ];
    expect(journalNote(blocks, MARK, [REPORT])).toContain(`- report.html ( ${URL} )\n- gone.svg`);
    expect(journalNote(blocks, MARK, [{ ...REPORT, url: null }])).toContain("- report.html\n");
  });

  it("is cut at a line, and says so", () => {
    const blocks = Array.from({ length: 100 }, (_, n) => paragraph(`paragraph ${n} `.repeat(5)));
    for (const limit of [200, 1000, 4000]) {
      const cut = journalNote(blocks, MARK, [], limit);
      expect(cut.length).toBeLessThanOrEqual(limit);
      expect(replacing(cut).length).toBeLessThanOrEqual(limit);
      expect(cut).toContain("[…] The rest is in the attached report.\n\nEnd of");
      expect(findNote(cut, MARK)).toBe(cut);
    }
    expect(journalNote(blocks, MARK, [], 100_000)).toBe(journalNote(blocks, MARK, []));
  });

  it("makes one word of a mark", () => {
    const odd = journalNote([paragraph("one")], "the [code] of\nAnn", []);
    expect(findNote(odd, "the [code] of\nAnn")).toBe(odd);
  });
});

it("names a ZIP file by its content, with one dot, and knows it again", () => {
  expect(zipNameOf("report.html", "0a1b2c3d4e5f")).toBe("report-html-0a1b2c3d4e5f.zip");
  expect(isZipOf("report-html-0a1b2c3d4e5f.zip", "report.html")).toBe(true);
  for (const other of [
    "report-html.zip",
    "report-html-0a1b.zip",
    "x-report-html-0a1b2c3d4e5f.zip",
    "report-json-0a1b2c3d4e5f.zip",
  ])
    expect(isZipOf(other, "report.html"), other).toBe(false);
});

it("leaves plain words alone", () => {
  for (const text of ["9,640 requests; 15:30:11.204 UTC", "192.0.2.7:8280 → [2001:db8::1]:443", "a && b | c"])
    expect(journalText(text)).toBe(text);
});
