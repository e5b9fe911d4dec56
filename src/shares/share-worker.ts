// One share of the flows, in a thread of its own: begun by flow-thread.ts, which sends it its packets and gets its events.

import { parentPort, workerData } from "node:worker_threads";
import { CaptureClock } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import { makePseudonyms } from "../core/pseudonyms.ts";
import type { FlowTable } from "../flow/flow-table.ts";
import { type PacketFeed, Pass } from "../pass.ts";
import { type PassChoices, passParts } from "../pass-choices.ts";
import { EventWriter } from "./event-writer.ts";
import { BatchReader, type PacketBatch } from "./packet-batch.ts";
import { PacketShare } from "./share.ts";
import { endOfPart, type SharePart, shareTable } from "./share-end.ts";

/** What the thread is to do. */
export interface ShareTask {
  readonly choices: PassChoices;
  /** Of the pseudonyms; null without. */
  readonly key: Uint8Array | null;
  /** By slice: is it the thread's? */
  readonly owned: readonly boolean[];
}

/** Null: there are no more. */
export type BatchMessage = PacketBatch | null;

export type ShareMessage =
  /** What came of a batch, which is done. */
  | { kind: "events"; piece: Uint8Array<ArrayBuffer>; upTo: number; index: ArrayBuffer }
  | { kind: "end"; piece: Uint8Array<ArrayBuffer>; part: SharePart }
  | { kind: "failed"; error: ShareFailure };

/** An error, so that it is the same one in the other thread. */
export interface ShareFailure {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly facts: { code: string; path: string; offset: number | undefined } | null;
}

const port = parentPort!;
const send = (message: ShareMessage, transfer: ArrayBuffer[]): void => port.postMessage(message, transfer);

/** The packets that come, and their numbers for the events. */
class BatchFeed implements PacketFeed {
  readonly captures = [];
  readonly bytesRead = 0;
  readonly bytesTotal = undefined;
  readonly reader = new BatchReader();
  private readonly events: EventWriter;
  private readonly begun: (batch: PacketBatch) => void;
  private batch: PacketBatch | null = null;
  private readonly waiting: BatchMessage[] = [];
  private wake: (() => void) | null = null;

  constructor(events: EventWriter, begun: (batch: PacketBatch) => void) {
    this.events = events;
    this.begun = begun;
    port.on("message", (message: BatchMessage) => {
      this.waiting.push(message);
      this.wake?.();
    });
  }

  // hot:
  next(p: Packet): boolean {
    if (!this.reader.next(p)) return false;
    this.events.atPacket(this.reader.number);
    return true;
  }

  async fill(): Promise<boolean> {
    this.finish();
    while (this.waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const batch = this.waiting.shift()!;
    this.batch = batch;
    if (batch === null) return false;
    this.begun(batch);
    this.reader.begin(batch);
    return true;
  }

  private finish(): void {
    const { batch } = this;
    if (batch === null) return;
    const { index, upTo } = batch;
    const piece = this.events.take();
    send({ kind: "events", piece, upTo, index }, [piece.buffer, index]);
  }
}

/** Whoever read the packets has told whose they are. */
class SentShare extends PacketShare {
  private readonly reader: BatchReader;

  constructor(table: FlowTable, owned: readonly boolean[], reader: BatchReader) {
    super(table, owned, false);
    this.reader = reader;
  }

  // hot:
  override isOthers(): boolean {
    this.isOwn = this.reader.isOwn;
    return false;
  }
}

async function work({ choices, key, owned }: ShareTask): Promise<void> {
  const { decoders, passOptions } = passParts(choices, key === null ? null : makePseudonyms(key));
  const events = new EventWriter();
  const table = shareTable(decoders, events);
  const feed = new BatchFeed(events, ({ watchCopies }) => {
    table.watchCopies = watchCopies;
  });
  const pass = new Pass(feed, table, new CaptureClock(), passOptions, new SentShare(table, owned, feed.reader));
  await pass.run({});
  const part = endOfPart(pass, table);
  const piece = events.take();
  send({ kind: "end", piece, part }, [piece.buffer, ...buffersOf(part)]);
  port.close();
}

/** Handed over, not copied. */
const buffersOf = ({ table }: SharePart): ArrayBuffer[] => [
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
  send({ kind: "failed", error: failure(error) }, []);
  port.close();
});
