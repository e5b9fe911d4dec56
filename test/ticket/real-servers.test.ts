// What do a real Redmine and a real Request Tracker make of what halfclose sends? They are installed from Debian and started on loopback; where
// they are not installed, this is left out.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { visible } from "../../src/core/escape.ts";
import { attachBundle } from "../../src/ticket/attach.ts";
import { fetchHttp } from "../../src/ticket/http/fetch-http.ts";
import type { Http } from "../../src/ticket/http/http.ts";
import { redmine } from "../../src/ticket/redmine.ts";
import { requestTracker } from "../../src/ticket/request-tracker.ts";
import type { Block } from "../../src/ticket/summary.ts";
import type { Ticket, TicketFile, Tracker } from "../../src/ticket/tracker.ts";
import { madeUpBundle } from "./fake-tracker.ts";
import { HOSTILE, hostileBlocks } from "./markup/hostile-words.ts";
import { type RealServer, realServer, START_MS, textOf } from "./real-server.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const FILES: TicketFile[] = [
  { name: "report.html", type: "text/html", bytes: bytes("<!DOCTYPE html><title>Report</title><p>µ</p>") },
  { name: "evidence.pcapng", type: "application/vnd.tcpdump.pcap", bytes: new Uint8Array(3000).map((_, i) => i) },
  {
    name: "ladder.svg",
    type: "image/svg+xml",
    bytes: bytes('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
  },
];
const NAMES = FILES.map(({ name }) => name);
const BLOCKS: Block[] = [
  { kind: "heading", text: "The pool ran dry — 12 µs" },
  {
    kind: "paragraph",
    words: [
      { kind: "strong", text: "critical" },
      { kind: "text", text: ": see " },
      { kind: "file", name: "report.html" },
      { kind: "text", text: "." },
    ],
  },
  { kind: "list", ordered: true, items: [[{ kind: "text", text: "first" }], [{ kind: "text", text: "second" }]] },
  {
    kind: "table",
    head: ["Finding", "Count"],
    rows: [[[{ kind: "text", text: "Leaked" }], [{ kind: "code", text: "130" }]]],
  },
  { kind: "code", text: "tcp.stream == 1 && ip.addr == 192.0.2.1" },
];
const MARK = "halfclose-0011223344556677";

async function opened(
  tracker: Tracker,
  url: string,
  env: Record<string, string>,
): Promise<{ ticket: Ticket; http: Http }> {
  const settings = { env, homeFile: async () => null };
  const place = tracker.recognise(url, settings)!;
  const credentials = await tracker.credentials(place, settings);
  const http = fetchHttp({ credentials, userAgent: "halfclose-test" });
  return { ticket: await tracker.open(place, credentials, http), http };
}

async function write(ticket: Ticket, blocks: readonly Block[], mark = MARK): Promise<string> {
  const body = ticket.written(blocks, mark, await ticket.attached(NAMES), await ticket.limits());
  await ticket.comment(body, await ticket.ownComment(mark));
  return body;
}

/** Elements and the attributes that may act. */
const elementsOf = (html: string): string[] => [
  ...new Set([...html.matchAll(/<([a-z][a-z0-9]*)/gi)].map((m) => m[1]!.toLowerCase())),
];
const addressesOf = (html: string): string[] =>
  [...html.matchAll(/<[a-z][^>]*>/gi)].flatMap(([tag]) =>
    [...tag.matchAll(/\s(?:href|src|on[a-z]+)\s*=\s*["']?([^"'\s>]*)/gi)].map((m) => m[1]!),
  );
const shown = (words: string): string => visible(words).replace(/\s+/g, " ").trim();

/** What becomes of a bundle that is attached twice, and twice again with another page. */
async function attachedAgain(ticket: Ticket): Promise<string[]> {
  const told: string[] = [];
  for (const page of ["<p>one</p>", "<p>one</p>", "<p>another</p>", "<p>another</p>"]) {
    const bundle = madeUpBundle({}, page);
    const done = await attachBundle(ticket, { bundle, files: null, as: "twice", dryRun: false, told: () => {} });
    told.push(`${done.comment.fate}: ${done.files.map((f) => f.fate).join(" ")}; ${done.removed.join(" ")}`);
  }
  return told;
}

/** What of the hostile words acts, or cannot be read in every place that they were written to. */
function problemsOf(html: string, harmless: RegExp, written = HOSTILE): string[] {
  const foreign = elementsOf(html).filter((element) => !harmless.test(element));
  // Redmine gives headings an anchor.
  const addresses = addressesOf(html).filter((address) => !address.startsWith("#"));
  const seen = textOf(html).toLowerCase();
  const unread = written.flatMap((words) => {
    const times = seen.split(shown(words).toLowerCase()).length - 1;
    return times < PLACES ? [`${words}: ${times}`] : [];
  });
  return [...foreign, ...addresses, ...unread];
}
/** Of `hostileBlocks`, in every markup. */
const PLACES = 8;

const hasRedmine = existsSync("/usr/share/redmine/config.ru");
const hasRt = existsSync("/usr/sbin/rt-setup-database-5");
const why = (has: boolean, packages: string): string =>
  has ? "" : ` (skipped: not installed here; Debian has it: ${packages})`;

describe.runIf(hasRedmine)(`Redmine${why(hasRedmine, "redmine redmine-sqlite")}`, { timeout: 120_000 }, () => {
  let server: RealServer;
  let url = "";
  let ticket: Ticket;
  let http: Http;
  beforeAll(async () => {
    server = await realServer("redmine");
    url = `${server.said.url}/issues/${server.said.ticket}`;
    ({ ticket, http } = await opened(redmine, url, { REDMINE_API_KEY: String(server.said.key) }));
  }, START_MS);
  afterAll(async () => server?.[Symbol.asyncDispose]());

  /** The note as Redmine shows it. */
  const noteOf = async (): Promise<string> => {
    const own = await ticket.ownComment(MARK);
    const { text } = await http.ask({ method: "GET", url, headers: { Accept: "text/html" } });
    const note = new RegExp(
      `<div id="journal-${own!.id}-notes" class="wiki">(.*?)</div>\\s*(?:</div>|<ul|<div)`,
      "s",
    ).exec(text);
    return note![1]!;
  };
  const reopened = async (formatting: string): Promise<Ticket> => {
    await server.tell(`formatting ${formatting}`);
    ({ ticket, http } = await opened(redmine, url, { REDMINE_API_KEY: String(server.said.key) }));
    return ticket;
  };

  it("takes files, one version each, to the byte", async () => {
    for (const file of FILES) await ticket.attach(file);
    const there = await ticket.attached(NAMES);
    expect(there.map(({ name, bytes }) => ({ name, bytes }))).toEqual(
      FILES.map((f) => ({ name: f.name, bytes: f.bytes.length })),
    );
    const again = await ticket.attach({ ...FILES[0]!, bytes: bytes("another") });
    expect(await ticket.remove(there[0]!)).toBe(true);
    expect((await ticket.attached(["report.html"])).map((f) => f.id)).toEqual([again.id]);
    const key = { "X-Redmine-API-Key": String(server.said.key) };
    const got = await fetch(`${server.said.url}/attachments/download/${there[1]!.id}/evidence.pcapng`, {
      headers: key,
    });
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(FILES[1]!.bytes);
  });

  it("says how large a file may be, and refuses a larger one", async () => {
    expect(await ticket.limits()).toEqual({ fileBytes: 5_242_880, commentCharacters: null, source: "asked" });
    await server.tell("attachment_max_size 1");
    const { ticket: small } = await opened(redmine, url, { REDMINE_API_KEY: String(server.said.key) });
    expect((await small.limits()).fileBytes).toBe(1024);
    await expect(small.attach(FILES[1]!)).rejects.toMatchObject({
      failure: "refused",
      message: expect.stringMatching(/1024|1 KB/),
    });
    await server.tell("attachment_max_size 5120");
  });

  it("keeps one note, however often, and changes it", async () => {
    const body = await write(ticket, BLOCKS);
    const own = await ticket.ownComment(MARK);
    expect(own?.body).toBe(body);
    await write(ticket, BLOCKS);
    const changed = await write(ticket, [
      ...BLOCKS,
      { kind: "paragraph", words: [{ kind: "text", text: "Changed." }] },
    ]);
    expect(await ticket.ownComment(MARK)).toEqual({ ...own, body: changed });
    const answer = (await http.ask({ method: "GET", url: `${url}.json?include=journals` })).json() as {
      issue: { journals: { notes: string }[] };
    };
    expect(answer.issue.journals.filter((j) => j.notes.includes(MARK))).toHaveLength(1);
  });

  it("gets a bundle once, and what changed in its place", async () => {
    await Promise.all((await ticket.attached(NAMES)).map((file) => ticket.remove(file)));
    expect(await attachedAgain(ticket)).toEqual([
      "added: uploaded uploaded uploaded; ",
      "unchanged: kept kept kept; ",
      "updated: uploaded kept kept; report.html",
      "unchanged: kept kept kept; ",
    ]);
  });

  it("adds a note for an account that may not change it", async () => {
    const { ticket: other } = await opened(redmine, url, { REDMINE_API_KEY: String(server.said.reader_key) });
    const body = await write(other, BLOCKS);
    expect((await other.ownComment(MARK))?.body).toBe(body);
    expect((await ticket.ownComment(MARK))?.body).toBe(body);
  });

  it.each([
    ["textile", ["a", "code", "h3", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "tr"]],
    ["common_mark", ["a", "code", "h3", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr"]],
    ["markdown", ["a", "code", "h3", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr"]],
    ["0", ["a", "br", "p"]],
  ])("shows a comment as it was meant, in %s", async (formatting, elements) => {
    await write(await reopened(formatting), BLOCKS);
    const note = await noteOf();
    expect(elementsOf(note).sort()).toEqual(
      formatting === "textile" ? elements.filter((e) => e !== "tbody") : elements,
    );
    expect(note).toMatch(/<a [^>]*href="\/attachments\/\d+"[^>]*>report\.html<\/a>/);
    expect(textOf(note)).toContain("tcp.stream == 1 && ip.addr == 192.0.2.1");
    if (formatting !== "0") expect(textOf(note)).not.toContain(MARK);
    expect(textOf(note)).toMatch(/pool ran dry — 12 µs/i);
  });

  it.each(["textile", "common_mark", "markdown", "0"])(
    "lets nothing act that was captured, in %s",
    async (formatting) => {
      await reopened(formatting);
      await write(ticket, HOSTILE.flatMap(hostileBlocks));
      expect(
        problemsOf(await noteOf(), /^(?:a|h3|p|strong|code|pre|ul|ol|li|table|thead|tbody|tr|th|td|br|span)$/),
      ).toEqual([]);
    },
  );
});

describe.runIf(hasRt)(
  `Request Tracker${why(hasRt, "request-tracker5 rt5-db-sqlite rt5-standalone")}`,
  { timeout: 120_000 },
  () => {
    let server: RealServer;
    let url = "";
    let ticket: Ticket;
    let cookie = "";
    beforeAll(async () => {
      server = await realServer("request-tracker");
      url = `${server.said.url}/Ticket/Display.html?id=${server.said.ticket}`;
      ({ ticket } = await opened(requestTracker, url, { RT_TOKEN: String(server.said.token) }));
      const login = new URLSearchParams({ user: String(server.said.user), pass: String(server.said.password) });
      const answer = await fetch(`${server.said.url}/NoAuth/Login.html`, {
        method: "POST",
        body: login,
        redirect: "manual",
      });
      cookie = answer.headers
        .getSetCookie()
        .map((c) => c.split(";")[0])
        .join("; ");
    }, START_MS);
    afterAll(async () => server?.[Symbol.asyncDispose]());

    const page = async (path: string): Promise<string> =>
      (await fetch(`${server.said.url}${path}`, { headers: { Cookie: cookie } })).text();
    const mail = (): string => {
      const folder = String(server.said.mail);
      return readdirSync(folder)
        .filter((f) => f.endsWith(".mbox"))
        .map((f) => readFileSync(join(folder, f), "utf8"))
        .join("\n");
    };
    /** The newest comment as RT shows it. */
    const commentOf = async (): Promise<string> => {
      const own = await ticket.ownComment(MARK);
      const history = await page(`/Ticket/History.html?id=${server.said.ticket}`);
      const at = history.indexOf(`name="txn-${own!.id}"`);
      const part = history.slice(
        at,
        history.indexOf('name="txn-', at + 10) === -1 ? undefined : history.indexOf('name="txn-', at + 10),
      );
      return /<div class="message-stanza">(.*?)<\/div>/s.exec(part)![1]!;
    };

    it("takes files to the byte, and a login in the place of a token", async () => {
      const env = { RT_USER: String(server.said.user), RT_PASSWORD: String(server.said.password) };
      const { ticket: byLogin } = await opened(requestTracker, url, env);
      for (const file of FILES) await byLogin.attach(file);
      const there = await ticket.attached(NAMES);
      expect(there.map(({ name, bytes }) => ({ name, bytes }))).toEqual(
        FILES.map((f) => ({ name: f.name, bytes: f.bytes.length })),
      );
      const got = await fetch(there[1]!.url!, { headers: { Cookie: cookie } });
      expect(new Uint8Array(await got.arrayBuffer())).toEqual(FILES[1]!.bytes);
    });

    it("has one comment while nothing changes; a changed one is added and found", async () => {
      const body = await write(ticket, BLOCKS);
      const own = await ticket.ownComment(MARK);
      expect(own?.body).toBe(body);
      const changed = await write(ticket, [
        ...BLOCKS,
        { kind: "paragraph", words: [{ kind: "text", text: "Changed." }] },
      ]);
      const now = await ticket.ownComment(MARK);
      expect(now?.body).toBe(changed);
      expect(now?.id).not.toBe(own?.id);
      expect(await page(`/Ticket/History.html?id=${server.said.ticket}`)).toContain(`in place of #txn-${own!.id}`);
    });

    it("gets a bundle once, and what changed beside it", async () => {
      expect(await attachedAgain(ticket)).toEqual([
        "added: uploaded uploaded uploaded; ",
        "unchanged: kept kept kept; ",
        "added: uploaded kept kept; ",
        "unchanged: kept kept kept; ",
      ]);
    });

    it("shows a comment as it was meant", async () => {
      await write(ticket, BLOCKS);
      const comment = await commentOf();
      expect(elementsOf(comment).sort()).toEqual([
        "a",
        "h3",
        "li",
        "ol",
        "p",
        "pre",
        "span",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
      ]);
      expect(addressesOf(comment)).toEqual([(await ticket.attached(["report.html"])).at(-1)!.url]);
      expect(textOf(comment)).toContain("tcp.stream == 1 && ip.addr == 192.0.2.1");
      expect(textOf(comment)).toContain("The pool ran dry — 12 µs");
      expect(textOf(comment)).not.toContain(MARK);
    });

    it("lets nothing act that was captured", async () => {
      // As many at once as RT shows of a comment.
      const harmless = /^(?:h3|p|strong|span|pre|ul|ol|li|table|thead|tbody|tr|th|td)$/;
      for (let i = 0; i < HOSTILE.length; i += 5) {
        const words = HOSTILE.slice(i, i + 5);
        await write(ticket, words.flatMap(hostileBlocks));
        expect(problemsOf(await commentOf(), harmless, words)).toEqual([]);
      }
    });

    it("is cut to what RT shows", async () => {
      const line = (i: number): Block => ({ kind: "paragraph", words: [{ kind: "text", text: `Line ${i} — µ` }] });
      await write(
        ticket,
        Array.from({ length: 2000 }, (_, i) => line(i)),
      );
      expect(textOf(await commentOf())).toMatch(
        /^ Line 0 — µ Line 1 .* Left out for its length: \d+ parts\. See the report\. $/,
      );
    });

    it("mails those who watch the ticket, and never who asked", () => {
      const ours = mail()
        .split(/^(?=From \S+@localhost )/m)
        .filter((message) => message.includes("halfclose"));
      expect(ours.length).toBeGreaterThan(0);
      for (const message of ours) {
        expect(message).toContain("watcher@example.com");
        expect(message).not.toContain("customer@example.com");
      }
    });

    it("says which right is missing to an account that does not see what it writes", async () => {
      const { ticket: blind } = await opened(requestTracker, url, { RT_TOKEN: String(server.said.blind_token) });
      await expect(blind.attach(FILES[2]!)).rejects.toMatchObject({
        message: expect.stringContaining("ShowTicketComments"),
      });
    });

    it("refuses an account that may not comment, a wrong token and a ticket that is not there", async () => {
      const { ticket: other } = await opened(requestTracker, url, { RT_TOKEN: String(server.said.reader_token) });
      await expect(other.comment("<p>x</p>", null)).rejects.toMatchObject({
        failure: expect.stringMatching(/credentials|refused/),
      });
      await expect(opened(requestTracker, url, { RT_TOKEN: "1-14-0123" })).rejects.toMatchObject({
        failure: "credentials",
      });
      const missing = url.replace(/\d+$/, "999");
      await expect(opened(requestTracker, missing, { RT_TOKEN: String(server.said.token) })).rejects.toMatchObject({
        failure: "no-ticket",
      });
    });
  },
);
