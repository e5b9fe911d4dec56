// Does Request Tracker get what its documentation asks for (RT::REST2, 5.0), and is its every answer survived?
// A real one is driven in real-servers.test.ts.

import { afterEach, describe, expect, it } from "vitest";
import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { requestTracker } from "../../src/ticket/request-tracker.ts";
import type { Block } from "../../src/ticket/summary.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import type { Ticket, TicketPlace } from "../../src/ticket/tracker.ts";
import {
  brokenServer,
  huge,
  pageInstead,
  type Received,
  type Reply,
  redirect,
  type Script,
  type TrackerServer,
  tooMany,
  trackerServer,
} from "./tracker-server.ts";

const TOKEN = "1-14-abcdef0123456789abcdef0123456789";
const MARK = "halfclose-0011223344556677";
const BLOCKS: Block[] = [
  { kind: "heading", text: "Who did not answer" },
  {
    kind: "paragraph",
    words: [
      { kind: "text", text: "See " },
      { kind: "file", name: "report.html" },
    ],
  },
];
const FILE = { name: "report.html", type: "text/html", bytes: new TextEncoder().encode("<!DOCTYPE html>") };

const settings = (env: Record<string, string>, files: Record<string, string> = {}): Settings => ({
  env,
  homeFile: async (path) => files[path] ?? null,
});

interface Stored {
  readonly id: number;
  readonly txn: number;
  readonly Filename: string;
  readonly ContentType: string;
  readonly Subject: string;
  readonly bytes: Uint8Array;
}

/** What the documentation says of a ticket's comments and their attachments. */
class FakeRt {
  readonly stored: Stored[] = [];
  /** What it keeps of a file; null: all. */
  keeps: number | null = null;
  /** Whether lists say how many pages they have; RT tells only who may see everything. */
  pages = true;
  before: (request: Received) => Reply | null = () => null;
  #txn = 40;

  answer = (request: Received): Reply => {
    const own = this.before(request);
    if (own !== null) return own;
    if (request.headers.authorization !== `token ${TOKEN}`) return { status: 401, text: "Authorization required" };
    const { method, path } = request;
    if (method === "GET" && path === "/rt/REST/2.0/ticket/17") return { json: { id: 17, Subject: "x" } };
    if (method === "POST" && path === "/rt/REST/2.0/ticket/17/comment") return this.#comment(request);
    if (method === "GET" && path === "/rt/REST/2.0/ticket/17/attachments") return this.#list(request, this.stored);
    const ofTransaction = /^\/rt\/REST\/2\.0\/transaction\/(\d+)\/attachments$/.exec(path);
    if (method === "GET" && ofTransaction !== null)
      return this.#list(
        request,
        this.stored.filter((s) => s.txn === Number(ofTransaction[1])),
      );
    const one = this.stored.find((s) => path === `/rt/REST/2.0/attachment/${s.id}`);
    if (method === "GET" && one !== undefined)
      return { json: { id: one.id, Content: Buffer.from(one.bytes).toString("base64").replace(/.{76}/g, "$&\n") } };
    return { status: 404, json: { message: "Not Found" } };
  };

  #comment({ body }: Received): Reply {
    const txn = ++this.#txn;
    const store = (part: Omit<Stored, "id" | "txn">): void => {
      this.stored.push({ id: 100 + this.stored.length, txn, ...part });
    };
    if (body.kind === "json") {
      const json = body.json as Record<string, string>;
      if (json.Content && !json.ContentType)
        return { status: 400, json: { message: "ContentType is a required field" } };
      store({
        Filename: "",
        ContentType: json.ContentType!,
        Subject: json.Subject ?? "",
        bytes: Buffer.from(json.Content!),
      });
    } else if (body.kind === "form") {
      const json = body.parts.find((p) => p.name === "JSON");
      if (json === undefined)
        return { status: 400, json: { message: "JSON is a required field for multipart/form-data" } };
      const { Subject } = JSON.parse(json.text) as { Subject: string };
      for (const part of body.parts.filter((p) => p.name === "Attachments"))
        store({
          Filename: part.filename!,
          ContentType: part.type!,
          Subject,
          bytes: part.bytes.subarray(0, this.keeps ?? undefined),
        });
    } else return { status: 415 };
    return {
      status: 201,
      headers: { Location: `https://wrong.example.net/REST/2.0/transaction/${txn}` },
      json: ["Comments added"],
    };
  }

  #list({ query }: Received, from: readonly Stored[]): Reply {
    const limits = JSON.parse(query.get("query") ?? "[]") as {
      field: "Filename" | "Subject";
      operator: string;
      value: string;
    }[];
    const found = from.filter(
      (s) =>
        limits.length === 0 ||
        limits.some(({ field, operator, value }) => (operator === "=" ? s[field] === value : s[field].includes(value))),
    );
    const [per, page] = [Math.min(100, Number(query.get("per_page") ?? 20)), Number(query.get("page") ?? 1)];
    const items = found.slice((page - 1) * per, page * per).map((s) => ({
      type: "attachment",
      id: String(s.id),
      _url: `https://wrong.example.net/attachment/${s.id}`,
      TransactionId: s.txn,
      Filename: s.Filename,
      ContentType: s.ContentType,
      ContentLength: s.bytes.length,
    }));
    const pages = Math.ceil(found.length / per);
    return {
      json: {
        count: items.length,
        page,
        per_page: per,
        items,
        ...(this.pages ? { pages, total: found.length } : { pages: null, total: null }),
      },
    };
  }
}

const servers: TrackerServer[] = [];
async function started(script: Script): Promise<TrackerServer> {
  const server = await trackerServer(script);
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const placeAt = (server: TrackerServer): TicketPlace => ({
  tracker: "request-tracker",
  server: `${server.url}/rt`,
  name: "#17",
  parts: { id: "17" },
});

async function opened(server: TrackerServer): Promise<Ticket> {
  const credentials = { headers: { Authorization: `token ${TOKEN}` }, source: "RT_TOKEN" };
  return requestTracker.open(placeAt(server), credentials, server.http(credentials.headers));
}

async function written(ticket: Ticket, blocks = BLOCKS): Promise<string> {
  return ticket.written(blocks, MARK, await ticket.attached(["report.html"]), await ticket.limits());
}

describe("which ticket is meant", () => {
  it.each([
    ["https://rt.example.com/Ticket/Display.html?id=17", "https://rt.example.com"],
    ["https://rt.example.com/Ticket/Display.html?id=17&ShowHeaders=1#txn-40", "https://rt.example.com"],
    ["https://example.com/rt/Ticket/History.html?id=17", "https://example.com/rt"],
    ["https://rt.example.com/SelfService/Display.html?id=17", "https://rt.example.com"],
    ["rt:https://rt.example.com/m/ticket/show?id=17", "https://rt.example.com"],
  ])("%s", (text, server) => {
    const place = { tracker: "request-tracker", server, name: "#17", parts: { id: "17" } };
    expect(requestTracker.recognise(text, settings({}))).toEqual(place);
  });

  it.each(["https://redmine.example.com/issues/17", "https://rt.example.com/Search/Results.html?Query=id", "17", ""])(
    "not %s",
    (text) => {
      expect(requestTracker.recognise(text, settings({}))).toBeNull();
    },
  );

  it("takes a number with RT_URL or RTSERVER, and says what is missing", () => {
    expect(requestTracker.recognise("rt:17", settings({ RT_URL: "https://example.com/rt/" }))?.server).toBe(
      "https://example.com/rt",
    );
    expect(requestTracker.recognise("rt:#17", settings({ RTSERVER: "rt.example.com" }))?.server).toBe(
      "https://rt.example.com",
    );
    expect(() => requestTracker.recognise("rt:17", settings({}))).toThrow(/RT_URL/);
    expect(() => requestTracker.recognise("https://rt.example.com/Ticket/Display.html", settings({}))).toThrow(/\?id=/);
  });
});

describe("credentials", () => {
  const place: TicketPlace = {
    tracker: "request-tracker",
    server: "https://rt.example.com",
    name: "#17",
    parts: { id: "17" },
  };
  const headers = async (env: Record<string, string>, files: Record<string, string> = {}) =>
    (await requestTracker.credentials(place, settings(env, files)))?.headers;

  it("come from a token, a login, ~/.rtrc or .netrc, in this order", async () => {
    const basic = (login: string) => ({ Authorization: `Basic ${btoa(login)}` });
    const files = {
      ".rtrc": "server https://rt.example.com\nuser bo\npasswd three",
      ".netrc": "machine rt.example.com login cy password four",
    };
    const env = { RT_TOKEN: TOKEN, RT_USER: "ada", RT_PASSWORD: "one", RTUSER: "ada", RTPASSWD: "two" };
    expect(await headers(env, files)).toEqual({ Authorization: `token ${TOKEN}` });
    expect(await headers({ ...env, RT_TOKEN: "" }, files)).toEqual(basic("ada:one"));
    expect(await headers({ RTUSER: "ada", RTPASSWD: "two" }, files)).toEqual(basic("ada:two"));
    expect(await headers({}, files)).toEqual(basic("bo:three"));
    expect(await headers({}, { ".netrc": files[".netrc"] })).toEqual(basic("cy:four"));
    expect(await headers({})).toBeUndefined();
  });

  it("of the environment are for RT_URL alone", async () => {
    expect(await headers({ RT_TOKEN: TOKEN, RT_URL: "https://other.example.com" })).toBeUndefined();
  });
});

describe("a ticket", () => {
  it("takes a file as a comment, as bytes that the browser saves, and never replies", async () => {
    const fake = new FakeRt();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    const file = await ticket.attach(FILE);
    const url = `${server.url}/rt/Ticket/Attachment/41/100/report.html`;
    expect(file).toEqual({ id: "100", name: "report.html", bytes: 15, url });
    expect(fake.stored[0]).toMatchObject({
      ContentType: "application/octet-stream",
      Subject: "halfclose: report.html",
    });
    await ticket.attach({ name: "ladder.svg", type: "image/svg+xml", bytes: new Uint8Array(3) });
    expect(fake.stored[1]).toMatchObject({ ContentType: "image/svg+xml" });
    expect(await ticket.attached(["report.html"])).toEqual([file]);
    expect(await ticket.attached([])).toEqual([]);
    expect(await ticket.remove(file)).toBe(false);
    expect(server.requests.filter((r) => r.path.includes("correspond"))).toEqual([]);
    expect(server.problems).toEqual([]);
  });

  it("gets one comment, found by its mark; a changed one names the one that it replaces", async () => {
    const fake = new FakeRt();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    await ticket.attach(FILE);
    expect(await ticket.ownComment(MARK)).toBeNull();
    const body = await written(ticket);
    expect(body).toBe(
      `<h3>Who did not answer</h3>\n<p>See <a href="${server.url}/rt/Ticket/Attachment/41/100/report.html">report.html</a></p>\n<!-- ${MARK} -->`,
    );
    const first = `${server.url}/rt/Ticket/Display.html?id=17#txn-42`;
    expect(await ticket.comment(body, null)).toEqual({ url: first });
    const own = await ticket.ownComment(MARK);
    expect(own).toEqual({ id: "42", url: first, body });
    await ticket.comment(`<p>x</p>\n${body}`, own);
    expect(fake.stored.at(-1)).toMatchObject({
      Subject: `halfclose report (${MARK}), in place of #txn-42`,
      ContentType: "text/html",
    });
    expect((await ticket.ownComment(MARK))?.id).toBe("43");
    expect(ticket.editsComments).toBe(false);
  });

  it("may have others' messages with our mark in the subject", async () => {
    const fake = new FakeRt();
    const message = { txn: 5, Filename: "", ContentType: "text/html", Subject: `Re: halfclose report (${MARK})` };
    fake.stored.push({ ...message, id: 7, bytes: Buffer.from("Thanks!") });
    fake.stored.push({ ...message, id: 8, ContentType: "text/plain", bytes: Buffer.from(`<!-- ${MARK} -->`) });
    const server = await started(fake.answer);
    expect(await (await opened(server)).ownComment(MARK)).toBeNull();
  });

  it.each([true, false])("with many messages is read page by page; pages are told: %s", async (pages) => {
    const fake = new FakeRt();
    fake.pages = pages;
    for (let id = 1; id <= 250; id++)
      fake.stored.push({
        id,
        txn: id,
        Filename: "report.html",
        ContentType: "text/html",
        Subject: "",
        bytes: new Uint8Array(id),
      });
    const server = await started(fake.answer);
    expect(await (await opened(server)).attached(["report.html"])).toHaveLength(250);
  });

  it("tells where RT kept less of a file than was sent", async () => {
    const fake = new FakeRt();
    fake.keeps = 5;
    const server = await started(fake.answer);
    await expect((await opened(server)).attach(FILE)).rejects.toMatchObject({
      failure: "refused",
      message: expect.stringContaining("kept 5 of the 15 bytes of report.html"),
    });
  });

  it("is asked nothing without credentials; what would be sent is planned", async () => {
    const server = await started(new FakeRt().answer);
    const ticket = await requestTracker.open(placeAt(server), null, server.http());
    const planned = ticket.planned([FILE], `<p>x</p>\n<!-- ${MARK} -->`, null);
    expect(planned.map((p) => p.body)).toEqual([
      "report.html, 15 bytes",
      `Subject: halfclose report (${MARK})\n\n<p>x</p>\n<!-- ${MARK} -->`,
    ]);
    expect(server.requests).toEqual([]);
  });
});

describe("what goes wrong", () => {
  it.each([
    [400, "refused"],
    [401, "credentials"],
    [403, "credentials"],
    [404, "no-ticket"],
    [413, "refused"],
  ])("%i is %s", async (status, failure) => {
    const fake = new FakeRt();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    fake.before = () => ({ status, json: { message: "no" } });
    await expect(ticket.comment("x", null)).rejects.toMatchObject({ failure });
    await expect(ticket.attach(FILE)).rejects.toMatchObject({ failure });
    await expect(ticket.ownComment(MARK)).rejects.toMatchObject({ failure });
  });

  it("is not written twice where it is not known whether it was done", async () => {
    const fake = new FakeRt();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    server.next(brokenServer);
    await expect(ticket.comment("<p>x</p>", null)).rejects.toMatchObject({ failure: "unreachable" });
    server.next(tooMany(1));
    await ticket.comment("<p>x</p>", null);
    expect(fake.stored).toHaveLength(1);
  });

  it.each([
    ["no JSON", pageInstead],
    ["another JSON", { json: [[]] }],
    ["no list", { json: { items: { length: 3 } } }],
    ["endless", { json: { items: [{}], pages: null } }],
    ["huge", huge],
  ])("is an answer that is %s", { timeout: 30_000 }, async (_, reply) => {
    const fake = new FakeRt();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    fake.before = (r) => (r.method === "GET" ? reply : null);
    await expect(ticket.attached(["report.html"])).rejects.toBeInstanceOf(TicketError);
    await expect(ticket.ownComment(MARK)).rejects.toBeInstanceOf(TicketError);
  });

  it("is a comment of which it is not said where it is, content that is no base64, and items that are none", async () => {
    const fake = new FakeRt();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    await ticket.comment(`<!-- ${MARK} -->`, null);
    fake.before = (r) => (r.path.includes("/attachment/") ? { json: { Content: "***" } } : null);
    await expect(ticket.ownComment(MARK)).rejects.toBeInstanceOf(TicketError);
    fake.before = () => ({ json: { items: [null, { id: "1; DROP", TransactionId: 1 }, { id: 1 }], pages: 1 } });
    expect(await ticket.attached(["report.html"])).toEqual([]);
    fake.before = () => ({ status: 201, json: [] });
    await expect(ticket.comment("x", null)).rejects.toBeInstanceOf(TicketError);
  });

  it("never shows the token, and never takes it elsewhere", async () => {
    const fake = new FakeRt();
    const elsewhere = await started(() => pageInstead);
    const server = await started(fake.answer);
    const ticket = await opened(server);
    const messages: string[] = [];
    for (const reply of [
      redirect(`${elsewhere.url}/x`),
      { status: 400, json: { message: `bad ${TOKEN}` } },
      { status: 401, text: TOKEN },
    ]) {
      fake.before = () => reply;
      for (const step of [() => ticket.comment("x", null), () => ticket.attach(FILE), () => ticket.ownComment(MARK)])
        await step().catch((error: unknown) => messages.push(`${(error as Error).message}\n${(error as Error).stack}`));
    }
    expect(messages.length).toBeGreaterThan(6);
    expect(messages.join("\n")).not.toContain(TOKEN);
    expect(JSON.stringify(elsewhere.requests)).not.toContain(TOKEN);
  });
});
