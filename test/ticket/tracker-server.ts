// What does a tracker get to see, and what happens when it fails in its documented ways? A server on loopback that writes down every
// request and answers as a test tells it.
//
//   const server = await trackerServer((request) => request.path === "/issue/1" ? { json: { id: 1 } } : { status: 404 });
//   server.next(tooMany(2));                       // only the next request meets this
//   const http = server.http({ Authorization: "Bearer planted" });
//   … server.requests[0]?.body …
//   await server.close();

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fetchHttp } from "../../src/ticket/http/fetch-http.ts";
import type { Http } from "../../src/ticket/http/http.ts";
import { parseMultipart, type ReceivedPart } from "./multipart.ts";

export type ReceivedBody =
  | { readonly kind: "none" }
  | { readonly kind: "json"; readonly json: unknown }
  | { readonly kind: "form"; readonly parts: readonly ReceivedPart[] }
  | { readonly kind: "fields"; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: "bytes"; readonly type: string; readonly bytes: Uint8Array }
  /** Its Content-Type says what it is not. */
  | { readonly kind: "malformed"; readonly problem: string };

export interface Received {
  readonly method: string;
  /** As sent, without the query; not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  readonly body: ReceivedBody;
}

export interface Reply {
  /** 200 where nothing is said. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** The connection is cut before anything is answered, or in the middle of the body. */
  readonly cut?: "before" | "midway";
  /** Nothing more is sent, and the connection stays: before the head, or in the middle of the body. */
  readonly silent?: "before" | "midway";
  /** So many bytes of `x`, as fast as they are taken. */
  readonly hugeBytes?: number;
}

// ─────────────────────────── documented failures ───────────────────────────

/** 429 (RFC 6585 §4) with Retry-After in seconds or as an HTTP-date, or without. */
export const tooMany = (retryAfter?: number | string): Reply => ({
  status: 429,
  ...(retryAfter !== undefined && { headers: { "Retry-After": String(retryAfter) } }),
  json: { message: "Too many requests" },
});
export const unavailable = (retryAfter?: number): Reply => ({
  status: 503,
  ...(retryAfter !== undefined && { headers: { "Retry-After": String(retryAfter) } }),
  text: "<html><head><title>Down for maintenance</title></head></html>",
});
export const brokenServer: Reply = { status: 500, json: { message: "Internal Server Error" } };
export const badGateway: Reply = {
  status: 502,
  headers: { "Content-Type": "text/html" },
  text: "<html><body>Bad Gateway",
};
export const cutBefore: Reply = { cut: "before" };
export const cutMidway: Reply = { cut: "midway", text: '{"half":' };
export const silent: Reply = { silent: "before" };
/** A page where JSON is due, as a sign-in page or a proxy gives it. */
export const pageInstead: Reply = {
  headers: { "Content-Type": "text/html; charset=utf-8" },
  text: "<!DOCTYPE html><html><head><title>Sign in</title></head><body>…</body></html>",
};
/** More than anybody should read. */
export const huge: Reply = { hugeBytes: 50_000_000, headers: { "Content-Type": "application/json" } };
export const redirect = (to: string, status = 302): Reply => ({ status, headers: { Location: to } });

// ─────────────────────────── the server ───────────────────────────

export interface TrackerServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly url: string;
  readonly requests: readonly Received[];
  /** What was malformed in requests (bodies that are not what they say); these were answered with 400. */
  readonly problems: readonly string[];
  /** Milliseconds that `http` would have waited. */
  readonly waits: readonly number[];
  /** These answer the next requests, one each, before the script is asked again. */
  next(...replies: readonly Reply[]): void;
  /** Http with these secret headers, for which waiting takes no time; five tries. Small `timeoutMs` for servers that are silent. */
  http(secrets?: Readonly<Record<string, string>>, timeoutMs?: number): Http;
  close(): Promise<void>;
}

export type Script = (request: Received, index: number) => Reply | Promise<Reply>;

export async function trackerServer(script: Script): Promise<TrackerServer> {
  const requests: Received[] = [];
  const problems: string[] = [];
  const waits: number[] = [];
  const queue: Reply[] = [];
  const server = createServer((message, response) => {
    void received(message).then(
      async (request) => {
        requests.push(request);
        if (request.body.kind === "malformed") {
          problems.push(`${request.method} ${request.path}: ${request.body.problem}`);
          return answer(response, { status: 400, json: { message: request.body.problem } });
        }
        try {
          answer(response, queue.shift() ?? (await script(request, requests.length - 1)));
        } catch (error) {
          problems.push(`${request.method} ${request.path}: ${error instanceof Error ? error.message : error}`);
          answer(response, { status: 500, json: { message: String(error) } });
        }
      },
      // The client went away while it sent.
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    problems,
    waits,
    next: (...replies) => void queue.push(...replies),
    http: (secrets = {}, timeoutMs = 5000) =>
      fetchHttp({
        credentials: Object.keys(secrets).length === 0 ? null : { headers: secrets, source: "the test" },
        userAgent: "halfclose-test",
        timeoutMs,
        sleep: async (ms) => void waits.push(ms),
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function received(message: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const bytes = new Uint8Array(Buffer.concat(chunks));
  const target = message.url ?? "/";
  const mark = target.indexOf("?");
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
  return {
    method: message.method ?? "",
    path: mark === -1 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? "" : target.slice(mark + 1)),
    headers,
    bytes,
    body: bodyOf(headers["content-type"] ?? "", bytes),
  };
}

function bodyOf(type: string, bytes: Uint8Array): ReceivedBody {
  const text = (): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  if (bytes.length === 0 && type === "") return { kind: "none" };
  try {
    if (/^application\/(?:[a-z0-9.-]+\+)?json(?:;|$)/.test(type)) return { kind: "json", json: JSON.parse(text()) };
    if (type.startsWith("multipart/form-data")) return { kind: "form", parts: parseMultipart(type, bytes) };
    if (type.startsWith("application/x-www-form-urlencoded"))
      return { kind: "fields", fields: Object.fromEntries(new URLSearchParams(text())) };
  } catch (error) {
    return { kind: "malformed", problem: (error as Error).message };
  }
  return { kind: "bytes", type, bytes };
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply.cut === "before") return void response.socket?.destroy();
  if (reply.silent === "before") return;
  const text = reply.json !== undefined ? JSON.stringify(reply.json) : (reply.text ?? "");
  const partly = reply.cut === "midway" || reply.silent === "midway";
  response.writeHead(reply.status ?? 200, {
    ...(reply.json !== undefined && { "Content-Type": "application/json" }),
    ...(partly && { "Content-Length": Buffer.byteLength(text) + 100 }),
    ...reply.headers,
  });
  if (reply.hugeBytes !== undefined) return void writeHuge(response, reply.hugeBytes);
  if (!partly) return void response.end(reply.bytes ?? text);
  response.write(text, () => {
    if (reply.cut === "midway") response.socket?.destroy();
  });
}

const PIECE = Buffer.alloc(65_536, "x");

function writeHuge(response: ServerResponse, left: number): void {
  if (left <= 0 || response.destroyed) return void response.end();
  const more = (): void => writeHuge(response, left - PIECE.length);
  if (response.write(PIECE)) setImmediate(more);
  else response.once("drain", more);
}
