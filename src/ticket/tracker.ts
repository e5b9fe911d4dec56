// What must a tracker be able to do? Find out which ticket is meant, take files, and keep one comment of ours up to date.
//
// One file a tracker; nothing else knows their ways. A tracker never sees a report: it is given blocks of words (summary.ts) and files, and
// speaks through `Http`, which has time-outs, retries and the secrets. It throws a TicketError with one line for a person.

import type { Credentials, Settings } from "./credentials/credentials.ts";
import type { Http } from "./http/http.ts";
import type { Block } from "./summary.ts";

export const TRACKERS = ["jira", "github", "gitlab", "redmine", "request-tracker", "servicenow", "webhook"] as const;
export type TrackerId = (typeof TRACKERS)[number];

/** The ticket that somebody means. */
export interface TicketPlace {
  readonly tracker: TrackerId;
  /** Where the tracker is, without a slash at the end: `https://jira.example.com`, with the path that it is under. */
  readonly server: string;
  /** As people call it: `OPS-123`, `owner/repo#12`, `#17`, `INC0010023`. */
  readonly name: string;
  /** What its API needs beside: owner, repository, project, number. */
  readonly parts: Readonly<Record<string, string>>;
}

export interface TicketFile {
  /** A name without folders; those of pictures are unique without them. */
  readonly name: string;
  /** `text/html`, `application/zip` … */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A file that is on the ticket. */
export interface Attached {
  readonly name: string;
  readonly bytes: number;
  /** For links to it, where the tracker has them. */
  readonly url: string | null;
  /** The tracker's own, for removing or replacing it. */
  readonly id: string;
}

export interface Limits {
  /** Bytes of one file, and characters of one comment; null where there is none, or nobody says. */
  readonly fileBytes: number | null;
  readonly commentCharacters: number | null;
  /** Asked of the tracker, or as its maker documents. */
  readonly source: "asked" | "documented";
}

/** The comment that an earlier run wrote. */
export interface OwnComment {
  readonly id: string;
  readonly url: string | null;
  /** As the tracker stores it, so far as it shows it. */
  readonly body: string;
}

/** A request as `--dry-run` shows it: nothing secret in it. */
export interface Planned {
  readonly method: string;
  readonly url: string;
  /** `report.html, 512 kB` or the comment itself, in the tracker's own form. */
  readonly body: string;
}

/** One ticket, ready to be written to. Every method may throw a TicketError. */
export interface Ticket {
  readonly place: TicketPlace;
  /** A person's address of it. */
  readonly url: string;
  /** False where the tracker has no way to upload (GitHub): the comment then says what to drag in. */
  readonly takesFiles: boolean;
  /** False where a comment once written stays as it is: a changed one is added, and says that it replaces the earlier. */
  readonly editsComments: boolean;
  limits(): Promise<Limits>;
  /** All files on it that bear one of these names. */
  attached(names: readonly string[]): Promise<Attached[]>;
  attach(file: TicketFile): Promise<Attached>;
  /** Takes away an earlier version of a file, where the tracker lets it; false where it does not. */
  remove(file: Attached): Promise<boolean>;
  /** Our comment with this mark, whoever's account wrote it; null when there is none. */
  ownComment(mark: string): Promise<OwnComment | null>;
  /** The comment in the tracker's markup, with the mark in it, cut to the limit with a word on what was left out. */
  written(blocks: readonly Block[], mark: string, files: readonly Attached[], limits: Limits): string;
  /** Writes it: anew, or in the place of the earlier one. */
  comment(body: string, before: OwnComment | null): Promise<{ url: string | null }>;
  /** What `attach` and `comment` would send. */
  planned(files: readonly TicketFile[], body: string, before: OwnComment | null): Planned[];
}

export interface Tracker {
  readonly id: TrackerId;
  /** "Jira", "GitHub". */
  readonly title: string;
  /** How a ticket is named: for help and errors. */
  readonly examples: readonly string[];
  /**
   * The ticket that this text means: an address from the browser, or a short form (`jira:OPS-123`, whose server is in the settings).
   * Null: not one of this tracker's. Throws a TicketError where it is one, and something is missing.
   */
  recognise(text: string, settings: Settings): TicketPlace | null;
  /** Where its credentials are looked for, in order: environment variables, files of other tools. */
  readonly credentialSources: readonly string[];
  credentials(place: TicketPlace, settings: Settings): Promise<Credentials | null>;
  open(place: TicketPlace, credentials: Credentials | null, http: Http): Promise<Ticket>;
}
