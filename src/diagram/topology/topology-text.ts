// How does a topology look in a terminal? A tree from each outermost caller; what is called from several sides is told once.

import { cut, displayWidth } from "../../core/wrap.ts";
import type { TextDiagramOptions } from "../diagram.ts";
import { shownAs, wrapped } from "../text-grid.ts";
import { layersOf } from "./topology-layers.ts";
import type { TopologyEdge, TopologyPicture } from "./topology-picture.ts";
import { aboutNode, callsOf, faultLines, troubleOf, WAITED_NOTE, waitedOf } from "./topology-words.ts";

const LINES = 4;
const LEAST_WIDTH = 40;
const NAME_COLUMNS = 60;

export function topologyText(picture: TopologyPicture, options: TextDiagramOptions): string {
  const { nodes, edges } = picture;
  const show = shownAs(options);
  const width = Math.max(LEAST_WIDTH, options.width);
  const more = options.unicode ? "…" : "...";
  const glyphs = options.unicode
    ? { branch: "├─▶ ", last: "└─▶ ", on: "│   ", fault: "✗ " }
    : { branch: "+-> ", last: "`-> ", on: "|   ", fault: "! " };
  const { isBack } = layersOf(nodes.length, edges);
  const lines = wrapped(show(picture.subject), width, LINES, more);
  lines.push("");
  const told = new Set<number>();

  const say = (indent: string, text: string): void => {
    const room = Math.max(12, width - displayWidth(indent));
    for (const line of wrapped(show(text), room, LINES, more)) lines.push(cut(`${indent}${line}`, width, more));
  };
  const tell = (node: number, edge: TopologyEdge | null, first: string, rest: string): void => {
    const { name, faults } = nodes[node]!;
    const isKnown = told.has(node);
    const calls =
      edge === null
        ? ""
        : `  ${[callsOf(edge), troubleOf(edge), waitedOf(edge), edge.basis === "time" ? "linked by time only" : ""].filter((w) => w !== "").join(", ")}`;
    const shown = `${cut(show(name), NAME_COLUMNS, more)}${isKnown ? " (above)" : ""}`;
    const [head, ...tail] = wrapped(`${shown}${show(calls)}`, Math.max(12, width - displayWidth(first)), LINES, more);
    lines.push(`${first}${head}`, ...tail.map((line) => `${rest}${line}`));
    if (isKnown) return;
    told.add(node);
    const out = edges.map((e, n) => ({ e, n })).filter(({ e }) => e.from === node);
    const stem = out.length > 0 ? `${rest}${glyphs.on}` : `${rest}    `;
    for (const text of aboutNode(nodes[node]!)) say(stem, text);
    for (const text of faultLines(faults)) say(`${stem}${glyphs.fault}`, text);
    out.forEach(({ e, n }, i) => {
      const isLast = i === out.length - 1;
      const own = `${rest}${isLast ? glyphs.last : glyphs.branch}`;
      const below = `${rest}${isLast ? "    " : glyphs.on}`;
      // A call that leads back is told, and not followed.
      if (isBack[n]) told.add(e.to);
      tell(e.to, e, own, below);
    });
  };
  const called = new Set(edges.filter((_, n) => !isBack[n]).map((e) => e.to));
  for (let n = 0; n < nodes.length; n++) if (!called.has(n)) tell(n, null, "", "");
  for (let n = 0; n < nodes.length; n++) if (!told.has(n)) tell(n, null, "", "");
  const notes = edges.some((e) => e.waited !== null) ? [WAITED_NOTE, ...picture.notes] : picture.notes;
  if (notes.length > 0) lines.push("");
  for (const note of notes) lines.push(...wrapped(show(note), width, LINES, more));
  return `${lines.map((line) => cut(line, width, more).trimEnd()).join("\n")}\n`;
}
