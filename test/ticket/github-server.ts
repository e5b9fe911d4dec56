// What does GitHub answer? Issues and their comments on loopback, every request and every answer held against its OpenAPI description.

import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import type { GitHubDescription } from "./github-openapi.ts";
import { type Received, type Reply, type TrackerServer, trackerServer } from "./tracker-server.ts";

export interface FakeComment {
  id: number;
  body: string;
  author: string;
  association: string;
}

export interface FakeGitHub {
  readonly server: TrackerServer;
  readonly comments: FakeComment[];
  /** Of requests and answers; empty where all keep to the description. */
  readonly problems: string[];
  /** Whose token it is; only these may write, and edit what they wrote. */
  me: string;
  mayEditOthers: boolean;
  readonly settings: Settings;
  readonly ticket: string;
  add(comment: Partial<FakeComment>): FakeComment;
}

const ISSUE = "/repos/octo-org/shop/issues/12";
const PER_PAGE = 100;

export async function fakeGitHub(
  description: GitHubDescription,
  token = "planted-token-0123456789",
): Promise<FakeGitHub> {
  const problems: string[] = [];
  const comments: FakeComment[] = [];
  let lastId = 1000;
  const server = await trackerServer((request) => {
    problems.push(...description.requestProblems(request).map((p) => `${request.method} ${request.path}: ${p}`));
    const reply = answerTo(request);
    problems.push(...description.answerProblems(request, reply).map((p) => `answer to ${request.path}: ${p}`));
    return reply;
  });
  const fake: FakeGitHub = {
    server,
    comments,
    problems,
    me: "octocat",
    mayEditOthers: false,
    settings: { env: { GITHUB_SERVER_URL: server.url, GITHUB_API_URL: server.url }, homeFile: async () => null },
    ticket: `${server.url}/octo-org/shop/issues/12`,
    add: (given) => {
      const comment = { id: ++lastId, body: "", author: "octocat", association: "COLLABORATOR", ...given };
      comments.push(comment);
      return comment;
    },
  };
  return fake;

  function answerTo(request: Received): Reply {
    const { method, path } = request;
    if (request.headers.authorization !== `Bearer ${token}` && method !== "GET")
      return refused(401, "Requires authentication");
    if (path === ISSUE) return { json: issue() };
    if (path === `${ISSUE}/comments`) return method === "POST" ? added(request) : listed(request);
    const id = /^\/repos\/octo-org\/shop\/issues\/comments\/(\d+)$/.exec(path)?.[1];
    const comment = comments.find((c) => String(c.id) === id);
    if (comment === undefined) return refused(404, "Not Found");
    if (comment.author !== fake.me && !fake.mayEditOthers)
      return refused(403, "Resource not accessible by personal access token");
    comment.body = bodyOf(request);
    return comment.body.length > 65_536 ? tooLong : { json: shown(comment) };
  }

  function added(request: Received): Reply {
    const body = bodyOf(request);
    if (body.length > 65_536) return tooLong;
    return { status: 201, json: shown(fake.add({ body, author: fake.me })) };
  }

  function listed({ query }: Received): Reply {
    const page = Number(query.get("page") ?? 1);
    const size = Math.min(PER_PAGE, Number(query.get("per_page") ?? 30));
    const shownHere = comments.slice((page - 1) * size, page * size);
    const last = Math.ceil(comments.length / size);
    const at = (n: number): string => `<${server.url}${ISSUE}/comments?per_page=${size}&page=${n}>`;
    // The last page is named before the next one, as it may be.
    const link = page < last ? `${at(last)}; rel="last", ${at(page + 1)}; rel="next"` : `${at(1)}; rel="first"`;
    return { json: shownHere.map(shown), ...(last > 1 && { headers: { Link: link } }) };
  }

  function shown({ id, body, author, association }: FakeComment): object {
    const base = description.example<Record<string, unknown>>("issue-comment");
    return {
      ...base,
      id,
      body,
      author_association: association,
      user: { ...(base.user as object), login: author },
      url: `${server.url}/repos/octo-org/shop/issues/comments/${id}`,
      html_url: `${server.url}/octo-org/shop/issues/12#issuecomment-${id}`,
    };
  }

  function issue(): object {
    const base = description.example<Record<string, unknown>>("issue");
    return { ...base, number: 12, url: `${server.url}${ISSUE}`, html_url: fake.ticket };
  }
}

const bodyOf = ({ body }: Received): string =>
  body.kind === "json" ? String((body.json as { body?: unknown } | null)?.body) : "";

export const refused = (status: number, message: string): Reply => ({
  status,
  json: { message, documentation_url: "https://docs.github.com/rest", status: String(status) },
});

export const tooLong: Reply = {
  status: 422,
  json: {
    message: "Validation Failed",
    errors: [
      {
        resource: "IssueComment",
        code: "custom",
        field: "body",
        message: "body is too long (maximum is 65536 characters)",
      },
    ],
    documentation_url: "https://docs.github.com/rest/issues/comments#create-an-issue-comment",
  },
};

/** docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export const secondaryLimit: Reply = {
  status: 403,
  headers: { "Retry-After": "7" },
  json: {
    message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    documentation_url:
      "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
  },
};
