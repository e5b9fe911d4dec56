// Is one comment kept up to date on a GitHub issue, by requests that GitHub's own description allows?

import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { github } from "../../src/ticket/github.ts";
import { markLine } from "../../src/ticket/markup/markdown.ts";
import type { Block } from "../../src/ticket/summary.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import type { Ticket } from "../../src/ticket/tracker.ts";
import { GitHubDescription } from "./github-openapi.ts";
import { type FakeGitHub, fakeGitHub, refused, secondaryLimit, tooLong } from "./github-server.ts";
import { huge, pageInstead, redirect, tooMany, trackerServer } from "./tracker-server.ts";

const TOKEN = "planted-token-0123456789";
const MARK = "halfclose-0123456789abcdef";
const description = new GitHubDescription("api.github.com");
const blocks: Block[] = [{ kind: "paragraph", words: [{ kind: "text", text: "Requests to @db were not answered." }] }];

let fake: FakeGitHub;
const opened: FakeGitHub[] = [];
beforeEach(async () => {
  opened.push((fake = await fakeGitHub(description, TOKEN)));
});
afterAll(() => Promise.all(opened.map(({ server }) => server.close())));

async function ticketOf({ server, ticket, settings }: FakeGitHub): Promise<Ticket> {
  const place = github.recognise(ticket, settings)!;
  const http = server.http({ Authorization: `Bearer ${TOKEN}` });
  return github.open(place, { headers: { Authorization: `Bearer ${TOKEN}` }, source: "GH_TOKEN" }, http);
}

const bodyFor = async (ticket: Ticket, files: Parameters<Ticket["written"]>[2] = []): Promise<string> =>
  ticket.written(blocks, MARK, files, await ticket.limits());

const failing = async (asked: Promise<unknown>): Promise<TicketError> => {
  const error = await asked.then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(TicketError);
  expect((error as Error).message).not.toContain(TOKEN);
  return error as TicketError;
};

test("the description sees what is wrong", () => {
  const asked = {
    method: "POST",
    path: "/repos/a/b/issues/1/comments",
    query: new URLSearchParams(),
    bytes: new Uint8Array(),
  };
  const headers = { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28", "user-agent": "x" };
  const problems = (json: unknown, path = asked.path): string[] =>
    description.requestProblems({ ...asked, path, headers, body: { kind: "json", json } });
  expect(problems({ body: "text" })).toEqual([]);
  expect(problems({ text: "text" })).not.toEqual([]);
  expect(problems({ body: 5 })).not.toEqual([]);
  expect(problems({ body: "text" }, "/repos/a/b/issues/x/comments")).not.toEqual([]);
  expect(problems({ body: "text" }, "/repos/a/b/issue/1/comments")).not.toEqual([]);
});

// The oldest Enterprise Server that is described, beside github.com.
test.each([
  ["github.com", description],
  ["Enterprise Server 3.17", new GitHubDescription("ghes-3.17")],
])("%s: a comment is written, found, edited in its place, and found again", async (_, described) => {
  opened.push((fake = await fakeGitHub(described, TOKEN)));
  const first = await ticketOf(fake);
  expect(await first.ownComment(MARK)).toBeNull();
  const body = await bodyFor(first);
  const { url } = await first.comment(body, null);
  expect(url).toBe(`${fake.ticket}#issuecomment-1001`);
  fake.add({ body: "another person's", author: "hubot" });
  const second = await ticketOf(fake);
  const before = await second.ownComment(MARK);
  expect(before).toEqual({ id: "1001", url, body });
  expect(await second.comment(`New words.\n\n${body}`, before)).toEqual({ url });
  expect(fake.comments.map((c) => c.body)).toEqual([`New words.\n\n${body}`, "another person's"]);
  expect(fake.problems).toEqual([]);
  expect(fake.server.requests.map((r) => `${r.method} ${r.path}`)).toEqual([
    "GET /repos/octo-org/shop/issues/12",
    "GET /repos/octo-org/shop/issues/12/comments",
    "POST /repos/octo-org/shop/issues/12/comments",
    "GET /repos/octo-org/shop/issues/12",
    "GET /repos/octo-org/shop/issues/12/comments",
    "PATCH /repos/octo-org/shop/issues/comments/1001",
  ]);
});

test("all pages are looked through", async () => {
  for (let i = 0; i < 230; i++) fake.add({ body: `comment ${i}` });
  const ours = fake.add({ body: `ours\n\n${markLine(MARK)}` });
  for (let i = 0; i < 3; i++) fake.add({ body: `later ${i}` });
  expect((await (await ticketOf(fake)).ownComment(MARK))?.id).toBe(String(ours.id));
  expect(fake.server.requests.map((r) => r.query.get("page"))).toEqual([null, null, "2", "3"]);
  expect(fake.problems).toEqual([]);
});

test("a copied mark of a stranger is not taken for ours", async () => {
  const ours = fake.add({ body: `ours\n${markLine(MARK)}` });
  fake.add({ body: `theirs\n${markLine(MARK)}`, author: "stranger", association: "NONE" });
  fake.add({ body: `They wrote:\n> ${markLine(MARK)}`, association: "OWNER" });
  fake.add({ body: `another incident\n${markLine(`${MARK}0`)}` });
  expect((await (await ticketOf(fake)).ownComment(MARK))?.id).toBe(String(ours.id));
});

test("a comment of another account stays; a new one beside it says what it replaces", async () => {
  const theirs = fake.add({ body: `old\n\n${markLine(MARK)}`, author: "hubot" });
  const ticket = await ticketOf(fake);
  const body = await bodyFor(ticket);
  await ticket.comment(body, await ticket.ownComment(MARK));
  expect(fake.comments).toHaveLength(2);
  expect(fake.comments[1]!.body).toBe(
    `*This replaces [an earlier comment](${fake.ticket}#issuecomment-${theirs.id}), which this account may not edit.*\n\n${body}`,
  );
  // From now on, the new one is ours.
  const again = await ticketOf(fake);
  await again.comment(body, await again.ownComment(MARK));
  expect(fake.comments.map((c) => c.body)).toEqual([theirs.body, body]);
  expect(fake.problems).toEqual([]);
});

test("one that was deleted meanwhile is written anew", async () => {
  const ticket = await ticketOf(fake);
  const gone = { id: "77", url: null, body: "" };
  await ticket.comment("body", gone);
  expect(fake.comments.map((c) => c.body)).toEqual(["body"]);
  expect(fake.problems).toEqual([]);
});

test("a comment at the limit is taken, also beside one that may not be edited", async () => {
  fake.add({ body: markLine(MARK), author: "hubot" });
  const ticket = await ticketOf(fake);
  const rows = Array.from({ length: 5000 }, (_, i) => [[{ kind: "text" as const, text: `row ${i} <b>@all</b>` }]]);
  const body = ticket.written([{ kind: "table", head: ["Row"], rows }], MARK, [], await ticket.limits());
  expect(body).toMatch(/Left out, and in the report: [\d,]+ rows of the table/);
  await ticket.comment(body, await ticket.ownComment(MARK));
  expect(fake.comments[1]!.body.length).toBeGreaterThan(64_000);
  expect(fake.comments[1]!.body.length).toBeLessThanOrEqual(65_536);
});

describe("what GitHub is documented to refuse", () => {
  test.each([
    ["401", refused(401, "Bad credentials"), "credentials", /Bad credentials/],
    ["403", refused(403, "Resource not accessible by integration"), "credentials", /not accessible by integration/],
    ["404", refused(404, "Not Found"), "no-ticket", /octo-org\/shop#12/],
    ["410", refused(410, "This issue was deleted"), "no-ticket", /deleted/],
  ] as const)("the issue: %s", async (_, reply, failure, words) => {
    expect(description.problemsAs("basic-error", reply.json)).toEqual([]);
    fake.server.next(reply);
    const error = await failing((await ticketOf(fake)).ownComment(MARK));
    expect(error.failure).toBe(failure);
    expect(error.message).toMatch(words);
  });

  test.each([
    ["403", refused(403, "Unable to create comment because issue is locked."), "credentials", /issue is locked/],
    ["404", refused(404, "Not Found"), "no-ticket", /404/],
    ["410", refused(410, "Issues are disabled for this repo"), "no-ticket", /disabled/],
    ["422", tooLong, "refused", /body is too long/],
  ] as const)("the comment: %s", async (status, reply, failure, words) => {
    const post = { method: "POST", path: "/repos/octo-org/shop/issues/12/comments" };
    expect(description.answerProblems(post as never, reply)).toEqual([]);
    const ticket = await ticketOf(fake);
    await ticket.ownComment(MARK);
    fake.server.next(reply);
    const error = await failing(ticket.comment("body", null));
    expect([status, error.failure]).toEqual([status, failure]);
    expect(error.message).toMatch(words);
    expect(fake.comments).toEqual([]);
  });

  test("a secondary rate limit is no lack of permission: it is waited for, and the comment edited", async () => {
    const ours = fake.add({ body: markLine(MARK) });
    const ticket = await ticketOf(fake);
    const before = await ticket.ownComment(MARK);
    fake.server.next(secondaryLimit, tooMany(3));
    await ticket.comment("new", before);
    expect(fake.comments).toEqual([{ ...ours, body: "new" }]);
    expect(fake.server.waits).toEqual([7000, 3000]);
  });

  test("a comment that may have been written is not written twice", async () => {
    const ticket = await ticketOf(fake);
    await ticket.ownComment(MARK);
    fake.server.next({ status: 502, text: "<html>" });
    expect((await failing(ticket.comment("body", null))).failure).toBe("unreachable");
    expect(fake.comments).toEqual([]);
    expect(fake.server.requests.filter((r) => r.method === "POST")).toHaveLength(1);
  });
});

describe("hostile answers", () => {
  test("no JSON, no list, too much", async () => {
    for (const reply of [pageInstead, huge, { json: { url: 5 } }, { json: [] }, { json: null }]) {
      fake.server.next(reply);
      expect((await failing((await ticketOf(fake)).ownComment(MARK))).failure).toBe("unreachable");
    }
    const ticket = await ticketOf(fake);
    fake.server.next({ json: { url: `${fake.server.url}/repos/octo-org/shop/issues/12` } }, { json: { a: 1 } });
    expect((await failing(ticket.ownComment(MARK))).message).toMatch(/no list/);
  });

  test("entries that are no comments are passed over", async () => {
    const ours = { id: 5, body: markLine(MARK), html_url: "javascript:alert(1)" };
    fake.server.next({ json: { url: "https://evil.example/x" } });
    fake.server.next({ json: [null, 1, "x", { body: 7 }, { id: -1, body: "" }, ours, { id: "x", body: [] }] });
    const found = await (await ticketOf(fake)).ownComment(MARK);
    expect(found).toEqual({ id: "5", url: null, body: ours.body });
    expect(fake.server.requests.every((r) => r.path.startsWith("/repos/octo-org/shop/issues/12"))).toBe(true);
  });

  test("neither a next page nor a redirect takes the token elsewhere", async () => {
    const elsewhere = await trackerServer(() => ({ json: [] }));
    try {
      const list = `${fake.server.url}/repos/octo-org/shop/issues/12`;
      fake.server.next({ json: { url: list } }, { json: [], headers: { Link: `<${elsewhere.url}/x>; rel="next"` } });
      expect((await failing((await ticketOf(fake)).ownComment(MARK))).message).toMatch(/not below/);
      fake.server.next(redirect(`${elsewhere.url}/x`, 301));
      await failing((await ticketOf(fake)).ownComment(MARK));
      expect(JSON.stringify(elsewhere.requests)).not.toContain(TOKEN);
    } finally {
      await elsewhere.close();
    }
  });

  test("pages without an end are ended", async () => {
    const ticket = await ticketOf(fake);
    const again = `${fake.server.url}/repos/octo-org/shop/issues/12/comments?page=2`;
    fake.server.next({ json: { url: `${fake.server.url}/repos/octo-org/shop/issues/12` } });
    fake.server.next(...Array.from({ length: 101 }, () => ({ json: [], headers: { Link: `<${again}>; rel="next"` } })));
    expect((await failing(ticket.ownComment(MARK))).message).toMatch(/more than 100 pages/);
  });
});

test("a repository that was renamed is followed, and written to under its new name", async () => {
  fake.server.next(redirect("/repositories/7/issues/12", 301));
  fake.server.next({ json: { url: `${fake.server.url}/repos/octo-org/shop/issues/12` } });
  const place = github.recognise(fake.ticket.replace("/shop/", "/store/"), fake.settings)!;
  const ticket = await github.open(place, null, fake.server.http({ Authorization: `Bearer ${TOKEN}` }));
  await ticket.comment("body", null);
  expect(fake.server.requests.map((r) => `${r.method} ${r.path}`)).toEqual([
    "GET /repos/octo-org/store/issues/12",
    "GET /repositories/7/issues/12",
    "POST /repos/octo-org/shop/issues/12/comments",
  ]);
});

test("what would be sent is what is sent, and nothing is sent for it", async () => {
  const ticket = await ticketOf(fake);
  const body = await bodyFor(ticket);
  const planned = ticket.planned([], body, null);
  const edited = ticket.planned([], body, { id: "9", url: null, body: "" });
  expect(fake.server.requests).toEqual([]);
  const base = `${fake.server.url}/repos/octo-org/shop/issues`;
  expect(planned).toEqual([{ method: "POST", url: `${base}/12/comments`, body }]);
  expect(edited).toEqual([{ method: "PATCH", url: `${base}/comments/9`, body }]);
  expect(JSON.stringify([planned, edited])).not.toContain(TOKEN);
});

test("files are named for dragging in, as GitHub is documented to take them", async () => {
  const ticket = await ticketOf(fake);
  expect(ticket.takesFiles).toBe(false);
  const file = (name: string, bytes: number) => ({ name, bytes, url: null, id: "" });
  const body = await bodyFor(ticket, [
    file("report.html", 512_000),
    file("evidence.pcapng", 1_200_000),
    file("ladder.svg", 10_000_001),
    file("report.json", 25_000_001),
  ]);
  expect(body).toContain("Drag into a comment: `report.html` (512 kB).");
  expect(body).toContain("In a ZIP file, as GitHub takes no .pcapng: `evidence.pcapng` (1.2 MB).");
  expect(body).toContain("Too large for GitHub (25 MB; pictures 10 MB): `ladder.svg` (10 MB), `report.json` (25 MB).");
  expect(body).toContain("Before Enterprise Server 3.19");
  expect(body).toContain("anybody can read");
  expect(body.endsWith(markLine(MARK))).toBe(true);
  expect(await bodyFor(ticket)).not.toMatch(/[Dd]rag/);
  await expect(ticket.attach({ name: "x", type: "text/plain", bytes: new Uint8Array() })).rejects.toThrow(/drag/);
});
