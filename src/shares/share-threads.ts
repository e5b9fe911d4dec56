// How do several threads share the first pass? This one reads, takes the flows of some slices and sends the packets of the others to
// threads; their events are joined meanwhile, and their rows at the end.

import { CaptureSet } from "../capture/capture-set.ts";
import type { CaptureSource } from "../capture/source.ts";
import { CaptureClock } from "../core/clock.ts";
import { UsageError } from "../core/errors.ts";
import type { Pseudonyms } from "../core/pseudonyms.ts";
import { SLICES } from "../core/slices.ts";
import { Pass, type PassProgress, type PassResult } from "../pass.ts";
import { choicesOf, type PassChoices, passParts } from "../pass-choices.ts";
import { EventWriter } from "./event-writer.ts";
import { FlowThread } from "./flow-thread.ts";
import { ShareJoin } from "./join-shares.ts";
import { ReadersShare } from "./readers-share.ts";
import { MAX_SHARES } from "./share.ts";
import { endOfPart, shareTable, wholeFacts } from "./share-end.ts";
import { SharedBuffers } from "./shared-buffers.ts";

export interface SharedPass {
  readonly sources: readonly CaptureSource[];
  readonly choices: PassChoices & PassProgress;
  readonly pseudonyms: Pseudonyms | null;
  readonly keepExchanges: boolean;
  /** This one and those that are begun. */
  readonly threads: number;
}

/**
 * Of the slices that would fall to each, how many this one takes, which also reads and joins: of two threads five of sixteen, by the
 * processor time of both on many short connections (six: it has more to do than the other; four: less).
 */
const OWN_PART = 0.65;

/** By slice: which thread takes it; 0 is this one. */
export function ownersOf(threads: number): number[] {
  const own = threads === 1 ? SLICES : Math.max(1, Math.floor((SLICES / threads) * OWN_PART));
  return Array.from({ length: SLICES }, (_, slice) => (slice < own ? 0 : 1 + ((slice - own) % (threads - 1))));
}

/** The result is that of one thread. */
export async function passInThreads(pass: SharedPass): Promise<PassResult> {
  const { sources, choices, pseudonyms, keepExchanges, threads } = pass;
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_SHARES)
    throw new UsageError(`there are 1 to ${MAX_SHARES} workers, not ${threads}`);
  const { signal, onProgress } = choices;
  const progress: PassProgress = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const parts = passParts(choices, pseudonyms);
  const join = new ShareJoin(threads, parts.decoders, keepExchanges);
  const owners = ownersOf(threads);
  const buffers = new SharedBuffers();
  const events = new EventWriter();
  const table = shareTable(parts.decoders, events);
  table.watchCopies = sources.length > 1;
  // Begun before anything is read: meanwhile they load their code.
  const others = Array.from({ length: threads - 1 }, (_, n) => {
    const task = {
      choices: threadChoices(choices),
      key: pseudonyms?.key ?? null,
      owned: owners.map((o) => o === n + 1),
    };
    return new FlowThread(task, buffers, table, (piece, upTo) => join.replay.give(n + 1, piece, upTo));
  });
  const stop = (): void => {
    for (const thread of others) thread.fail(signal!.reason);
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const clock = new CaptureClock();
    const set = new CaptureSet(sources, clock, { pool: buffers });
    const share = new ReadersShare(table, owners, { events, others, isChanged: pseudonyms !== null });
    const own = new Pass(set, table, clock, parts.passOptions, share);
    const between = (): Promise<void> | undefined => {
      for (const thread of others) thread.offer(events.packets);
      join.replay.give(0, events.take(), events.packets);
      return others.some((thread) => thread.isBehind) ? allAnswer(others) : undefined;
    };
    try {
      await own.run({ ...progress, between });
    } finally {
      await set.close();
    }
    const ends = Promise.all(others.map((thread) => thread.end(events.packets)));
    // Met below, if nothing else fails before.
    ends.catch(() => {});
    const part = endOfPart(own, table);
    join.replay.give(0, events.take(), Number.POSITIVE_INFINITY);
    return join.end(wholeFacts(own, clock, set.captures), [part, ...(await ends)]);
  } finally {
    signal?.removeEventListener("abort", stop);
    await Promise.all(others.map((thread) => thread.stop()));
  }
}

/** Times are this thread's: what is out of them is not sent. */
const threadChoices = (choices: PassChoices): PassChoices => {
  const { from: _, to: __, ...others } = choicesOf(choices);
  return others;
};

async function allAnswer(threads: readonly FlowThread[]): Promise<void> {
  for (const thread of threads) while (thread.isBehind) await thread.answer();
}
