// How does `analyze --attach` reach its ticket? Everything that can be wrong with it is asked first; what was found goes there at the end.

import type { Bundle } from "../bundle.ts";
import { visible } from "../core/escape.ts";
import type { Redaction } from "../core/redaction.ts";
import type { Io } from "./io.ts";
import { attachTo, outcomeLine, realWorld, refuseUnredacted, say, targetOf, toDrag } from "./ticket.ts";

export interface AttachFlags {
  readonly redact: Redaction;
  readonly yesUnredacted: boolean;
  /** Where the bundle is written to, too. */
  readonly bundlePath: string | null;
}

/** Throws UsageError and TicketError, as what it returns does. */
export async function attachLater(
  ticketText: string,
  { redact, yesUnredacted, bundlePath }: AttachFlags,
  io: Io,
): Promise<(bundle: Bundle) => Promise<void>> {
  refuseUnredacted({ redaction: { level: redact, key: null, replaced: {} } }, yesUnredacted);
  const world = await realWorld(io);
  const target = await targetOf(ticketText, world, "--attach");
  return async ({ files }) => {
    const { storedBundle } = await import("../ticket/bundle/stored-bundle.ts");
    const bundle = storedBundle(bundlePath ?? "this bundle", files);
    const { ticket, done } = await attachTo(target, world, { bundle, dryRun: false, as: null, files: null }, io);
    const drag = toDrag(done, target, ticket, bundlePath);
    if (drag !== null) say(io, drag);
    // Standard output has the report.
    io.stderr.write(`${visible(outcomeLine(ticket, done))}\n`);
  };
}
