// How does a test say what happened on several connections at once? Lines of the packet script, each at its own moment.

import { analyses } from "../../analyses/index.ts";
import type { AnalysisResult, FoundFinding } from "../../src/core/analysis.ts";
import { type PlayOptions, script } from "../flow/packet-script.ts";

export interface Event {
  ms: number;
  line: string;
}

/** The lines of a script from `ms` on, on the client's port `port`; `+N` moves on by N milliseconds, else 0.1. */
export function connection(port: number, ms: number, text: string): Event[] {
  let now = ms;
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line, n) => {
      const [, pause, rest] = /^(?:\+(\d+) )?(.*)$/.exec(line)!;
      now += pause !== undefined ? Number(pause) : n === 0 ? 0 : 0.1;
      return { ms: now, line: `${rest} port=${port}` };
    });
}

/** The same on `n` ports, one every `every` milliseconds. */
export const each = (n: number, every: number, text: string | ((k: number) => string), start = 0): Event[] =>
  Array.from({ length: n }, (_, k) =>
    connection(41_000 + start + k, k * every, typeof text === "string" ? text : text(k)),
  ).flat();

/** All of them in order of time. */
export function merge(...lists: Event[][]): string {
  let now = 0;
  return lists
    .flat()
    .sort((a, b) => a.ms - b.ms)
    .map(({ ms, line }) => {
      const pause = Number((ms - now).toFixed(4));
      now = ms;
      return `+${pause} ${line}`;
    })
    .join("\n");
}

export const run = (id: string, text: string, options?: PlayOptions): AnalysisResult =>
  analyses.find((a) => a.id === id)!.run(script(text, options).view);

export function findings(id: string, text: string, options?: PlayOptions): FoundFinding[] {
  const result = run(id, text, options);
  return result.kind === "found" ? result.findings : [];
}
