// One share of the flows, in a thread of its own: begun by share-threads.ts, which gets its events.

import { parentPort, workerData } from "node:worker_threads";
import { openBlockingFile } from "../capture/file-stream.ts";
import { openCaptures } from "../capture/files.ts";
import { limited } from "../capture/limited-source.ts";
import type { CaptureSource } from "../capture/source.ts";
import { makePseudonyms } from "../core/pseudonyms.ts";
import { type PassChoices, passParts } from "../first-pass.ts";
import { readShare, type ShareEnd } from "./read-share.ts";
import type { Share } from "./share.ts";

/** What the thread is to do. */
export interface ShareTask {
  readonly paths: readonly string[];
  /** Of each, as many bytes are read: others may be written meanwhile. */
  readonly sizes: readonly (number | undefined)[];
  readonly choices: PassChoices;
  /** Of the pseudonyms; null without. */
  readonly key: Uint8Array | null;
  readonly share: Share;
}

export type ShareMessage =
  | { kind: "events"; piece: Uint8Array<ArrayBuffer>; upTo: number }
  | { kind: "progress"; done: number; total: number | undefined; packets: number }
  | { kind: "end"; end: ShareEnd }
  | { kind: "failed"; error: ShareFailure };

/** An error, so that it is the same one in the other thread. */
export interface ShareFailure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly facts: { code: string; path: string; offset: number | undefined } | null;
}

/** What is read at once stays in the cache of the processor until it was looked at. */
const CHUNK_BYTES = 1 << 18;
/** Pieces under way to whoever joins them: more would only wait there. */
const MOST_UNDER_WAY = 8;

async function work(task: ShareTask): Promise<void> {
  const port = parentPort!;
  let underWay = 0;
  let goOn: (() => void) | null = null;
  port.on("message", () => {
    underWay--;
    goOn?.();
    goOn = null;
  });
  const send = (message: ShareMessage, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
  const sources = (await openCaptures(task.paths)).map((source, file) => limited(blocking(source), task.sizes[file]));
  const parts = passParts(task.choices, task.key === null ? null : makePseudonyms(task.key));
  const end = await readShare(
    sources,
    parts,
    task.share,
    (piece, upTo) => {
      send({ kind: "events", piece, upTo }, [piece.buffer]);
      if (++underWay < MOST_UNDER_WAY) return undefined;
      return new Promise((resolve) => {
        goOn = resolve;
      });
    },
    {
      chunkBytes: CHUNK_BYTES,
      ...(task.share.index === 0 && {
        onProgress: (done: number, total: number | undefined, packets: number): void =>
          send({ kind: "progress", done, total, packets }),
      }),
    },
  );
  send({ kind: "end", end }, buffersOf(end));
  port.close();
}

/** What cannot be opened says so as it did. */
const blocking = (source: CaptureSource): CaptureSource => ({
  ...source,
  async open() {
    const opened = await source.open();
    await opened.close();
    return openBlockingFile(source.path);
  },
});

/** Handed over, not copied. */
const buffersOf = ({ table }: ShareEnd): ArrayBuffer[] => [
  ...new Set(Object.values(table.arrays).map((array) => array.buffer as ArrayBuffer)),
];

const failure = (error: unknown): ShareFailure => {
  const { name, message, stack, code, path, offset } = error as Error & {
    code?: string;
    path?: string;
    offset?: number;
  };
  const facts = name === "CaptureError" ? { code: code ?? "", path: path ?? "", offset } : null;
  return { name, message, stack, facts };
};

work(workerData as ShareTask).catch((error: unknown) => {
  parentPort!.postMessage({ kind: "failed", error: failure(error) } satisfies ShareMessage);
  parentPort!.close();
});
