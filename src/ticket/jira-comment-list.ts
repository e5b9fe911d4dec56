// Which comments are on an issue? All of them, page by page, with their properties as far as they matter.

import { type CommentPage, commentPage, type StoredComment } from "./jira-answers.ts";
import type { Speaker } from "./jira-speaker.ts";
import { TicketError } from "./ticket-error.ts";

/** Comments of one page; and of one request by ids, of which the documentation allows no more. */
const PAGE = 100;
const IDS = 1_000;
/** 20,000 comments: Cloud takes 5,000 on an issue. Beyond it nobody could say whether ours is among them. */
const MAX_PAGES = 200;

export interface CommentedIssue {
  /** As people call it. */
  readonly name: string;
  /** Addresses of its API, and of the API. */
  readonly issue: string;
  readonly api: string;
  readonly cloud: boolean;
}

/** In Data Center without properties: the mark is in the words there. */
export async function* commentsOf(
  { name, issue, api, cloud }: CommentedIssue,
  speak: Speaker,
): AsyncGenerator<StoredComment> {
  const what = `cannot read the comments of ${name}`;
  let at = 0;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    // `expand=properties` of this list is not documented, though everybody uses it; that of a list by ids is. A comment that has none is
    // given without the list: only where no comment of a page has one, it may have been left out.
    const url = `${issue}/comment?startAt=${at}&maxResults=${PAGE}${cloud ? "&expand=properties" : ""}`;
    const page: CommentPage = commentPage((await speak.ask(what, { method: "GET", url })).json(), "comments");
    yield* page.comments;
    if (cloud && page.comments.every((comment) => comment.properties === null))
      yield* propertied(what, page.comments, api, speak);
    at += page.given;
    if (page.given === 0 || at >= page.total) return;
  }
  throw new TicketError(
    "unreachable",
    `${name} has more than ${MAX_PAGES} pages of comments: which one is ours cannot be told`,
  );
}

/** The same comments, asked for by their ids, with their properties. */
async function* propertied(
  what: string,
  comments: readonly StoredComment[],
  api: string,
  speak: Speaker,
): AsyncGenerator<StoredComment> {
  const url = `${api}/comment/list?expand=properties`;
  for (let i = 0; i < comments.length; i += IDS) {
    const ids = comments.slice(i, i + IDS).map((comment) => Number(comment.id));
    const answer = await speak.ask(what, { method: "POST", url, body: { json: { ids } }, repeatable: true });
    yield* commentPage(answer.json(), "values").comments;
  }
}
