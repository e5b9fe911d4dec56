// Is the topology the one that was recorded, and is everything readable?

import { describe, expect, test } from "vitest";
import { svgElement } from "../../src/diagram/svg-document.ts";
import { topology } from "../../src/diagram/topology/topology.ts";
import { layersOf } from "../../src/diagram/topology/topology-layers.ts";
import { topologyLayout } from "../../src/diagram/topology/topology-layout.ts";
import { expectApart } from "./boxes.ts";
import { BUSY, CIRCLE, HOSTILE_TOPOLOGY, LEAKED } from "./made-up-topologies.ts";

const NOTHING = { nodes: [], edges: [], subject: "", notes: [] };

describe.each(Object.entries({ LEAKED, CIRCLE, BUSY, HOSTILE_TOPOLOGY, NOTHING }))("%s", (_, picture) => {
  test("no text lies over another or out of the picture", () => {
    const layout = topologyLayout(picture);
    expectApart(layout.texts, layout);
  });

  test("no box lies over another, and every call has its line", () => {
    const { boxes, routes } = topologyLayout(picture);
    for (const [n, a] of boxes.entries())
      for (const b of boxes.slice(n + 1))
        expect(a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height).toBe(false);
    expect(boxes).toHaveLength(picture.nodes.length);
    expect(routes).toHaveLength(picture.edges.length);
  });

  test("no line goes through a text", () => {
    const { routes, texts } = topologyLayout(picture);
    for (const { points, isBack } of routes) {
      if (isBack) continue;
      for (const [n, to] of points.entries()) {
        const from = points[n - 1];
        if (from === undefined || from.y !== to.y) continue;
        const over = texts.filter(
          (t) => t.anchor === "start" && t.x > from.x - 1 && t.x < to.x - 1 && t.y - 8 < to.y && t.y + 1 > to.y,
        );
        expect(over.map((t) => t.text)).toEqual([]);
      }
    }
  });

  test.each([40, 80, 200])("as text of %i columns", (width) => {
    for (const unicode of [true, false]) {
      const text = topology.text(picture, { width, unicode });
      for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(width);
      expect(text).not.toMatch(unicode ? /[\p{Cc}\p{Cf}](?<!\n)/u : /[^\n -~]/);
    }
  });

  test("nothing of it is markup, in SVG or in Mermaid", () => {
    const svg = svgElement("t", "d", (s) => topology.draw(s, picture));
    expect(/<img|<[^>]* (id|style|href|on\w+)=|url\(/.test(svg)).toBe(false);
    for (const line of topology.mermaid(picture).trim().split("\n").slice(1))
      expect(line.replace(/#\d+;/g, "")).toMatch(
        /^ {2}(n\d+(\(\["[^"`<>]*(<br\/>[^"`<>]*)*"\]\)|\["[^"`<>]*(<br\/>[^"`<>]*)*"\])|n\d+ (-\.->|-->|==>)\|"[^"`]*"\| n\d+|note\["[^"`]*"\]|classDef \w+ [\w:#,-]+|class [n\d,]+ \w+)$/,
      );
  });
});

test("from the outermost client to the database", () => {
  const { boxes } = topologyLayout(LEAKED);
  const xs = boxes.map((b) => b.x);
  expect([...xs].sort((a, b) => a - b)).toEqual(xs);
  expect(layersOf(4, LEAKED.edges).layerOf).toEqual([0, 1, 2, 3]);
});

test("a circle is cut once, and calls to oneself lead back", () => {
  const { isBack, layerOf } = layersOf(4, CIRCLE.edges);
  expect(isBack).toEqual([false, false, false, true, true]);
  expect(layerOf).toEqual([0, 1, 2, 3]);
});

test("where it broke is said in words", () => {
  const svg = svgElement("t", "d", (s) => topology.draw(s, LEAKED));
  expect(svg).toContain(">CAUSE · critical: leaked its pool<");
  expect(svg).toContain(">130 unanswered<");
  expect(topology.describe(LEAKED).description).toContain(
    "The cause: 127.0.0.1:8280 leaked its pool of 10 connections to 127.0.0.1:3307.",
  );
  expect(topology.text(LEAKED, { width: 100, unicode: true })).toContain("220 requests, 130 unanswered");
});
