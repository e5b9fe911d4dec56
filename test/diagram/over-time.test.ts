// Can the pictures over time be read, in all three ways, whatever is in them?

import { beforeAll, describe, expect, it } from "vitest";
import { displayWidth } from "../../src/core/wrap.ts";
import type { Diagram } from "../../src/diagram/diagram.ts";
import type { ChartPicture, StepSeries } from "../../src/diagram/over-time/chart-picture.ts";
import { exchanges } from "../../src/diagram/over-time/exchanges.ts";
import { ports } from "../../src/diagram/over-time/ports.ts";
import { states } from "../../src/diagram/over-time/states.ts";
import type { StatesPicture } from "../../src/diagram/over-time/states-picture.ts";
import { svgElement } from "../../src/diagram/svg-document.ts";
import { exchangesPicture } from "../../src/pictures/exchanges.ts";
import { portsPicture } from "../../src/pictures/ports.ts";
import { statesPicture } from "../../src/pictures/states.ts";
import { readSample } from "../pictures/sample-view.ts";
import { samples } from "../samples/samples.ts";
import { outside, overlapping, textBoxes } from "./svg-texts.ts";

interface Drawn {
  svg(width: number): string;
  text(width: number, unicode: boolean): string;
  mermaid: string;
  kind: string;
}

function drawn<P extends ChartPicture>(kind: string, diagram: Diagram<P>, picture: P): Drawn {
  const { title, description } = diagram.describe(picture);
  return {
    kind,
    svg: (width) => svgElement(title, description, (svg) => diagram.draw(svg, { ...picture, width })),
    text: (width, unicode) => diagram.text(picture, { width, unicode }),
    mermaid: diagram.mermaid(picture),
  };
}

async function picturesOf(sample: string): Promise<Drawn[]> {
  const { view, report } = await readSample(sample);
  const found: Drawn[] = [];
  const s = statesPicture(view, { report }).picture;
  if (s !== null) found.push(drawn("states", states, s));
  const e = exchangesPicture(view, { report }).picture;
  if (e !== null) found.push(drawn("exchanges", exchanges, e));
  const p = portsPicture(view, { report }).picture;
  if (p !== null) found.push(drawn("ports", ports, p));
  return found;
}

/** From a small phone to a wide screen. */
const WIDTHS = [320, 380, 700, 960, 1100];

describe.each(samples.map(({ name }) => name))("%s", (name) => {
  let all: Drawn[] = [];
  beforeAll(async () => {
    all = await picturesOf(name);
  });

  it("is drawn so that no text lies over another or beyond the border", () => {
    expect(all.length).toBeGreaterThan(0);
    for (const { kind, svg } of all) {
      for (const width of WIDTHS) {
        const picture = svg(width);
        const boxes = textBoxes(picture);
        expect(overlapping(boxes), `${kind} ${width}`).toEqual([]);
        expect(outside(picture, boxes), `${kind} ${width}`).toEqual([]);
        expect(picture, `${kind} ${width}`).not.toMatch(/NaN|Infinity|undefined| id=| style=/);
      }
    }
  });

  it("is written in as many columns as there are, in the letters of the terminal", () => {
    for (const { text } of all) {
      for (const width of [60, 100, 140]) {
        for (const row of text(width, true).split("\n")) expect(displayWidth(row), row).toBeLessThanOrEqual(width);
      }
      expect(text(80, false)).toMatch(/^[\n -~]*$/);
    }
  });

  it("has at most forty points for Mermaid, none beyond its axis", () => {
    for (const { mermaid } of all) {
      expect(mermaid).toMatch(/^xychart-beta\n/);
      const top = Number(/y-axis ".*" 0 --> (\S+)/.exec(mermaid)![1]);
      for (const [, list] of mermaid.matchAll(/^ {2}(?:bar|line) \[(.*)\]$/gm)) {
        const values = list!.split(", ").map(Number);
        expect(values.length).toBeLessThanOrEqual(40);
        for (const value of values) expect(value >= 0 && value <= top, `${value} of ${top}`).toBe(true);
      }
    }
  });
});

describe("a picture whose words come from an attacker", () => {
  const evil = '"]\n%%{init: {}}%%\u001b[31m<script>alert(1)</script>\u202e&';
  const acting = ["\u001b", "\u202e"];
  const series: StepSeries = { at: [1, 3], most: [2, 3], peak: 3, peakAt: 5e8 };
  const picture: StatesPicture = {
    start: "2026-03-01T23:59:59.500000000Z",
    end: 1e9,
    onset: { at: 2e8, what: evil },
    notes: [evil],
    times: [0, 1e9],
    panels: [{ holder: evil, peer: evil.repeat(20), states: [{ state: "CLOSE_WAIT", series }], total: series }],
  };
  const { svg, text, mermaid } = drawn("states", states, picture);

  it("holds them as letters", () => {
    for (const width of WIDTHS) {
      const shown = svg(width);
      expect(shown).not.toContain("<script");
      for (const char of acting) expect(shown).not.toContain(char);
      const boxes = textBoxes(shown);
      expect([...overlapping(boxes), ...outside(shown, boxes)]).toEqual([]);
    }
    for (const char of acting) expect(text(80, true)).not.toContain(char);
    // Lines: the kind, the title, two axes, two series, and nothing that an attacker added.
    expect(mermaid.trimEnd().split("\n").length).toBe(6);
    expect(mermaid).not.toContain("%%{");
  });

  it("marks midnight by its day", () => {
    expect(svg(960)).toContain(">2026-03-01 to 2026-03-02, UTC<");
  });
});

describe("a capture of one packet", () => {
  const one: StepSeries = { at: [1], most: [1], peak: 1, peakAt: 0 };
  const picture: StatesPicture = {
    start: "2026-03-01T12:00:00.000000000Z",
    end: 0,
    onset: null,
    notes: [],
    times: [0],
    panels: [
      {
        holder: "192.0.2.1",
        peer: "client, with 192.0.2.2:80",
        states: [{ state: "SYN_SENT", series: one }],
        total: one,
      },
    ],
  };
  it("is drawn too", () => {
    const { svg, text, mermaid } = drawn("states", states, picture);
    expect(svg(380)).not.toMatch(/NaN|Infinity/);
    expect(text(80, true)).toContain("S SYN_SENT");
    expect(mermaid).toContain("bar [1]");
  });
});
