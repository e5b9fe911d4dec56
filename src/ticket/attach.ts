// How does a bundle get onto a ticket, so that running it again goes on where it stopped, and adds nothing twice?
//
// Read first: the limits, the comment of an earlier run, the files that are there. Then files, in order of importance, then what they
// replace, then the comment, which tells of what is there. Whatever fails, the state of the ticket is what the next run begins with: nothing
// is kept on this side.

import { formatBytes } from "../core/format.ts";
import type { Report } from "../core/report.ts";
import { filesFor, type StoredBundle, whatIs } from "./bundle/stored-bundle.ts";
import { contentWords, digestOfText, markOf } from "./mark.ts";
import { type SummaryFacts, summaryOf, type ToldFile } from "./summary-of.ts";
import { TicketError } from "./ticket-error.ts";
import { type Item, itemsOf, toUpload } from "./ticket-items.ts";
import type { Attached, Limits, OwnComment, Planned, Ticket, TicketFile } from "./tracker.ts";

export interface AttachRequest {
  readonly bundle: StoredBundle;
  /** Names of files, as {@link filesFor} takes them; null for what most tickets need. */
  readonly files: readonly string[] | null;
  /** A name for the incident, by which the comment is found again; null: by the captures. */
  readonly as: string | null;
  /** Nothing is written. */
  readonly dryRun: boolean;
  /** Told of each step as it is done: one line, in which texts of the tracker may be. */
  readonly told: (line: string) => void;
}

/** What became of a file. Those to be dragged in are left to a person: the tracker takes none. */
export type FileFate = "uploaded" | "kept" | "left out" | "to drag in" | "would be uploaded";
export type CommentFate = "added" | "updated" | "unchanged" | "would be added" | "would be updated";

export interface FileOutcome {
  readonly name: string;
  readonly bytes: number;
  readonly fate: FileFate;
  /** Why it was left out. */
  readonly because: string | null;
  readonly url: string | null;
}

export interface Attachment {
  readonly mark: string;
  readonly files: readonly FileOutcome[];
  /** Earlier versions that were taken away; or, with `dryRun`, would be. */
  readonly removed: readonly string[];
  readonly comment: { readonly fate: CommentFate; readonly url: string | null };
  /** With `dryRun`: what would be sent. */
  readonly planned: readonly Planned[];
}

/** Throws TicketError, which says what was done until then; UsageError for files that the bundle does not have. */
export async function attachBundle(ticket: Ticket, request: AttachRequest): Promise<Attachment> {
  const { bundle, dryRun } = request;
  const chosen = filesFor(bundle, request.files, !ticket.takesFiles);
  const mark = await markOf(bundle.report, request.as);
  const done: string[] = [];
  try {
    const limits = await ticket.limits();
    const before = await ticket.ownComment(mark);
    const items = await itemsOf(ticket, chosen, before, limits);
    if (!dryRun && ticket.takesFiles) await upload(ticket, items, request, done);
    const removed = ticket.takesFiles ? await replaced(ticket, items, request, done) : [];
    const { body, changed } = await written(ticket, items, { request, mark, before, limits });
    const files = items.map((item) => outcomeOf(item, ticket, dryRun));
    if (!changed) {
      request.told("the comment says the same already");
      return { mark, files, removed, comment: { fate: "unchanged", url: before!.url }, planned: [] };
    }
    const updates = before !== null && ticket.editsComments;
    if (dryRun) {
      const planned = ticket.planned(toUpload(items), body, before);
      return {
        mark,
        files,
        removed,
        comment: { fate: updates ? "would be updated" : "would be added", url: before?.url ?? null },
        planned,
      };
    }
    const { url } = await ticket.comment(body, before);
    return { mark, files, removed, comment: { fate: updates ? "updated" : "added", url }, planned: [] };
  } catch (error) {
    if (!(error instanceof TicketError) || done.length === 0) throw error;
    throw new TicketError(
      error.failure,
      `${error.message}; until then: ${done.join(", ")}; the same command again goes on from there`,
    );
  }
}

/** One that the tracker refuses is left out, and the comment says why; anything else ends it. */
async function upload(ticket: Ticket, items: readonly Item[], { told }: AttachRequest, done: string[]): Promise<void> {
  for (const item of items) {
    const { file, kept, because } = item;
    const size = formatBytes(file.bytes.length);
    if (kept !== null) told(`${file.name}: is on the ticket already (${size})`);
    else if (because !== null) told(`${file.name}: left out: ${because}`);
    else {
      try {
        const there = await ticket.attach(file);
        item.attached = there;
        // Under another name (in a ZIP file, where a tracker takes no HTML) only the tracker finds it again.
        if (there.name !== file.name && item.claim === "this content") item.kept = there;
        else if (there.url !== null) done.push(`${file.name} was uploaded`);
        told(`${file.name}: ${howAttached(item, there)} (${size})`);
      } catch (error) {
        if (!(error instanceof TicketError) || error.failure !== "refused") throw error;
        item.because = error.message;
        told(`${file.name}: left out: ${error.message}`);
      }
    }
  }
}

/** Without an address it is not there yet: a webhook gets all at once, with the comment. */
function howAttached({ file, kept }: Item, { name, url }: Attached): string {
  const as = name === file.name ? "" : ` as ${name}`;
  return kept !== null ? `is on the ticket already${as}` : url === null ? "goes with the comment" : `uploaded${as}`;
}

/** Only where the new version is there. That an old one cannot be taken away is said, and harms nobody. */
async function replaced(
  ticket: Ticket,
  items: readonly Item[],
  { told, dryRun }: AttachRequest,
  done: string[],
): Promise<string[]> {
  const removed: string[] = [];
  for (const { file, attached, because, earlier } of items) {
    for (const old of earlier) {
      if (dryRun) removed.push(old.name);
      else if (attached !== null && because === null) {
        const gone = await ticket.remove(old).catch((error: unknown) => {
          if (!(error instanceof TicketError) || error.failure === "unreachable") throw error;
          told(`${file.name}: its earlier version stays: ${error.message}`);
          return null;
        });
        if (gone === true) {
          removed.push(old.name);
          done.push(`the earlier ${old.name} was removed`);
          told(`${file.name}: its earlier version was removed`);
        } else if (gone === false) told(`${file.name}: its earlier version stays, this tracker takes none away`);
      }
    }
  }
  return removed;
}

interface Surroundings {
  readonly request: AttachRequest;
  readonly mark: string;
  readonly before: OwnComment | null;
  readonly limits: Limits;
}

/** The comment in the tracker's markup, and whether it says anything that the earlier one does not. */
async function written(
  ticket: Ticket,
  items: readonly Item[],
  { request, mark, before, limits }: Surroundings,
): Promise<{ body: string; changed: boolean }> {
  const { bundle, dryRun } = request;
  const report = withoutLists(bundle.report);
  const present = items.filter((item) => item.because === null);
  const links = present.map((item) => item.attached ?? notYet(item.file));
  const facts: Omit<SummaryFacts, "state"> = {
    // By their own names, also where a tracker took one under another: it says so itself.
    files: !ticket.takesFiles ? [] : present.map(toldOf),
    leftOut: items.flatMap(({ file, because }) => (because === null ? [] : [{ name: file.name, because }])),
    ladder: bundle.ladder,
  };
  const bare = summaryOf(report, { ...facts, state: "" });
  const state = await digestOfText(JSON.stringify([bare, present.map(({ file, digest }) => [file.name, digest])]));
  const body = ticket.written(summaryOf(report, { ...facts, state }), mark, links, limits);
  if (before === null) return { body, changed: true };
  // A file that was uploaded now has a new address.
  const uploads = dryRun ? toUpload(items).length > 0 : present.some((item) => item.kept === null);
  if (ticket.takesFiles && uploads) return { body, changed: true };
  // Not shown: who can edit writes it anew, which harms nobody; who cannot would add one at each run.
  if (before.body === "") return { body, changed: ticket.editsComments };
  const says = new RegExp(`\\bstate\\s+${state}\\b`).test(before.body);
  return { body, changed: !says && plain(before.body) !== plain(body) };
}

const toldOf = ({ file, digest }: Item): ToldFile => ({
  name: file.name,
  what: whatIs(file.name),
  content: contentWords(file.bytes.length, digest),
});

/** Flows and exchanges are not summed up, and may be large. */
function withoutLists({ flows: _, exchanges: __, ...report }: Report): Report {
  return report;
}

/** Trackers change the ends of lines. */
const plain = (body: string): string =>
  body
    .replace(/\r\n?/g, "\n")
    .replace(/[ \t]+$/gm, "")
    .trim();

/** A file that is to come, as it will stand in the comment. */
const notYet = ({ name, bytes }: TicketFile): Attached => ({ name, bytes: bytes.length, url: null, id: "" });

function outcomeOf({ file, kept, attached, because }: Item, { takesFiles }: Ticket, dryRun: boolean): FileOutcome {
  const fate =
    because !== null
      ? "left out"
      : !takesFiles
        ? "to drag in"
        : kept !== null
          ? "kept"
          : dryRun
            ? "would be uploaded"
            : "uploaded";
  return { name: file.name, bytes: file.bytes.length, fate, because, url: attached?.url ?? null };
}
