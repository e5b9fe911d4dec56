// What would be written, where nothing may be asked? `--dry-run` without credentials sends nothing at all.

import type { Http } from "./http/http.ts";
import { plainText } from "./markup/plain.ts";
import { TicketError } from "./ticket-error.ts";
import type { Limits, Ticket, TicketPlace, Tracker } from "./tracker.ts";

/** Nobody was asked: nothing is known to be too large. */
const UNKNOWN: Limits = { fileBytes: null, commentCharacters: null, source: "documented" };

const silent: Http = {
  ask: async () => {
    throw new TicketError("credentials", "nothing is asked without credentials");
  },
};

/** The ticket as if nothing were on it; in the tracker's own form, where that can be told without asking it. */
export async function unreadTicket(tracker: Tracker, place: TicketPlace): Promise<Ticket> {
  const ticket = await opened(tracker, place);
  return {
    place,
    url: ticket?.url ?? place.server,
    takesFiles: ticket?.takesFiles ?? true,
    editsComments: ticket?.editsComments ?? true,
    limits: () => documented(ticket),
    attached: async () => [],
    ownComment: async () => null,
    written: (blocks, mark, files, limits) =>
      ticket === null ? `${plainText(blocks)}\n\n${mark}` : ticket.written(blocks, mark, files, limits),
    planned: (files, body, before) =>
      ticket === null
        ? [...files.map((f) => f.name), body].map((what) => ({ method: "to", url: place.server, body: what }))
        : ticket.planned(files, body, before),
    attach: async () => refuse(),
    remove: async () => refuse(),
    comment: async () => refuse(),
  };
}

/** What a tracker's maker documents, a ticket knows without asking. */
async function documented(ticket: Ticket | null): Promise<Limits> {
  try {
    return (await ticket?.limits()) ?? UNKNOWN;
  } catch (error) {
    if (error instanceof TicketError) return UNKNOWN;
    throw error;
  }
}

const refuse = (): never => {
  throw new TicketError("credentials", "nothing is written without credentials");
};

/** Null where a tracker asks its server before it knows how it is spoken to. */
async function opened(tracker: Tracker, place: TicketPlace): Promise<Ticket | null> {
  try {
    return await tracker.open(place, null, silent);
  } catch (error) {
    if (error instanceof TicketError) return null;
    throw error;
  }
}
