// In which column does each node of a topology stand, and in which order? Layers from those who only call to those who are only
// called; an edge over several layers gets a place in each; an edge that leads back is told apart (after Sugiyama, Tagawa and
// Toda 1981: layers by longest path, order by barycentres).

export interface Arc {
  from: number;
  to: number;
}

/** A place in a layer: of a node, or of an edge that passes by. */
export type Place = { kind: "node"; node: number } | { kind: "pass"; edge: number };

export interface Layers {
  /** From left to right, each from top to bottom. */
  layers: Place[][];
  /** Per edge: it leads to its own layer or back. */
  isBack: boolean[];
  /** Per node. */
  layerOf: number[];
}

/** Sweeps to and fro that bring connected places level; more change nothing in pictures of twenty nodes. */
const SWEEPS = 6;

export function layersOf(count: number, arcs: readonly Arc[]): Layers {
  const isBack = backArcs(count, arcs);
  const layerOf = Array.from({ length: count }, () => 0);
  // Longest paths: without arcs that lead back, as many rounds as nodes are enough.
  for (let round = 0, moved = true; moved && round <= count; round++) {
    moved = false;
    for (const [n, { from, to }] of arcs.entries()) {
      if (isBack[n] || layerOf[to]! > layerOf[from]!) continue;
      layerOf[to] = layerOf[from]! + 1;
      moved = true;
    }
  }
  const layers: Place[][] = Array.from({ length: Math.max(0, ...layerOf) + 1 }, () => []);
  for (let node = 0; node < count; node++) layers[layerOf[node]!]!.push({ kind: "node", node });
  for (const [edge, { from, to }] of arcs.entries()) {
    if (isBack[edge]) continue;
    for (let layer = layerOf[from]! + 1; layer < layerOf[to]!; layer++) layers[layer]!.push({ kind: "pass", edge });
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) order(layers, arcs, isBack, layerOf, sweep % 2 === 0);
  return { layers, isBack, layerOf };
}

/** Arcs that close a circle, found by a walk in depth from those whom nobody calls. */
function backArcs(count: number, arcs: readonly Arc[]): boolean[] {
  const isBack = arcs.map(({ from, to }) => from === to);
  const called = new Set(arcs.filter(({ from, to }) => from !== to).map((a) => a.to));
  const starts = Array.from({ length: count }, (_, n) => n).sort(
    (a, b) => Number(called.has(a)) - Number(called.has(b)),
  );
  const out = Array.from({ length: count }, (): number[] => []);
  for (const [n, { from }] of arcs.entries()) out[from]?.push(n);
  const state = Array.from({ length: count }, () => 0);
  const visit = (node: number): void => {
    state[node] = 1;
    for (const n of out[node]!) {
      const to = arcs[n]!.to;
      if (state[to] === 1) isBack[n] = true;
      else if (state[to] === 0) visit(to);
    }
    state[node] = 2;
  };
  for (const node of starts) if (state[node] === 0) visit(node);
  return isBack;
}

const keyOf = (p: Place): string => (p.kind === "node" ? `n${p.node}` : `e${p.edge}`);

/** Sorts each layer by the mean place of what its places are joined to in the layer before (or behind). */
function order(
  layers: Place[][],
  arcs: readonly Arc[],
  isBack: readonly boolean[],
  layerOf: readonly number[],
  forward: boolean,
): void {
  const count = layers.length;
  for (let step = 1; step < count; step++) {
    const at = forward ? step : count - 1 - step;
    const beside = forward ? at - 1 : at + 1;
    const places = new Map(layers[beside]!.map((p, n) => [keyOf(p), n]));
    const joined = (place: Place): number[] => {
      const edges = place.kind === "pass" ? [place.edge] : arcs.flatMap((_, n) => (isBack[n] ? [] : [n]));
      return edges.flatMap((n) => {
        const { from, to } = arcs[n]!;
        const [near, far] = forward ? [to, from] : [from, to];
        if (place.kind === "node" && near !== place.node) return [];
        const key = layerOf[far] === beside ? `n${far}` : `e${n}`;
        const found = places.get(key);
        return found === undefined ? [] : [found];
      });
    };
    const mean = new Map(
      layers[at]!.map((place, n) => {
        const others = joined(place);
        return [place, others.length === 0 ? n : others.reduce((a, b) => a + b, 0) / others.length];
      }),
    );
    layers[at]!.sort((a, b) => mean.get(a)! - mean.get(b)!);
  }
}
