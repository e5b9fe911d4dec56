// What can be drawn of an investigation? One kind of picture, with its data, ready to be written in any of its three ways.

import { UsageError } from "../core/errors.ts";
import { formatNumber } from "../core/format.ts";
import type { ReportFinding } from "../core/report.ts";
import type { Diagram, TextDiagramOptions } from "../diagram/diagram.ts";
import { svgElement, svgFile } from "../diagram/svg-document.ts";
import type { Investigation } from "../investigate.ts";
import type { Made, PictureOptions } from "./over-time.ts";

export const DIAGRAM_KINDS = ["ladder", "states", "topology", "exchanges", "ports"] as const;
export type DiagramKind = (typeof DIAGRAM_KINDS)[number];

/** They count sockets: without those of some connections they would show fewer than there were. */
const OF_SOCKETS: ReadonlySet<DiagramKind> = new Set(["states", "ports"]);

/** What of the capture is meant; all of it, when neither is given. */
export interface DiagramTarget {
  /** As `halfclose flows` numbers them. */
  flow?: number;
  /** The id of a finding. */
  finding?: string;
  /** CSS pixels, for charts over time. */
  width?: number;
}

export interface Drawable {
  readonly kind: DiagramKind;
  readonly title: string;
  readonly description: string;
  /** An element for a page; a file of its own. */
  element(): string;
  file(): string;
  text(options: TextDiagramOptions): string;
  mermaid(): string;
}

/**
 * The picture of this kind; or why there is nothing to be seen. Throws UsageError for a flow or a finding that is not there.
 * The code of a diagram is loaded when it is drawn.
 */
export async function drawableOf(
  kind: DiagramKind,
  from: Investigation,
  target: DiagramTarget = {},
): Promise<Drawable | { because: string }> {
  const { view, report } = from;
  const finding = findingOf(from, target.finding);
  const summarised = view.summarised?.flows ?? 0;
  if (OF_SOCKETS.has(kind) && summarised > 0) {
    const were = summarised === 1 ? "connection was" : "connections were";
    return {
      because: `${formatNumber(summarised)} ${were} summarised for the memory budget, whose sockets it would lack`,
    };
  }
  const options: PictureOptions = {
    report,
    ...(finding === null ? {} : { finding }),
    ...(target.width === undefined ? {} : { width: target.width }),
  };
  switch (kind) {
    case "states": {
      const [{ statesPicture }, { states }] = await Promise.all([
        import("./states.ts"),
        import("../diagram/over-time/states.ts"),
      ]);
      return drawable(kind, states, statesPicture(view, options));
    }
    case "exchanges": {
      const [{ exchangesPicture }, { exchanges }] = await Promise.all([
        import("./exchanges.ts"),
        import("../diagram/over-time/exchanges.ts"),
      ]);
      return drawable(kind, exchanges, exchangesPicture(view, options));
    }
    case "ports": {
      const [{ portsPicture }, { ports }] = await Promise.all([
        import("./ports.ts"),
        import("../diagram/over-time/ports.ts"),
      ]);
      return drawable(kind, ports, portsPicture(view, options));
    }
    case "topology": {
      const [{ topologyPicture }, { topology }] = await Promise.all([
        import("./topology.ts"),
        import("../diagram/topology/topology.ts"),
      ]);
      return drawable(kind, topology, topologyPicture(view, options));
    }
    case "ladder":
      return (await laddersOf(from, [target]))[0]!;
  }
}

/** Several ladders by one pass over the captures, as {@link drawableOf} gives one. */
export async function laddersOf(
  from: Investigation,
  targets: readonly DiagramTarget[],
): Promise<(Drawable | { because: string })[]> {
  const [{ ladderPictures }, { ladder }] = await Promise.all([
    import("./ladder.ts"),
    import("../diagram/ladder/ladder.ts"),
  ]);
  return (await ladderPictures(from, targets)).map((made) => drawable("ladder", ladder, made));
}

function findingOf({ report }: Investigation, id: string | undefined): ReportFinding | null {
  if (id === undefined) return null;
  const finding = report.findings.find((f) => f.id === id);
  if (finding !== undefined) return finding;
  const ids = report.findings.map((f) => f.id);
  throw new UsageError(
    `no finding is called ${JSON.stringify(id)}; ${ids.length === 0 ? "this capture has none" : `there are: ${ids.join(", ")}`}`,
  );
}

function drawable<P>(kind: DiagramKind, diagram: Diagram<P>, made: Made<P>): Drawable | { because: string } {
  if ("because" in made) return { because: made.because };
  const { picture } = made;
  const { title, description } = diagram.describe(picture);
  return {
    kind,
    title,
    description,
    element: () => svgElement(title, description, (svg) => diagram.draw(svg, picture)),
    file: () => svgFile(title, description, (svg) => diagram.draw(svg, picture)),
    text: (options) => diagram.text(picture, options),
    mermaid: () => diagram.mermaid(picture),
  };
}
