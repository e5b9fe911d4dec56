// In which markup does this Redmine want its notes, and how large may a file be?
//
// The API tells neither (Rest_api, 5.0 to 6.0). The page of an issue does, and takes the API's credentials: its form loads the toolbar of the
// text formatting (app/helpers and lib/redmine/wiki_formatting/*/helper.rb), and bears the limit for the browser (attachments/_form).

import { count } from "../core/format.ts";
import { fitted } from "./fitted-comment.ts";
import type { Http } from "./http/http.ts";
import { redmineMarkdown } from "./markup/redmine-markdown.ts";
import { plainNote } from "./markup/redmine-text.ts";
import { textile } from "./markup/textile.ts";
import type { Block } from "./summary.ts";
import type { Attached, TicketPlace } from "./tracker.ts";

/** Administration, Settings, General, Text formatting: Textile, Markdown (to 5.x), CommonMark (5.0 and later), none. */
export type Formatting = "textile" | "markdown" | "plain";

export interface PageOfIssue {
  readonly formatting: Formatting;
  /** Null where the page does not say. */
  readonly fileBytes: number | null;
}

/** Textile is what Redmine comes with; it reads well as plain text, too. */
export const NOTHING_SAID: PageOfIssue = { formatting: "textile", fileBytes: null };

/** Redmine 6 puts a digest behind the name. */
const TOOLBAR = /jstoolbar\/(textile|markdown|common_mark)\b/;
const LARGEST_FILE = /data-max-file-size="(\d{1,15})"/;
/** The field for a note: without it there is no toolbar to tell by. */
const NOTE_FIELD = /id="issue_notes"/;

/** Throws a TicketError where there is no such issue. */
export async function pageOfIssue(place: TicketPlace, http: Http): Promise<PageOfIssue> {
  const { text } = await http.ask({
    method: "GET",
    url: `${place.server}/issues/${place.parts.id}`,
    headers: { Accept: "text/html" },
  });
  const toolbar = TOOLBAR.exec(text)?.[1];
  const size = LARGEST_FILE.exec(text)?.[1];
  const fileBytes = size === undefined ? null : Number(size);
  if (toolbar === "textile") return { formatting: "textile", fileBytes };
  if (toolbar !== undefined) return { formatting: "markdown", fileBytes };
  return { formatting: NOTE_FIELD.test(text) ? "plain" : NOTHING_SAID.formatting, fileBytes };
}

const WRITERS = { textile, markdown: redmineMarkdown, plain: plainNote } as const;

/** As nobody sees it: an HTML comment, which Redcarpet would show; there the definition of a link. Without markup it stands in plain sight. */
const MARKED: Readonly<Record<Formatting, (mark: string) => string>> = {
  textile: (mark) => `<!-- ${mark} -->`,
  markdown: (mark) => `[${mark}]: #`,
  plain: (mark) => `[${mark}]`,
};

export function writtenNote(
  formatting: Formatting,
  blocks: readonly Block[],
  mark: string,
  attached: readonly Attached[],
  limit: number | null,
): string {
  const names = new Set(attached.map(({ name }) => name));
  return fitted(WRITERS[formatting](blocks, names), {
    end: MARKED[formatting](mark),
    limit,
    leftOut: (n) => `Left out for its length: ${count(n, "part")}. See the report.`,
  });
}
