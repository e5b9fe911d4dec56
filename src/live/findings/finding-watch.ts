// When are the files kept looked through again? Every so often, less often when it takes long, and never in the thread that captures.

import { Worker } from "node:worker_threads";
import type { AnalyzeOptions } from "../../analyze.ts";
import { type FindingNews, KnownFindings } from "./finding-news.ts";
import type { AnalysisAnswer, AnalysisRequest } from "./finding-worker.ts";

/** Of the time, at most such a part is spent on it. */
const SHARE = 0.25;
/** A thread that dies so often in a row is not started again. */
const MAX_DEATHS = 3;

export interface FindingWatchParts {
  readonly everyMs: number;
  readonly options: AnalyzeOptions;
  /** The files there are to look at now, and the snapshots of sockets. */
  inputs(): { files: readonly string[]; sockets: readonly string[] };
  steadyClock(): number;
  tell(news: readonly FindingNews[]): void;
  notice(text: string): void;
  /** Starts the thread; tests bring their own. */
  start?(): AnalysisThread;
}

/** What is needed of a thread. */
export interface AnalysisThread {
  postMessage(request: AnalysisRequest): void;
  onAnswer(told: (answer: AnalysisAnswer) => void): void;
  onDeath(told: (why: string) => void): void;
  end(): void;
}

export class FindingWatch {
  private readonly parts: FindingWatchParts;
  private readonly known = new KnownFindings();
  private thread: AnalysisThread | null = null;
  private busySince: number | null = null;
  private next: number;
  private deaths = 0;
  private saidSlow = false;
  /** The first one had its thread to start: how long it took says little. */
  private isFirst = true;
  private ended = false;

  constructor(parts: FindingWatchParts) {
    this.parts = parts;
    this.next = parts.steadyClock() + parts.everyMs;
  }

  /** Called every second. */
  look(): void {
    if (this.ended || this.busySince !== null || this.deaths >= MAX_DEATHS) return;
    const now = this.parts.steadyClock();
    if (now < this.next) return;
    const { files, sockets } = this.parts.inputs();
    if (files.length === 0) return;
    this.busySince = now;
    this.thread ??= this.startThread();
    const options = sockets.length === 0 ? this.parts.options : { ...this.parts.options, sockets: [...sockets] };
    this.thread.postMessage({ files: [...files], options });
  }

  /** What is under way is not waited for. */
  end(): void {
    this.ended = true;
    this.thread?.end();
    this.thread = null;
  }

  private startThread(): AnalysisThread {
    const thread = (this.parts.start ?? startWorker)();
    thread.onAnswer((answer) => this.answered(answer));
    thread.onDeath((why) => this.died(why));
    return thread;
  }

  private answered(answer: AnalysisAnswer): void {
    if (this.ended) return;
    this.deaths = 0;
    this.rest();
    // What failed this time (a file that was removed while it was read) is looked at the next time.
    if ("failed" in answer) return;
    const news = this.known.update(answer.findings);
    if (news.length > 0) this.parts.tell(news);
  }

  private died(why: string): void {
    if (this.ended) return;
    this.thread = null;
    this.rest();
    this.deaths++;
    const goesOn = this.deaths < MAX_DEATHS ? "it is tried again" : "it is not tried again before the end";
    this.parts.notice(`the analysis of the packets kept so far failed (${why}); the capture goes on, ${goesOn}`);
  }

  private rest(): void {
    const now = this.parts.steadyClock();
    const took = now - (this.busySince ?? now);
    this.busySince = null;
    const pause = Math.max(this.parts.everyMs - took, took * (1 / SHARE - 1));
    this.next = now + pause;
    const isSlow = took + pause > 1.5 * this.parts.everyMs && !this.isFirst;
    this.isFirst = false;
    if (isSlow && !this.saidSlow) {
      this.saidSlow = true;
      this.parts.notice(
        `looking through the packets kept takes ${(took / 1000).toFixed(1)} s: findings are made anew about every ${Math.round((took + pause) / 1000)} s`,
      );
    }
  }
}

/** A thread of Node. The file beside this one, in source or as built. */
function startWorker(): AnalysisThread {
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./finding-worker.${ending}`, import.meta.url), { stdout: true, stderr: true });
  worker.unref();
  return {
    postMessage: (request) => worker.postMessage(request),
    onAnswer: (told) => void worker.on("message", told),
    onDeath(told) {
      let why = "";
      worker.on("error", (error: Error) => {
        why = error.message;
      });
      worker.on("exit", (code) => told(why === "" ? `exit code ${code}` : why));
    },
    end: () => void worker.terminate(),
  };
}
