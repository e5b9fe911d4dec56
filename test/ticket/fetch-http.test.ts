// Are requests sent again when they may be and never otherwise, as long after as the tracker asks; and do secrets stay where they belong?

import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchHttp } from "../../src/ticket/http/fetch-http.ts";
import type { Ask } from "../../src/ticket/http/http.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import {
  badGateway,
  brokenServer,
  cutBefore,
  cutMidway,
  huge,
  pageInstead,
  type Reply,
  redirect,
  silent,
  type TrackerServer,
  tooMany,
  trackerServer,
  unavailable,
} from "./tracker-server.ts";

const SECRET = "planted-5ecret-token";
const SECRETS = { Authorization: `Bearer ${SECRET}` };

let server: TrackerServer;
beforeEach(async () => {
  server = await trackerServer(() => ({ json: { ok: true } }));
});
afterEach(() => server.close());

const get = (path = "/issue/1", more: Partial<Ask> = {}): Ask => ({ method: "GET", url: server.url + path, ...more });
const post = (more: Partial<Ask> = {}): Ask => ({
  method: "POST",
  url: `${server.url}/issue/1/comments`,
  body: { json: { body: "ü" } },
  ...more,
});

async function failure(asked: Promise<unknown>): Promise<TicketError> {
  const error = await asked.then(
    () => expect.unreachable("it went through"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TicketError);
  expect((error as TicketError).message).not.toContain(SECRET);
  expect((error as TicketError).message).not.toContain("\n");
  return error as TicketError;
}

describe("a request", () => {
  it("bears the secrets, the user agent, and its body in bytes", async () => {
    const answer = await server.http(SECRETS).ask(post({ headers: { "X-Own": "1" } }));
    expect(answer.json()).toEqual({ ok: true });
    expect(answer.header("CONTENT-TYPE")).toBe("application/json");
    expect(answer.header("x-none")).toBeNull();
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: "POST",
      path: "/issue/1/comments",
      body: { kind: "json", json: { body: "ü" } },
    });
    expect(request?.headers).toMatchObject({
      authorization: SECRETS.Authorization,
      "user-agent": "halfclose-test",
      accept: "application/json",
      "content-type": "application/json",
      "content-length": "13",
      "x-own": "1",
    });
  });

  it("sends forms that a strict parser reads, names and bytes unchanged", async () => {
    const bytes = new Uint8Array([0, 13, 10, 45, 45, 255, 13, 10, 13, 10]);
    await server.http().ask(
      post({
        body: {
          form: [
            { name: "text", value: "one\ntwo\r\nthree" },
            { name: "file", value: { filename: 'a "b" ü\r\nX: y.txt', type: "text/plain", bytes } },
            { name: "none", value: "" },
          ],
        },
      }),
    );
    expect(server.problems).toEqual([]);
    const body = server.requests[0]!.body;
    expect(body.kind === "form" && body.parts.map(({ name, filename, type }) => ({ name, filename, type }))).toEqual([
      { name: "text", filename: null, type: null },
      { name: "file", filename: 'a "b" ü\r\nX: y.txt', type: "text/plain" },
      { name: "none", filename: null, type: null },
    ]);
    expect(body.kind === "form" && body.parts[0]?.text).toBe("one\ntwo\r\nthree");
    expect(body.kind === "form" && body.parts[1]?.bytes).toEqual(bytes);
    expect(body.kind === "form" && body.parts[2]?.text).toBe("");
  });

  it("sends fields and bytes", async () => {
    const http = server.http();
    await http.ask(post({ body: { fields: { a: "1 &", "b=": "ü" } } }));
    await http.ask(post({ body: { bytes: new Uint8Array([1, 2]), type: "application/octet-stream" } }));
    expect(server.requests[0]?.body).toEqual({ kind: "fields", fields: { a: "1 &", "b=": "ü" } });
    expect(server.requests[1]?.body).toEqual({
      kind: "bytes",
      type: "application/octet-stream",
      bytes: new Uint8Array([1, 2]),
    });
  });

  it("has whole milliseconds for a file of any size", async () => {
    const http = server.http();
    for (const size of [1, 333, 10_007])
      await http.ask(post({ body: { bytes: new Uint8Array(size), type: "application/octet-stream" } }));
    expect(server.requests.map(({ body }) => (body.kind === "bytes" ? body.bytes.length : 0))).toEqual([
      1, 333, 10_007,
    ]);
  });
});

describe("it is sent again", () => {
  const again: [string, Reply, number, boolean][] = [
    // The reply, what is waited for it (null: by our own measure), and whether a POST may be sent again after it.
    ["429 with Retry-After in seconds", tooMany(7), 7000, true],
    ["429 without", tooMany(), 750, true],
    ["503", unavailable(), 750, true],
    ["503 with Retry-After", unavailable(3), 3000, true],
    ["500", brokenServer, 750, false],
    ["502", badGateway, 750, false],
    ["504", { status: 504 }, 750, false],
    ["a cut connection", cutBefore, 750, false],
    ["an answer that breaks off", cutMidway, 750, false],
    ["no answer", silent, 750, false],
    ["an answer that stops", { silent: "midway", text: '{"half":' }, 750, false],
  ];
  const http = (waits: number[], timeoutMs = 10_000) =>
    fetchHttp({
      credentials: null,
      userAgent: "t",
      timeoutMs,
      random: () => 0.5,
      sleep: async (ms) => void waits.push(ms),
    });

  it.each(again)("after %s", async (_, reply, waitMs, alsoPost) => {
    const waits: number[] = [];
    const here = http(waits, reply.silent === undefined ? undefined : 1000);
    server.next(reply);
    expect((await here.ask(get())).json()).toEqual({ ok: true });
    expect(waits).toEqual([waitMs]);
    server.next(reply);
    if (alsoPost) expect((await here.ask(post())).status).toBe(200);
    else {
      const { failure: kind, message } = await failure(here.ask(post()));
      expect(kind).toBe("unreachable");
      if (reply.status === undefined) expect(message).toContain("whether it was carried out is not known");
    }
    expect(server.requests).toHaveLength(alsoPost ? 4 : 3);
    server.next(reply);
    expect((await here.ask(post({ repeatable: true }))).status).toBe(200);
  });

  it("twice as long each time, five tries in all, and then says so", async () => {
    const waits: number[] = [];
    server.next(...Array.from({ length: 9 }, () => brokenServer));
    const { failure: kind, message } = await failure(http(waits).ask(get()));
    expect(waits).toEqual([750, 1500, 3000, 6000]);
    expect(server.requests).toHaveLength(5);
    expect(kind).toBe("unreachable");
    expect(message).toBe(`GET ${server.url}/issue/1: 500: Internal Server Error (tried 5 times)`);
  });

  const NOW = Date.parse("2026-11-21T18:00:00Z");
  const timed = (waits: number[]) =>
    fetchHttp({
      credentials: null,
      userAgent: "t",
      now: () => NOW,
      random: () => 1,
      sleep: async (ms) => void waits.push(ms),
    });
  const Date_ = "Sat, 21 Nov 2026 17:00:00 GMT";
  it.each<[string, Reply, number]>([
    // The tracker's clock is an hour behind: its own Date counts.
    ["an HTTP-date", { status: 429, headers: { Date: Date_, "Retry-After": "Sat, 21 Nov 2026 17:00:42 GMT" } }, 42_000],
    [
      "GitHub's x-ratelimit-reset",
      {
        status: 403,
        headers: {
          Date: Date_,
          "x-ratelimit-remaining": "0",
          "x-ratelimit-reset": String((NOW - 3_600_000) / 1000 + 60),
        },
      },
      60_000,
    ],
    [
      "GitLab's RateLimit-Reset",
      {
        status: 429,
        headers: { Date: Date_, "RateLimit-Remaining": "0", "RateLimit-Reset": String((NOW - 3_600_000) / 1000 + 9) },
      },
      9000,
    ],
    [
      "GitHub's secondary limit",
      { status: 403, json: { message: "You have exceeded a secondary rate limit. Please wait." } },
      60_000,
    ],
    [
      "a time that has passed",
      { status: 429, headers: { Date: Date_, "Retry-After": "Sat, 21 Nov 2026 16:00:00 GMT" } },
      1000,
    ],
    ["what is no time", { status: 429, headers: { "Retry-After": "soon" } }, 1000],
    ["a negative time", { status: 429, headers: { "Retry-After": "-5" } }, 1000],
  ])("after what the tracker says: %s", async (_, reply, waitMs) => {
    const waits: number[] = [];
    server.next(reply);
    await timed(waits).ask(post());
    expect(waits).toEqual([waitMs]);
  });

  it("not after more than two minutes: it says when", async () => {
    const waits: number[] = [];
    server.next(tooMany(14 * 60));
    const { failure: kind, message } = await failure(timed(waits).ask(get()));
    expect(kind).toBe("unreachable");
    expect(message).toContain("429, too many requests: Too many requests; try again after 2026-11-21 18:14:00 UTC");
    expect(waits).toEqual([]);
  });

  it("when nobody listens, a POST too, for nothing was sent", async () => {
    const waits: number[] = [];
    await server.close();
    const { failure: kind, message } = await failure(http(waits).ask(post()));
    expect(waits).toHaveLength(4);
    expect(kind).toBe("unreachable");
    expect(message).toContain("the server refuses the connection (tried 5 times)");
    const hinted = fetchHttp({ credentials: null, userAgent: "t", tries: 1, unreachableHint: "mind the gap" });
    expect((await failure(hinted.ask(post()))).message).toMatch(/refuses the connection; mind the gap/);
    server = await trackerServer(() => ({}));
  });

  it("not where it is interrupted", async () => {
    const stop = new AbortController();
    server.next(tooMany(60));
    const asked = fetchHttp({
      credentials: null,
      userAgent: "t",
      signal: stop.signal,
      onWait: (line) => {
        expect(line).toMatch(/^127\.0\.0\.1:\d+: 429, too many requests; waiting 60 s$/);
        setTimeout(() => stop.abort(new Error("interrupted")));
      },
    }).ask(get());
    await expect(asked).rejects.toThrow("interrupted");
  });

  it("not where it is interrupted while nothing comes", async () => {
    const stop = new AbortController();
    server.next(silent);
    setTimeout(() => stop.abort(new Error("interrupted")), 50);
    const asked = fetchHttp({ credentials: null, userAgent: "t", signal: stop.signal }).ask(get());
    await expect(asked).rejects.toThrow("interrupted");
  });

  // Codes of node:dns, node:net, node:tls and undici.
  it.each<[string, number, RegExp]>([
    ["ENOTFOUND", 1, /: there is no host of this name$/],
    ["EAI_AGAIN", 5, /: the name server does not answer \(tried 5 times\)$/],
    ["UND_ERR_CONNECT_TIMEOUT", 5, /: the server does not take the connection \(tried 5 times\)$/],
    [
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      1,
      /: its certificate is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\); NODE_EXTRA_CA_CERTS/,
    ],
    ["ERR_TLS_CERT_ALTNAME_INVALID", 1, /: its certificate is not trusted/],
    ["EPIPE", 1, /: the connection broke \(EPIPE\); whether it was carried out is not known$/],
    ["no code: planted-5ecret-token", 1, /: it cannot be sent: a header or the address is not valid$/],
  ])("a POST after %s, as often as it does no harm", async (code, times, words) => {
    let sent = 0;
    const asked = fetchHttp({
      credentials: null,
      userAgent: "t",
      sleep: async () => {},
      fetch: async () => {
        sent++;
        throw new TypeError(`fetch failed ${SECRET}`, { cause: Object.assign(new Error(SECRET), { code }) });
      },
    }).ask(post());
    const error = await failure(asked);
    expect(error.failure).toBe("unreachable");
    expect(error.message).toMatch(words);
    expect(error.cause).toBeUndefined();
    expect(sent).toBe(times);
  });

  it("not with a header that cannot be sent", async () => {
    const { message } = await failure(server.http().ask(get("/", { headers: { "X-Own": `a\r\n${SECRET}` } })));
    expect(message).toMatch(/: it cannot be sent: a header or the address is not valid$/);
    expect(server.requests).toEqual([]);
  });

  it("not after other refusals", async () => {
    for (const status of [400, 401, 403, 404, 409, 413, 422, 501]) {
      server.next({ status });
      await failure(server.http().ask(get()));
    }
    expect(server.requests).toHaveLength(8);
  });
});

describe("a refusal", () => {
  it.each([
    [400, "refused"],
    [401, "credentials"],
    [403, "credentials"],
    [404, "no-ticket"],
    [409, "refused"],
    [410, "no-ticket"],
    [413, "refused"],
    [422, "refused"],
    [501, "unreachable"],
  ])("%i is %s", async (status, kind) => {
    server.next({ status, json: { message: "the tracker's words" } });
    const error = await failure(server.http(SECRETS).ask(post()));
    expect(error.failure).toBe(kind);
    expect(error.message).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/issue\/1\/comments: \d+.*: the tracker's words$/);
  });

  it("is an answer where it is expected", async () => {
    server.next({ status: 404, text: "none" });
    expect((await server.http().ask(get("/x", { expects: [404] }))).text).toBe("none");
  });

  it("shows no query, nothing of the secrets that it says back, and no control character", async () => {
    const basic = { Authorization: `Basic ${btoa("someone:pa55word-planted")}` };
    server.next({ status: 403, json: { message: `\u001b[31m${basic.Authorization} pa55word-planted\n\u202e` } });
    const { message } = await failure(server.http(basic).ask(get("/issue/1?key=hidden-value")));
    expect(message).not.toContain("hidden-value");
    expect(message).not.toContain("pa55word-planted");
    expect(message).not.toContain(basic.Authorization.slice(6));
    expect(message).toMatch(/issue\/1\?…: 403, the account of the test may not do this: \\x1b\[31m… … \\u202e$/);
  });

  it("is told in the tracker's words, wherever they are, in at most 300 characters", async () => {
    const told = async (reply: Reply): Promise<string> => {
      server.next({ status: 400, ...reply });
      return (await failure(server.http().ask(get()))).message.split(": 400").at(1)!.slice(2);
    };
    expect(await told({ json: { errorMessages: ["Issue closed."], errors: { comment: "too long" } } })).toBe(
      "Issue closed.; comment: too long",
    );
    expect(await told({ json: { error: { message: "No Record found", detail: "ACL" }, status: "failure" } })).toBe(
      "No Record found; ACL",
    );
    expect(await told({ json: { errors: [{ resource: "Issue", field: "body", code: "missing" }] } })).toBe(
      "body; missing",
    );
    expect(
      await told({ text: "<html><head><title>\n Bad &amp; worse</title>", headers: { "Content-Type": "text/html" } }),
    ).toBe("Bad &amp; worse");
    expect(await told({ text: "plain words" })).toBe("plain words");
    expect(await told({ text: "x".repeat(9999) })).toBe(`${"x".repeat(300)}…`);
    expect(await told({ json: { message: { title: ["is", "is", "too long"] } } })).toBe("is; too long");
  });
});

describe("an answer", () => {
  it("that is a page and no JSON is an error, and says its title", async () => {
    server.next(pageInstead);
    const answer = await server.http().ask(get());
    expect(() => answer.json()).toThrow(/answers with no JSON; .* It says: Sign in$/);
  });

  it("is read to 10 MB, and no further", async () => {
    const bomb = { bytes: gzipSync(new Uint8Array(30_000_000)), headers: { "Content-Encoding": "gzip" } };
    for (const reply of [huge, { ...huge, status: 500 }, bomb]) {
      server.next(reply);
      const { failure: kind, message } = await failure(server.http().ask(get()));
      expect(kind).toBe("unreachable");
      expect(message).toMatch(/answers with more than 10 MB$/);
    }
    expect(server.requests).toHaveLength(3);
    server.next({ text: "x".repeat(9_999_999) });
    expect((await server.http().ask(get())).text).toHaveLength(9_999_999);
  });
});

describe("a redirect", () => {
  it("is followed for GET, with the secrets on the same server only", async () => {
    const other = await trackerServer(() => ({ json: { elsewhere: true } }));
    server.next(redirect("/moved?x=1", 301), redirect(`${other.url}/login`, 307));
    const answer = await server.http(SECRETS).ask(get("/", { headers: { "X-Own": "1", Accept: "text/x" } }));
    expect(answer.json()).toEqual({ elsewhere: true });
    expect(server.requests.map((r) => [r.path, r.headers.authorization])).toEqual([
      ["/", SECRETS.Authorization],
      ["/moved", SECRETS.Authorization],
    ]);
    expect(JSON.stringify(other.requests[0]?.headers)).not.toContain(SECRET);
    expect(other.requests[0]?.headers).toMatchObject({ accept: "text/x" });
    expect(other.requests[0]?.headers).not.toHaveProperty("x-own");
    await other.close();
  });

  it("is not followed for what changes something", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      server.next(redirect("https://elsewhere.example.com/x?token=1", status));
      const { failure: kind, message } = await failure(server.http(SECRETS).ask(post()));
      expect(kind).toBe("refused");
      expect(message).toMatch(/redirects to https:\/\/elsewhere\.example\.com\/x\?…; give that address$/);
    }
  });

  it("is followed five times", async () => {
    server.next(...Array.from({ length: 6 }, () => redirect("/again")));
    expect((await failure(server.http().ask(get()))).message).toMatch(/more than 5 redirects$/);
    expect(server.requests).toHaveLength(6);
  });

  it.each([
    ["ftp://files.example.com/"],
    ["http://user:planted-5ecret-token@127.0.0.1/"],
    ["http://tracker.example.com/"],
    ["//tracker.example.com/x"],
    ["data:text/plain,x"],
    ["http://"],
  ])("to %s is refused", async (location) => {
    server.next(redirect(location));
    await failure(server.http(SECRETS).ask(get()));
    expect(server.requests).toHaveLength(1);
  });

  it("from https to http is refused", async () => {
    const sent: string[] = [];
    const http = fetchHttp({
      credentials: { headers: SECRETS, source: "the test" },
      userAgent: "t",
      fetch: async (url) => {
        sent.push(String(url));
        return new Response(null, { status: 302, headers: { Location: "http://127.0.0.1/x" } });
      },
    });
    const { message } = await failure(http.ask({ method: "GET", url: "https://tracker.example.com/" }));
    expect(message).toMatch(/redirects to http:\/\/127\.0\.0\.1\/x, which is not encrypted$/);
    expect(sent).toEqual(["https://tracker.example.com/"]);
  });
});

describe("nothing is sent", () => {
  const nowhere = (insecureHttp = false) => {
    const sent: Request[] = [];
    const http = fetchHttp({
      credentials: { headers: SECRETS, source: "the test" },
      userAgent: "t",
      insecureHttp,
      fetch: async (url, init) => {
        sent.push(new Request(url as URL, { ...init, signal: null }));
        return Response.json({});
      },
    });
    return { http, sent };
  };

  it("unencrypted to another host, unless it is said to be safe", async () => {
    for (const url of ["http://tracker.example.com/x?k=v", "http://192.0.2.7/", "http://127.0.0.1.example.com/"]) {
      const { http, sent } = nowhere();
      expect((await failure(http.ask({ method: "GET", url }))).message).toMatch(/HALFCLOSE_INSECURE_HTTP=1/);
      expect(sent).toEqual([]);
      const safe = nowhere(true);
      await safe.http.ask({ method: "GET", url });
      expect(safe.sent).toHaveLength(1);
    }
    for (const url of ["http://localhost:3000/", "http://127.9.9.9/", "http://[::1]:8080/"]) {
      const { http, sent } = nowhere();
      await http.ask({ method: "GET", url });
      expect(sent[0]?.headers.get("authorization")).toBe(SECRETS.Authorization);
    }
  });

  it("to an address with a password in it", async () => {
    const { http, sent } = nowhere();
    const url = `https://someone:${SECRET}@tracker.example.com/`;
    expect((await failure(http.ask({ method: "GET", url }))).failure).toBe("unknown-ticket");
    expect(sent).toEqual([]);
  });

  it("to another server than that of the first request; a GET goes there without secrets", async () => {
    const { http, sent } = nowhere();
    await http.ask({ method: "GET", url: "https://tracker.example.com/a" });
    await failure(http.ask({ method: "POST", url: "https://elsewhere.example.com/", body: { json: {} } }));
    await failure(http.ask({ method: "DELETE", url: "https://tracker.example.com:8443/" }));
    await http.ask({ method: "GET", url: "https://elsewhere.example.com/next" });
    expect(sent.map((r) => [r.url, r.headers.get("authorization")])).toEqual([
      ["https://tracker.example.com/a", SECRETS.Authorization],
      ["https://elsewhere.example.com/next", null],
    ]);
  });

  it("with a secret that no header can bear, and the secret is not shown", () => {
    for (const value of [`${SECRET}\r\nX-Injected: 1`, `${SECRET}ü`, ""]) {
      const build = () =>
        fetchHttp({ credentials: { headers: { Authorization: value }, source: "X_TOKEN" }, userAgent: "t" });
      expect(build).toThrow("X_TOKEN holds what no header can bear");
    }
  });
});
