// What messages and files hang on a ticket of Request Tracker? Lists come in pages, and not every account is told how many.
//
// docs.bestpractical.com/rt/5.0/RT/REST2.html: Paging (100 a page at most; `pages` is null where the account may not see all), JSON searches (`query`), Fields.

import type { Answer, Http } from "./http/http.ts";
import { member, textMember } from "./http/paging.ts";
import { TicketError } from "./ticket-error.ts";

/** An `attachment` of RT's: a message, or a file. */
export interface Message {
  readonly id: string;
  readonly transaction: string;
  /** Empty for a message. */
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
}

export interface Limit {
  readonly field: "Filename" | "Subject";
  readonly operator: "=" | "LIKE";
  readonly value: string;
  readonly entry_aggregator?: "OR";
}

const PER_PAGE = 100;
/** 50,000 messages; a list beyond that is refused, for nobody could say whether ours is in it. */
const MAX_PAGES = 500;
const FIELDS = "TransactionId,Filename,ContentType,ContentLength";

/** Those that the account may see, and that the query names. Throws a TicketError. */
export async function messagesOf(http: Http, list: string, query: readonly Limit[] = []): Promise<Message[]> {
  const messages: Message[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const asked = new URLSearchParams({ fields: FIELDS, per_page: String(PER_PAGE), page: String(page) });
    if (query.length > 0) asked.set("query", JSON.stringify(query));
    const answer = (await http.ask({ method: "GET", url: `${list}?${asked}` })).json();
    const [items, pages] = [member(answer, "items"), member(answer, "pages")];
    if (!Array.isArray(items)) throw new TicketError("unreachable", `${list} does not answer as an RT does`);
    for (const item of items) {
      const [id, transaction] = [numberOf(item, "id"), numberOf(item, "TransactionId")];
      if (id === null || transaction === null) continue;
      messages.push({
        id,
        transaction,
        name: textMember(item, "Filename") ?? "",
        type: (textMember(item, "ContentType") ?? "").toLowerCase(),
        bytes: Number(numberOf(item, "ContentLength") ?? 0),
      });
    }
    // Where the number of pages is not told, a page of what is hidden looks short: only an empty one is the last.
    if (typeof pages === "number" ? page >= pages : items.length === 0) return messages;
  }
  throw new TicketError("unreachable", `${list} has more than ${MAX_PAGES} pages`);
}

/** RT writes numbers as numbers or as text. */
function numberOf(value: unknown, name: string): string | null {
  const found = member(value, name);
  const text = typeof found === "number" ? String(found) : found;
  return typeof text === "string" && /^\d{1,15}$/.test(text) ? text : null;
}

/** The text of a message: RT gives it in base64. */
export async function contentOf(http: Http, attachment: string): Promise<string> {
  const content = textMember((await http.ask({ method: "GET", url: attachment })).json(), "Content") ?? "";
  try {
    const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    throw new TicketError("unreachable", `${attachment} gives content that is not in base64`);
  }
}

/** The number of what was just written, from `Location: …/transaction/NUMBER`; the host in it is not looked at. */
export function transactionOf(answer: Answer, server: string): string {
  const found = /\/transaction\/(\d{1,15})$/.exec(answer.header("location") ?? "");
  if (found === null) throw new TicketError("unreachable", `${server} does not say what it wrote`);
  return found[1]!;
}
