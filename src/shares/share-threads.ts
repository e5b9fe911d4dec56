// How do several threads share the first pass? Each reads all packets and takes the flows of its share; here their events are joined
// while they read, and their rows at the end.

import { Worker } from "node:worker_threads";
import { CaptureError, type CaptureSource } from "../capture/source.ts";
import { UsageError } from "../core/errors.ts";
import type { Pseudonyms } from "../core/pseudonyms.ts";
import { choicesOf, type PassChoices, type PassParts, passParts } from "../first-pass.ts";
import type { PassProgress, PassResult } from "../pass.ts";
import { ShareJoin } from "./join-shares.ts";
import type { ShareEnd } from "./read-share.ts";
import { MAX_SHARES } from "./share.ts";
import type { ShareFailure, ShareMessage, ShareTask } from "./share-worker.ts";

export interface SharedPass {
  readonly sources: readonly CaptureSource[];
  readonly choices: PassChoices & PassProgress;
  readonly pseudonyms: Pseudonyms | null;
  readonly keepExchanges: boolean;
  readonly threads: number;
}

/** The result is that of one thread. */
export async function passInThreads(pass: SharedPass): Promise<PassResult> {
  const { sources, choices, pseudonyms, keepExchanges, threads } = pass;
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_SHARES)
    throw new UsageError(`there are 1 to ${MAX_SHARES} workers, not ${threads}`);
  const { signal, onProgress } = choices;
  const plain = choicesOf(choices);
  const parts: PassParts = passParts(plain, pseudonyms);
  const join = new ShareJoin(threads, parts.decoders, keepExchanges);
  const workers: Worker[] = [];
  /** Pieces of each that were not said yet, as far as it knows. */
  const unanswered: number[] = Array.from({ length: threads }, () => 0);
  const give = (share: number, piece: Uint8Array, upTo: number): void => {
    unanswered[share]!++;
    join.replay.give(share, piece, upTo);
    // Whoever is ahead waits for the others.
    workers.forEach((worker, n) => {
      for (; unanswered[n]! > join.replay.waiting(n); unanswered[n]!--) worker.postMessage(null);
    });
  };
  try {
    const ends = await Promise.all(
      Array.from({ length: threads }, (_, index) => {
        const task: ShareTask = {
          paths: sources.map((s) => s.path),
          sizes: sources.map((s) => s.size),
          choices: plain,
          key: pseudonyms?.key ?? null,
          share: { index, of: threads },
        };
        const worker = started(task);
        workers.push(worker);
        return endOf(worker, (piece, upTo) => give(index, piece, upTo), { signal, onProgress } as PassProgress);
      }),
    );
    return join.end(ends);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** The file beside this one, in source or as built. */
function started(task: ShareTask): Worker {
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./share-worker.${ending}`, import.meta.url), { workerData: task });
}

/** Hands on the events of a share until its end. */
function endOf(
  worker: Worker,
  give: (piece: Uint8Array, upTo: number) => void,
  progress: PassProgress,
): Promise<ShareEnd> {
  const { signal, onProgress } = progress;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    worker.on("message", (message: ShareMessage) => {
      try {
        if (message.kind === "events") {
          give(message.piece, message.upTo);
        } else if (message.kind === "progress") {
          onProgress?.(message.done, message.total, message.packets);
        } else if (message.kind === "end") {
          resolve(message.end);
        } else reject(errorOf(message.error));
      } catch (error) {
        reject(error);
      }
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`a worker thread ended with ${code} before its work was done`)));
  });
}

function errorOf({ name, message, stack, facts }: ShareFailure): Error {
  if (facts !== null) return new CaptureError(message, facts);
  if (name === "UsageError") return new UsageError(message);
  return Object.assign(new Error(message), { stack });
}
