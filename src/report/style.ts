// What do words look like on a terminal? Bold, dim and a colour a severity; nothing at all elsewhere.

import type { Severity } from "../core/analysis.ts";

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  heading(text: string): string;
  severity(severity: Severity, text: string): string;
  good(text: string): string;
}

/** SGR parameters (ECMA-48 §8.3.117); the sixteen colours that every theme defines. */
const SEVERITY: Record<Severity, string> = { critical: "1;97;41", high: "1;31", medium: "1;33", low: "36", info: "2" };

const sgr = (parameters: string, text: string): string => (text === "" ? "" : `\x1b[${parameters}m${text}\x1b[0m`);

export const COLORED: Style = {
  bold: (text) => sgr("1", text),
  dim: (text) => sgr("2", text),
  heading: (text) => sgr("1;4", text),
  severity: (severity, text) => sgr(SEVERITY[severity], text),
  good: (text) => sgr("1;32", text),
};

const same = (text: string): string => text;

export const PLAIN: Style = { bold: same, dim: same, heading: same, severity: (_, text) => text, good: same };
