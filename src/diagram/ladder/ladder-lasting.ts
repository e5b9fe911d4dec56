// Where on a ladder is what lasts? The bars of states on their lifelines, and the brackets of waits beside them.

import { BAR_STEP, type Columns, homeOf, LANE, MAX_LANES } from "./ladder-columns.ts";
import type { LadderLayout } from "./ladder-layout.ts";
import type { LadderPicture } from "./ladder-picture.ts";
import type { Story } from "./ladder-story.ts";

/** The middle of a connection's bar on a lifeline. */
export function barX({ lifelines, start }: Columns, lifeline: number, leg: number): number {
  const column = lifelines[lifeline];
  return column === undefined ? start : column.x + Math.max(0, column.legs.indexOf(leg)) * BAR_STEP;
}

export function placeBars(layout: LadderLayout, story: Story, ys: readonly number[]): void {
  for (const { what, from, until } of story.states) {
    const isOlder = story.entries[from]?.kind === "begin";
    const y0 = isOlder ? layout.top : (ys[from] ?? layout.top);
    const y1 = ys[until] ?? layout.bottom;
    layout.bars.push({ span: what, x: barX(layout.columns, what.lifeline, what.leg), y0, y1: Math.max(y0 + 1, y1) });
  }
}

export function placeBrackets(layout: LadderLayout, picture: LadderPicture, story: Story, ys: readonly number[]): void {
  /** Per text column and lane: where it is free. */
  const lanes = new Map<number, number[]>();
  for (const { what, from, until } of [...story.waits].sort((a, b) => a.from - b.from)) {
    const leg = picture.legs[what.leg];
    const y0 = ys[from];
    const y1 = ys[until];
    if (leg === undefined || y0 === undefined || y1 === undefined || y1 <= y0) continue;
    const home = homeOf(leg);
    const column = layout.columns.texts[home];
    if (column === undefined) continue;
    const taken = lanes.get(home) ?? [];
    const free = taken.findIndex((below) => below <= y0);
    const lane = Math.min(MAX_LANES - 1, free < 0 ? taken.length : free);
    taken[lane] = Math.max(taken[lane] ?? 0, y1);
    lanes.set(home, taken);
    const { lanesFrom, towards } = column;
    layout.brackets.push({ wait: what, x: lanesFrom + towards * lane * LANE, y0, y1, towards });
  }
}
