// How is a topology drawn? Services as boxes from the outermost client on the left to databases on the right, calls as lines between
// them; what broke is outlined, named in words, and its calls are heavy. Where everything stands is topology-layout.ts.

import { count } from "../../core/format.ts";
import type { Diagram } from "../diagram.ts";
import type { Canvas, Size } from "../svg-document.ts";
import { round, writeLine } from "../text-line.ts";
import { fill, type Role, stroke } from "../theme.ts";
import { type Box, type Route, topologyLayout } from "./topology-layout.ts";
import { topologyMermaid } from "./topology-mermaid.ts";
import type { TopologyPicture } from "./topology-picture.ts";
import { topologyText } from "./topology-text.ts";
import { faultOf, troubleOf } from "./topology-words.ts";

const HEAD_LENGTH = 9;
const HEAD_HALF = 4.5;

export const topology: Diagram<TopologyPicture> = {
  draw(svg: Canvas, picture: TopologyPicture): Size {
    const { boxes, routes, texts, width, height } = topologyLayout(picture);
    for (const route of routes) drawRoute(svg, route);
    for (const box of boxes) drawBox(svg, box);
    for (const line of texts) writeLine(svg, line);
    return { width, height };
  },
  text: topologyText,
  mermaid: topologyMermaid,
  describe,
};

function drawBox(svg: Canvas, { node, x, y, width, height }: Box): void {
  const rect = svg.append("rect").attr("x", round(x)).attr("y", round(y));
  rect
    .attr("width", round(width))
    .attr("height", round(height))
    .attr("rx", node.kind === "client" ? 14 : 4);
  const isCause = node.faults.some((f) => f.isCause);
  fill(rect, "band");
  if (node.faults.length > 0) stroke(rect, "fault", isCause ? 3 : 1.5);
  else stroke(rect, "line");
}

function drawRoute(svg: Canvas, { edge, points, isBack }: Route): void {
  const isBad = troubleOf(edge) !== "";
  const role: Role = isBad ? "fault" : "line";
  const last = points.at(-1)!;
  const end = isBack ? { x: last.x, y: last.y + HEAD_LENGTH - 1 } : { x: last.x - HEAD_LENGTH + 1, y: last.y };
  const path = svg
    .append("path")
    .attr("d", pathOf([...points.slice(0, -1), end], isBack))
    .attr("fill", "none");
  stroke(path, role, isBad ? 2.5 : 1.4);
  // Calls of which only the time says who made them; connections in which no request was read.
  if (edge.basis === "time") path.attr("stroke-dasharray", "6 4");
  else if (edge.requests === 0) path.attr("stroke-dasharray", "2 3");
  const head = isBack
    ? `M${round(last.x)},${round(last.y)}l${-HEAD_HALF},${HEAD_LENGTH}h${2 * HEAD_HALF}Z`
    : `M${round(last.x)},${round(last.y)}l${-HEAD_LENGTH},${-HEAD_HALF}v${2 * HEAD_HALF}Z`;
  fill(svg.append("path").attr("d", head), role);
}

/** Level or upright where the points are; a curve that leaves and arrives level elsewhere. */
function pathOf(points: readonly { x: number; y: number }[], isBack: boolean): string {
  const [first, ...rest] = points;
  let at = first!;
  let path = `M${round(at.x)},${round(at.y)}`;
  for (const to of rest) {
    const middle = round((at.x + to.x) / 2);
    path +=
      isBack || at.y === to.y
        ? `L${round(to.x)},${round(to.y)}`
        : `C${middle},${round(at.y)},${middle},${round(to.y)},${round(to.x)},${round(to.y)}`;
    at = to;
  }
  return path;
}

function describe({ nodes, edges, subject }: TopologyPicture): { title: string; description: string } {
  const services = nodes.filter((n) => n.kind === "service").length;
  const told = [
    `${count(services, "service")}, ${count(nodes.length - services, "client")} and ${count(edges.length, "line")} between them`,
  ];
  const cause = nodes.find((n) => n.faults.some((f) => f.isCause));
  const fault = cause?.faults.find((f) => f.isCause);
  if (cause !== undefined && fault !== undefined) told.push(`The cause: ${faultOf(cause, fault)}`);
  const others = nodes.filter((n) => n !== cause && n.faults.length > 0).map((n) => faultOf(n, n.faults[0]!));
  if (others.length > 0) told.push(`Also: ${others.slice(0, 3).join("; ")}`);
  return { title: `Who calls whom: ${subject}`, description: told.map((s) => `${s}.`).join(" ") };
}
