// Is the picture of our own small document the one that a browser's would hold? Drawn again through d3-node (jsdom) and compared.

import { D3Node } from "d3-node";
import { describe, expect, test } from "vitest";
import { ladder } from "../../src/diagram/ladder/ladder.ts";
import { type Canvas, type Size, svgElement } from "../../src/diagram/svg-document.ts";
import { topology } from "../../src/diagram/topology/topology.ts";
import { CHAIN, CRAFTED, GIVEN_UP, LATE } from "./made-up-ladders.ts";
import { BUSY, CIRCLE, HOSTILE_TOPOLOGY, LEAKED } from "./made-up-topologies.ts";

type Draw = (svg: Canvas) => Size;
const PICTURES: [string, Draw][] = [
  ["ladder of one leg", (svg) => ladder.draw(svg, GIVEN_UP)],
  ["ladder with a late answer", (svg) => ladder.draw(svg, LATE)],
  ["ladder of three legs", (svg) => ladder.draw(svg, CHAIN)],
  ["ladder of hostile words", (svg) => ladder.draw(svg, CRAFTED)],
  ["topology", (svg) => topology.draw(svg, LEAKED)],
  ["topology with a circle", (svg) => topology.draw(svg, CIRCLE)],
  ["topology of many nodes", (svg) => topology.draw(svg, BUSY)],
  ["topology of hostile words", (svg) => topology.draw(svg, HOSTILE_TOPOLOGY)],
];

/** An element as plain data. */
interface Tree {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Tree[];
}

const treeOf = (element: Element): Tree => ({
  name: element.tagName,
  attributes: Object.fromEntries([...element.attributes].map((a) => [a.name, a.value])),
  text: element.children.length === 0 ? (element.textContent ?? "") : "",
  children: [...element.children].map(treeOf),
});

describe.each(PICTURES)("%s", (_, draw) => {
  test("gives the same elements, attributes and text as jsdom's document", () => {
    const theirs = new D3Node();
    const svg = theirs.createSVG();
    const size = draw(svg as unknown as Canvas);
    let ownSize: Size = { width: 0, height: 0 };
    const own = svgElement("title", "description", (s) => (ownSize = draw(s)));
    // What we wrote is read again by jsdom's parser of XML.
    const parsed = new theirs.window.DOMParser().parseFromString(own, "image/svg+xml");
    expect(parsed.querySelector("parsererror")).toBeNull();
    const [title, desc, ...drawn] = treeOf(parsed.documentElement).children;
    expect([title?.text, desc?.text]).toEqual(["title", "description"]);
    expect(drawn).toEqual(treeOf(svg.node()!).children);
    expect(ownSize).toEqual(size);
  });
});

test("the root has the picture's size, its title and its description", () => {
  const root = svgElement("<title>", 'a "description"', () => ({ width: 12, height: 34 }));
  expect(root).toMatch(/^<svg [^>]*viewBox="0 0 12 34"/);
  expect(root).toContain("<title>&lt;title&gt;</title>");
  expect(root).toContain("<desc>a &quot;description&quot;</desc>");
});
