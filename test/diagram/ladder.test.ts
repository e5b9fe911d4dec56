// Is the ladder the one that tshark and the kernel tell, and is everything readable?

import { describe, expect, test } from "vitest";
import { ladder } from "../../src/diagram/ladder/ladder.ts";
import { ladderLayout } from "../../src/diagram/ladder/ladder-layout.ts";
import { svgElement } from "../../src/diagram/svg-document.ts";
import { expectApart } from "./boxes.ts";
import { CHAIN, CRAFTED, DROPPED, GIVEN_UP, LATE, ODD } from "./made-up-ladders.ts";

const ALL = { GIVEN_UP, CHAIN, LATE, DROPPED, CRAFTED, ODD_0: ODD[0]!, ODD_1: ODD[1]!, ODD_2: ODD[2]! };
const svgOf = (picture: typeof GIVEN_UP): string => svgElement("t", "d", (svg) => ladder.draw(svg, picture));

describe.each(Object.entries(ALL))("%s", (_, picture) => {
  test("no text lies over another or out of the picture", () => {
    const layout = ladderLayout(picture);
    expectApart([...layout.texts, ...layout.names], layout);
  });

  test("no text of an arrow lies on a lifeline", () => {
    const { texts, columns, top, bottom } = ladderLayout(picture);
    for (const { x } of columns.lifelines) {
      const over = texts.filter((t) => {
        const width = t.text.length * t.size * 0.61;
        const x0 = t.anchor === "start" ? t.x : t.anchor === "middle" ? t.x - width / 2 : t.x - width;
        return t.y > top && t.y < bottom && x0 < x - 5 && x0 + width > x + 5;
      });
      expect(over.map((t) => t.text)).toEqual([]);
    }
  });

  test("entries go from top to bottom, and bars end where they should", () => {
    const { arrows, bars, bottom } = ladderLayout(picture);
    for (const [n, { y }] of arrows.entries()) if (n > 0) expect(y).toBeGreaterThan(arrows[n - 1]!.y);
    for (const { y0, y1 } of bars) {
      expect(y1).toBeGreaterThan(y0);
      expect(y1).toBeLessThanOrEqual(bottom);
    }
  });

  test.each([40, 80, 132, 200])("as text of %i columns", (width) => {
    for (const unicode of [true, false]) {
      const text = ladder.text(picture, { width, unicode });
      expect(text.endsWith("\n")).toBe(true);
      for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(width);
      expect(text).not.toMatch(unicode ? /[\p{Cc}\p{Cf}](?<!\n)/u : /[^\n -~]/);
    }
  });

  test("nothing of it is markup", () => {
    expect(/<script|<[^>]* (id|style|href|on\w+)=|url\(/.test(svgOf(picture))).toBe(false);
  });
});

test("one leg fits a page, several are wider and still finite", () => {
  expect(ladderLayout(GIVEN_UP).width).toBeGreaterThanOrEqual(700);
  expect(ladderLayout(GIVEN_UP).width).toBeLessThanOrEqual(900);
  expect(ladderLayout(CRAFTED).width).toBeLessThan(2800);
});

// Times by tshark: frame 1591 is 1.001288 s after frame 1525, and 1.001251 s after the request, frame 1528.
test("what was waited for, and who gave up", () => {
  const svg = svgOf(GIVEN_UP);
  expect(svg).toContain(">GET /orders/42: no answer, the client gave up after 1.001 s<");
  expect(ladder.text(LATE, { width: 120, unicode: true })).toContain(
    "GET /late-1: answered after 2.002 s, too late: the client had gone",
  );
  expect(ladder.describe(GIVEN_UP).description).toContain("no answer, the client gave up after 1.001 s");
});

// The capture ends 23.760527 s after frame 1525, so CLOSE_WAIT was held for 22.759239 s, FIN_WAIT_2 for 22.715691 s.
test("what is held until the end, beside its bar", () => {
  const { bars, names, end } = ladderLayout(GIVEN_UP);
  const held = bars.find((b) => b.span.state === "CLOSE_WAIT")!;
  const { arrows } = ladderLayout(GIVEN_UP);
  expect(held.y0).toBe(arrows.find((a) => a.row.frame === 1591)!.y);
  expect(held.y1).toBe(end);
  expect(names.map((l) => l.text).join(" ")).toContain("CLOSE_WAIT held 22.8 s, until the capture ends");
  expect(names.map((l) => l.text).join(" ")).toContain("FIN_WAIT_2 for 22.7 s, until the capture ends");
});

test("gaps of time: those that break the rhythm, with what they last", () => {
  const { breaks, texts } = ladderLayout(GIVEN_UP);
  expect(breaks).toHaveLength(3);
  const words = texts.map((t) => t.text);
  // 1.001288 − 0.000041, 1.044836 − 1.001288, 23.760527 − 1.044836.
  expect(words).toEqual(expect.arrayContaining(["1.001 s", "43.5 ms", "22.7 s"]));
});

test("marks are told by a line of its own and by a word", () => {
  const svg = svgOf(DROPPED);
  expect(svg.match(/stroke-dasharray="7 4"/g)).toHaveLength(3);
  expect(svg.match(/>retransmission</g)).toHaveLength(3);
});

test("a socket that goes without a packet is gone at its time", () => {
  expect(ladder.text(DROPPED, { width: 100, unicode: true })).toMatch(/4\.000592[^\n]*\n[^\n]*CLOSED/);
  expect(ladder.text(DROPPED, { width: 100, unicode: true })).toContain("SYN_SENT for 4.001 s (assumed)");
});

test("what is left out is counted", () => {
  expect(svgOf(CHAIN)).toContain(">126 packets, 31 requests answered<");
  expect(ladder.mermaid(CHAIN)).toContain("126 packets, 31 requests answered");
});

test("every end of the chain has its lifeline, and every packet its arrow", () => {
  const { columns, arrows } = ladderLayout(CHAIN);
  expect(columns.lifelines.flatMap((l) => l.head)).toEqual(CHAIN.lifelines.map((l) => l.name));
  expect(arrows.map((a) => a.row.frame)).toEqual([
    1514, 1515, 1516, 1517, 1524, 1525, 1526, 1527, 1528, 1529, 1536, 1538, 1591, 1592, 1597, 1598,
  ]);
});
