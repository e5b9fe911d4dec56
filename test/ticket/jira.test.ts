// Is an issue of Jira written to as the documentation says, Cloud and Data Center, and is every refusal told in one line?

import { describe, expect, it } from "vitest";
import type { Answer, Ask } from "../../src/ticket/http/http.ts";
import { jira } from "../../src/ticket/jira.ts";
import type { Block } from "../../src/ticket/summary.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import type { Ticket, TicketPlace } from "../../src/ticket/tracker.ts";
import { type JiraModel, jiraModel, jiraScript, refused } from "./jira-server.ts";
import {
  cutBefore,
  huge,
  pageInstead,
  type Reply,
  redirect,
  type Script,
  type TrackerServer,
  tooMany,
  trackerServer,
  unavailable,
} from "./tracker-server.ts";

const SECRET = "planted-secret";
const MARK = "halfclose-0a1b2c3d";
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const file = (name: string, text = "x") => ({ name, type: "text/html", bytes: bytes(text) });
const BLOCKS: Block[] = [
  { kind: "heading", text: "The database stopped answering" },
  {
    kind: "paragraph",
    words: [
      { kind: "text", text: "See " },
      { kind: "file", name: "report.html" },
      { kind: "text", text: ", *not* [~admin]." },
    ],
  },
  { kind: "table", head: ["Severity"], rows: [[[{ kind: "text", text: "high" }]]] },
  { kind: "diagram", title: "Ladder", mermaid: "x", text: "a -> b" },
];

interface Setting {
  readonly model: JiraModel;
  readonly server: TrackerServer;
  readonly place: TicketPlace;
  open(): Promise<Ticket>;
}

async function withServer(script: Script, run: (server: TrackerServer) => Promise<void>): Promise<void> {
  const server = await trackerServer(script);
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

async function withJira(
  cloud: boolean,
  changes: Partial<JiraModel>,
  run: (setting: Setting) => Promise<void>,
): Promise<void> {
  const model = jiraModel(cloud, changes);
  let url = "";
  await withServer(
    (request) => jiraScript(model, () => url)(request),
    async (server) => {
      url = server.url;
      const place: TicketPlace = {
        tracker: "jira",
        server: `${server.url}${model.path}`,
        name: "OPS-123",
        parts: { key: "OPS-123" },
      };
      const headers = { Authorization: model.cloud ? `Basic ${btoa(`me@example.com:${SECRET}`)}` : `Bearer ${SECRET}` };
      await run({
        model,
        server,
        place,
        open: () => jira.open(place, { headers, source: "JIRA_TOKEN" }, server.http(headers)),
      });
    },
  );
}

async function errorOf(work: Promise<unknown>): Promise<TicketError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TicketError)) throw new Error(`no TicketError: ${error}`);
  expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain(SECRET);
  expect(error.message).not.toMatch(/\n/);
  return error;
}

describe.each([
  ["Cloud", true],
  ["Data Center", false],
])("%s", (_, cloud) => {
  it("writes files and one comment, and the second run changes it", () =>
    withJira(cloud, {}, async ({ model, server, open, place }) => {
      const ticket = await open();
      expect(ticket.takesFiles).toBe(true);
      expect(ticket.url).toBe(`${place.server}/browse/OPS-123`);
      const limits = await ticket.limits();
      expect(limits).toEqual({ fileBytes: 10_485_760, commentCharacters: 32_767, source: "asked" });
      expect(await ticket.attached(["report.html"])).toEqual([]);
      const attached = await ticket.attach(file("report.html", "<p>"));
      expect(attached).toMatchObject({ name: "report.html", bytes: 3, id: "20000" });
      expect(await ticket.attached(["report.html", "other"])).toEqual([attached]);
      expect(await ticket.ownComment(MARK)).toBeNull();

      const body = ticket.written(BLOCKS, MARK, [attached], limits);
      const { url } = await ticket.comment(body, null);
      expect(url).toContain(`${place.server}/browse/OPS-123?focusedCommentId=30000`);
      // A reader outside the team sees it not, where Jira Service Management shows issues to customers.
      expect(model.comments[0]?.properties).toContainEqual({ key: "sd.public.comment", value: { internal: true } });

      const own = await ticket.ownComment(MARK);
      expect(own).toMatchObject({ id: "30000", body });
      expect(await ticket.ownComment(`${MARK}4`)).toBeNull();
      const changed = ticket.written(
        [...BLOCKS, { kind: "paragraph", words: [{ kind: "text", text: "more" }] }],
        MARK,
        [attached],
        limits,
      );
      expect(changed).not.toBe(body);
      expect((await ticket.comment(changed, own)).url).toBe(url);
      expect(model.comments).toHaveLength(1);
      expect((await ticket.ownComment(MARK))?.body).toBe(changed);

      expect(await ticket.remove(attached)).toBe(true);
      expect(await ticket.remove(attached)).toBe(true);
      expect(model.files).toEqual([]);
      expect([...model.problems, ...server.problems]).toEqual([]);
    }));

  it("asks the documented API of this Jira", () =>
    withJira(cloud, {}, async ({ server, open, model }) => {
      const ticket = await open();
      await ticket.attach(file("report.html"));
      await ticket.ownComment(MARK);
      await ticket.comment(ticket.written(BLOCKS, MARK, [], await ticket.limits()), null);
      const api = `${model.path}/rest/api/${cloud ? 3 : 2}`;
      expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
        `GET ${model.path}/rest/api/2/serverInfo`,
        `GET ${api}/attachment/meta`,
        `POST ${api}/issue/OPS-123/attachments`,
        `GET ${api}/issue/OPS-123/comment`,
        `POST ${api}/issue/OPS-123/comment`,
      ]);
    }));

  it("finds its comment over pages, the latest of several, and no quotation of it", () =>
    withJira(cloud, { pageSize: 2 }, async ({ model, open }) => {
      const ticket = await open();
      const body = ticket.written(BLOCKS, MARK, [], await ticket.limits());
      for (let i = 0; i < 3; i++)
        await ticket.comment(ticket.written(BLOCKS, `other-${i}`, [], await ticket.limits()), null);
      await ticket.comment(body, null);
      await ticket.comment(body, null);
      const quoted = model.comments.at(-1)!.body;
      model.comments.push({ id: "30099", body: cloud ? quoted : `{quote}\n${quoted}\n{quote}\nlook`, properties: [] });
      expect((await ticket.ownComment(MARK))?.id).toBe("30004");
    }));

  it("a comment that it may not edit, or that is gone, is written anew", () =>
    withJira(cloud, { mayEdit: false }, async ({ model, open }) => {
      const ticket = await open();
      const body = ticket.written(BLOCKS, MARK, [], await ticket.limits());
      await ticket.comment(body, null);
      const own = await ticket.ownComment(MARK);
      expect((await ticket.comment(body, own)).url).toContain("30001");
      await ticket.comment(body, { id: "777", url: null, body: "" });
      expect(model.comments.map(({ id }) => id)).toEqual(["30000", "30001", "30002"]);
    }));

  it("keeps a file that it may not remove", () =>
    withJira(cloud, { mayDelete: false }, async ({ open }) => {
      const ticket = await open();
      expect(await ticket.remove(await ticket.attach(file("report.html")))).toBe(false);
    }));

  it("says where attachments are switched off, not allowed, or too large", async () => {
    await withJira(cloud, { meta: { enabled: false, uploadLimit: 5 } }, async ({ open }) => {
      const error = await errorOf((await open()).attach(file("report.html")));
      expect(error).toMatchObject({ failure: "refused", message: "attachments are switched off in this Jira" });
    });
    // Commenting goes on: it is another permission.
    await withJira(cloud, {}, async ({ open, server }) => {
      const ticket = await open();
      for (const status of [403, 404]) {
        server.next(refused(status, "You do not have permission to create attachments for this issue."));
        expect(await errorOf(ticket.attach(file("report.html")))).toMatchObject({ failure: "refused" });
      }
    });
    await withJira(cloud, { meta: { enabled: true, uploadLimit: 5 } }, async ({ open }) => {
      const error = await errorOf((await open()).attach(file("report.html", "123456")));
      expect(error).toMatchObject({ failure: "refused" });
      expect(error.message).toContain("report.html");
      expect(error.message).toContain("maximum permitted size");
    });
  });

  it("cuts a comment to the limit", () =>
    withJira(cloud, {}, async ({ model, open }) => {
      const ticket = await open();
      const rows = Array.from({ length: 3000 }, (_, i) => [
        [{ kind: "text" as const, text: `row ${i} *${"é".repeat(20)}*` }],
      ]);
      const long: Block[] = [
        ...BLOCKS,
        { kind: "table", head: ["x"], rows },
        { kind: "code", text: "line\n".repeat(9000) },
      ];
      const limits = await ticket.limits();
      const body = ticket.written(long, MARK, [], limits);
      await ticket.comment(body, null);
      const { body: stored } = model.comments[0]!;
      const length = typeof stored === "string" ? stored.length : JSON.stringify(stored).length;
      expect(length).toBeLessThanOrEqual(32_767);
      expect(length).toBeGreaterThan(32_000);
      expect(JSON.stringify(stored)).toMatch(/Left out, and in the report: 1 diagram, [\d,]+ rows, 1 part\./);
      expect((await ticket.ownComment(MARK))?.body).toBe(body);
    }));

  it("plans what it would send", () =>
    withJira(cloud, {}, async ({ server, open, place, model }) => {
      const ticket = await open();
      const asked = server.requests.length;
      const body = ticket.written(BLOCKS, MARK, [], await ticket.limits());
      const issue = `${place.server}/rest/api/${cloud ? 3 : 2}/issue/OPS-123`;
      const anew = ticket.planned([file("report.html", "123")], body, null);
      expect(anew.map(({ method, url }) => `${method} ${url}`)).toEqual([
        `POST ${issue}/attachments`,
        `POST ${issue}/comment`,
      ]);
      expect(anew[0]?.body).toBe("report.html, 3 bytes");
      expect(anew[1]?.body).toContain("The database stopped answering");
      expect(ticket.planned([], body, { id: "5", url: null, body: "" })[0]).toMatchObject({
        method: "PUT",
        url: `${issue}/comment/5`,
      });
      expect(server.requests).toHaveLength(asked);
      expect(JSON.stringify(anew)).not.toContain(SECRET);
      expect(model.comments).toEqual([]);
    }));

  describe("refusals", () => {
    const cases: [string, Reply, string, string][] = [
      [
        "400",
        refused(400, "", { comment: "The entered text is too long." }),
        "refused",
        "The entered text is too long.",
      ],
      [
        "401",
        refused(401, "Client must be authenticated to access this resource."),
        "credentials",
        "credentials of JIRA_TOKEN are refused",
      ],
      ["403", refused(403, "You do not have the permission."), "credentials", "may not do this"],
      ["404", refused(404, "Issue does not exist."), "no-ticket", "no such issue"],
      ["413", refused(413, ""), "refused", "too large"],
      [
        "CAPTCHA",
        { ...refused(403, ""), headers: { "X-Seraph-LoginReason": "AUTHENTICATION_DENIED" } },
        "credentials",
        "CAPTCHA",
      ],
      ["a login page", pageInstead, "unreachable", ""],
      ["too much", huge, "unreachable", ""],
    ];
    it.each(cases)("%s", (_name, reply, failure, words) =>
      withJira(cloud, {}, async ({ server, open }) => {
        const ticket = await open();
        server.next(reply);
        const error = await errorOf(ticket.comment(ticket.written(BLOCKS, MARK, [], await ticket.limits()), null));
        expect(error.message).toContain(words);
        if (reply !== pageInstead && reply !== huge) expect(error.failure).toBe(failure);
      }),
    );

    it("words of Jira that echo our secret, or try to draw on the terminal", () =>
      withJira(cloud, {}, async ({ server, open }) => {
        const ticket = await open();
        server.next(refused(400, `no: Bearer ${SECRET} \u001b[31m`));
        const { message } = await errorOf(ticket.attach(file("a.html")));
        expect(message).not.toContain("\u001b");
      }));

    it("waits as it is told", () =>
      withJira(cloud, {}, async ({ server, open, model }) => {
        const ticket = await open();
        server.next(tooMany(7), unavailable());
        await ticket.comment(ticket.written(BLOCKS, MARK, [], await ticket.limits()), null);
        expect(server.waits[0]).toBeGreaterThanOrEqual(7000);
        expect(model.comments).toHaveLength(1);
      }));

    it("does not write twice where a connection was cut", () =>
      withJira(cloud, {}, async ({ server, open, model }) => {
        const ticket = await open();
        server.next(cutBefore);
        await errorOf(ticket.comment(ticket.written(BLOCKS, MARK, [], await ticket.limits()), null));
        expect(model.comments).toEqual([]);
        server.next(cutBefore);
        expect(await ticket.attached(["x"])).toEqual([]);
      }));

    it("a redirect to another host gets no credentials", () =>
      withJira(cloud, {}, async ({ server, open }) => {
        const ticket = await open();
        await withServer(
          () => ({ json: { fields: { attachment: [] } } }),
          async (other) => {
            server.next(redirect(`${other.url}/rest`));
            await ticket.attached(["x"]).catch(() => null);
            for (const { headers } of other.requests) {
              expect(JSON.stringify(headers)).not.toContain(SECRET);
              expect(headers.authorization).toBeUndefined();
            }
          },
        );
      }));
  });

  it("wrong credentials are said to be wrong", () =>
    withJira(cloud, { authorization: "Basic other" }, async ({ open }) => {
      const error = await errorOf(open());
      expect(error.failure).toBe("credentials");
      expect(error.message).toContain("the credentials of JIRA_TOKEN are refused");
    }));

  it("answers that are none", () =>
    withJira(cloud, {}, async ({ server, open, place }) => {
      const ticket = await open();
      for (const json of [
        [],
        {},
        null,
        5,
        [{ id: "../../x", filename: "a.html", size: 1 }],
        [{ id: 7, filename: 8, size: -1 }],
      ]) {
        server.next({ json });
        expect((await errorOf(ticket.attach(file("a.html")))).message).toContain(place.name);
        server.next({ json });
        expect(await ticket.attached(["a.html"])).toEqual([]);
      }
      const strange = {
        fields: {
          attachment: [null, 1, { id: "9", filename: "a.html", size: 1, content: "https://evil.example.com/a" }],
        },
      };
      server.next({ json: strange });
      expect(await ticket.attached(["a.html"])).toEqual([{ id: "9", name: "a.html", bytes: 1, url: null }]);
      server.next({
        json: {
          comments: [null, 1, {}, { id: "1", body: 5, properties: [null, { key: "halfclose.report", value: null }] }],
          total: 4,
        },
      });
      expect(await ticket.ownComment(MARK)).toBeNull();
      server.next({ json: { comments: {} } });
      await errorOf(ticket.ownComment(MARK));
    }));

  it("a list of comments without an end is given up", async () => {
    await withJira(cloud, {}, async ({ server, open }) => {
      const ticket = await open();
      const comments = [{ id: "1", body: "x", properties: [] }];
      server.next(...Array.from({ length: 200 }, () => ({ json: { comments, total: 1e9 } })));
      expect((await errorOf(ticket.ownComment(MARK))).message).toContain("200 pages");
    });
  });
});

it("Cloud: properties are asked for by the comments' ids where a list has none", () =>
  withJira(true, { listsProperties: false }, async ({ model, open, server }) => {
    const ticket = await open();
    const body = ticket.written(BLOCKS, MARK, [], await ticket.limits());
    await ticket.comment(body, null);
    expect((await ticket.ownComment(MARK))?.body).toBe(body);
    expect(server.requests.at(-1)?.path).toBe("/rest/api/3/comment/list");
    expect(model.problems).toEqual([]);
  }));

it("Cloud: and are not where one comment of the page has some", () =>
  withJira(true, {}, async ({ model, open, server }) => {
    const ticket = await open();
    model.comments.push({ id: "29999", body: { version: 1, type: "doc", content: [] }, properties: [] });
    const body = ticket.written(BLOCKS, MARK, [], await ticket.limits());
    await ticket.comment(body, null);
    expect((await ticket.ownComment(MARK))?.body).toBe(body);
    expect(server.requests.at(-1)?.path).toBe("/rest/api/3/issue/OPS-123/comment");
  }));

it("Cloud: an update leaves properties as people set them", () =>
  withJira(true, {}, async ({ server, open }) => {
    const ticket = await open();
    const body = ticket.written(BLOCKS, MARK, [], await ticket.limits());
    await ticket.comment(body, null);
    await ticket.comment(body, await ticket.ownComment(MARK));
    const { body: sent } = server.requests.at(-1)!;
    expect(sent.kind === "json" && Object.keys(sent.json as object)).toEqual(["body"]);
  }));

it("Data Center: the mark is a line that people see", () =>
  withJira(false, {}, async ({ model, open }) => {
    const ticket = await open();
    await ticket.comment(ticket.written(BLOCKS, "night [shift]", [], await ticket.limits()), null);
    expect(model.comments[0]?.body).toMatch(/\n\n\{color:#707070\}halfclose report night \\\[shift\\\]\{color\}$/);
    // Its editor stores line ends of its own.
    model.comments[0]!.body = `${(model.comments[0]!.body as string).replace(/\n/g, "\r\n")}\r\n`;
    expect(await ticket.ownComment("night [shift]")).not.toBeNull();
  }));

it("what is no Jira is said to be none", () =>
  withServer(
    () => ({ json: { hello: "world" } }),
    async (server) => {
      const place: TicketPlace = { tracker: "jira", server: server.url, name: "OPS-1", parts: { key: "OPS-1" } };
      const error = await errorOf(jira.open(place, { headers: { Authorization: "x" }, source: "x" }, server.http()));
      expect(error.message).toContain("does not answer as a Jira does");
    },
  ));

it("what has no such path is said to be none", () =>
  withServer(
    () => ({ status: 404, text: "<html><title>Not Found</title></html>" }),
    async (server) => {
      const place: TicketPlace = { tracker: "jira", server: server.url, name: "OPS-1", parts: { key: "OPS-1" } };
      const error = await errorOf(jira.open(place, { headers: { Authorization: "x" }, source: "x" }, server.http()));
      expect(error).toMatchObject({ failure: "unknown-ticket" });
    },
  ));

it("Cloud through its gateway: people get the address of their site", async () => {
  const gateway = "https://api.atlassian.com/ex/jira/0f1e2d3c";
  const answers: Record<string, unknown> = {
    [`${gateway}/rest/api/2/serverInfo`]: {
      deploymentType: "Cloud",
      version: "1001",
      baseUrl: "https://shop.atlassian.net",
    },
    [`${gateway}/rest/api/3/attachment/meta`]: { enabled: true },
  };
  const ask = async ({ url }: Ask): Promise<Answer> => ({
    status: 200,
    header: () => null,
    text: "",
    json: () => answers[url],
  });
  const place: TicketPlace = { tracker: "jira", server: gateway, name: "OPS-1", parts: { key: "OPS-1" } };
  const ticket = await jira.open(place, { headers: {}, source: "x" }, { ask });
  expect(ticket.url).toBe("https://shop.atlassian.net/browse/OPS-1");
  expect(await ticket.limits()).toEqual({ fileBytes: null, commentCharacters: 32_767, source: "documented" });
});

it("without credentials nothing is asked, and the host's name tells the form", () =>
  withServer(
    () => ({ status: 500 }),
    async (server) => {
      const of = async (host: string): Promise<string> => {
        const place: TicketPlace = { tracker: "jira", server: host, name: "OPS-1", parts: { key: "OPS-1" } };
        const ticket = await jira.open(place, null, server.http());
        return ticket.planned([], ticket.written(BLOCKS, MARK, [], await ticket.limits()), null)[0]!.url;
      };
      expect(await of("https://shop.atlassian.net")).toBe("https://shop.atlassian.net/rest/api/3/issue/OPS-1/comment");
      expect(await of("https://jira.example.com")).toBe("https://jira.example.com/rest/api/2/issue/OPS-1/comment");
      expect(server.requests).toEqual([]);
    },
  ));
