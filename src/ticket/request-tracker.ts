// How do a comment and files get onto a ticket of Request Tracker?
//
// REST 2.0 (docs.bestpractical.com/rt/5.0/RT/REST2.html, in RT since 5.0, an extension for 4.4), tried with 5.0.3. All that is written is a comment: a reply
// (`correspond`) would be mailed to whoever asked. A comment stays as it is; a changed one is added, and its subject says which it
// replaces. The subject bears the mark, too: so our own is found without reading every message of a long ticket.

import { count } from "../core/format.ts";
import { basicFrom, bearer } from "./credentials/authorization.ts";
import type { Settings } from "./credentials/credentials.ts";
import { basicFromNetrc, NETRC } from "./credentials/netrc.ts";
import { RTRC, rtLogin } from "./credentials/tool-configs.ts";
import { fitted } from "./fitted-comment.ts";
import { addressOf } from "./http/address.ts";
import type { Http } from "./http/http.ts";
import { html } from "./markup/html.ts";
import { contentOf, type Limit, messagesOf, transactionOf } from "./request-tracker-messages.ts";
import { TicketError } from "./ticket-error.ts";
import type { Attached, OwnComment, Ticket, TicketFile, TicketPlace, Tracker } from "./tracker.ts";

/** $MaxAttachmentSize of RT_Config (5.0: 10 MiB). Where an RT keeps less, it says so by a shorter file: see `attach`. */
const MAX_ATTACHMENT_BYTES = 10 * 1024 * 1024;

/** $MaxInlineBody of RT_Config (5.0: 25 kB): what is longer is not shown in the ticket, "because it is too large". */
const MAX_SHOWN_BYTES = 25 * 1024;
const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length;

/** Pages of one ticket that show it: Display, History, Update …, also those of self-service and for telephones. */
const TICKET_PATH = /^(.*?)\/(?:Ticket\/[A-Za-z]+\.html|SelfService\/Display\.html|m\/ticket\/[a-z_]+)$/;
const SHORT = /^rt:#?(\d+)$/i;

export const requestTracker: Tracker = {
  id: "request-tracker",
  title: "Request Tracker",
  examples: ["https://rt.example.com/Ticket/Display.html?id=17", "rt:17 (with RT_URL)"],
  credentialSources: ["RT_TOKEN", "RT_USER and RT_PASSWORD", "RTUSER and RTPASSWD", `~/${RTRC}`, NETRC],

  recognise(text, settings) {
    const short = SHORT.exec(text);
    if (short !== null) {
      const own = ownServer(settings);
      if (own === null)
        throw new TicketError("unknown-ticket", `${text} needs RT_URL: the address of the RT that it is on`);
      return placeOf(own, short[1]!);
    }
    const url = addressOf(text.replace(/^rt:(?=https?:)/i, ""));
    const path = url === null ? null : TICKET_PATH.exec(url.pathname);
    if (url === null || path === null) return null;
    const id = url.searchParams.get("id");
    if (id === null || !/^\d+$/.test(id))
      throw new TicketError(
        "unknown-ticket",
        `${url.origin}${url.pathname} names no ticket: its ?id=NUMBER is missing`,
      );
    return placeOf(`${url.origin}${path[1]!}`, id);
  },

  async credentials(place, settings) {
    const { env } = settings;
    const own = ownServer(settings);
    // With RT_URL set, what stands beside it is that server's and nobody else's.
    if (own === null || new URL(own).origin === new URL(place.server).origin) {
      if (env.RT_TOKEN) return bearer(env.RT_TOKEN, "RT_TOKEN", "token");
      if (env.RT_USER && env.RT_PASSWORD) return basicFrom(env.RT_USER, env.RT_PASSWORD, "RT_USER and RT_PASSWORD");
      if (env.RTUSER && env.RTPASSWD) return basicFrom(env.RTUSER, env.RTPASSWD, "RTUSER and RTPASSWD");
    }
    const login = await rtLogin(settings, place.server);
    if (login !== null) return basicFrom(login.login, login.password, login.source);
    return basicFromNetrc(settings, place.server);
  },

  async open(place, credentials, http) {
    // Lists of a ticket that is not there are empty: so it is asked for itself.
    if (credentials !== null)
      await http.ask({ method: "GET", url: `${place.server}/REST/2.0/ticket/${place.parts.id}` });
    return ticketOf(place, http);
  },
};

/** RT_URL, or the variable of the command `rt`. */
function ownServer({ env }: Settings): string | null {
  const text = (env.RT_URL || env.RTSERVER || "").trim();
  const url = addressOf(text === "" || text.includes("://") ? text : `https://${text}`);
  return url === null ? null : `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

const placeOf = (server: string, id: string): TicketPlace => ({
  tracker: "request-tracker",
  server,
  name: `#${id}`,
  parts: { id },
});

const MARK = /<!-- (.+) -->\s*$/;
const subjectOf = (body: string, before: OwnComment | null): string =>
  `halfclose report${markOf(body)}${before === null ? "" : `, in place of #txn-${before.id}`}`;
const markOf = (body: string): string => {
  const mark = MARK.exec(body)?.[1];
  return mark === undefined ? "" : ` (${mark})`;
};

/**
 * What RT would show within the ticket, or as bare source when it is clicked ($TrustHTMLAttachments), is to be saved and opened:
 * HTML and text go as bytes. Pictures stay what they are: RT shows them.
 */
const typeOf = (file: TicketFile): string => (file.type.startsWith("text/") ? "application/octet-stream" : file.type);

function ticketOf(place: TicketPlace, http: Http): Ticket {
  const { server } = place;
  const api = `${server}/REST/2.0`;
  const ticket = `${api}/ticket/${place.parts.id}`;
  const url = `${server}/Ticket/Display.html?id=${place.parts.id}`;
  const addressOfComment = (transaction: string): string => `${url}#txn-${transaction}`;
  const fileOf = ({
    id,
    transaction,
    name,
    bytes,
  }: {
    id: string;
    transaction: string;
    name: string;
    bytes: number;
  }): Attached => ({
    id,
    name,
    bytes,
    url: `${server}/Ticket/Attachment/${transaction}/${id}/${encodeURIComponent(name)}`,
  });

  return {
    place,
    url,
    takesFiles: true,
    editsComments: false,

    async limits() {
      return { fileBytes: MAX_ATTACHMENT_BYTES, commentCharacters: MAX_SHOWN_BYTES, source: "documented" };
    },

    async attached(names) {
      if (names.length === 0) return [];
      const query = names.map((value): Limit => ({ field: "Filename", operator: "=", value, entry_aggregator: "OR" }));
      const found = await messagesOf(http, `${ticket}/attachments`, query);
      return found.filter(({ name }) => names.includes(name)).map(fileOf);
    },

    async attach(file) {
      const { name, bytes } = file;
      if (bytes.length === 0) throw new TicketError("refused", `RT takes no empty files: ${name}`);
      const answer = await http.ask({
        method: "POST",
        url: `${ticket}/comment`,
        body: {
          form: [
            { name: "JSON", value: JSON.stringify({ Subject: `halfclose: ${name}` }) },
            { name: "Attachments", value: { filename: name, type: typeOf(file), bytes } },
          ],
        },
        repeatable: false,
      });
      const transaction = transactionOf(answer, server);
      const kept = (await messagesOf(http, `${api}/transaction/${transaction}/attachments`)).find(
        (m) => m.name === name,
      );
      if (kept === undefined)
        throw new TicketError(
          "credentials",
          `${server} took ${name} and does not show it again: this account needs the right ShowTicketComments`,
        );
      // $DropLongAttachments and $TruncateLongAttachments do so without a word.
      if (kept.bytes !== bytes.length)
        throw new TicketError(
          "refused",
          `${server} kept ${kept.bytes} of the ${bytes.length} bytes of ${name}: its $MaxAttachmentSize is smaller`,
        );
      return fileOf({ ...kept, transaction });
    },

    async remove() {
      return false;
    },

    async ownComment(mark) {
      const query: Limit[] = [{ field: "Subject", operator: "LIKE", value: mark }];
      const found = await messagesOf(http, `${ticket}/attachments`, query);
      const newest = found.filter((m) => m.type === "text/html").sort((a, b) => Number(b.id) - Number(a.id));
      for (const { id, transaction } of newest) {
        const body = await contentOf(http, `${api}/attachment/${id}`);
        if (MARK.exec(body)?.[1] === mark)
          return { id: transaction, url: addressOfComment(transaction), body: body.trimEnd() };
      }
      return null;
    },

    written(blocks, mark, attached, limits) {
      const links = new Map(attached.flatMap((file) => (file.url === null ? [] : [[file.name, file.url]])));
      return fitted(html(blocks, links), {
        end: `<!-- ${mark} -->`,
        limit: limits.commentCharacters,
        sizeOf: utf8Bytes,
        between: "\n",
        leftOut: (n) => `<p>Left out for its length: ${count(n, "part")}. See the report.</p>`,
      });
    },

    async comment(body, before) {
      const json = { Subject: subjectOf(body, before), Content: body, ContentType: "text/html" };
      const answer = await http.ask({ method: "POST", url: `${ticket}/comment`, body: { json }, repeatable: false });
      return { url: addressOfComment(transactionOf(answer, server)) };
    },

    planned(files, body, before) {
      return [
        ...files.map((file) => ({
          method: "POST",
          url: `${ticket}/comment`,
          body: `${file.name}, ${file.bytes.length} bytes`,
        })),
        { method: "POST", url: `${ticket}/comment`, body: `Subject: ${subjectOf(body, before)}\n\n${body}` },
      ];
    },
  };
}
