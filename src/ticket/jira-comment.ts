// How is our comment written for this Jira, and how is it known again?
//
// Cloud: a document (markup/adf.ts), and a comment property that nobody sees and nobody quotes. Data Center: wiki markup, with a small line
// at the end. Both set `sd.public.comment` for a new comment: in a project of Jira Service Management it is then for the team alone, and a
// report is not shown to customers; elsewhere it says nothing. An update leaves properties as they are, for people may have changed them.

import { member } from "./http/paging.ts";
import type { StoredComment } from "./jira-answers.ts";
import { blocksThatFit } from "./jira-fit.ts";
import { type AdfDoc, adf, plainAdf } from "./markup/adf.ts";
import { jiraWiki, wikiText } from "./markup/jira-wiki.ts";
import type { Block } from "./summary.ts";
import type { Attached } from "./tracker.ts";

/**
 * Characters of one comment: fixed in Cloud; the default of `jira.text.field.character.limit` in Data Center (JRASERVER-28519), which
 * only administrators may ask for.
 */
export const COMMENT_CHARACTERS = 32_767;

/** Its value: `{"mark": "…"}`. */
const PROPERTY = "halfclose.report";
const INTERNAL = { key: "sd.public.comment", value: { internal: true } };

export interface CommentForm {
  written(blocks: readonly Block[], mark: string, files: readonly Attached[], limit: number | null): string;
  /** The JSON of a new comment, and that which replaces an earlier one's words. */
  created(written: string): unknown;
  updated(written: string): unknown;
  isOwn(comment: StoredComment, mark: string): boolean;
  /** As `written` gives it, where nobody changed it since. */
  stored(comment: StoredComment, mark: string): string;
}

// ─────────────────────────── Cloud ───────────────────────────

const cloudText = (body: AdfDoc, mark: string): string =>
  JSON.stringify({ body, properties: [{ key: PROPERTY, value: { mark } }, INTERNAL] });

export const CLOUD_FORM: CommentForm = {
  written(blocks, mark, files, limit) {
    const urls = new Map(inOrder(files).map((file) => [file.name, file.url]));
    const write = (kept: readonly Block[]): AdfDoc => adf(kept, (name) => urls.get(name) ?? null);
    // What Jira counts of a document is not documented: the whole of it is never less than that.
    return cloudText(write(blocksThatFit(blocks, limit, (kept) => JSON.stringify(write(kept)).length)), mark);
  },
  created: (written) => JSON.parse(written),
  updated: (written) => ({ body: (JSON.parse(written) as { body: AdfDoc }).body }),
  isOwn: (comment, mark) => member(comment.properties?.get(PROPERTY), "mark") === mark,
  stored(comment, mark) {
    const body = plainAdf(comment.body);
    return body === null ? JSON.stringify(comment.body ?? null) : cloudText(body, mark);
  },
};

/** In the order in which they were uploaded: the last of a name is the one that counts. */
const inOrder = (files: readonly Attached[]): Attached[] => [...files].sort((a, b) => Number(a.id) - Number(b.id));

// ─────────────────────────── Data Center ───────────────────────────

const markLine = (mark: string): string => `{color:#707070}halfclose report ${wikiText(mark)}{color}`;
const unixLines = (body: unknown): string => (typeof body === "string" ? body.replace(/\r\n?/g, "\n").trimEnd() : "");

export const WIKI_FORM: CommentForm = {
  written(blocks, mark, files, limit) {
    const names = new Set(files.map((file) => file.name));
    const write = (kept: readonly Block[]): string => `${jiraWiki(kept, names)}\n\n${markLine(mark)}`;
    return write(blocksThatFit(blocks, limit, (kept) => write(kept).length));
  },
  created: (written) => ({ body: written, properties: [INTERNAL] }),
  updated: (written) => ({ body: written }),
  /** The last line, alone: whoever quotes it puts something before or behind. */
  isOwn: (comment, mark) => unixLines(comment.body).endsWith(`\n${markLine(mark)}`),
  stored: (comment) => unixLines(comment.body),
};
