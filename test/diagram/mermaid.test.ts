// Is text in Mermaid only read? What Mermaid's own expressions would act on must not be there.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ladder } from "../../src/diagram/ladder/ladder.ts";
import { bounded, MAX_CODE, mermaidText } from "../../src/diagram/mermaid.ts";
import { CRAFTED, GIVEN_UP } from "./made-up-ladders.ts";

/** As Mermaid shows it: each entity is its character again. */
const read = (code: string): string => code.replace(/#(\d+);/g, (_, n) => String.fromCodePoint(Number(n)));

describe("mermaidText", () => {
  test.each([
    ["GET /orders/42", "GET /orders/42"],
    ["1.001 s", "1.001 s"],
    ["a;b", "a#59;b"],
    ["#1", "#35;1"],
    ["%%{init}%%", "#37;#37;#123;init#125;#37;#37;"],
    ['<b>"x"</b>', "#60;b#62;#34;x#34;#60;/b#62;"],
    ["a\nb", "a#92;nb"],
    ["end", "#101;nd"],
    ["the weekend", "the weekend"],
    ["wrap: x", "#119;rap: x"],
    ["a style b", "a #115;tyle b"],
    ["1. one", "1#46; one"],
    ["- one", "#45; one"],
    ["CLOSE_WAIT __x__", "CLOSE_WAIT #95;#95;x#95;#95;"],
    ["x-->y", "x-#45;#62;y"],
    ["ﬂ°°60¶ß", "#64258;#176;#176;60#182;#223;"],
    ["", "–"],
  ])("%j", (text, code) => expect(mermaidText(text)).toBe(code));

  test("whatever it was, no code is left, and what is shown is what was there", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), (text) => {
        const code = mermaidText(text);
        const bare = code.replace(/#\d+;/g, "");
        expect(bare).not.toMatch(/[\n\r;#%<>"'`&\\{}[\]|$@~^]|--|style|classDef|wrap:|\bend\b/i);
        expect(code).not.toBe("");
        expect(code.length).toBeLessThan(600);
      }),
    );
    expect(read(mermaidText("<a href='x'>&amp;</a>"))).toBe("<a href='x'>&amp;</a>");
  });
});

test("a diagram stays below what Mermaid draws, and says what it left out", () => {
  const lines = Array.from({ length: 2000 }, () => "x".repeat(50));
  const code = bounded(lines, (left) => `${left} left out`);
  expect(code.length).toBeLessThan(MAX_CODE + 100);
  // 45,000 / 51 characters a line: 882 lines.
  expect(code).toContain(`${2000 - 882} left out`);
  expect(ladder.mermaid(CRAFTED).length).toBeLessThan(50_000);
});

test("a ladder of hostile words has as many statements as an honest one", () => {
  for (const line of ladder.mermaid(CRAFTED).trim().split("\n").slice(1))
    expect(line.replace(/#\d+;/g, "")).toMatch(
      /^ {2}(participant p\d as |p\d-?->>p\d: |Note (over p\d(,p\d)?|(left|right) of p\d): )(?:<br\/>|[^;#<>%])*$/,
    );
  expect(ladder.mermaid(GIVEN_UP)).toContain("  p0->>p1: GET /orders/42<br/>1528: PSH, ACK, 94 bytes\n");
});
