// What is in the files kept so far? Runs in a thread of its own, so that a long analysis costs no packet; asked for by finding-watch.ts.

import { parentPort } from "node:worker_threads";
import { type AnalyzeOptions, analyze } from "../../analyze.ts";
import type { FoundNow } from "./finding-news.ts";

export interface AnalysisRequest {
  files: readonly string[];
  options: AnalyzeOptions;
}

export type AnalysisAnswer = { findings: FoundNow[] } | { failed: string };

async function answer({ files, options }: AnalysisRequest): Promise<AnalysisAnswer> {
  try {
    const { findings } = await analyze(files, options);
    return {
      findings: findings.map(({ analysis, severity, title, summary, subject, count }) => ({
        analysis,
        severity,
        title,
        summary,
        subject,
        count,
      })),
    };
  } catch (error) {
    // A file that went away meanwhile, the only one: the next time there is another.
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", (request: AnalysisRequest) => {
  void answer(request).then((said) => parentPort?.postMessage(said));
});
