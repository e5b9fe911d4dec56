// How do a comment and files get onto a Redmine issue?
//
// REST API as documented at redmine.org/projects/redmine/wiki/Rest_api (Rest_Issues, Rest_Journals, Rest_Attachments), tried with 5.0.4:
// a file is uploaded to /uploads.json, and its token hung onto the issue; a comment is a note of the issue's journal, which 5.0 and later
// let change (#10171). What the API does not tell, the markup of notes and the largest file, stands in the issue's own page (redmine-page.ts).

import { tokenHeader } from "./credentials/authorization.ts";
import type { Settings } from "./credentials/credentials.ts";
import { basicFromNetrc, NETRC } from "./credentials/netrc.ts";
import { addressOf } from "./http/address.ts";
import type { Http } from "./http/http.ts";
import { idMember, member, textMember } from "./http/paging.ts";
import { NOTHING_SAID, type PageOfIssue, pageOfIssue, writtenNote } from "./redmine-page.ts";
import { TicketError } from "./ticket-error.ts";
import type { Attached, Limits, OwnComment, Ticket, TicketFile, TicketPlace, Tracker } from "./tracker.ts";

/** Redmine's own default (config/settings.yml, attachment_max_size: 5120 kilobytes). */
const DEFAULT_FILE_BYTES = 5120 * 1024;

/** Below a note that could not be changed in its place: Redmine before 5.0, or an account without the permission "Edit own notes". */
const REPLACES = "This note replaces an earlier one of the same report, which could not be changed.";

const ISSUE_PATH = /^(.*)\/issues\/(\d+)(?:\.json)?\/?$/;
const SHORT = /^redmine:#?(\d+)$/i;

export const redmine: Tracker = {
  id: "redmine",
  title: "Redmine",
  examples: ["https://redmine.example.com/issues/123", "redmine:123 (with REDMINE_URL)"],
  credentialSources: ["REDMINE_API_KEY", NETRC],

  recognise(text, { env }) {
    const own = serverOf(env.REDMINE_URL);
    const short = SHORT.exec(text);
    if (short !== null) {
      if (own === null)
        throw new TicketError("unknown-ticket", `${text} needs REDMINE_URL: the address of the Redmine that it is on`);
      return placeOf(own, short[1]!);
    }
    const url = addressOf(text.replace(/^redmine:(?=https?:)/i, ""));
    const path = url === null ? null : ISSUE_PATH.exec(url.pathname);
    if (url === null || path === null) return null;
    const server = `${url.origin}${path[1]!}`;
    const named = /^redmine:/i.test(text) || server === own;
    // GitHub's are below OWNER/REPO, GitLab's below GROUP/PROJECT/-: two folders or more. A Redmine is at the top, or in one folder.
    const folders = path[1]!.split("/").length - 1;
    return named || folders <= 1 ? placeOf(server, path[2]!) : null;
  },

  async credentials(place, settings) {
    const key = settings.env.REDMINE_API_KEY;
    if (key && isOwnServer(place, settings)) return tokenHeader("X-Redmine-API-Key", key, "REDMINE_API_KEY");
    // Login and password, or the API key as the login (Rest_api, Authentication).
    return basicFromNetrc(settings, place.server);
  },

  async open(place, credentials, http) {
    return ticketOf(place, http, credentials === null ? NOTHING_SAID : await pageOfIssue(place, http));
  },
};

const serverOf = (text: string | undefined): string | null => {
  const url = text ? addressOf(text.trim()) : null;
  return url === null ? null : `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
};

const placeOf = (server: string, id: string): TicketPlace => ({
  tracker: "redmine",
  server,
  name: `#${id}`,
  parts: { id },
});

/** With REDMINE_URL set, the key is that server's and nobody else's. */
function isOwnServer(place: TicketPlace, { env }: Settings): boolean {
  const own = serverOf(env.REDMINE_URL);
  return own === null || new URL(own).origin === new URL(place.server).origin;
}

function ticketOf(place: TicketPlace, http: Http, page: PageOfIssue): Ticket {
  const url = `${place.server}/issues/${place.parts.id}`;
  const api = `${url}.json`;
  const uploads = (file: TicketFile): string =>
    `${place.server}/uploads.json?filename=${encodeURIComponent(file.name)}&content_type=${encodeURIComponent(file.type)}`;

  const issue = async (include: "attachments" | "journals"): Promise<unknown[]> => {
    const answer = (await http.ask({ method: "GET", url: `${api}?include=${include}` })).json();
    const list = member(member(answer, "issue"), include);
    if (!Array.isArray(list)) throw new TicketError("unreachable", `${place.server} does not answer as a Redmine does`);
    return list;
  };
  const files = async (): Promise<Attached[]> =>
    (await issue("attachments")).flatMap((entry) => {
      const [id, name, bytes] = [idMember(entry, "id"), textMember(entry, "filename"), member(entry, "filesize")];
      if (id === null || name === null || typeof bytes !== "number") return [];
      return [{ id, name, bytes, url: `${place.server}/attachments/${id}` }];
    });
  const notes = async (): Promise<{ id: string; text: string }[]> =>
    (await issue("journals")).flatMap((entry) => {
      const [id, text] = [idMember(entry, "id"), textMember(entry, "notes")];
      return id === null || text === null ? [] : [{ id, text: text.replace(/\r\n/g, "\n").trimEnd() }];
    });
  const addressOfNote = (id: string): string => `${url}#change-${id}`;
  const change = (id: string): string => `${place.server}/journals/${id}.json`;

  return {
    place,
    url,
    takesFiles: true,
    editsComments: true,

    async limits(): Promise<Limits> {
      const { fileBytes } = page;
      if (fileBytes === null) return { fileBytes: DEFAULT_FILE_BYTES, commentCharacters: null, source: "documented" };
      return { fileBytes, commentCharacters: null, source: "asked" };
    },

    async attached(names) {
      return (await files()).filter(({ name }) => names.includes(name));
    },

    async attach(file) {
      const body = { bytes: file.bytes, type: "application/octet-stream" };
      // Uploaded twice, one of the two hangs nowhere, and Redmine forgets it after a day.
      const answer = (await http.ask({ method: "POST", url: uploads(file), body, repeatable: true })).json();
      const token = textMember(member(answer, "upload"), "token");
      if (token === null) throw new TicketError("unreachable", `${place.server} gave no token for ${file.name}`);
      const upload = { token, filename: file.name, content_type: file.type };
      await http.ask({ method: "PUT", url: api, body: { json: { issue: { uploads: [upload] } } }, repeatable: false });
      // The token begins with the number that the file bears; its name may be written otherwise than it was sent.
      const id = /^(\d+)\./.exec(token)?.[1];
      const now = (await files()).find((f) => f.id === id && f.bytes === file.bytes.length);
      // Redmine answers with success even where it did not take the token.
      if (now === undefined)
        throw new TicketError("refused", `${place.server} took ${file.name} and did not hang it onto ${place.name}`);
      return now;
    },

    async remove(file) {
      const answer = await http.ask({
        method: "DELETE",
        url: `${place.server}/attachments/${file.id}.json`,
        expects: [401, 403, 404, 405],
      });
      return answer.status < 300;
    },

    async ownComment(mark): Promise<OwnComment | null> {
      const own = (await notes()).filter(({ text }) => text.includes(mark)).at(-1);
      if (own === undefined) return null;
      const body = own.text.endsWith(REPLACES) ? own.text.slice(0, -REPLACES.length).trimEnd() : own.text;
      return { id: own.id, url: addressOfNote(own.id), body };
    },

    written(blocks, mark, attached, limits) {
      return writtenNote(page.formatting, blocks, mark, attached, limits.commentCharacters);
    },

    async comment(body, before) {
      if (before !== null) {
        // 404: nobody answers it there before 5.0; 401 and 403: this account may not.
        const answer = await http.ask({
          method: "PUT",
          url: change(before.id),
          body: { json: { journal: { notes: body } } },
          expects: [401, 403, 404, 406],
        });
        if (answer.status < 300) return { url: addressOfNote(before.id) };
      }
      const text = before === null ? body : `${body}\n\n${REPLACES}`;
      await http.ask({ method: "PUT", url: api, body: { json: { issue: { notes: text } } }, repeatable: false });
      const now = (await notes()).filter((note) => note.text === text.trimEnd()).at(-1);
      return { url: now === undefined ? null : addressOfNote(now.id) };
    },

    planned(toUpload, body, before) {
      return [
        ...toUpload.flatMap((file) => [
          { method: "POST", url: uploads(file), body: `${file.name}, ${file.bytes.length} bytes` },
          {
            method: "PUT",
            url: api,
            body: JSON.stringify({ issue: { uploads: [{ token: "…", filename: file.name }] } }),
          },
        ]),
        before === null ? { method: "PUT", url: api, body } : { method: "PUT", url: change(before.id), body },
      ];
    },
  };
}
