// Which files of a bundle are on the ticket already, which are to go there, and which earlier ones do they replace?
//
// A file of the same name and size is the same, unless our comment says another digest of one of that size. What our comment does not speak
// of was put there by somebody else, and stays.

import { formatBytes } from "../core/format.ts";
import { claimOf, digestOf, type FileClaim } from "./mark.ts";
import type { Attached, Limits, OwnComment, Ticket, TicketFile } from "./tracker.ts";

/** A file, and what the ticket has of it. */
export interface Item {
  readonly file: TicketFile;
  readonly digest: string;
  /** What the earlier comment says of one of this size. */
  readonly claim: FileClaim;
  /** The same, there already. */
  kept: Attached | null;
  /** Earlier versions, which our comment speaks of: nobody else's. */
  readonly earlier: readonly Attached[];
  attached: Attached | null;
  because: string | null;
}

/** Of each file, in their order. Throws TicketError. */
export async function itemsOf(
  ticket: Ticket,
  chosen: readonly TicketFile[],
  before: OwnComment | null,
  { fileBytes, source }: Limits,
): Promise<Item[]> {
  const fits = (file: TicketFile): boolean =>
    !ticket.takesFiles || fileBytes === null || file.bytes.length <= fileBytes;
  const names = chosen.filter(fits).map((file) => file.name);
  const there = ticket.takesFiles && names.length > 0 ? await ticket.attached(names) : [];
  return Promise.all(
    chosen.map(async (file): Promise<Item> => {
      const digest = await digestOf(file.bytes);
      const claim = claimOf(before, file.bytes.length, digest);
      if (!fits(file)) {
        const which = source === "asked" ? "this tracker takes" : "this tracker is documented to take";
        const because = `it has ${formatBytes(file.bytes.length)}, and ${which} ${formatBytes(fileBytes!)} a file`;
        return { file, digest, claim, kept: null, earlier: [], attached: null, because };
      }
      const same = there.filter((a) => a.name === file.name);
      const isSame = (a: Attached): boolean => a.bytes === file.bytes.length && claim !== "another content";
      // The latest: an earlier one of the same size may have had to stay.
      const kept = same.findLast(isSame) ?? null;
      const earlier = same.filter((a) => !isSame(a) && claimOf(before, a.bytes, null) !== "unknown");
      return { file, digest, claim, kept, earlier, attached: kept, because: null };
    }),
  );
}

export const toUpload = (items: readonly Item[]): TicketFile[] =>
  items.filter((item) => item.kept === null && item.because === null).map((item) => item.file);
