// How are files and a comment put on an issue or a merge request of GitLab?
//
// REST API v4 (docs.gitlab.com/api/notes, docs.gitlab.com/api/project_markdown_uploads; GitLab 17 and 18). An upload belongs to the project and
// is found only by a link to it: the list of uploads is for maintainers, and does not tell addresses. So our comment remembers what was
// uploaded, in its links; and as anybody may copy a comment, only one that this account wrote is believed.

import { formatBytes } from "../core/format.ts";
import { gitLabCredentials, recogniseGitLab } from "./gitlab-place.ts";
import type { Ask, Http } from "./http/http.ts";
import { allPages, idMember, member, textMember } from "./http/paging.ts";
import { bearsMark, markdownComment } from "./markup/markdown.ts";
import { linkText, linkTo } from "./markup/markdown-words.ts";
import { TicketError } from "./ticket-error.ts";
import type { Attached, Limits, OwnComment, Planned, Ticket, TicketFile, TicketPlace, Tracker } from "./tracker.ts";

/** docs.gitlab.com/api/notes: "Limited to 1,000,000 characters". */
const COMMENT_CHARACTERS = 1_000_000;
/** `max_attachment_size`: 100 MiB on GitLab.com, and by default since 15.7; only administrators may ask for another (more is answered by 413). */
const FILE_BYTES = 100 * 1024 * 1024;
/** Kept free for the sentence that names a note which may not be edited. */
const REPLACES_ROOM = 600;

export const gitlab: Tracker = {
  id: "gitlab",
  title: "GitLab",
  examples: [
    "https://gitlab.com/group/project/-/issues/12",
    "https://gitlab.com/group/project/-/merge_requests/12",
    "gitlab:group/project#12",
    "gitlab:group/project!12",
  ],
  recognise: recogniseGitLab,
  credentialSources: [
    "GITLAB_TOKEN, GITLAB_ACCESS_TOKEN (for the server that GITLAB_HOST, GITLAB_URI or CI_SERVER_URL names, else gitlab.com)",
    "glab (~/.config/glab-cli/config.yml)",
    "~/.netrc",
  ],
  credentials: gitLabCredentials,
  open: async (place, _credentials, http) => new GitLabTicket(place, http),
};

/** `/uploads/SECRET/NAME`, which is what an answer and a comment hold; the secret has 32 hexadecimal digits. */
const UPLOAD = /^\/uploads\/([0-9a-f]{32}\/[^/\s()<>"]{1,255})$/;
const LINK = /\[([^\]\n]{1,300})\]\((\/uploads\/[0-9a-f]{32}\/[^/\s()<>"]{1,255}) "(\d{1,15}) bytes"\)/g;
const ANY_MARK = /^<!-- halfclose\S* -->\s*$/m;

class GitLabTicket implements Ticket {
  readonly place: TicketPlace;
  readonly url: string;
  readonly takesFiles = true;
  readonly editsComments = true;
  readonly #http: Http;
  readonly #api: string;
  readonly #project: string;
  readonly #notes: string;
  #mark: string | null = null;
  #me: Promise<string | null> | null = null;

  constructor(place: TicketPlace, http: Http) {
    const { project, kind, iid } = place.parts;
    this.place = place;
    this.url = `${place.server}/${project}/-/${kind}/${iid}`;
    this.#http = http;
    this.#api = `${place.server}/api/v4`;
    this.#project = `${this.#api}/projects/${encodeURIComponent(project!)}`;
    this.#notes = `${this.#project}/${kind}/${iid}/notes`;
  }

  async limits(): Promise<Limits> {
    return { fileBytes: FILE_BYTES, commentCharacters: COMMENT_CHARACTERS, source: "documented" };
  }

  /** Those that notes of this account link to: of the mark that `ownComment` was asked for, else of all that we wrote. */
  async attached(names: readonly string[]): Promise<Attached[]> {
    const wanted = new Map(names.map((name) => [linkText(name), name]));
    const found = new Map<string, Attached>();
    for (const { body } of (await this.#ours()).own) {
      for (const [, text, path, bytes] of body.matchAll(LINK)) {
        const name = wanted.get(text!);
        if (name !== undefined) found.set(path!, this.#attached(name, Number(bytes), path!, null));
      }
    }
    return [...found.values()];
  }

  async attach(file: TicketFile): Promise<Attached> {
    const { name: filename, type, bytes } = file;
    const answer = await this.#http.ask({
      method: "POST",
      url: `${this.#project}/uploads`,
      body: { form: [{ name: "file", value: { filename, type, bytes } }] },
    });
    const json = answer.json();
    const path = textMember(json, "url") ?? "";
    if (!UPLOAD.test(path))
      throw new TicketError("unreachable", `${this.place.server} took ${filename}, but gave no address of it`);
    return this.#attached(filename, bytes.length, path, textMember(json, "full_path"));
  }

  /** For maintainers alone, and since GitLab 17.4. */
  async remove(file: Attached): Promise<boolean> {
    if (!UPLOAD.test(`/uploads/${file.id}`)) return false;
    const url = `${this.#project}/uploads/${file.id}`;
    const answer = await this.#http.ask({ method: "DELETE", url, expects: [403, 404, 405] });
    return answer.status < 300;
  }

  /** The latest that this account wrote; else the latest of anybody. */
  async ownComment(mark: string): Promise<OwnComment | null> {
    this.#mark = mark;
    const { own, all } = await this.#ours();
    const note = own.at(-1) ?? all.at(-1);
    return note === undefined ? null : { id: note.id, url: this.#pageOf(note.id), body: note.body };
  }

  written(...[blocks, mark, files, limits]: Parameters<Ticket["written"]>): string {
    const links = new Map(
      files.flatMap((f) => (UPLOAD.test(`/uploads/${f.id}`) ? [[f.name, linkTo(f, `/uploads/${f.id}`)]] : [])),
    );
    const most = limits.commentCharacters;
    const withListOf = (names: readonly string[]): string =>
      markdownComment(blocks, {
        mark,
        links: (name) => links.get(name) ?? null,
        after:
          names.length === 0
            ? []
            : [{ kind: "list", ordered: false, items: names.map((name) => [{ kind: "file", name }]) }],
        maxCharacters: most === null ? null : most - REPLACES_ROOM,
      });
    // An upload that no comment links to is lost: what the blocks do not name, or what was cut, stands in a list.
    const missing = (text: string): string[] =>
      [...links].filter(([, link]) => !text.includes(link)).map(([name]) => name);
    const first = withListOf([]);
    const second = missing(first).length === 0 ? first : withListOf(missing(first));
    return missing(second).length === 0 ? second : withListOf([...links.keys()]);
  }

  /** 403: another account wrote it, so that a new one beside says which it replaces. 404: it was deleted meanwhile. */
  async comment(body: string, before: OwnComment | null): Promise<{ url: string | null }> {
    if (before !== null) {
      const answer = await this.#http.ask({ ...this.#editing(body, before), expects: [403, 404] });
      if (answer.status < 300) return { url: this.#pageOf(before.id) };
      if (answer.status === 403)
        return this.#add(
          `*This replaces [an earlier comment](${this.#pageOf(before.id)}), which this account may not edit.*\n\n${body}`,
        );
    }
    return this.#add(body);
  }

  planned(files: readonly TicketFile[], body: string, before: OwnComment | null): Planned[] {
    const uploads = files.map((f) => ({
      method: "POST",
      url: `${this.#project}/uploads`,
      body: `${f.name}, ${formatBytes(f.bytes.length)}`,
    }));
    const { method, url } = before === null ? this.#adding(body) : this.#editing(body, before);
    return [...uploads, { method, url, body }];
  }

  async #add(body: string): Promise<{ url: string | null }> {
    const id = idMember((await this.#http.ask(this.#adding(body))).json(), "id");
    return { url: id === null ? null : this.#pageOf(id) };
  }

  #adding(body: string): Ask {
    return { method: "POST", url: this.#notes, body: { json: { body } } };
  }

  #editing(body: string, { id }: OwnComment): Ask {
    return { method: "PUT", url: `${this.#notes}/${id}`, body: { json: { body } } };
  }

  #pageOf(id: string): string {
    return `${this.url}#note_${id}`;
  }

  #attached(name: string, bytes: number, path: string, fullPath: string | null): Attached {
    // Its pattern changed in 17.1; the project's address and `url` work in all.
    const known = fullPath !== null && /^\/[^\s<>"()?#]+$/.test(fullPath) && fullPath.endsWith(path);
    const url = known
      ? `${new URL(this.place.server).origin}${fullPath}`
      : `${this.place.server}/${this.place.parts.project}${path}`;
    return { name, bytes, url, id: path.slice("/uploads/".length) };
  }

  /** Notes with a mark of ours, from the first to the last: all, and those of this account. */
  async #ours(): Promise<{ own: Note[]; all: Note[] }> {
    const first = `${this.#notes}?per_page=100&sort=asc&order_by=created_at`;
    const all = await allPages(this.#http, { first, api: this.#api }, (entry) => {
      const [id, body] = [idMember(entry, "id"), textMember(entry, "body")];
      if (id === null || body === null || member(entry, "system") === true) return null;
      const marked = this.#mark === null ? ANY_MARK.test(body) : bearsMark(body, this.#mark);
      return marked ? { id, body, author: idMember(member(entry, "author"), "id") } : null;
    });
    if (all.length === 0) return { own: [], all };
    this.#me ??= this.#whoAmI();
    const me = await this.#me;
    return { own: all.filter(({ author }) => author !== null && author === me), all };
  }

  /** Null where the token may not ask. */
  async #whoAmI(): Promise<string | null> {
    const answer = await this.#http.ask({ method: "GET", url: `${this.#api}/user`, expects: [403, 404] });
    return answer.status < 300 ? idMember(answer.json(), "id") : null;
  }
}

interface Note {
  readonly id: string;
  readonly body: string;
}
