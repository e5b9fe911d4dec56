// When does a capture begin? A look at its first record, before its turn to be read.

import { CaptureClock } from "../core/clock.ts";
import { findCapture, type OpenCapture, type OpenOptions, startCapture } from "./open-capture.ts";

/** Enough for the largest packet of most networks and what comes before it. */
const PEEK_CHUNK = 1 << 16;

/**
 * Nanoseconds since 1970; null when its first record has no time stamp; undefined when there is none, which is then in its
 * summary. `options` as for reading it; no interface is numbered and no clock started.
 */
export async function firstTime(options: OpenOptions, chunk = PEEK_CHUNK): Promise<bigint | null | undefined> {
  const clock = new CaptureClock();
  const peek = { ...options, clock, chunk, ahead: 0, newTap: () => 0 };
  const found = await findCapture(peek);
  if (found === null) return undefined;
  const capture = startCapture(found, peek);
  const hasRecord = await toFirstRecord(capture);
  await capture.close();
  if (!hasRecord) return undefined;
  return clock.started ? clock.base : null;
}

/** True when the first record is in the capture's slot. */
export async function toFirstRecord(capture: OpenCapture): Promise<boolean> {
  while (!capture.reader.next(capture.slot)) if (!(await capture.refill())) return false;
  return true;
}
