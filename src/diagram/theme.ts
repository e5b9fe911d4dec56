// Which colours and letters does a picture have? By role, in light and in dark, told apart by colour-blind eyes.
//
// Colours are presentation attributes (light) with a class beside them, so that a style sheet can turn the picture dark: the page's,
// or the one that a file of its own carries. No `style` attribute: the page's policy forbids it. Hues are those of Okabe and Ito
// ("Color Universal Design", 2008), darkened where they carry text; no meaning rests on colour alone.

import { displayWidth } from "../core/wrap.ts";

interface Shade {
  light: string;
  dark: string;
}

/** Contrast: text 4.5:1 and more, lines and areas 3:1 against their paper (WCAG 2.2, 1.4.3 and 1.4.11), but for `grid` and `band`. */
const SHADES = {
  paper: { light: "#ffffff", dark: "#16191d" },
  ink: { light: "#1b1f24", dark: "#e8eaed" },
  faint: { light: "#57606a", dark: "#9aa4b0" },
  line: { light: "#767f8a", dark: "#7d8793" },
  grid: { light: "#dfe3e8", dark: "#2c3238" },
  band: { light: "#f3f5f7", dark: "#1f242a" },
  fault: { light: "#c04a00", dark: "#ff8f4d" },
  good: { light: "#007a59", dark: "#2fbf95" },
  // Outcomes of exchanges.
  answered: { light: "#009e73", dark: "#2fbf95" },
  waiting: { light: "#b87f00", dark: "#f0b429" },
  unanswered: { light: "#d55e00", dark: "#ff8f4d" },
  late: { light: "#a8487f", dark: "#e28fbf" },
  unknown: { light: "#767f8a", dark: "#8b95a1" },
  // States of a socket.
  syn_sent: { light: "#8a7d00", dark: "#f0e442" },
  syn_received: { light: "#a39a3d", dark: "#c9c15a" },
  established: { light: "#009e73", dark: "#2fbf95" },
  fin_wait_1: { light: "#2f8fc4", dark: "#7cc8f2" },
  fin_wait_2: { light: "#0072b2", dark: "#4aa3dd" },
  close_wait: { light: "#d55e00", dark: "#ff8f4d" },
  closing: { light: "#7a5aa6", dark: "#b79be0" },
  last_ack: { light: "#a8487f", dark: "#e28fbf" },
  time_wait: { light: "#767f8a", dark: "#8b95a1" },
} satisfies Record<string, Shade>;

export type Role = keyof typeof SHADES;

/** The role of a state's name, as in `CLOSE_WAIT`. */
export const stateRole = (state: string): Role => {
  const name = state.toLowerCase();
  return name in SHADES ? (name as Role) : "unknown";
};

/** A selection of elements of any kind. */
interface Painted {
  attr(name: string, value: string | number): unknown;
  classed(names: string, value: boolean): unknown;
}

/** Fills with the colour of a role. */
export function fill<S extends Painted>(selection: S, role: Role): S {
  selection.attr("fill", SHADES[role].light);
  selection.classed(`f-${role}`, true);
  return selection;
}

/** Strokes with the colour of a role. */
export function stroke<S extends Painted>(selection: S, role: Role, width = 1): S {
  selection.attr("stroke", SHADES[role].light);
  selection.attr("stroke-width", width);
  selection.classed(`s-${role}`, true);
  return selection;
}

const rules = (of: "light" | "dark"): string =>
  Object.entries(SHADES)
    .map(([role, shade]) => `.f-${role}{fill:${shade[of]}}.s-${role}{stroke:${shade[of]}}`)
    .join("");

/** Style rules that turn a picture dark; to be put where the reader's choice of it is asked. */
export const DARK_RULES = rules("dark");
/** And light again, where somebody chose that. */
export const LIGHT_RULES = rules("light");

/** Letters: one width for all, known before anything is drawn, so that no text lies over another. */
export const FONT = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';
export const TEXT_SIZE = 12;
export const SMALL_SIZE = 10.5;

/** The advance of a character, of the widest of those fonts, in ems. */
const ADVANCE = 0.61;

/** How wide a text will be at most, in CSS pixels. */
export const textWidth = (text: string, size: number = TEXT_SIZE): number => displayWidth(text) * size * ADVANCE;
