// What does GitLab answer? Notes and uploads of one project on loopback; each request is held against what docs.gitlab.com describes:
// api/notes, api/project_markdown_uploads, api/users (the current user), api/rest (pagination, troubleshooting: status codes).

import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { type Received, type Reply, type TrackerServer, trackerServer } from "./tracker-server.ts";

export interface FakeNote {
  id: number;
  body: string;
  author: number;
  system: boolean;
}

export interface FakeUpload {
  secret: string;
  filename: string;
  bytes: Uint8Array;
}

export interface FakeGitLab {
  readonly server: TrackerServer;
  readonly notes: FakeNote[];
  readonly uploads: FakeUpload[];
  /** What was asked in a way that is not described. */
  readonly problems: string[];
  me: number;
  maintainer: boolean;
  readonly settings: Settings;
  readonly ticket: string;
  add(note: Partial<FakeNote>): FakeNote;
}

/** The path of the project is one segment, its slashes escaped (docs.gitlab.com/api/rest, "Namespaced paths"). */
const PROJECT = "/api/v4/projects/ops%2Fedge%2Fshop";
const MAX_NOTE = 1_000_000;
const MAX_UPLOAD = 100 * 1024 * 1024;

const QUERY: Readonly<Record<string, RegExp>> = {
  page: /^[1-9]\d*$/,
  per_page: /^(?:[1-9]\d?|100)$/,
  sort: /^(?:asc|desc)$/,
  order_by: /^(?:created_at|updated_at)$/,
};

export async function fakeGitLab(token: string, kind: "issues" | "merge_requests" = "issues"): Promise<FakeGitLab> {
  const problems: string[] = [];
  const notes: FakeNote[] = [];
  const uploads: FakeUpload[] = [];
  const list = `${PROJECT}/${kind}/12/notes`;
  let lastId = 300;
  const server = await trackerServer((request) => {
    const told = (problem: string): void => void problems.push(`${request.method} ${request.path}: ${problem}`);
    if (request.headers.authorization !== `Bearer ${token}`)
      return { status: 401, json: { message: "401 Unauthorized" } };
    if (!request.headers["user-agent"]) told("no user-agent");
    return answerTo(request, told);
  });
  const fake: FakeGitLab = {
    server,
    notes,
    uploads,
    problems,
    me: 7,
    maintainer: false,
    settings: { env: { GITLAB_HOST: server.url, GITLAB_TOKEN: token }, homeFile: async () => null },
    ticket: `${server.url}/ops/edge/shop/-/${kind}/12`,
    add: (given) => {
      const note = { id: ++lastId, body: "", author: 7, system: false, ...given };
      notes.push(note);
      return note;
    },
  };
  return fake;

  function answerTo(request: Received, told: (problem: string) => void): Reply {
    const { method, path, query, body } = request;
    if (method === "GET") {
      for (const [name, value] of query)
        if (QUERY[name]?.test(value) !== true) told(`${name}=${value} is not described`);
      if (body.kind !== "none") told("a body");
      if (path === "/api/v4/user") return { json: { id: fake.me, username: "capture-bot", name: "Capture bot" } };
      if (path === list) return listed(query);
    } else if ([...query].length > 0) told("a query");
    if (method === "POST" && path === list) {
      const words = noteIn(request, told);
      if (words.length > MAX_NOTE) return tooLong;
      return { status: 201, json: shown(fake.add({ body: words, author: fake.me })) };
    }
    if (method === "POST" && path === `${PROJECT}/uploads`) return uploaded(request, told);
    const id = path.startsWith(`${list}/`) ? path.slice(list.length + 1) : null;
    if (method === "PUT" && id !== null) {
      const words = noteIn(request, told);
      const note = notes.find((n) => String(n.id) === id);
      if (note === undefined) return { status: 404, json: { message: "404 Note Not Found" } };
      if (note.author !== fake.me && !fake.maintainer) return forbidden;
      if (words.length > MAX_NOTE) return tooLong;
      note.body = words;
      return { json: shown(note) };
    }
    const [, secret, filename] = /\/uploads\/([0-9a-f]{32})\/([^/]+)$/.exec(path) ?? [];
    if (method === "DELETE" && path === `${PROJECT}/uploads/${secret}/${filename}`) {
      if (!fake.maintainer) return forbidden;
      const at = uploads.findIndex((u) => u.secret === secret && u.filename === decodeURIComponent(filename!));
      if (at === -1) return { status: 404, json: { message: "404 Not found" } };
      uploads.splice(at, 1);
      return { status: 204 };
    }
    told("is no operation that is described");
    return { status: 404, json: { error: "404 Not Found" } };
  }

  function noteIn({ body }: Received, told: (problem: string) => void): string {
    if (body.kind !== "json") {
      told(`a body of ${body.kind}`);
      return "";
    }
    const { body: words, ...rest } = body.json as Record<string, unknown>;
    if (typeof words !== "string" || words === "") told("no body");
    for (const name of Object.keys(rest)) told(`attribute ${name} is not used here`);
    return String(words);
  }

  function uploaded({ body }: Received, told: (problem: string) => void): Reply {
    const part = body.kind === "form" && body.parts.length === 1 ? body.parts[0] : undefined;
    if (part === undefined || part.name !== "file" || part.filename === null) {
      told("no form with one file");
      return { status: 400, json: { error: "file is missing" } };
    }
    if (part.bytes.length > MAX_UPLOAD) return { status: 413, json: { message: "413 Request Entity Too Large" } };
    const secret = (uploads.length + 1).toString(16).padStart(32, "a");
    const filename = part.filename.replace(/[^A-Za-z0-9.+_-]/g, "_");
    uploads.push({ secret, filename, bytes: part.bytes });
    const url = `/uploads/${secret}/${filename}`;
    const alt = filename.replace(/\.[^.]+$/, "");
    return {
      status: 201,
      json: { id: uploads.length, alt, url, full_path: `/-/project/1234${url}`, markdown: `[${filename}](${url})` },
    };
  }

  function listed(query: URLSearchParams): Reply {
    const [page, size] = [Number(query.get("page") ?? 1), Number(query.get("per_page") ?? 20)];
    const ordered = query.get("sort") === "asc" ? notes : notes.toReversed();
    const next = new URLSearchParams(query);
    next.set("page", String(page + 1));
    const more = page * size < notes.length;
    return {
      json: ordered.slice((page - 1) * size, page * size).map(shown),
      ...(more && {
        headers: { Link: `<${server.url}${list}?${next}>; rel="next", <${server.url}${list}>; rel="first"` },
      }),
    };
  }

  function shown({ id, body, author, system }: FakeNote): object {
    const person = { id: author, username: `user${author}`, name: `User ${author}`, state: "active" };
    return {
      id,
      body,
      attachment: null,
      author: person,
      created_at: "2026-03-01T09:22:45Z",
      updated_at: "2026-03-01T09:22:45Z",
      system,
      noteable_id: 377,
      noteable_type: kind === "issues" ? "Issue" : "MergeRequest",
      project_id: 1234,
      noteable_iid: 12,
      resolvable: false,
      internal: false,
    };
  }
}

export const forbidden: Reply = { status: 403, json: { message: "403 Forbidden" } };
export const tooLong: Reply = {
  status: 400,
  json: { message: '400 Bad request - Note {:note=>["is too long (maximum is 1000000 characters)"]}' },
};
