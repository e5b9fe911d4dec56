// How is a comment put on an issue or a pull request of GitHub, and what can be dragged into it?
//
// REST API, version 2022-11-28 (docs.github.com/rest/issues/comments; pull requests are issues there): github.com, GHE.com, Enterprise Server.
// It has no way to upload a file: the comment carries the report, and says which files a person may drag in
// (docs.github.com "Attaching files"). What gh does since 2.99 with pictures is not documented for others, and takes no other files.

import { draggedIn } from "./github-files.ts";
import { type GitHubHost, gitHubCredentials, gitHubOf, recogniseGitHub } from "./github-place.ts";
import type { Ask, Http } from "./http/http.ts";
import { allPages, idMember, member, textMember } from "./http/paging.ts";
import { bearsMark, markdownComment, noLinks } from "./markup/markdown.ts";
import { TicketError } from "./ticket-error.ts";
import type { Limits, OwnComment, Planned, Ticket, TicketPlace, Tracker } from "./tracker.ts";

/** "body is too long (maximum is 65536 characters)" is what the API answers (422) to more; its documentation has no number. */
const COMMENT_CHARACTERS = 65_536;
/** docs.github.com "Attaching files": 25 MB, for all but pictures (10 MB) and videos. */
const FILE_BYTES = 25_000_000;
/** Kept free for the sentence that names a comment which may not be edited. */
const REPLACES_ROOM = 400;

/** docs.github.com/rest/about-the-rest-api/api-versions */
const HEADERS = { Accept: "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28" };

export const github: Tracker = {
  id: "github",
  title: "GitHub",
  examples: [
    "https://github.com/owner/repo/issues/12",
    "https://github.com/owner/repo/pull/12",
    "github:owner/repo#12",
  ],
  recognise: recogniseGitHub,
  credentialSources: [
    "GH_TOKEN, GITHUB_TOKEN (github.com and GHE.com)",
    "GH_ENTERPRISE_TOKEN, GITHUB_ENTERPRISE_TOKEN (Enterprise Server)",
    "gh (~/.config/gh/hosts.yml)",
    "~/.netrc",
  ],
  credentials: gitHubCredentials,
  open: async (place, _credentials, http) => new GitHubTicket(place, http),
};

class GitHubTicket implements Ticket {
  readonly place: TicketPlace;
  readonly url: string;
  readonly takesFiles = false;
  readonly editsComments = true;
  readonly #host: GitHubHost;
  readonly #http: Http;
  #found: Promise<string> | null = null;

  constructor(place: TicketPlace, http: Http) {
    const { owner, repo, number, kind } = place.parts;
    this.place = place;
    this.#host = gitHubOf(place);
    this.url = `${place.server}/${owner}/${repo}/${kind}/${number}`;
    this.#http = http;
  }

  async limits(): Promise<Limits> {
    return { fileBytes: FILE_BYTES, commentCharacters: COMMENT_CHARACTERS, source: "documented" };
  }

  async attached(): Promise<never[]> {
    return [];
  }

  async attach(): Promise<never> {
    throw new TicketError("refused", "GitHub has no way to upload a file: drag it into a comment");
  }

  async remove(): Promise<boolean> {
    return false;
  }

  /** The latest of those whose author belongs to the repository; else the latest at all. Anybody may have copied the mark. */
  async ownComment(mark: string): Promise<OwnComment | null> {
    const first = `${await this.#issue()}/comments?per_page=100`;
    const marked = await allPages(this.#http, { first, api: this.#host.api, headers: HEADERS }, (entry) =>
      bearsMark(textMember(entry, "body") ?? "", mark) ? entry : null,
    );
    const latest = marked.filter(fromWithin).at(-1) ?? marked.at(-1);
    const id = idMember(latest, "id");
    if (latest === undefined || id === null) return null;
    return { id, url: this.#pageOf(latest), body: textMember(latest, "body") ?? "" };
  }

  written(...[blocks, mark, files, limits]: Parameters<Ticket["written"]>): string {
    const most = limits.commentCharacters;
    return markdownComment(blocks, {
      mark,
      links: noLinks,
      after: draggedIn(files, this.#host.enterpriseServer),
      maxCharacters: most === null ? null : most - REPLACES_ROOM,
    });
  }

  /**
   * Only who may edit the earlier comment can replace it. 403: another account wrote it; a new one beside says so.
   * 404: it was deleted meanwhile.
   */
  async comment(body: string, before: OwnComment | null): Promise<{ url: string | null }> {
    const issue = await this.#issue();
    if (before !== null) {
      const answer = await this.#http.ask({ ...this.#editing(issue, body, before), expects: [403, 404] });
      if (answer.status < 300) return { url: this.#pageOf(answer.json()) };
      if (answer.status === 403) {
        const which = before.url === null ? "an earlier comment" : `[an earlier comment](${before.url})`;
        return this.#add(issue, `*This replaces ${which}, which this account may not edit.*\n\n${body}`);
      }
    }
    return this.#add(issue, body);
  }

  planned(_files: unknown, body: string, before: OwnComment | null): Planned[] {
    const issue = this.#address();
    const { method, url } = before === null ? this.#adding(issue, body) : this.#editing(issue, body, before);
    return [{ method, url, body }];
  }

  async #add(issue: string, body: string): Promise<{ url: string | null }> {
    return { url: this.#pageOf((await this.#http.ask(this.#adding(issue, body))).json()) };
  }

  #adding(issue: string, body: string): Ask {
    return { method: "POST", url: `${issue}/comments`, headers: HEADERS, body: { json: { body } } };
  }

  /** The same twice is the same: it may be sent again. */
  #editing(issue: string, body: string, { id }: OwnComment): Ask {
    const url = `${issue.replace(/\/\d+$/, "")}/comments/${id}`;
    return { method: "PATCH", url, headers: HEADERS, body: { json: { body } }, repeatable: true };
  }

  #address(): string {
    const { owner, repo, number } = this.place.parts;
    return `${this.#host.api}/repos/${owner}/${repo}/issues/${number}`;
  }

  /** Where the issue is now: GitHub redirects from a repository's earlier name, and from where an issue was before it was transferred. */
  #issue(): Promise<string> {
    this.#found ??= this.#lookedUp();
    return this.#found;
  }

  async #lookedUp(): Promise<string> {
    const { server, name } = this.place;
    const answer = await this.#http.ask({ method: "GET", url: this.#address(), headers: HEADERS, expects: [404, 410] });
    if (answer.status === 404)
      throw new TicketError(
        "no-ticket",
        `${server} has no ${name}, or not for this account (GitHub says 404 for both); a token needs to read and write its issues or pull requests`,
      );
    if (answer.status === 410)
      throw new TicketError("no-ticket", `${name} was deleted, or its repository has no issues`);
    const url = textMember(answer.json(), "url");
    if (url === null) throw new TicketError("unreachable", `${this.#host.api} does not answer as GitHub does`);
    const path = /^\/repos\/[\w.-]+\/[\w.-]+\/issues\/\d+$/;
    return url.startsWith(this.#host.api) && path.test(url.slice(this.#host.api.length)) ? url : this.#address();
  }

  /** The address that the answer names, if it is one of this server; it is written into comments, and shown. */
  #pageOf(comment: unknown): string | null {
    const page = textMember(comment, "html_url");
    const known = page?.startsWith(`${this.place.server}/`) && /^[\w.:/#-]{1,250}$/.test(page);
    return known ? page : null;
  }
}

/** docs.github.com "author association". A bot is one that the repository let in. */
function fromWithin(comment: unknown): boolean {
  const association = textMember(comment, "author_association") ?? "";
  return (
    ["OWNER", "MEMBER", "COLLABORATOR"].includes(association) || textMember(member(comment, "user"), "type") === "Bot"
  );
}
