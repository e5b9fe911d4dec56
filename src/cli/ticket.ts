// Which ticket is meant, who are we to it, and what is said of what was done there? For `attach`, and `analyze --attach`.

import { UsageError } from "../core/errors.ts";
import { visible } from "../core/escape.ts";
import { count } from "../core/format.ts";
import type { Report } from "../core/report.ts";
import type { Attachment, AttachRequest } from "../ticket/attach.ts";
import type { Credentials, Settings } from "../ticket/credentials/credentials.ts";
import type { Http } from "../ticket/http/http.ts";
import { TicketError } from "../ticket/ticket-error.ts";
import type { Ticket, TicketPlace, Tracker } from "../ticket/tracker.ts";
import { VERSION } from "../version.ts";
import type { Io } from "./io.ts";

/** Trackers and the way to them; tests bring their own. */
export interface TicketWorld {
  readonly settings: Settings;
  /** Throws TicketError for a text that names none. */
  recognise(text: string): { tracker: Tracker; place: TicketPlace };
  http(credentials: Credentials | null): Http;
}

export async function realWorld(io: Io): Promise<TicketWorld> {
  const [{ processSettings, proxyHint }, { recogniseTicket }, { fetchHttp }] = await Promise.all([
    import("../ticket/credentials/settings.ts"),
    import("../ticket/trackers.ts"),
    import("../ticket/http/fetch-http.ts"),
  ]);
  const settings = processSettings(io.env);
  return {
    settings,
    recognise: (text) => recogniseTicket(text, settings),
    http: (credentials) =>
      fetchHttp({
        credentials,
        userAgent: `halfclose/${VERSION}`,
        insecureHttp: io.env.HALFCLOSE_INSECURE_HTTP === "1",
        unreachableHint: proxyHint(io.env),
        onWait: (line) => say(io, line),
      }),
  };
}

export const say = (io: Io, line: string): void => {
  io.stderr.write(`halfclose: ${visible(line)}\n`);
};

/** A ticket that was recognised, and what was found to prove who we are. */
export interface Target {
  readonly tracker: Tracker;
  readonly place: TicketPlace;
  readonly credentials: Credentials | null;
}

/** Before anything long is done. Throws UsageError where the text names no ticket, TicketError where credentials are missing. */
export async function targetOf(text: string, world: TicketWorld, option: string, dryRun = false): Promise<Target> {
  const { tracker, place } = recognised(text, world, option);
  const credentials = await tracker.credentials(place, world.settings);
  if (credentials === null && !dryRun)
    throw new TicketError(
      "credentials",
      `no credentials for ${tracker.title} at ${place.server}; looked for: ${tracker.credentialSources.join("; ")}`,
    );
  return { tracker, place, credentials };
}

function recognised(text: string, world: TicketWorld, option: string): { tracker: Tracker; place: TicketPlace } {
  try {
    return world.recognise(text);
  } catch (error) {
    if (error instanceof TicketError && error.failure === "unknown-ticket")
      throw new UsageError(`${option}: ${error.message}`);
    throw error;
  }
}

/** What was sent can be read in an unredacted report by whoever sees the ticket: that is to be meant. Throws UsageError. */
export function refuseUnredacted({ redaction }: Pick<Report, "redaction">, meant: boolean): void {
  if (meant || (redaction !== undefined && redaction.level !== "none")) return;
  const why = redaction === undefined ? "does not say what was redacted" : "is not redacted (--redact none)";
  throw new UsageError(
    `the report ${why}: whoever sees the ticket could read what was sent; give --yes-unredacted if you mean it, or write it anew without --redact none`,
  );
}

/** Opens the ticket and attaches. Without credentials only a dry run comes so far: it asks nothing. */
export async function attachTo(
  { tracker, place, credentials }: Target,
  world: TicketWorld,
  request: Omit<AttachRequest, "told">,
  io: Io,
): Promise<{ ticket: Ticket; done: Attachment }> {
  const [{ attachBundle }, { unreadTicket }] = await Promise.all([
    import("../ticket/attach.ts"),
    import("../ticket/unread.ts"),
  ]);
  const unread = request.dryRun && credentials === null;
  if (unread) say(io, `no credentials for ${tracker.title}: nothing is asked, so what is on the ticket is not known`);
  const ticket = unread
    ? await unreadTicket(tracker, place)
    : await tracker.open(place, credentials, world.http(credentials));
  const forget = io.interrupts.add(() => say(io, "stopped; the same command again goes on from there"));
  try {
    const done = await attachBundle(ticket, { ...request, told: (line) => say(io, line) });
    return { ticket, done };
  } finally {
    forget();
  }
}

/** "https://…/browse/OPS-123: comment added (https://…), 3 files uploaded, 1 left out". */
export function outcomeLine(ticket: Ticket, { comment, files }: Attachment): string {
  const number = (fate: string): number => files.filter((f) => f.fate === fate).length;
  const parts = [
    `comment ${comment.fate}${comment.url === null || comment.url === ticket.url ? "" : ` (${comment.url})`}`,
    ...(["uploaded", "would be uploaded"] as const).flatMap((fate) =>
      number(fate) === 0 ? [] : [`${count(number(fate), "file")} ${fate}`],
    ),
    ...(number("kept") === 0 ? [] : [`${count(number("kept"), "file")} there already`]),
    ...(number("left out") === 0 ? [] : [`${number("left out")} left out`]),
  ];
  return `${ticket.url}: ${parts.join(", ")}`;
}

/** Said where the tracker takes no files from a program: what a person has to do, and with what. */
export function toDrag(
  { files }: Attachment,
  { tracker }: Target,
  ticket: Ticket,
  bundle: string | null,
): string | null {
  const names = files.filter((f) => f.fate === "to drag in").map((f) => f.name);
  if (names.length === 0) return null;
  const from = bundle === null ? "a bundle (analyze --bundle writes one)" : bundle;
  return `${tracker.title} takes no files from a program: drag ${names.join(", ")} from ${from} into ${ticket.url}`;
}
