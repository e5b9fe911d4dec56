// Where does each box, line and word of a topology stand? Geometry only, in CSS pixels: topology.ts draws it.
//
// Between two layers there is room for curves, and right of it for what is said of each call, level with the place where it
// arrives: so no word lies under a curve or over another word.

import { cutMiddle, paragraph, smallLine, type TextLine, textLine } from "../text-line.ts";
import { SMALL_SIZE, TEXT_SIZE, textWidth } from "../theme.ts";
import { layersOf, type Place } from "./topology-layers.ts";
import type { TopologyEdge, TopologyNode, TopologyPicture } from "./topology-picture.ts";
import { aboutNode, callsOf, faultLines, troubleOf, WAITED_NOTE, waitedOf } from "./topology-words.ts";

const EDGE = 12;
const PADDING = 10;
const LINE = 16;
const SMALL_LINE = 14;
/** Names and words of a box are wrapped or cut here. */
const BOX_COLUMNS = 34;
const BOX_WIDTH = textWidth("x".repeat(BOX_COLUMNS), SMALL_SIZE);
const NAME_COLUMNS = Math.floor(BOX_WIDTH / textWidth("x", TEXT_SIZE));
const FAULT_LINES = 4;
const CURVE = 46;
const ARRIVAL = 26;
const BETWEEN = 26;
const PASS = 20;
const LEAST_WIDTH = 380;

export interface Box {
  node: TopologyNode;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Route {
  edge: TopologyEdge;
  /** Points that the line goes through, from box to box; between points of unequal height it is a curve. */
  points: { x: number; y: number }[];
  /** It leads back, below all boxes, on straight lines. */
  isBack: boolean;
}

export interface TopologyLayout {
  boxes: Box[];
  routes: Route[];
  texts: TextLine[];
  width: number;
  height: number;
}

/** A place with what stands in it, before it has a height on the page. */
interface Slot {
  place: Place;
  height: number;
  y: number;
}

export function topologyLayout(picture: TopologyPicture): TopologyLayout {
  const { nodes, edges } = picture;
  const { layers, isBack, layerOf } = layersOf(nodes.length, edges);
  const words = nodes.map(wordsOf);
  const labels = edges.map(labelOf);
  const arriving = nodes.map((_, n) => edges.flatMap((e, i) => (e.to === n && !isBack[i] ? [i] : [])));
  const slots = stacked(layers, words, arriving, labels);

  const texts: TextLine[] = [];
  const boxes: Box[] = [];
  const labelAt = new Map<number, { x0: number; x1: number; y: number }>();
  const passAt = new Map<number, { x0: number; x1: number; y: number }[]>();
  let x = EDGE;
  for (const [n, layer] of slots.entries()) {
    const here = layer.flatMap(({ place }) => (place.kind === "node" ? arriving[place.node]! : []));
    const widest = Math.max(0, ...here.flatMap((e) => labels[e]!.map((l) => textWidth(l.text, SMALL_SIZE))));
    const labelStart = x + (n === 0 ? 0 : CURVE);
    const boxStart = n === 0 ? x : labelStart + widest + ARRIVAL;
    const width = Math.max(...layer.map((s) => (s.place.kind === "node" ? words[s.place.node]!.width : 0)));
    for (const { place, y, height } of layer) {
      if (place.kind === "pass") {
        const along = passAt.get(place.edge) ?? [];
        along.push({ x0: labelStart, x1: boxStart + width, y: y + height / 2 });
        passAt.set(place.edge, along);
        continue;
      }
      const own = words[place.node]!;
      const top = y + (height - own.height) / 2;
      boxes[place.node] = { node: nodes[place.node]!, x: boxStart, y: top, width: own.width, height: own.height };
      texts.push(...own.lines.map((line) => ({ ...line, x: line.x + boxStart, y: line.y + top })));
      placeLabels(
        arrivalOrder(arriving[place.node]!, slots, edges, layerOf),
        labels,
        { x: labelStart, width: widest, y, height },
        labelAt,
        texts,
      );
    }
    x = boxStart + width;
  }
  /** Where an edge goes first. */
  const next = (n: number): number => passAt.get(n)?.[0]?.y ?? labelAt.get(n)?.y ?? 0;
  const routes = edges.flatMap((edge, n): Route[] => {
    const label = labelAt.get(n);
    return isBack[n] || label === undefined
      ? []
      : [routeOf(edge, n, { boxes, edges, isBack, label, next, along: passAt.get(n) ?? [] })];
  });
  let bottom = Math.max(0, ...slots.flat().map((s) => s.y + s.height)) + EDGE;
  for (const [n, edge] of edges.entries()) {
    if (!isBack[n]) continue;
    const label = labels[n]!.map((l) => l.text).join(" · ");
    bottom += SMALL_LINE + 12;
    routes.push(backRoute(edge, boxes, bottom));
    const [a, b] = [middleOf(boxes[edge.from]!), middleOf(boxes[edge.to]!)];
    const at = Math.max(EDGE, Math.min(a, b) + 14);
    texts.push(smallLine(label, at, bottom - 4));
    x = Math.max(x, at + textWidth(label, SMALL_SIZE));
  }
  const width = Math.ceil(Math.max(x + EDGE, LEAST_WIDTH));
  let y = bottom + 16;
  const notes = edges.some((e) => e.waited !== null) ? [WAITED_NOTE, ...picture.notes] : picture.notes;
  for (const note of notes) {
    for (const text of paragraph(note, width - 2 * EDGE, SMALL_SIZE, NOTE_LINES)) {
      texts.push(smallLine(text, EDGE, y));
      y += SMALL_LINE;
    }
  }
  return { boxes: boxes.filter((b) => b !== undefined), routes, texts, width, height: Math.ceil(y) };
}

const NOTE_LINES = 4;

// ─────────────────────────── words ───────────────────────────

/** What stands in a box, from its upper left corner. */
function wordsOf(node: TopologyNode): { lines: TextLine[]; width: number; height: number } {
  const lines: TextLine[] = [];
  let y = PADDING + TEXT_SIZE - 2;
  const short = cutMiddle(node.name, NAME_COLUMNS);
  const whole = short === node.name ? undefined : node.name;
  const members = node.members.length > 1 ? node.members.join(", ") : undefined;
  lines.push(textLine(short, PADDING, y, { bold: true, whole: whole ?? members }));
  const add = (text: string, most: number, style: Partial<TextLine>): void => {
    const all = paragraph(text, BOX_WIDTH, SMALL_SIZE, most);
    const cutOff = all.join(" ") === text ? undefined : text;
    for (const line of all) lines.push(smallLine(line, PADDING, (y += SMALL_LINE), { ...style, whole: cutOff }));
  };
  y += LINE - SMALL_LINE;
  for (const text of aboutNode(node)) add(text, 3, {});
  for (const text of faultLines(node.faults)) {
    y += 3;
    add(text, FAULT_LINES, { role: "fault", bold: text.startsWith("CAUSE") });
  }
  const width = Math.max(...lines.map((l) => textWidth(l.text, l.size))) + 2 * PADDING;
  return { lines, width, height: y + PADDING };
}

/** What is said of a call, line by line. */
function labelOf(edge: TopologyEdge): TextLine[] {
  const trouble = troubleOf(edge);
  const texts = [
    smallLine(callsOf(edge), 0, 0, { role: "ink" }),
    ...(trouble === "" ? [] : [smallLine(trouble, 0, 0, { role: "fault", bold: true })]),
    ...(waitedOf(edge) === "" ? [] : [smallLine(waitedOf(edge), 0, 0)]),
    ...(edge.basis === "time" ? [smallLine("linked by time only", 0, 0)] : []),
  ];
  return texts;
}

const labelHeight = (lines: readonly TextLine[]): number => lines.length * SMALL_LINE + 10;

// ─────────────────────────── heights ───────────────────────────

/** Each layer from top to bottom, in the middle of the tallest one. */
function stacked(
  layers: readonly Place[][],
  words: readonly { height: number }[],
  arriving: readonly number[][],
  labels: readonly TextLine[][],
): Slot[][] {
  const heightOf = (place: Place): number =>
    place.kind === "pass"
      ? PASS
      : Math.max(
          words[place.node]!.height,
          arriving[place.node]!.reduce((h, e) => h + labelHeight(labels[e]!), 0),
        );
  const heights = layers.map((layer) => layer.reduce((h, p) => h + heightOf(p) + BETWEEN, -BETWEEN));
  const tallest = Math.max(0, ...heights);
  return layers.map((layer, n) => {
    let y = EDGE + (tallest - heights[n]!) / 2;
    return layer.map((place) => {
      const height = heightOf(place);
      const slot = { place, height, y };
      y += height + BETWEEN;
      return slot;
    });
  });
}

/** Calls arrive in the order in which their callers stand. */
function arrivalOrder(
  arriving: readonly number[],
  slots: readonly Slot[][],
  edges: readonly TopologyEdge[],
  layerOf: readonly number[],
): number[] {
  const heightOf = (n: number): number => {
    const { from, to } = edges[n]!;
    const before = slots[layerOf[to]! - 1] ?? [];
    const slot = before.find(({ place: p }) =>
      p.kind === "node" ? p.node === from && layerOf[from] === layerOf[to]! - 1 : p.edge === n,
    );
    return slot === undefined ? 0 : slot.y + slot.height / 2;
  };
  return [...arriving].sort((a, b) => heightOf(a) - heightOf(b));
}

function placeLabels(
  arriving: readonly number[],
  labels: readonly TextLine[][],
  room: { x: number; width: number; y: number; height: number },
  labelAt: Map<number, { x0: number; x1: number; y: number }>,
  texts: TextLine[],
): void {
  const all = arriving.reduce((h, e) => h + labelHeight(labels[e]!), 0);
  let y = room.y + (room.height - all) / 2;
  for (const e of arriving) {
    const lines = labels[e]!;
    for (const line of lines) texts.push({ ...line, x: room.x, y: (y += SMALL_LINE) - 2 });
    y += 3;
    labelAt.set(e, { x0: room.x, x1: room.x + room.width, y });
    y += 7;
  }
}

// ─────────────────────────── lines ───────────────────────────

interface Around {
  boxes: readonly Box[];
  edges: readonly TopologyEdge[];
  isBack: readonly boolean[];
  label: { x0: number; x1: number; y: number };
  next(edge: number): number;
  along: readonly { x0: number; x1: number; y: number }[];
}

function routeOf(edge: TopologyEdge, n: number, { boxes, edges, isBack, label, next, along }: Around): Route {
  const source = boxes[edge.from]!;
  const target = boxes[edge.to]!;
  const leaving = edges.flatMap((e, i) => (e.from === edge.from && !isBack[i] ? [i] : []));
  leaving.sort((a, b) => next(a) - next(b));
  const spread = Math.min(14, (source.height - 16) / Math.max(1, leaving.length));
  const out = source.y + source.height / 2 + (leaving.indexOf(n) - (leaving.length - 1) / 2) * spread;
  const arrival = Math.min(target.y + target.height - 8, Math.max(target.y + 8, label.y));
  return {
    edge,
    isBack: false,
    points: [
      { x: source.x + source.width, y: out },
      ...along.flatMap(({ x0, x1, y }) => [
        { x: x0, y },
        { x: x1, y },
      ]),
      { x: label.x0, y: label.y },
      { x: label.x1, y: label.y },
      { x: target.x, y: arrival },
    ],
  };
}

const middleOf = (box: Box): number => box.x + box.width / 2;

/** Down from its caller, along below everything, and up to the called from below. */
function backRoute(edge: TopologyEdge, boxes: readonly Box[], y: number): Route {
  const source = boxes[edge.from]!;
  const target = boxes[edge.to]!;
  const from = middleOf(source) + 8;
  const to = middleOf(target) - 8;
  return {
    edge,
    isBack: true,
    points: [
      { x: from, y: source.y + source.height },
      { x: from, y },
      { x: to, y },
      { x: to, y: target.y + target.height },
    ],
  };
}
