// How is a list read that a tracker gives in pages? GitHub and GitLab name the next one in a Link header (RFC 8288).

import { TicketError } from "../ticket-error.ts";
import type { Http } from "./http.ts";

/**
 * 10,000 entries at 100 a page: more than a ticket can have (GitHub ends at 2,500 comments, GitLab at 5,000 notes).
 * A list beyond it is refused, for nobody could say whether our comment is in it.
 */
const MAX_PAGES = 100;

const LINK = /<([^<>]*)>\s*;([^<]*)/g;
const NEXT = /(?:^|;)\s*rel\s*=\s*"?(?:[^";]*\s)?next(?:\s[^";]*)?"?\s*(?:[;,]|$)/i;

/** The address with rel=next, as it stands in the header; null: this is the last page. */
export function nextPage(link: string | null): string | null {
  for (const [, address, parameters] of (link ?? "").matchAll(LINK)) if (NEXT.test(parameters!)) return address!;
  return null;
}

/**
 * Of all entries, in their order, what `read` makes of them; null is not kept, so that a long list takes no room. A next page elsewhere than
 * below `api` is not fetched: credentials are for that alone.
 */
export async function allPages<T>(
  http: Http,
  { first, api, headers = {} }: { first: string; api: string; headers?: Readonly<Record<string, string>> },
  read: (entry: unknown) => T | null,
): Promise<T[]> {
  const kept: T[] = [];
  let url = first;
  for (let page = 1; page <= MAX_PAGES; page++) {
    const answer = await http.ask({ method: "GET", url, headers });
    const list = answer.json();
    if (!Array.isArray(list))
      throw new TicketError("unreachable", `${new URL(url).host} gave no list where one is due`);
    for (const entry of list) {
      const found = read(entry);
      if (found !== null) kept.push(found);
    }
    const next = nextPage(answer.header("link"));
    if (next === null) return kept;
    url = within(next, url, api);
  }
  throw new TicketError("unreachable", `${new URL(first).host} gives more than ${MAX_PAGES} pages of comments`);
}

function within(next: string, from: string, api: string): string {
  if (!URL.canParse(next, from))
    throw new TicketError("unreachable", `${new URL(from).host} names a next page that is no address`);
  const { href } = new URL(next, from);
  if (!href.startsWith(`${api}/`))
    throw new TicketError("unreachable", `${new URL(from).host} names a next page that is not below ${api}`);
  return href;
}

/** A member of an object that came as JSON; undefined where it is none. */
export const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;

export const textMember = (value: unknown, name: string): string | null => {
  const found = member(value, name);
  return typeof found === "string" ? found : null;
};

/** A number of the tracker's own, as text: a positive whole one. */
export const idMember = (value: unknown, name: string): string | null => {
  const found = member(value, name);
  return Number.isSafeInteger(found) && (found as number) > 0 ? String(found) : null;
};
