// Does Redmine get what its documentation asks for (Rest_Issues, Rest_Journals, Rest_Attachments), and is its every answer survived?
// A real one is driven in real-servers.test.ts.

import { afterEach, describe, expect, it } from "vitest";
import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { redmine } from "../../src/ticket/redmine.ts";
import type { Block } from "../../src/ticket/summary.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import type { Ticket, TicketPlace } from "../../src/ticket/tracker.ts";
import {
  brokenServer,
  cutBefore,
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

const KEY = "0123456789abcdef0123456789abcdef01234567";
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

const settings = (env: Record<string, string>, netrc: string | null = null): Settings => ({
  env,
  homeFile: async (path) => (path === ".netrc" ? netrc : null),
});

/** What the documentation says of an issue, its journal and its files; `before` answers in its place. */
class FakeRedmine {
  readonly notes: { id: number; notes: string; mine: boolean }[] = [];
  readonly files: { id: number; filename: string; filesize: number; content_url: string }[] = [];
  readonly uploaded = new Map<string, { filename: string; filesize: number }>();
  toolbar: string | null = "textile";
  maxBytes = 5_242_880;
  hangs = true;
  before: (request: Received) => Reply | null = () => null;

  answer = (request: Received): Reply => {
    const own = this.before(request);
    if (own !== null) return own;
    if (request.headers["x-redmine-api-key"] !== KEY) return { status: 401 };
    const { method, path } = request;
    if (method === "GET" && path === "/pm/issues/7")
      return {
        headers: { "Content-Type": "text/html" },
        text: `<script src="/javascripts/jstoolbar/${this.toolbar ?? "none"}.js"></script><textarea id="issue_notes"></textarea><input data-max-file-size="${this.maxBytes}">`,
      };
    if (method === "GET" && path === "/pm/issues/7.json") {
      const include = request.query.get("include");
      const extra = include === "journals" ? { journals: this.notes } : { attachments: this.files };
      return { json: { issue: { id: 7, subject: "x", ...extra } } };
    }
    if (method === "POST" && path === "/pm/uploads.json") {
      if (request.body.kind !== "bytes" || request.body.type !== "application/octet-stream") return { status: 406 };
      if (request.bytes.length > this.maxBytes)
        return {
          status: 422,
          json: { errors: ["This file cannot be uploaded because it exceeds the maximum allowed file size"] },
        };
      const id = 100 + this.uploaded.size;
      const token = `${id}.abcdef`;
      this.uploaded.set(token, { filename: request.query.get("filename")!, filesize: request.bytes.length });
      return { status: 201, json: { upload: { id, token } } };
    }
    const body = request.body.kind === "json" ? (request.body.json as Record<string, Record<string, unknown>>) : {};
    if (method === "PUT" && path === "/pm/issues/7.json") {
      const { notes, uploads = [] } = body.issue as { notes?: string; uploads?: { token: string; filename: string }[] };
      for (const { token } of uploads) {
        const file = this.uploaded.get(token);
        if (file !== undefined && this.hangs)
          this.files.push({ id: Number.parseInt(token, 10), ...file, content_url: "https://elsewhere.example.net/x" });
      }
      if (notes !== undefined) this.notes.push({ id: 10 + this.notes.length, notes, mine: true });
      return { status: 204 };
    }
    const journal = /^\/pm\/journals\/(\d+)\.json$/.exec(path);
    if (method === "PUT" && journal !== null) {
      const note = this.notes.find((n) => n.id === Number(journal[1]));
      if (note === undefined) return { status: 404 };
      if (!note.mine) return { status: 403 };
      note.notes = String(body.journal!.notes);
      return { status: 204 };
    }
    const attachment = /^\/pm\/attachments\/(\d+)\.json$/.exec(path);
    if (method === "DELETE" && attachment !== null) {
      const at = this.files.findIndex((f) => f.id === Number(attachment[1]));
      if (at === -1) return { status: 404 };
      this.files.splice(at, 1);
      return { status: 204 };
    }
    return { status: 404 };
  };
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
  tracker: "redmine",
  server: `${server.url}/pm`,
  name: "#7",
  parts: { id: "7" },
});

async function opened(server: TrackerServer, key = KEY): Promise<Ticket> {
  const credentials = { headers: { "X-Redmine-API-Key": key }, source: "REDMINE_API_KEY" };
  return redmine.open(placeAt(server), credentials, server.http(credentials.headers));
}

async function written(ticket: Ticket, blocks = BLOCKS): Promise<string> {
  return ticket.written(blocks, MARK, await ticket.attached(["report.html"]), await ticket.limits());
}

describe("which issue is meant", () => {
  it.each([
    ["https://redmine.example.com/issues/123", "https://redmine.example.com", "123"],
    ["https://redmine.example.com/issues/123#note-4", "https://redmine.example.com", "123"],
    ["https://example.com/redmine/issues/123?tab=history", "https://example.com/redmine", "123"],
    ["https://example.com:8443/issues/123.json", "https://example.com:8443", "123"],
    ["redmine:https://example.com/a/b/issues/9", "https://example.com/a/b", "9"],
  ])("%s", (text, server, id) => {
    expect(redmine.recognise(text, settings({}))).toEqual({
      tracker: "redmine",
      server,
      name: `#${id}`,
      parts: { id },
    });
  });

  it.each([
    "https://git.example.com/owner/repo/issues/12",
    "https://git.example.com/group/project/-/issues/12",
    "https://redmine.example.com/issues/abc",
    "ftp://redmine.example.com/issues/1",
    "jira:OPS-1",
    "",
  ])("not %s", (text) => {
    expect(redmine.recognise(text, settings({}))).toBeNull();
  });

  it("takes a number with REDMINE_URL, and an address below it however deep", () => {
    const own = settings({ REDMINE_URL: "https://example.com/tools/pm/" });
    expect(redmine.recognise("redmine:#5", own)?.server).toBe("https://example.com/tools/pm");
    expect(redmine.recognise("https://example.com/tools/pm/issues/5", own)?.parts).toEqual({ id: "5" });
    expect(() => redmine.recognise("redmine:5", settings({}))).toThrow(TicketError);
  });
});

describe("credentials", () => {
  const place: TicketPlace = {
    tracker: "redmine",
    server: "https://redmine.example.com",
    name: "#1",
    parts: { id: "1" },
  };
  it("come from REDMINE_API_KEY, which is for REDMINE_URL alone, or from .netrc", async () => {
    const env = { REDMINE_API_KEY: KEY };
    expect((await redmine.credentials(place, settings(env)))?.headers).toEqual({ "X-Redmine-API-Key": KEY });
    const other = { ...env, REDMINE_URL: "https://other.example.com" };
    expect(await redmine.credentials(place, settings(other))).toBeNull();
    const netrc = "machine redmine.example.com login ada password secret";
    expect((await redmine.credentials(place, settings(other, netrc)))?.headers).toEqual({
      Authorization: `Basic ${btoa("ada:secret")}`,
    });
  });
});

describe("an issue", () => {
  it("takes a file in two steps, and says where it is on its own server", async () => {
    const fake = new FakeRedmine();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    const file = await ticket.attach(FILE);
    expect(file).toEqual({ id: "100", name: "report.html", bytes: 15, url: `${server.url}/pm/attachments/100` });
    const put = server.requests.find((r) => r.method === "PUT");
    expect(put?.body).toMatchObject({
      json: { issue: { uploads: [{ token: "100.abcdef", filename: "report.html", content_type: "text/html" }] } },
    });
    expect(await ticket.attached(["report.html", "other"])).toEqual([file]);
    expect(await ticket.remove(file)).toBe(true);
    expect(await ticket.remove(file)).toBe(false);
    expect(server.problems).toEqual([]);
  });

  it("keeps one note: added, found again, changed in its place", async () => {
    const fake = new FakeRedmine();
    fake.notes.push({ id: 3, notes: "Somebody else's", mine: false }, { id: 4, notes: "", mine: false });
    const server = await started(fake.answer);
    const ticket = await opened(server);
    await ticket.attach(FILE);
    expect(await ticket.ownComment(MARK)).toBeNull();
    const body = await written(ticket);
    expect(body).toBe(`h3. Who did not answer\n\nSee attachment:report.html\n\n<!-- ${MARK} -->`);
    expect(await ticket.comment(body, null)).toEqual({ url: `${server.url}/pm/issues/7#change-12` });
    const own = await ticket.ownComment(MARK);
    expect(own).toEqual({ id: "12", url: `${server.url}/pm/issues/7#change-12`, body });
    const changed = body.replace("Who", "What");
    expect(await ticket.comment(changed, own)).toEqual({ url: own!.url });
    expect(fake.notes.map((n) => n.notes)).toEqual(["Somebody else's", "", changed]);
  });

  it("adds a note where the earlier one may not be changed, and then knows that nothing changed", async () => {
    const fake = new FakeRedmine();
    fake.notes.push({ id: 3, notes: `old <!-- ${MARK} -->\r\n`, mine: false });
    const server = await started(fake.answer);
    const ticket = await opened(server);
    const body = await written(ticket);
    await ticket.comment(body, await ticket.ownComment(MARK));
    expect(fake.notes).toHaveLength(2);
    expect(fake.notes[1]!.notes).toMatch(/replaces an earlier one/);
    expect((await ticket.ownComment(MARK))?.body).toBe(body);
  });

  it.each([
    ["textile", "h3. Who did not answer"],
    ["markdown", "### Who did not answer"],
    ["common_mark-0a1b2c3d", "### Who did not answer"],
    [null, "WHO DID NOT ANSWER"],
  ])("writes for the text formatting whose toolbar the page loads: %s", async (toolbar, first) => {
    const fake = new FakeRedmine();
    fake.toolbar = toolbar;
    const server = await started(fake.answer);
    expect((await written(await opened(server))).split("\n")[0]).toBe(first);
  });

  it("asks for the largest file; else the documented one holds, and Textile", async () => {
    const fake = new FakeRedmine();
    fake.maxBytes = 1024;
    const server = await started(fake.answer);
    const ticket = await opened(server);
    expect(await ticket.limits()).toEqual({ fileBytes: 1024, commentCharacters: null, source: "asked" });
    await expect(ticket.attach({ ...FILE, bytes: new Uint8Array(1025) })).rejects.toMatchObject({
      failure: "refused",
      message: expect.stringContaining("exceeds the maximum allowed file size"),
    });
    server.next(pageInstead);
    const other = await opened(server);
    expect(await other.limits()).toEqual({ fileBytes: 5_242_880, commentCharacters: null, source: "documented" });
    expect(await written(other)).toMatch(/^h3\. /);
  });

  it("says so where a token was taken and the file does not hang on the issue", async () => {
    const fake = new FakeRedmine();
    fake.hangs = false;
    const server = await started(fake.answer);
    await expect((await opened(server)).attach(FILE)).rejects.toMatchObject({ failure: "refused" });
  });

  it("asks nothing without credentials, and plans what it would send", async () => {
    const server = await started(new FakeRedmine().answer);
    const ticket = await redmine.open(placeAt(server), null, server.http());
    const body = ticket.written(BLOCKS, MARK, [], { fileBytes: null, commentCharacters: null, source: "documented" });
    const planned = ticket.planned([FILE], body, null);
    expect(planned.map((p) => `${p.method} ${p.url.slice(server.url.length)}`)).toEqual([
      "POST /pm/uploads.json?filename=report.html&content_type=text%2Fhtml",
      "PUT /pm/issues/7.json",
      "PUT /pm/issues/7.json",
    ]);
    expect(planned.at(-1)!.body).toBe(body);
    expect(ticket.planned([], body, { id: "12", url: null, body: "" })[0]!.url).toBe(
      `${server.url}/pm/journals/12.json`,
    );
    expect(server.requests).toEqual([]);
  });

  it("is cut to a limit on the borders of blocks, with the mark in it", async () => {
    const server = await started(new FakeRedmine().answer);
    const ticket = await opened(server);
    const many = Array.from(
      { length: 50 },
      (_, i): Block => ({ kind: "paragraph", words: [{ kind: "text", text: `Line ${i}` }] }),
    );
    const body = ticket.written(many, MARK, [], { fileBytes: null, commentCharacters: 300, source: "documented" });
    expect(body.length).toBeLessThanOrEqual(300);
    expect(body).toMatch(
      /Left out for its length: \d+ parts\. See the report\.\n\n<!-- halfclose-0011223344556677 -->$/,
    );
  });
});

describe("what goes wrong", () => {
  it.each([
    [401, "credentials"],
    [403, "credentials"],
    [404, "no-ticket"],
    [409, "refused"],
    [422, "refused"],
  ])("%i is %s", async (status, failure) => {
    const fake = new FakeRedmine();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    fake.before = () => ({ status, json: { errors: ["no"] } });
    await expect(ticket.comment("x", null)).rejects.toMatchObject({ failure });
    await expect(ticket.attached(["report.html"])).rejects.toMatchObject({ failure });
  });

  it("is no issue, at once", async () => {
    const server = await started(() => ({ status: 404 }));
    await expect(opened(server)).rejects.toMatchObject({ failure: "no-ticket" });
  });

  it("is not written twice where it is not known whether it was done", async () => {
    const fake = new FakeRedmine();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    server.next(brokenServer);
    await expect(ticket.comment("note", null)).rejects.toMatchObject({ failure: "unreachable" });
    server.next(cutBefore);
    await expect(ticket.comment("note", null)).rejects.toMatchObject({ failure: "unreachable" });
    expect(server.requests.filter((r) => r.method === "PUT")).toHaveLength(2);
    server.next(tooMany(1));
    await ticket.comment("note", null);
    expect(fake.notes.map((n) => n.notes)).toEqual(["note"]);
  });

  it.each([
    ["no JSON", pageInstead],
    ["another JSON", { json: [1, { issue: null }] }],
    ["a list in a wrong place", { json: { issue: { journals: {}, attachments: "x" } } }],
    ["huge", huge],
  ])("is an answer that is %s", async (_, reply) => {
    const fake = new FakeRedmine();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    fake.before = () => reply;
    await expect(ticket.ownComment(MARK)).rejects.toBeInstanceOf(TicketError);
    await expect(ticket.attached(["a"])).rejects.toBeInstanceOf(TicketError);
    await expect(ticket.attach(FILE)).rejects.toBeInstanceOf(TicketError);
  });

  it("is entries that are none: they are passed over", async () => {
    const fake = new FakeRedmine();
    const server = await started(fake.answer);
    const ticket = await opened(server);
    fake.before = (r) =>
      r.query.get("include") === "journals"
        ? { json: { issue: { journals: [null, 1, { id: "../../x", notes: MARK }, { id: 5, notes: [MARK] }] } } }
        : {
            json: {
              issue: {
                attachments: [
                  { id: -1, filename: "a", filesize: 1 },
                  { id: 1, filename: "a", filesize: "1" },
                ],
              },
            },
          };
    expect(await ticket.ownComment(MARK)).toBeNull();
    expect(await ticket.attached(["a"])).toEqual([]);
  });

  it("never shows the key, and never takes it elsewhere", async () => {
    const fake = new FakeRedmine();
    const elsewhere = await started(() => pageInstead);
    const server = await started(fake.answer);
    const ticket = await opened(server);
    const messages: string[] = [];
    for (const reply of [
      redirect(`${elsewhere.url}/x`),
      { status: 422, json: { errors: [`bad key ${KEY}`] } },
      { status: 401, text: KEY },
    ]) {
      fake.before = () => reply;
      for (const step of [() => ticket.comment("x", null), () => ticket.attach(FILE), () => ticket.ownComment(MARK)])
        await step().catch((error: unknown) => messages.push(`${(error as Error).message}\n${(error as Error).stack}`));
    }
    expect(messages.length).toBeGreaterThan(6);
    expect(messages.join("\n")).not.toContain(KEY);
    expect(JSON.stringify(elsewhere.requests)).not.toContain(KEY);
  });
});
