// Is a comment never longer than its tracker takes, and its mark always in it?

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitted } from "../../src/ticket/fitted-comment.ts";

const leftOut = (blocks: number): string => `(${blocks} left out)`;

describe("a comment", () => {
  it("that fits is whole, without empty blocks", () => {
    expect(fitted(["a", "", "b"], { end: "mark", limit: 10, leftOut })).toBe("a\n\nb\n\nmark");
    expect(fitted(["a".repeat(99)], { end: "mark", limit: null, leftOut })).toBe(`${"a".repeat(99)}\n\nmark`);
  });

  it("leaves out the block that is too long, and not those behind it", () => {
    const blocks = ["first", "x".repeat(100), "last"];
    expect(fitted(blocks, { end: "mark", limit: 60, between: "\n", leftOut })).toBe("first\nlast\n(1 left out)\nmark");
  });

  it("is measured as the tracker measures", () => {
    const sizeOf = (text: string): number => new TextEncoder().encode(text).length;
    expect(fitted(["µ".repeat(20)], { end: "m", limit: 25, leftOut })).toContain("µ");
    expect(fitted(["µ".repeat(20)], { end: "m", limit: 25, sizeOf, leftOut })).toBe("(1 left out)\n\nm");
  });

  it("of any blocks keeps the limit and the mark", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.integer({ min: 30, max: 200 }), (blocks, limit) => {
        const body = fitted(blocks, { end: "mark", limit, leftOut });
        expect(body.length).toBeLessThanOrEqual(limit);
        expect(body.endsWith("mark")).toBe(true);
      }),
    );
  });
});
