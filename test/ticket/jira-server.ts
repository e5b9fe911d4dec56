// What does a Jira do with these requests? A small one on loopback, Cloud (REST v3) or Data Center (v2, under a path of its own), that
// refuses whatever the documentation does not know, and keeps files and comments.

import { Ajv } from "ajv";
import { ADF_SCHEMA } from "./adf-schema.ts";
import type { ReceivedPart } from "./multipart.ts";
import type { Received, Reply } from "./tracker-server.ts";

export interface StoredFile {
  id: string;
  filename: string;
  size: number;
  mimeType: string;
  content: string;
}

export interface StoredComment {
  id: string;
  body: unknown;
  properties: { key: string; value: unknown }[];
}

export interface JiraModel {
  readonly cloud: boolean;
  /** Its path: "" or "/jira". */
  readonly path: string;
  readonly key: string;
  /** The one Authorization header that it takes. */
  readonly authorization: string;
  readonly files: StoredFile[];
  readonly comments: StoredComment[];
  /** What was wrong with requests: empty in a good run. */
  readonly problems: string[];
  meta: { enabled: boolean; uploadLimit: number };
  /** Comments of a page, whatever is asked; and whether a page of an issue has properties. */
  pageSize: number;
  listsProperties: boolean;
  mayDelete: boolean;
  mayEdit: boolean;
}

export const jiraModel = (cloud: boolean, changes: Partial<JiraModel> = {}): JiraModel => ({
  cloud,
  path: cloud ? "" : "/jira",
  key: "OPS-123",
  authorization: cloud ? `Basic ${btoa("me@example.com:planted-secret")}` : "Bearer planted-secret",
  files: [],
  comments: [],
  problems: [],
  meta: { enabled: true, uploadLimit: 10_485_760 },
  pageSize: 50,
  listsProperties: true,
  mayDelete: true,
  mayEdit: true,
  ...changes,
});

/** As Jira says no: ErrorCollection. */
export const refused = (status: number, message: string, errors: Record<string, string> = {}): Reply => ({
  status,
  json: { errorMessages: message === "" ? [] : [message], errors },
});

const isDocument = new Ajv({ strict: false, formats: { uri: (text: string) => URL.canParse(text) } }).compile(
  ADF_SCHEMA,
);
const MAX_COMMENT = 32_767;

export function jiraScript(model: JiraModel, url: () => string): (request: Received) => Reply {
  const api = `${model.path}/rest/api/${model.cloud ? 3 : 2}`;
  const wrong = (problem: string): Reply => {
    model.problems.push(problem);
    return refused(400, problem);
  };
  return (request) => {
    const { method, path, query, headers } = request;
    const called = `${method} ${path}`;
    if (!headers.accept?.includes("application/json")) return wrong(`${called}: Accept is ${headers.accept}`);
    const known = headers.authorization === model.authorization;
    if (!known && !model.cloud)
      return {
        ...refused(401, "You are not authenticated."),
        headers: { "X-Seraph-LoginReason": "AUTHENTICATED_FAILED" },
      };
    const nobody: Pick<Reply, "headers"> = known ? {} : { headers: { "X-Seraph-LoginReason": "AUTHENTICATED_FAILED" } };
    if (called === `GET ${model.path}/rest/api/2/serverInfo`)
      return {
        ...nobody,
        json: {
          baseUrl: `${url()}${model.path}`,
          version: model.cloud ? "1001.0.0-SNAPSHOT" : "9.12.4",
          deploymentType: model.cloud ? "Cloud" : "Server",
        },
      };
    if (!known) return { ...refused(404, "Issue does not exist or you do not have permission to see it."), ...nobody };
    if (called === `GET ${api}/attachment/meta`) return { json: model.meta };
    if (called === `POST ${api}/comment/list` && model.cloud)
      return byIds(model, request) ?? wrong(`${called}: not a list of ids`);
    const attachment = path.startsWith(`${api}/attachment/`) ? path.slice(`${api}/attachment/`.length) : null;
    if (attachment !== null && method === "DELETE") return removed(model, attachment);
    if (!path.startsWith(`${api}/issue/${model.key}`))
      return path.startsWith(`${api}/issue/`) ? refused(404, "Issue Does Not Exist") : wrong(`${called}: unknown`);
    const rest = path.slice(`${api}/issue/${model.key}`.length);
    if (method === "GET" && rest === "") {
      if (query.get("fields") !== "attachment") return wrong(`${called}: fields are ${query.get("fields")}`);
      return { json: { id: "10002", key: model.key, fields: { attachment: model.files } } };
    }
    if (method === "POST" && rest === "/attachments")
      return uploaded(model, request, url()) ?? wrong(`${called}: not an upload`);
    if (method === "GET" && rest === "/comment") return page(model, query);
    const id = /^\/comment(?:\/(\d+))?$/.exec(rest);
    if (id !== null && (method === "POST") === (id[1] === undefined) && (method === "POST" || method === "PUT"))
      return written(model, request, id[1], wrong);
    return wrong(`${called}: unknown`);
  };
}

const nextId = (list: readonly { id: string }[], from: number): string => String(from + list.length);

function uploaded(model: JiraModel, { headers, body }: Received, url: string): Reply | null {
  // "Special headers" of the documentation.
  if (headers["x-atlassian-token"] !== "no-check") return { status: 403, text: "XSRF check failed" };
  if (body.kind !== "form") return null;
  const added: StoredFile[] = [];
  for (const part of body.parts as readonly ReceivedPart[]) {
    if (part.name !== "file" || part.filename === null || part.type === null) return null;
    if (part.bytes.length > model.meta.uploadLimit) return refused(413, "The file exceeds its maximum permitted size");
    const id = nextId([...model.files, ...added], 20_000);
    added.push({
      id,
      filename: part.filename,
      size: part.bytes.length,
      mimeType: part.type,
      content: `${url}${model.path}/secure/attachment/${id}/${part.filename}`,
    });
  }
  model.files.push(...added);
  return { json: added };
}

function removed(model: JiraModel, id: string): Reply {
  if (!model.mayDelete) return refused(403, "You do not have permission to delete attachment");
  const at = model.files.findIndex((file) => file.id === id);
  if (at === -1) return refused(404, `The attachment with id '${id}' does not exist`);
  model.files.splice(at, 1);
  return { status: 204 };
}

function page(model: JiraModel, query: URLSearchParams): Reply {
  const startAt = Number(query.get("startAt") ?? 0);
  const size = Math.min(model.pageSize, Number(query.get("maxResults") ?? 50));
  const withProperties = query.get("expand") === "properties" && model.listsProperties;
  const comments = model.comments
    .slice(startAt, startAt + size)
    .map(({ properties, ...comment }) =>
      withProperties && properties.length > 0 ? { ...comment, properties } : comment,
    );
  return { json: { startAt, maxResults: size, total: model.comments.length, comments } };
}

function byIds(model: JiraModel, { body, query }: Received): Reply | null {
  const ids = body.kind === "json" ? (body.json as { ids?: unknown }).ids : null;
  if (
    !Array.isArray(ids) ||
    ids.length > 1000 ||
    !ids.every(Number.isSafeInteger) ||
    query.get("expand") !== "properties"
  )
    return null;
  const values = model.comments.filter(({ id }) => ids.includes(Number(id)));
  return { json: { isLast: true, maxResults: 1048576, startAt: 0, total: values.length, values } };
}

function written(
  model: JiraModel,
  { body, method }: Received,
  id: string | undefined,
  wrong: (problem: string) => Reply,
): Reply {
  const known = ["body", "properties", "visibility"];
  const json = body.kind === "json" ? (body.json as Record<string, unknown>) : null;
  if (json === null || Object.keys(json).some((name) => !known.includes(name)))
    return wrong(`a comment of ${JSON.stringify(Object.keys(json ?? {}))}`);
  if (model.cloud) {
    if (!isDocument(json.body)) return wrong(`not a document: ${JSON.stringify(isDocument.errors?.slice(0, 3))}`);
  } else if (typeof json.body !== "string" || json.body.trim() === "")
    return refused(400, "", { comment: "Comment body can not be empty!" });
  if ((typeof json.body === "string" ? json.body : JSON.stringify(json.body)).length > MAX_COMMENT)
    return refused(400, "", {
      comment: "The entered text is too long. It exceeds the allowed limit of 32,767 characters.",
    });
  const properties = (json.properties ?? []) as { key: string; value: unknown }[];
  if (
    !properties.every(
      ({ key, value }) =>
        typeof key === "string" &&
        key.length <= 255 &&
        typeof value === "object" &&
        JSON.stringify(value).length <= 32_768,
    )
  )
    return wrong("properties that are none");
  if (method === "POST") {
    const comment = { id: nextId(model.comments, 30_000), body: json.body, properties };
    model.comments.push(comment);
    return { status: 201, json: comment };
  }
  const comment = model.comments.find((one) => one.id === id);
  if (comment === undefined) return refused(404, `Can not find a comment for the id: ${id}.`);
  if (!model.mayEdit)
    return model.cloud
      ? refused(403, "You do not have permission to edit this comment")
      : refused(400, "You do not have the permission for this comment.");
  comment.body = json.body;
  return { json: comment };
}
