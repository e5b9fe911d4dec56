// How is a topology said in Mermaid? A flowchart from left to right: nodes by number, all words in quotes (mermaid.ts).

import { count } from "../../core/format.ts";
import { bounded, mermaidText } from "../mermaid.ts";
import type { TopologyPicture } from "./topology-picture.ts";
import { aboutNode, callsOf, faultLines, troubleOf, waitedOf } from "./topology-words.ts";

/** Columns of a line in a node: a finding's title fits. */
const FAULT_COLUMNS = 90;

export function topologyMermaid({ nodes, edges, notes }: TopologyPicture): string {
  const lines = ["flowchart LR"];
  for (const [n, node] of nodes.entries()) {
    const words = [
      mermaidText(node.name),
      ...aboutNode(node).map((text) => mermaidText(text, FAULT_COLUMNS)),
      ...faultLines(node.faults).map((text) => mermaidText(text, FAULT_COLUMNS)),
    ].join("<br/>");
    lines.push(node.kind === "client" ? `  n${n}(["${words}"])` : `  n${n}["${words}"]`);
  }
  for (const edge of edges) {
    const words = [callsOf(edge), troubleOf(edge), waitedOf(edge)].filter((w) => w !== "").map((w) => mermaidText(w));
    const line = edge.basis === "time" || edge.requests === 0 ? "-.->" : troubleOf(edge) === "" ? "-->" : "==>";
    lines.push(`  n${edge.from} ${line}|"${words.join("<br/>")}"| n${edge.to}`);
  }
  const broken = nodes.flatMap((node, n) => (node.faults.length > 0 ? [`n${n}`] : []));
  const causes = nodes.flatMap((node, n) => (node.faults.some((f) => f.isCause) ? [`n${n}`] : []));
  if (broken.length > 0)
    lines.push("  classDef broken stroke:#c04a00,stroke-width:2px", `  class ${broken.join(",")} broken`);
  if (causes.length > 0)
    lines.push("  classDef cause stroke:#c04a00,stroke-width:4px", `  class ${causes.join(",")} cause`);
  if (notes.length > 0) lines.push(`  note["${notes.map((n) => mermaidText(n, FAULT_COLUMNS)).join("<br/>")}"]`);
  return bounded(
    lines,
    (left) => `  rest["${count(left, "further line")} left out, for a Mermaid diagram has its limit"]`,
  );
}
