// How does a thread take its share of the flows? It is sent its packets, and answers each batch of them with the events that came of it.

import { Worker } from "node:worker_threads";
import { CaptureError } from "../capture/source.ts";
import { UsageError } from "../core/errors.ts";
import { BatchWriter, type Watching } from "./packet-batch.ts";
import type { SharePart } from "./share-end.ts";
import type { BatchMessage, ShareFailure, ShareMessage, ShareTask } from "./share-worker.ts";
import type { SharedBuffers } from "./shared-buffers.ts";

/** Batches under way: some 12 MiB of capture. Whoever reads waits then. */
const MOST_UNDER_WAY = 3;
/** Until the thread has loaded its code; a tenth of a second, in which whoever reads would have nothing to do. */
const MOST_BEFORE_ANSWER = 6;
const NOTHING = new Uint8Array(0);

/** Takes its events: all of those that came with packets up to `upTo`. */
export type TakeThreadEvents = (piece: Uint8Array, upTo: number) => void;

export class FlowThread {
  readonly packets: BatchWriter;
  private readonly worker: Worker;
  private readonly take: TakeThreadEvents;
  private hasAnswered = false;
  private part: SharePart | null = null;
  private failure: { error: unknown } | null = null;
  private wake: (() => void) | null = null;

  constructor(task: ShareTask, buffers: SharedBuffers, table: Watching, take: TakeThreadEvents) {
    this.take = take;
    this.worker = started(task);
    this.packets = new BatchWriter(buffers, table, (batch) => this.worker.postMessage(batch, [batch.index]));
    this.worker.on("message", (message: ShareMessage) => {
      try {
        this.hear(message);
      } catch (error) {
        this.fail(error);
      }
      this.wake?.();
    });
    this.worker.on("error", (error) => this.fail(error));
    this.worker.on("exit", (code) =>
      this.fail(new Error(`a worker thread ended with ${code} before its work was done`)),
    );
  }

  /** Bytes were used up: sends what was collected for it, of the packets up to this number, when it is enough or the thread has nothing to do. */
  offer(upTo: number): void {
    const { packets } = this;
    if (packets.isEnough || packets.sent === 0) packets.flush(upTo);
    // It had none among them, and has nothing more to say of those before.
    if (packets.sent === 0) this.take(NOTHING, upTo);
  }

  /** It has so much to do that whoever reads should wait. Throws what it failed with. */
  get isBehind(): boolean {
    if (this.failure !== null) throw this.failure.error;
    return this.packets.sent >= (this.hasAnswered ? MOST_UNDER_WAY : MOST_BEFORE_ANSWER);
  }

  /** Until it has answered something, or failed. */
  async answer(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.wake = null;
  }

  /** There are no more packets than those up to this number. */
  async end(upTo: number): Promise<SharePart> {
    this.packets.flush(upTo);
    this.worker.postMessage(null satisfies BatchMessage);
    while (this.part === null) {
      if (this.failure !== null) throw this.failure.error;
      await this.answer();
    }
    return this.part;
  }

  /** What is waited for fails with this. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wake?.();
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private hear(message: ShareMessage): void {
    if (message.kind === "events") {
      this.hasAnswered = true;
      this.packets.done(message.index);
      this.take(message.piece, message.upTo);
    } else if (message.kind === "end") {
      this.take(message.piece, Number.POSITIVE_INFINITY);
      this.part = message.part;
    } else this.fail(errorOf(message.error));
  }
}

/** The file beside this one, in source or as built. */
function started(task: ShareTask): Worker {
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./share-worker.${ending}`, import.meta.url), { workerData: task });
}

function errorOf({ name, message, stack, facts }: ShareFailure): Error {
  if (facts !== null) return new CaptureError(message, facts);
  if (name === "UsageError") return new UsageError(message);
  return Object.assign(new Error(message), { stack });
}
