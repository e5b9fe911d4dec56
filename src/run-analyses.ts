// What did the analyses say? Each is run by itself: one that throws becomes its own failed result, and the rest go on.

import { type AnalysisResult, type FoundFinding, SEVERITIES } from "./core/analysis.ts";

export interface Judgement<E> {
  /** In the order of the analyses; of one analysis, the worst first. */
  found: { analysis: string; finding: FoundFinding<E> }[];
  clear: { analysis: string; because: string }[];
  unsure: { analysis: string; needs: string }[];
  failed: { analysis: string; error: string }[];
}

interface Question<V, E> {
  readonly id: string;
  run(view: V): AnalysisResult<E>;
}

export function runAnalyses<V, E>(analyses: readonly Question<V, E>[], view: V): Judgement<E> {
  const said: Judgement<E> = { found: [], clear: [], unsure: [], failed: [] };
  for (const question of analyses) {
    const analysis = question.id;
    try {
      const result = question.run(view);
      if (result.kind === "clear") said.clear.push({ analysis, because: result.because });
      else for (const needs of doubtsOf(result)) said.unsure.push({ analysis, needs });
      if (result.kind !== "found") continue;
      for (const finding of [...result.findings].sort(worstFirst)) said.found.push({ analysis, finding });
    } catch (error) {
      said.failed.push({ analysis, error: error instanceof Error ? error.message : String(error) });
    }
  }
  return said;
}

function doubtsOf<E>(result: Exclude<AnalysisResult<E>, { kind: "clear" }>): readonly string[] {
  if (result.kind === "found") return result.unsure ?? [];
  return typeof result.needs === "string" ? [result.needs] : result.needs;
}

type Ranked = Pick<FoundFinding<unknown>, "severity" | "count">;

export const worstFirst = (a: Ranked, b: Ranked): number =>
  SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count;

/** With ids: `half-closed-connections#1` is the worst of its analysis. */
export function numbered<F extends { analysis: string; finding: Ranked }>(found: readonly F[]): (F & { id: string })[] {
  const count = new Map<string, number>();
  return [...found]
    .sort((a, b) => worstFirst(a.finding, b.finding))
    .map((f) => {
      const n = (count.get(f.analysis) ?? 0) + 1;
      count.set(f.analysis, n);
      return { ...f, id: `${f.analysis}#${n}` };
    });
}
