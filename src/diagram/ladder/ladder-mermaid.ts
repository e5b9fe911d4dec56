// How is a ladder said in Mermaid? A sequence diagram: participants by number, so that no name is code (mermaid.ts).

import { count } from "../../core/format.ts";
import { bounded, mermaidText } from "../mermaid.ts";
import type { LadderPicture } from "./ladder-picture.ts";
import { type Entry, messagesOf, omittedLabel, seconds, storyOf, waitLabel } from "./ladder-story.ts";

/** Arrow heads of Mermaid: closed for what arrived as far as we know, dotted for what is sent again or out of turn. */
const ARROW = { plain: "->>", marked: "-->>" };

export function ladderMermaid(picture: LadderPicture): string {
  const { lifelines, legs } = picture;
  const story = storyOf(picture);
  const lines = lifelines.map(({ name, role }, n) => {
    const who = role === "" ? mermaidText(name) : `${mermaidText(name)}<br/>${mermaidText(role)}`;
    return `  participant p${n} as ${who}`;
  });
  const last = Math.max(0, lifelines.length - 1);
  const all = last === 0 ? "p0" : `p0,p${last}`;
  const over = (leg: number): string => {
    const of = legs[leg];
    return of === undefined || of.client === of.server
      ? all
      : `p${Math.min(of.client, of.server)},p${Math.max(of.client, of.server)}`;
  };
  const say = (entry: Entry): void => {
    if (entry.kind === "segment") {
      const { row } = entry;
      const arrow = row.marks.length > 0 ? ARROW.marked : ARROW.plain;
      const details = [row.flags, ...(row.length > 0 ? [count(row.length, "byte")] : []), ...row.marks].join(", ");
      const words = [...messagesOf(entry).map((m) => mermaidText(m)), mermaidText(`${row.frame}: ${details}`)];
      lines.push(`  p${row.from}${arrow}p${row.to}: ${words.join("<br/>")}`);
      if (row.note !== null) lines.push(`  Note over ${over(row.leg)}: ${mermaidText(row.note)}`);
    } else if (entry.kind === "omitted") {
      lines.push(`  Note over ${over(entry.row.leg)}: ${mermaidText(omittedLabel(entry.row))}`);
    } else if (entry.kind === "wait") {
      const { wait } = entry;
      // The name is cut, what became of it is not.
      const outcome = waitLabel({ ...wait, name: "" }, picture);
      lines.push(`  Note over ${over(wait.leg)}: ${mermaidText(wait.name)}${mermaidText(outcome, 100)}`);
    } else if (entry.kind === "end") lines.push(`  Note over ${all}: the capture ends`);
  };
  if (lifelines.length === 0) lines.push("  participant p0 as –");
  story.entries.forEach((entry, n) => {
    if (entry.gap > 0 && entry.kind !== "end")
      lines.push(`  Note over ${all}: ${mermaidText(seconds(entry.gap))} later`);
    say(entry);
    for (const { leg: of, lifeline, label, entry: at } of story.names) {
      if (at !== n || lifelines[lifeline] === undefined) continue;
      const leg = legs[of];
      const other = leg?.client === lifeline ? leg.server : (leg?.client ?? lifeline);
      lines.push(`  Note ${other > lifeline ? "left" : "right"} of p${lifeline}: ${mermaidText(label, 100)}`);
    }
  });
  return bounded(
    ["sequenceDiagram", ...lines],
    (left) => `  Note over ${all}: ${count(left, "further line")} left out, for a Mermaid diagram has its limit`,
  );
}
