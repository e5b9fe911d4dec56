// How do a summary and files get onto an issue of Jira, Cloud or Data Center?
//
// Cloud: REST v3 (developer.atlassian.com/cloud/jira/platform/rest/v3), comments are documents. Data Center and Server: REST v2
// (developer.atlassian.com/server/jira/platform/rest), comments are wiki markup. Which of the two it is, the server says itself:
// `deploymentType` of its serverInfo, which anybody may read; a host's name does not tell, for sites of Cloud may have any.

import { formatBytes } from "../core/format.ts";
import type { Credentials } from "./credentials/credentials.ts";
import { addressOf } from "./http/address.ts";
import type { Http } from "./http/http.ts";
import { member } from "./http/paging.ts";
import {
  type AttachmentMeta,
  attachmentMeta,
  attachmentOf,
  createdId,
  type ServerInfo,
  type StoredComment,
  serverInfo,
} from "./jira-answers.ts";
import { CLOUD_FORM, COMMENT_CHARACTERS, WIKI_FORM } from "./jira-comment.ts";
import { commentsOf } from "./jira-comment-list.ts";
import { CREDENTIAL_SOURCES, jiraCredentials } from "./jira-credentials.ts";
import { GATEWAY, isCloudHost, jiraPlace } from "./jira-place.ts";
import { type Speaker, speakerOf } from "./jira-speaker.ts";
import { TicketError } from "./ticket-error.ts";
import type { Planned, Ticket, TicketPlace, Tracker } from "./tracker.ts";

/** Without it an upload is refused as forged from another site ("Special headers" of the documentation). */
const NO_XSRF_CHECK = { "X-Atlassian-Token": "no-check" };

export const jira: Tracker = {
  id: "jira",
  title: "Jira",
  examples: ["https://SITE.atlassian.net/browse/OPS-123", "https://jira.example.com/browse/OPS-123", "jira:OPS-123"],
  recognise: jiraPlace,
  credentialSources: CREDENTIAL_SOURCES,
  credentials: jiraCredentials,
  open,
};

/** Without credentials nothing is asked: a dry run then goes by the host's name. */
async function open(place: TicketPlace, credentials: Credentials | null, http: Http): Promise<Ticket> {
  const speak = speakerOf(credentials, http);
  if (credentials === null) {
    const cloud = isCloudHost(addressOf(place.server)?.hostname ?? "");
    return ticketOf(place, { cloud, baseUrl: null }, null, speak);
  }
  const about = `cannot reach ${place.name} on ${place.server}`;
  const asked = await speak.ask(about, { method: "GET", url: `${place.server}/rest/api/2/serverInfo`, expects: [404] });
  const info = serverInfo(asked.status === 404 ? null : asked.json(), place.server);
  const url = `${apiOf(place, info)}/attachment/meta`;
  const meta = await speak.ask(about, { method: "GET", url, expects: [403, 404] });
  return ticketOf(place, info, meta.status === 200 ? attachmentMeta(meta.json()) : null, speak);
}

const apiOf = (place: TicketPlace, { cloud }: ServerInfo): string => `${place.server}/rest/api/${cloud ? 3 : 2}`;

function ticketOf(place: TicketPlace, info: ServerInfo, meta: AttachmentMeta | null, speak: Speaker): Ticket {
  const api = apiOf(place, info);
  const key = encodeURIComponent(place.parts.key ?? place.name);
  const issue = `${api}/issue/${key}`;
  const form = info.cloud ? CLOUD_FORM : WIKI_FORM;
  const site = addressOf(place.server)?.hostname === GATEWAY ? (info.baseUrl ?? place.server) : place.server;
  const origins = [place.server, site].map((address) => addressOf(address)?.origin);
  const url = `${site}/browse/${key}`;
  const commentUrl = (id: string): string =>
    info.cloud
      ? `${url}?focusedCommentId=${id}`
      : `${url}?focusedCommentId=${id}&page=com.atlassian.jira.plugin.system.issuetabpanels%3Acomment-tabpanel#comment-${id}`;

  return {
    place,
    url,
    // Where attachments are switched off, `attach` says so: dragging them in would not help either.
    takesFiles: true,
    editsComments: true,

    async limits() {
      const asked = meta !== null && meta.uploadLimit !== null;
      return {
        fileBytes: meta?.uploadLimit ?? null,
        commentCharacters: COMMENT_CHARACTERS,
        source: asked ? "asked" : "documented",
      };
    },

    async attached(names) {
      const answer = await speak.ask(`cannot read ${place.name}`, { method: "GET", url: `${issue}?fields=attachment` });
      const list = member(member(answer.json(), "fields"), "attachment");
      return (Array.isArray(list) ? list : [])
        .flatMap((entry) => attachmentOf(entry, origins) ?? [])
        .filter((file) => names.includes(file.name));
    },

    async attach({ name, type, bytes }) {
      if (meta?.enabled === false) throw new TicketError("refused", "attachments are switched off in this Jira");
      const what = `cannot upload ${name} to ${place.name}`;
      const answer = await speak.ask(what, {
        method: "POST",
        url: `${issue}/attachments`,
        headers: NO_XSRF_CHECK,
        body: { form: [{ name: "file", value: { filename: name, type, bytes } }] },
        expects: [403, 404],
      });
      // A permission of its own ("Create attachments"): who lacks it may comment all the same.
      if (answer.status === 404)
        throw new TicketError(
          "refused",
          `${what}: this account may attach no files to it, or attachments are switched off`,
        );
      if (answer.status === 403) throw new TicketError("refused", speak.refused(what, answer).message);
      const list = answer.json();
      const file = attachmentOf(Array.isArray(list) ? list[0] : null, origins);
      if (file === null)
        throw new TicketError(
          "unreachable",
          `Jira took ${name} without saying what became of it: look at ${url}, then run it again`,
        );
      return file;
    },

    async remove(file) {
      const answer = await speak.ask(`cannot remove ${file.name} from ${place.name}`, {
        method: "DELETE",
        url: `${api}/attachment/${encodeURIComponent(file.id)}`,
        expects: [403, 404],
      });
      // 404: somebody was faster.
      return answer.status !== 403;
    },

    async ownComment(mark) {
      let own: StoredComment | null = null;
      // The latest, for where an account may not edit another's, a new one was written.
      for await (const comment of commentsOf({ name: place.name, issue, api, cloud: info.cloud }, speak))
        if (form.isOwn(comment, mark) && Number(comment.id) >= Number(own?.id ?? 0)) own = comment;
      return own === null ? null : { id: own.id, url: commentUrl(own.id), body: form.stored(own, mark) };
    },

    written: (blocks, mark, files, limits) => form.written(blocks, mark, files, limits.commentCharacters),

    async comment(body, before) {
      const what = `cannot comment on ${place.name}`;
      if (before !== null) {
        const json = form.updated(body);
        const answer = await speak.ask(what, {
          method: "PUT",
          url: `${issue}/comment/${encodeURIComponent(before.id)}`,
          body: { json },
          expects: [400, 403, 404],
        });
        if (answer.status < 300) return { url: commentUrl(before.id) };
        // Another's comment and no right to edit it, or somebody took it away: ours goes beside. 400 is told from one about its words.
        if (answer.status === 400 && !/permission/i.test(answer.text)) throw speak.refused(what, answer);
      }
      const answer = await speak.ask(what, {
        method: "POST",
        url: `${issue}/comment`,
        body: { json: form.created(body) },
      });
      const id = createdId(answer.json());
      return { url: id === null ? url : commentUrl(id) };
    },

    planned(files, body, before): Planned[] {
      const uploads = files.map(({ name, bytes }) => ({
        method: "POST",
        url: `${issue}/attachments`,
        body: `${name}, ${formatBytes(bytes.length)}`,
      }));
      const json = before === null ? form.created(body) : form.updated(body);
      // Wiki markup is read as it is; the rest of its JSON says nothing to a person.
      const shown = info.cloud ? JSON.stringify(json, null, 2) : body;
      return before === null
        ? [...uploads, { method: "POST", url: `${issue}/comment`, body: shown }]
        : [...uploads, { method: "PUT", url: `${issue}/comment/${before.id}`, body: shown }];
    },
  };
}
