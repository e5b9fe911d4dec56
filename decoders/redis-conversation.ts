// What do the two directions of a Redis connection know of each other? What waits, and the modes that commands and their
// answers switch: the database, a transaction, subscriptions, answers switched off.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import type { ExchangeSink } from "../src/core/stream-decoder.ts";
import { OrderedPairing } from "./ordered-pairing.ts";
import type { RespReader } from "./resp.ts";

/** A message in hand: where it began, and its reader. */
export interface Message {
  readonly reader: RespReader;
  readonly frame: FrameRef;
  readonly time: Nanos;
  /** When the last bytes of its direction came. */
  readonly lastTime: Nanos;
}

export class Conversation {
  readonly sink: ExchangeSink;
  pairing = new OrderedPairing();
  /** The database selected; null when no SELECT was seen. */
  database: string | null = null;
  /** What it was before the last SELECT. */
  databaseBefore: string | null = null;
  /** MULTI is open; null when it is not known. */
  transaction: boolean | null = null;
  /** RESP 2: the server speaks on its own now, in arrays. */
  subscribed = false;
  /** The server reports commands, each a simple string. */
  monitoring = false;
  /** CLIENT REPLY OFF; CLIENT REPLY SKIP. */
  answersOff = false;
  skipsNext = false;
  /** Neither a command nor an answer was seen so far. */
  silent = true;
  /** Who asks is beyond doubt: the other side said what only servers say. */
  certain = false;
  /** What follows is replication. */
  over = false;

  constructor(sink: ExchangeSink) {
    this.sink = sink;
  }

  requestGap(): void {
    this.pairing.requestGap();
    this.database = null;
  }

  answerGap(why: "gap" | "snap"): void {
    this.transaction = null;
    this.pairing.responseGap(why, this.sink);
  }

  /** Who asks was taken wrong: what seemed to wait is no command. */
  startAgain(): void {
    this.pairing.responseGap("gap", this.sink);
    this.pairing = new OrderedPairing();
    this.database = null;
    this.transaction = null;
    this.subscribed = false;
  }

  /** The connection turns into a stream from a master to its replica: commands, but nobody asks and nobody answers. */
  becomeReplication(): void {
    this.pairing.responseGap("gap", this.sink);
    this.over = true;
    this.sink.upgraded();
  }
}
