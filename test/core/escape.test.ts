// Does hostile text stay text?

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ascii, cellCode, codeBlock, codeSpan, inertJson, markdown, visible } from "../../src/core/escape.ts";

describe("visible", () => {
  test.each([
    ["plain text, ünïcode 漢字 é", "plain text, ünïcode 漢字 é"],
    ["\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"],
    ["one\r\ntwo\ttab\0", "one\\r\\ntwo\\ttab\\0"],
    ["\u009b31m\u007f", "\\x9b31m\\x7f"],
    ["abc\u202etxt.exe\u2066\u200f", "abc\\u202etxt.exe\\u2066\\u200f"],
    ["a\u200bb\ufeffc\u2028d", "a\\u200bb\\ufeffc\\u2028d"],
    ["tag \u{e0041} lone \ud800!", "tag \\u{e0041} lone \\ud800!"],
  ])("%j", (text, shown) => expect(visible(text)).toBe(shown));

  test("nothing that is shown can be obeyed or hidden", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
        expect(ascii(text)).toMatch(/^[ -~]*$/);
      }),
    );
  });
});

test("ascii writes what the program itself uses in letters", () => {
  expect(ascii("340 µs · a→b …")).toBe("340 us - a->b ...");
  expect(ascii("漢")).toBe("\\u6f22");
});

describe("inertJson", () => {
  test("is the same to a program", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = inertJson(JSON.stringify({ text }));
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).not.toMatch(/[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
  test("writes C1 controls and overrides as escapes", () => {
    expect(inertJson('"\u009b\u202e\u{e0041}"')).toBe('"\\u009b\\u202e\\udb40\\udc41"');
  });
});

describe("markdown", () => {
  const ZW = "\u200b";
  test.each([
    ["CLOSE_WAIT on 192.0.2.1:80 (100 %), 3 × a", "CLOSE_WAIT on 192.0.2.1:80 (100 %), 3 × a"],
    ["a|b", "a\\|b"],
    ["`code` *em* _em_", "\\`code\\` \\*em\\* \\_em\\_"],
    ["<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"],
    ["[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"],
    ["![x](https://example.com/a.png)", `!\\[x\\](https:${ZW}//example.com/a.png)`],
    ["see www.example.com", `see www${ZW}.example.com`],
    ["_www.example.com", `\\_www${ZW}.example.com`],
    ["hi @root and a@example.com", `hi @${ZW}root and a@${ZW}example.com`],
    ["#12 !3 ~label %1", `\\#${ZW}12 !${ZW}3 \\~${ZW}label %${ZW}1`],
    ["GH-12", `GH${ZW}-12`],
    ["&lt;script&gt; &#64;root A & B", `&amp;${ZW}lt;script&amp;${ZW}gt; &amp;#${ZW}64;root A &amp; B`],
    ["$x$", `\\$${ZW}x\\$`],
    ["/close", "\\/close"],
    ["# heading", "\\# heading"],
    ["- item", "\\- item"],
    ["1. item", "1\\. item"],
    ["1.5 s", "1.5 s"],
    ["    indented", "indented"],
    ["a\n\n# b", "a\\\\n\\\\n# b"],
    ["---", "\\---"],
  ])("%j", (text, shown) => expect(markdown(text)).toBe(shown));
});

describe("code", () => {
  test("a span ends only where it should", () => {
    expect(codeSpan("a.pcap")).toBe("`a.pcap`");
    expect(codeSpan("a`b``c")).toBe("```a`b``c```");
    expect(codeSpan("`a`")).toBe("`` `a` ``");
    expect(codeSpan("")).toBe("` `");
    expect(cellCode("a|b")).toBe("`a\\|b`");
    expect(cellCode("a\\|b")).toBe("`a\\\u200b\\|b`");
    expect(cellCode("a\\\\|")).toBe("`a\\\\\u200b\\|`");
  });
  test("a block's fence is longer than any in it, and a line is a line", () => {
    expect(codeBlock(["```", "a\n````"])).toBe("`````text\n```\na\\n````\n`````");
  });
});
