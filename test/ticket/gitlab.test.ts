// Are files and one comment kept on a GitLab issue, by requests that its documentation describes?

import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { gitlab } from "../../src/ticket/gitlab.ts";
import { markLine } from "../../src/ticket/markup/markdown.ts";
import type { Block } from "../../src/ticket/summary.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import type { Ticket, TicketFile } from "../../src/ticket/tracker.ts";
import { type FakeGitLab, fakeGitLab, forbidden, tooLong } from "./gitlab-server.ts";
import { brokenServer, huge, pageInstead, tooMany } from "./tracker-server.ts";

const TOKEN = "planted-glpat-0123456789";
const MARK = "halfclose-0123456789abcdef";

let fake: FakeGitLab;
const opened: FakeGitLab[] = [];
const open = async (kind?: "issues" | "merge_requests"): Promise<FakeGitLab> => {
  opened.push((fake = await fakeGitLab(TOKEN, kind)));
  return fake;
};
beforeEach(() => open());
afterAll(() => Promise.all(opened.map(({ server }) => server.close())));

async function ticketOf({ server, ticket, settings }: FakeGitLab): Promise<Ticket> {
  const place = gitlab.recognise(ticket, settings)!;
  const credentials = await gitlab.credentials(place, settings);
  return gitlab.open(place, credentials, server.http(credentials!.headers));
}

const file = (name: string, text: string): TicketFile => ({
  name,
  type: "text/html",
  bytes: new TextEncoder().encode(text),
});
const naming = (...names: string[]): Block[] => [
  { kind: "list", ordered: false, items: names.map((name) => [{ kind: "file", name }]) },
];

const failing = async (asked: Promise<unknown>): Promise<TicketError> => {
  const error = await asked.then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(TicketError);
  expect((error as Error).message).not.toContain(TOKEN);
  return error as TicketError;
};

describe.each(["issues", "merge_requests"] as const)("%s", (kind) => {
  test("files are uploaded and linked; the next run finds them in the comment and edits it", async () => {
    await open(kind);
    const first = await ticketOf(fake);
    const limits = await first.limits();
    expect(await first.ownComment(MARK)).toBeNull();
    expect(await first.attached(["report.html"])).toEqual([]);
    const html = await first.attach(file("report.html", "<p>1</p>"));
    const odd = await first.attach(file("evi dence (1).pcapng", "bytes"));
    expect(html).toEqual({
      name: "report.html",
      bytes: 8,
      url: `${fake.server.url}/-/project/1234/uploads/${"a".repeat(31)}1/report.html`,
      id: `${"a".repeat(31)}1/report.html`,
    });
    const body = first.written(naming("report.html"), MARK, [html, odd], limits);
    expect(body).toContain(`- [report.html](/uploads/${html.id} "8 bytes")`);
    // Not named in the words, and not lost.
    expect(body).toContain(`- [evi dence (1).pcapng](/uploads/${odd.id} "5 bytes")`);
    const { url } = await first.comment(body, null);
    expect(url).toBe(`${fake.ticket}#note_301`);

    fake.add({ body: "changed the description", system: true });
    const second = await ticketOf(fake);
    const before = await second.ownComment(MARK);
    expect(before).toEqual({ id: "301", url, body });
    const found = await second.attached(["report.html", "evi dence (1).pcapng", "other.svg"]);
    expect(found.map(({ name, bytes, id }) => ({ name, bytes, id }))).toEqual([
      { name: "report.html", bytes: 8, id: html.id },
      { name: "evi dence (1).pcapng", bytes: 5, id: odd.id },
    ]);
    await second.comment(`New.\n\n${body}`, before);
    expect(fake.notes.map((n) => n.body)).toEqual([`New.\n\n${body}`, "changed the description"]);
    expect(fake.problems).toEqual([]);
    expect(fake.server.problems).toEqual([]);
  });
});

test("all pages of notes are looked through", async () => {
  for (let i = 0; i < 230; i++) fake.add({ body: `note ${i}` });
  const ours = fake.add({ body: `ours\r\n\r\n${markLine(MARK)}` });
  for (let i = 0; i < 5; i++) fake.add({ body: `later ${i}` });
  expect((await (await ticketOf(fake)).ownComment(MARK))?.id).toBe(String(ours.id));
  expect(fake.server.requests.map((r) => r.query.get("page"))).toEqual([null, "2", "3", null]);
  expect(fake.problems).toEqual([]);
});

test("what a stranger's copy links to is not taken for our upload", async () => {
  const body = `[report.html](/uploads/${"b".repeat(32)}/report.html "8 bytes")\n\n${markLine(MARK)}`;
  fake.add({ body, author: 99 });
  const ticket = await ticketOf(fake);
  // It is the only one with the mark, so that it is the comment of another run, by another account.
  expect((await ticket.ownComment(MARK))?.id).toBe("301");
  expect(await ticket.attached(["report.html"])).toEqual([]);
  fake.add({ body: body.replaceAll("b".repeat(32), "c".repeat(32)) });
  fake.add({ body, author: 99 });
  expect((await ticket.ownComment(MARK))?.id).toBe("302");
  expect((await ticket.attached(["report.html"])).map(({ id }) => id)).toEqual([`${"c".repeat(32)}/report.html`]);
});

test("another incident's files on the same issue are another's", async () => {
  const link = `[report.html](/uploads/${"b".repeat(32)}/report.html "8 bytes")`;
  fake.add({ body: `${link}\n${markLine("halfclose-ffffffffffffffff")}` });
  const ticket = await ticketOf(fake);
  await ticket.ownComment(MARK);
  expect(await ticket.attached(["report.html"])).toEqual([]);
});

test("a note of another account stays; a new one beside it says what it replaces", async () => {
  fake.add({ body: markLine(MARK), author: 99 });
  const ticket = await ticketOf(fake);
  const body = ticket.written(naming("x"), MARK, [], await ticket.limits());
  await ticket.comment(body, await ticket.ownComment(MARK));
  expect(fake.notes[1]!.body).toBe(
    `*This replaces [an earlier comment](${fake.ticket}#note_301), which this account may not edit.*\n\n${body}`,
  );
  await ticket.comment("anew", { id: "5", url: null, body: "" });
  expect(fake.notes.map((n) => n.id)).toEqual([301, 302, 303]);
  expect(fake.problems).toEqual([]);
});

test("an upload is removed by a maintainer, and stays otherwise", async () => {
  const ticket = await ticketOf(fake);
  const attached = await ticket.attach(file("report.html", "1"));
  expect(await ticket.remove(attached)).toBe(false);
  fake.maintainer = true;
  expect(await ticket.remove(attached)).toBe(true);
  expect(await ticket.remove(attached)).toBe(false);
  expect(await ticket.remove({ ...attached, id: "../../../user" })).toBe(false);
  expect(fake.uploads).toEqual([]);
  expect(fake.problems).toEqual([]);
});

test("where a comment is cut, its files are still in it", async () => {
  const ticket = await ticketOf(fake);
  const limits = await ticket.limits();
  expect(limits).toEqual({ fileBytes: 104_857_600, commentCharacters: 1_000_000, source: "documented" });
  const late = await ticket.attach(file("late.svg", "1"));
  const rows = Array.from({ length: 2000 }, (_, i) => [[{ kind: "text" as const, text: `row ${i} of the table` }]]);
  const blocks: Block[] = [{ kind: "table", head: ["Row"], rows }, ...naming("late.svg")];
  const body = ticket.written(blocks, MARK, [late], { ...limits, commentCharacters: 20_000 });
  expect(body).toContain(`](/uploads/${late.id} "1 bytes")`);
  expect(body.length).toBeGreaterThan(19_000);
  expect(body.length).toBeLessThan(19_500);
});

describe("what GitLab is documented to refuse", () => {
  test.each([
    ["401", { status: 401, json: { message: "401 Unauthorized" } }, "credentials", /401/],
    ["403", forbidden, "credentials", /403/],
    ["404", { status: 404, json: { message: "404 Project Not Found" } }, "no-ticket", /Project Not Found/],
    ["a page", pageInstead, "unreachable", /JSON/],
    ["too much", huge, "unreachable", /./],
    ["no list", { json: { message: "?" } }, "unreachable", /no list/],
  ] as const)("the issue: %s", async (_, reply, failure, words) => {
    fake.server.next(reply);
    const error = await failing((await ticketOf(fake)).ownComment(MARK));
    expect(error.failure).toBe(failure);
    expect(error.message).toMatch(words);
  });

  test.each([
    ["400", tooLong, "refused", /is too long/],
    ["403", forbidden, "credentials", /403/],
    ["404", { status: 404, json: { message: "404 Not found" } }, "no-ticket", /404/],
  ] as const)("the note: %s", async (_, reply, failure, words) => {
    fake.server.next(reply);
    const error = await failing((await ticketOf(fake)).comment("body", null));
    expect(error.failure).toBe(failure);
    expect(error.message).toMatch(words);
  });

  test.each([
    ["413", { status: 413, json: { message: "413 Request Entity Too Large" } }, "refused"],
    ["500", brokenServer, "unreachable"],
    ["no address", { status: 201, json: { url: "https://evil.example/report.html" } }, "unreachable"],
    ["an address above", { status: 201, json: { url: `/uploads/${"a".repeat(32)}/../../x` } }, "unreachable"],
  ] as const)("the upload: %s", async (_, reply, failure) => {
    fake.server.next(reply);
    expect((await failing((await ticketOf(fake)).attach(file("report.html", "1")))).failure).toBe(failure);
    expect(fake.server.requests).toHaveLength(1);
  });

  test("too many notes a minute are waited for", async () => {
    const ticket = await ticketOf(fake);
    fake.server.next(tooMany(30));
    await ticket.comment("body", null);
    expect(fake.notes).toHaveLength(1);
    expect(fake.server.waits).toEqual([30_000]);
  });
});

test("an address in an answer is one of this server, or the project's own", async () => {
  const ticket = await ticketOf(fake);
  const path = `/uploads/${"d".repeat(32)}/report.html`;
  for (const full_path of [undefined, "https://evil.example/x", `//evil.example${path} "`, 5]) {
    fake.server.next({ status: 201, json: { url: path, full_path } });
    expect((await ticket.attach(file("report.html", "1"))).url).toBe(`${fake.server.url}/ops/edge/shop${path}`);
  }
});

test("what would be sent is what is sent, and nothing is sent for it", async () => {
  const ticket = await ticketOf(fake);
  const project = `${fake.server.url}/api/v4/projects/ops%2Fedge%2Fshop`;
  expect(ticket.planned([file("report.html", "12")], "words", null)).toEqual([
    { method: "POST", url: `${project}/uploads`, body: "report.html, 2 bytes" },
    { method: "POST", url: `${project}/issues/12/notes`, body: "words" },
  ]);
  expect(ticket.planned([], "words", { id: "3", url: null, body: "" })).toEqual([
    { method: "PUT", url: `${project}/issues/12/notes/3`, body: "words" },
  ]);
  expect(fake.server.requests).toEqual([]);
});
