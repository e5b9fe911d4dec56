// Which packets did the connections have that are cited? A second pass over the same captures, with the same options, that lets all
// others go by.

import { CaptureSet } from "./capture/capture-set.ts";
import { CaptureError } from "./capture/source.ts";
import { CaptureClock } from "./core/clock.ts";
import { randomSeed } from "./core/random.ts";
import type { RecordedFlow, RecordingRequest } from "./core/recording.ts";
import type { StreamDecoder } from "./core/stream-decoder.ts";
import { FlowRecorder } from "./flow/recorder.ts";
import { Pass, type PassProgress } from "./pass.ts";
import type { CaptureReading } from "./read-captures.ts";

export interface SecondPassOptions extends PassProgress {
  /** In the place of those of the first pass. */
  decoders: readonly StreamDecoder[];
}

/**
 * The packets of the flows asked for; both halves of a redirected connection. Throws a CaptureError when a capture cannot be read a
 * second time, or is another by now.
 */
export async function recordFlows(
  first: CaptureReading,
  request: RecordingRequest,
  options: SecondPassOptions,
): Promise<RecordedFlow[]> {
  const { sources, table, view, pseudonyms, lastFrames, passOptions } = first;
  const recorder = new FlowRecorder(request, {
    table,
    row: (flow) => view.row(flow),
    decoders: options.decoders,
    pseudonyms,
    lastFrames,
    seed: randomSeed(),
  });
  if (recorder.isIdle) return [];
  recorder.watchCopies = sources.length > 1;
  const clock = new CaptureClock();
  const set = new CaptureSet(sources, clock);
  // Who takes the segments gives the pseudonyms: what is recorded is what was captured.
  const pass = new Pass(set, recorder, clock, { ...passOptions, pseudonyms: null });
  try {
    await pass.run(options);
  } finally {
    await set.close();
  }
  const recorded = recorder.end();
  for (const { exchanges } of recorded) for (const e of exchanges) first.texts.exchange(e);
  const failed = set.captures.findIndex((c, file) => c.packets < (lastFrames[file] ?? 0));
  if (failed >= 0 || recorder.changed.length > 0) {
    const path = first.files[Math.max(0, failed)]!;
    const known = set.captures[failed]?.problems.at(-1)?.message;
    const message = `${path}: ${known ?? "it could not be read a second time: it was replaced or cut in between"}`;
    throw new CaptureError(message, { code: "changed", path });
  }
  return recorded;
}
