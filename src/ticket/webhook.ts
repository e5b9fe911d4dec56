// What does a program get that keeps its own tickets? One POST with everything in it, as JSON (schema/webhook.schema.json).
//
//   { "schema": "halfclose.webhook/1",
//     "event": "report.attached",
//     "mark": "halfclose-…",              the same for a later report on the same captures: update, do not add
//     "summary_markdown": "…",             what trackers get as a comment; inert in GitHub's and GitLab's Markdown
//     "report": { … } | null,              report.json (schema halfclose.report/1); null where it was not chosen or does not fit
//     "files": [{ "name": "report.html", "type": "text/html", "bytes": 512000, "sha256": "…", "base64": "…" | null }] }
//
// Report and files have room for MAX_CARRIED characters together, in this order; what does not fit goes by its name, with base64 null.
//
// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07, a quoted string) is the SHA-256 of the body: the same body may come twice, after a
// time-out or when somebody runs the command again. Any 2xx is success; 429 and 5xx are tried again.
// With HALFCLOSE_WEBHOOK_SECRET, X-Hub-Signature-256 is "sha256=" and the HMAC-SHA256 of the body's bytes in hex, as GitHub signs its own
// (docs.github.com, "Validating webhook deliveries"). With HALFCLOSE_WEBHOOK_TOKEN, Authorization is "Bearer TOKEN".
// The path of the address is taken for a secret: it is shown nowhere.

import { bearer } from "./credentials/authorization.ts";
import type { Credentials, Settings } from "./credentials/credentials.ts";
import { addressOf, shownAddress } from "./http/address.ts";
import type { Http } from "./http/http.ts";
import { markdownComment, noLinks } from "./markup/markdown.ts";
import { TicketError } from "./ticket-error.ts";
import type { Ticket, TicketFile, TicketPlace, Tracker } from "./tracker.ts";

/** Receivers commonly take bodies of 10 MB; the rest is for the summary and the names. */
export const MAX_CARRIED = 9_000_000;

const PREFIX = "webhook:";
const REPORT = "report.json";

/** Signs without showing the key: what is logged or printed of these credentials has none in it. */
interface WebhookCredentials extends Credentials {
  readonly sign?: (bytes: Uint8Array<ArrayBuffer>) => Promise<string>;
}

export const webhook: Tracker = {
  id: "webhook",
  title: "webhook",
  examples: ["webhook:https://hooks.example.com/path", "webhook: (with HALFCLOSE_WEBHOOK_URL)"],

  recognise(text: string, settings: Settings): TicketPlace | null {
    if (text !== "webhook" && !text.startsWith(PREFIX)) return null;
    const given = text.slice(PREFIX.length).trim();
    const url = addressOf(given === "" ? (settings.env.HALFCLOSE_WEBHOOK_URL ?? "").trim() : given);
    if (url === null)
      throw new TicketError(
        "unknown-ticket",
        given === ""
          ? "webhook: needs an address behind it, or one in HALFCLOSE_WEBHOOK_URL"
          : "what stands behind webhook: is no address; it begins with https://",
      );
    if (url.username !== "" || url.password !== "")
      throw new TicketError(
        "unknown-ticket",
        "the webhook's address holds a login or password; HALFCLOSE_WEBHOOK_TOKEN is for that",
      );
    return { tracker: "webhook", server: url.origin, name: url.host, parts: { address: url.href } };
  },

  credentialSources: [
    "HALFCLOSE_WEBHOOK_TOKEN (sent as Authorization: Bearer)",
    "HALFCLOSE_WEBHOOK_SECRET (signs the body, is not sent)",
  ],

  /** Never null: a webhook may need neither. */
  async credentials(_place: TicketPlace, { env }: Settings): Promise<WebhookCredentials> {
    const token = env.HALFCLOSE_WEBHOOK_TOKEN ? bearer(env.HALFCLOSE_WEBHOOK_TOKEN, "HALFCLOSE_WEBHOOK_TOKEN") : null;
    const secret = env.HALFCLOSE_WEBHOOK_SECRET ?? "";
    const names = [...(token ? [token.source] : []), ...(secret === "" ? [] : ["HALFCLOSE_WEBHOOK_SECRET"])];
    return {
      headers: token?.headers ?? {},
      source: names.length > 0 ? names.join(", ") : "the address alone",
      ...(secret !== "" && { sign: (bytes: Uint8Array<ArrayBuffer>) => signature(secret, bytes) }),
    };
  },

  open: async (place, credentials, http) => new Delivery(place, credentials, http),
};

/** Everything is kept until the comment comes, and goes in one request with it. */
class Delivery implements Ticket {
  readonly place: TicketPlace;
  readonly url: string;
  readonly takesFiles = true;
  readonly editsComments = false;
  readonly #address: URL;
  readonly #credentials: WebhookCredentials | null;
  readonly #http: Http;
  readonly #files = new Map<string, TicketFile>();
  #mark = "";

  constructor(place: TicketPlace, credentials: WebhookCredentials | null, http: Http) {
    this.#address = new URL(place.parts.address!);
    // What is shown has no path, not even to somebody who prints the place.
    this.place = { ...place, parts: {} };
    this.url = shownAddress(this.#address, { hidePath: true });
    this.#credentials = credentials;
    this.#http = http;
  }

  limits: Ticket["limits"] = async () => ({ fileBytes: null, commentCharacters: null, source: "documented" });

  /** Nothing can be asked of a webhook. */
  attached: Ticket["attached"] = async () => [];
  ownComment: Ticket["ownComment"] = async (mark) => {
    this.#mark = mark;
    return null;
  };
  remove: Ticket["remove"] = async ({ name }) => this.#files.delete(name);

  attach: Ticket["attach"] = async (file) => {
    this.#files.set(file.name, file);
    return { name: file.name, bytes: file.bytes.length, url: null, id: file.name };
  };

  written: Ticket["written"] = (blocks, mark) => {
    this.#mark = mark;
    return markdownComment(blocks, { mark, links: noLinks, after: [], maxCharacters: null });
  };

  comment: Ticket["comment"] = async (body) => {
    const bytes = new TextEncoder().encode(
      JSON.stringify(await messageOf(this.#mark, body, [...this.#files.values()])),
    );
    const signed = await this.#credentials?.sign?.(bytes);
    await this.#http.ask({
      method: "POST",
      url: this.#address.href,
      headers: {
        "Idempotency-Key": `"${await sha256(bytes)}"`,
        ...(signed !== undefined && { "X-Hub-Signature-256": signed }),
      },
      body: { bytes, type: "application/json" },
      repeatable: true,
      hidePath: true,
    });
    return { url: null };
  };

  planned: Ticket["planned"] = (files, body) => {
    const { carried } = shareOut(files);
    const lines = files.map((f) => `${f.name}, ${f.bytes.length} bytes${carried.has(f) ? "" : ", its name alone"}`);
    return [{ method: "POST", url: this.url, body: [...lines, body].join("\n") }];
  };
}

/** The report first, then the files as they come, as far as there is room. */
function shareOut(files: readonly TicketFile[]): { report: TicketFile | null; carried: ReadonlySet<TicketFile> } {
  let room = MAX_CARRIED;
  const carried = new Set<TicketFile>();
  const take = (file: TicketFile, characters: number): void => {
    if (characters > room) return;
    room -= characters;
    carried.add(file);
  };
  const report = files.find((file) => file.name === REPORT) ?? null;
  if (report !== null) take(report, report.bytes.length);
  for (const file of files) if (file !== report) take(file, Math.ceil(file.bytes.length / 3) * 4);
  return { report, carried };
}

async function messageOf(mark: string, summary: string, files: readonly TicketFile[]): Promise<unknown> {
  const { report, carried } = shareOut(files);
  return {
    schema: "halfclose.webhook/1",
    event: "report.attached",
    mark,
    summary_markdown: summary,
    report: report !== null && carried.has(report) ? JSON.parse(new TextDecoder().decode(report.bytes)) : null,
    files: await Promise.all(
      files
        .filter((file) => file !== report)
        .map(async (file) => ({
          name: file.name,
          type: file.type,
          bytes: file.bytes.length,
          sha256: await sha256(file.bytes as Uint8Array<ArrayBuffer>),
          base64: carried.has(file) ? base64(file.bytes) : null,
        })),
    ),
  };
}

const hex = (buffer: ArrayBuffer): string =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  hex(await crypto.subtle.digest("SHA-256", bytes));

/** GitHub's manner; exported for those who check it. */
export async function signature(secret: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["sign"]);
  return `sha256=${hex(await crypto.subtle.sign("HMAC", key, bytes))}`;
}

/** Bytes a step: divisible by three, so that the pieces join without padding, and few enough for one call's arguments. */
const STEP = 24_576;

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += STEP) text += btoa(String.fromCharCode(...bytes.subarray(at, at + STEP)));
  return text;
}
