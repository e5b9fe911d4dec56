// What does a Jira say? Its version, its files, its comments and its refusals, read from answers that may hold anything.
//
// developer.atlassian.com/cloud/jira/platform/rest/v3 and developer.atlassian.com/server/jira/platform/rest (Data Center, v2): ServerInfo,
// Attachment, PageOfComments, ErrorCollection.

import { addressOf } from "./http/address.ts";
import type { Answer } from "./http/http.ts";
import { member, textMember } from "./http/paging.ts";
import { TicketError } from "./ticket-error.ts";
import type { Attached } from "./tracker.ts";

export interface ServerInfo {
  readonly cloud: boolean;
  /** What people have in their address bar, where it is told. */
  readonly baseUrl: string | null;
}

/** `deploymentType` is "Cloud" or "Server" (Data Center, too); where there is none, the Jira is an old one of its own. */
export function serverInfo(from: unknown, server: string): ServerInfo {
  if (textMember(from, "version") === null && textMember(from, "deploymentType") === null)
    throw new TicketError(
      "unknown-ticket",
      `${server} does not answer as a Jira does; is the path right that it is under?`,
    );
  const base = addressOf(textMember(from, "baseUrl") ?? "");
  return {
    cloud: textMember(from, "deploymentType")?.toLowerCase() === "cloud",
    baseUrl: base === null ? null : `${base.origin}${base.pathname.replace(/\/+$/, "")}`,
  };
}

export interface AttachmentMeta {
  readonly enabled: boolean;
  /** Bytes of one file. */
  readonly uploadLimit: number | null;
}

export function attachmentMeta(from: unknown): AttachmentMeta {
  const limit = member(from, "uploadLimit");
  return { enabled: member(from, "enabled") !== false, uploadLimit: isCount(limit) && limit > 0 ? limit : null };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Identifiers go into paths of later requests: digits, nothing else. */
const ID = /^\d{1,18}$/;
const idOf = (from: unknown): string | null => {
  const id = member(from, "id");
  const text = typeof id === "number" ? String(id) : id;
  return typeof text === "string" && ID.test(text) ? text : null;
};

/** Null: not an attachment. A link leads to this Jira, or there is none. */
export function attachmentOf(from: unknown, origins: readonly (string | undefined)[]): Attached | null {
  const [id, name, bytes] = [idOf(from), textMember(from, "filename"), member(from, "size")];
  if (id === null || name === null || !isCount(bytes)) return null;
  const content = addressOf(textMember(from, "content") ?? "");
  return { id, name, bytes, url: content !== null && origins.includes(content.origin) ? content.href : null };
}

export interface StoredComment {
  readonly id: string;
  /** Wiki markup (v2), or a document (v3). */
  readonly body: unknown;
  /** Null: the answer has none, which is not to say that the comment has none. */
  readonly properties: ReadonlyMap<string, unknown> | null;
}

export interface CommentPage {
  readonly comments: readonly StoredComment[];
  /** How many were given, read or not. */
  readonly given: number;
  readonly total: number;
}

/** `list`: `comments` of an issue's page, `values` of those asked for by their ids. */
export function commentPage(from: unknown, list: "comments" | "values"): CommentPage {
  const given = member(from, list);
  const total = member(from, "total");
  if (!Array.isArray(given)) throw new TicketError("unreachable", "Jira gave no list of comments where one is due");
  const comments = given.flatMap((entry): StoredComment[] => {
    const id = idOf(entry);
    return id === null ? [] : [{ id, body: member(entry, "body"), properties: propertiesOf(entry) }];
  });
  return { comments, given: given.length, total: isCount(total) ? total : given.length };
}

function propertiesOf(comment: unknown): ReadonlyMap<string, unknown> | null {
  const list = member(comment, "properties");
  if (!Array.isArray(list)) return null;
  return new Map(list.map((entry) => [textMember(entry, "key") ?? "", member(entry, "value")]));
}

export const createdId = (from: unknown): string | null => idOf(from);

/** Wrong credentials, and Jira goes on as for nobody: Cloud does so with any status. */
export const isNobody = (answer: Answer): boolean =>
  answer.header("X-Seraph-LoginReason")?.includes("AUTHENTICATED_FAILED") ?? false;

/** Statuses that `refusal` explains better than their number does. */
export const EXPLAINED = [400, 401, 403, 404, 413] as const;

/** `words`: what Jira says of it, one line, made visible; `source`: where the credentials were found. */
export function refusal(answer: Answer, what: string, words: string, source: string | null): TicketError {
  const reason = answer.header("X-Seraph-LoginReason") ?? "";
  const said = words === "" ? "" : `: ${words}`;
  const whose = source === null ? "no credentials were found" : `the credentials of ${source}`;
  // Too many failed logins; until somebody logs in with a browser, right credentials are refused as well.
  if (/AUTHENTICATION_DENIED/.test(reason) || answer.header("X-Authentication-Denied-Reason")?.includes("CAPTCHA"))
    return new TicketError(
      "credentials",
      `${what}: Jira wants a CAPTCHA solved after failed logins: log in with a browser once, then run it again`,
    );
  // As nobody it finds no issue: 404 in the place of 401.
  if (answer.status === 401 || isNobody(answer))
    return new TicketError(
      "credentials",
      `${what}: ${source === null ? whose : `${whose} are refused`} (${answer.status})${said}`,
    );
  if (answer.status === 403)
    return new TicketError(
      "credentials",
      `${what}: ${source === null ? whose : `the account of ${source} may not do this`} (403)${said}`,
    );
  if (answer.status === 404)
    return new TicketError("no-ticket", `${what}: no such issue, or not for this account (404)${said}`);
  if (answer.status === 413) return new TicketError("refused", `${what}: too large for this Jira (413)${said}`);
  return new TicketError("refused", `${what}: Jira refuses it (${answer.status})${said}`);
}
