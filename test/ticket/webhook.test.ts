// Does a webhook get everything in one request, signed, and is its address shown nowhere?

import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Credentials, Settings } from "../../src/ticket/credentials/credentials.ts";
import type { Block } from "../../src/ticket/summary.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import type { Ticket, TicketFile } from "../../src/ticket/tracker.ts";
import { MAX_CARRIED, signature, webhook } from "../../src/ticket/webhook.ts";
import { brokenServer, silent, type TrackerServer, tooMany, trackerServer } from "./tracker-server.ts";

const PATH = "/services/T0001/planted-path-key";
const BLOCKS: Block[] = [
  { kind: "heading", text: "Nobody answered" },
  { kind: "paragraph", words: [{ kind: "text", text: "@anna <script>" }] },
];
const file = (name: string, text: string, type = "text/plain"): TicketFile => ({
  name,
  type,
  bytes: new TextEncoder().encode(text),
});

const validate = new Ajv2020().compile(
  JSON.parse(readFileSync(new URL("../../schema/webhook.schema.json", import.meta.url), "utf8")),
);

let server: TrackerServer;
beforeEach(async () => {
  server = await trackerServer(() => ({ status: 202, text: "taken" }));
});
afterEach(() => server.close());

async function opened(
  env: Settings["env"] = {},
  timeoutMs?: number,
): Promise<{ ticket: Ticket; credentials: Credentials }> {
  const settings: Settings = { env, homeFile: async () => null };
  const place = webhook.recognise(`webhook:${server.url}${PATH}?sig=planted-sig`, settings)!;
  const credentials = (await webhook.credentials(place, settings))!;
  return { ticket: await webhook.open(place, credentials, server.http(credentials.headers, timeoutMs)), credentials };
}

async function delivered(ticket: Ticket, files: readonly TicketFile[]): Promise<void> {
  const attached = [];
  for (const one of files) attached.push(await ticket.attach(one));
  const body = ticket.written(BLOCKS, "halfclose-0123456789abcdef", attached, await ticket.limits());
  await ticket.comment(body, await ticket.ownComment("halfclose-0123456789abcdef"));
}

const jsonOf = (index: number): Record<string, unknown> => {
  const body = server.requests[index]!.body;
  return body.kind === "json" ? (body.json as Record<string, unknown>) : expect.unreachable("no JSON");
};

describe("a delivery", () => {
  it("is one POST with mark, summary, report and files", async () => {
    const { ticket } = await opened();
    const capture = {
      name: "evidence.pcapng",
      type: "application/x-pcapng",
      bytes: Uint8Array.from({ length: 70_001 }, (_, i) => i % 251),
    };
    await delivered(ticket, [
      file("report.html", "<p>ü</p>", "text/html"),
      file("report.json", '{"schema":"halfclose.report/1"}'),
      capture,
    ]);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ method: "POST", path: PATH });
    const message = jsonOf(0);
    expect(validate(message), JSON.stringify(validate.errors)).toBe(true);
    for (const wrong of [{ mark: "" }, { files: [{ name: "x" }] }, { event: "other" }, { more: 1 }])
      expect(validate({ ...message, ...wrong })).toBe(false);
    expect(message).toMatchObject({
      schema: "halfclose.webhook/1",
      event: "report.attached",
      mark: "halfclose-0123456789abcdef",
      report: { schema: "halfclose.report/1" },
      files: [
        { name: "report.html", type: "text/html", bytes: 9, base64: Buffer.from("<p>ü</p>").toString("base64") },
        {
          name: "evidence.pcapng",
          bytes: 70_001,
          sha256: createHash("sha256").update(capture.bytes).digest("hex"),
          base64: Buffer.from(capture.bytes).toString("base64"),
        },
      ],
    });
    expect(message.summary_markdown).toContain("### Nobody answered");
    expect(message.summary_markdown).not.toContain("@anna");
    expect(message.summary_markdown).not.toContain("<script>");
  });

  it("carries what fits, report first, and the names of the rest", async () => {
    const { ticket } = await opened();
    const large = { name: "large.zip", type: "application/zip", bytes: new Uint8Array(MAX_CARRIED) };
    const small = file("small.txt", "small");
    await delivered(ticket, [large, small, file("report.json", "{}")]);
    expect(validate(jsonOf(0)), JSON.stringify(validate.errors)).toBe(true);
    expect(jsonOf(0)).toMatchObject({
      report: {},
      files: [
        { name: "large.zip", bytes: MAX_CARRIED, base64: null },
        { name: "small.txt", base64: "c21hbGw=" },
      ],
    });
    const planned = ticket.planned([large, small], "the summary", null);
    expect(planned).toEqual([
      {
        method: "POST",
        url: `${server.url}/…`,
        body: `large.zip, ${MAX_CARRIED} bytes, its name alone\nsmall.txt, 5 bytes\nthe summary`,
      },
    ]);
  });

  it("is signed over the bytes that are sent, and bears the token", async () => {
    const env = { HALFCLOSE_WEBHOOK_SECRET: "planted-secret", HALFCLOSE_WEBHOOK_TOKEN: "planted-token" };
    const { ticket, credentials } = await opened(env);
    await delivered(ticket, []);
    const { headers, bytes } = server.requests[0]!;
    const expected = createHmac("sha256", env.HALFCLOSE_WEBHOOK_SECRET).update(bytes).digest("hex");
    expect(headers["x-hub-signature-256"]).toBe(`sha256=${expected}`);
    expect(headers.authorization).toBe("Bearer planted-token");
    expect(JSON.stringify(headers)).not.toContain("planted-secret");
    expect(credentials.source).toBe("HALFCLOSE_WEBHOOK_TOKEN, HALFCLOSE_WEBHOOK_SECRET");
    expect(JSON.stringify(credentials)).not.toContain("planted-secret");
    // The example that GitHub publishes.
    expect(await signature("It's a Secret to Everybody", new TextEncoder().encode("Hello, World!"))).toBe(
      "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    );
  });

  it("is neither signed nor authorised where nothing is set", async () => {
    const { ticket, credentials } = await opened();
    await delivered(ticket, []);
    expect(server.requests[0]?.headers).not.toHaveProperty("authorization");
    expect(server.requests[0]?.headers).not.toHaveProperty("x-hub-signature-256");
    expect(credentials.source).toBe("the address alone");
  });

  it("is repeated after any passing failure, with the same key, and another body has another key", async () => {
    const { ticket } = await opened({}, 1000);
    server.next(brokenServer, tooMany(), silent);
    await delivered(ticket, [file("a.txt", "a")]);
    const keys = server.requests.map((request) => request.headers["idempotency-key"]);
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toBe(`"${createHash("sha256").update(server.requests[0]!.bytes).digest("hex")}"`);
    await delivered((await opened()).ticket, [file("a.txt", "a")]);
    await delivered((await opened()).ticket, [file("a.txt", "b")]);
    expect(server.requests[4]?.headers["idempotency-key"]).toBe(keys[0]);
    expect(server.requests[5]?.headers["idempotency-key"]).not.toBe(keys[0]);
  });

  it("takes a file back, and replaces one of the same name", async () => {
    const { ticket } = await opened();
    const attached = await ticket.attach(file("a.txt", "a"));
    await ticket.attach(file("b.txt", "old"));
    expect(await ticket.remove(attached)).toBe(true);
    await delivered(ticket, [file("b.txt", "new")]);
    expect(jsonOf(0).files).toMatchObject([{ name: "b.txt", base64: btoa("new") }]);
  });
});

describe("the address", () => {
  it("is shown without its path, in the place, the plan and every error", async () => {
    const { ticket } = await opened({ HALFCLOSE_WEBHOOK_TOKEN: "planted-token" });
    server.next({ status: 404, text: `Cannot POST ${PATH}?sig=planted-sig (token planted-token)` });
    const error = (await ticket.comment("x", null).catch((e: unknown) => e)) as TicketError;
    expect(error).toBeInstanceOf(TicketError);
    expect(error.message).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/…: 404, .*: Cannot POST … \(token …\)$/);
    server.next({ status: 302, headers: { Location: `${server.url}/planted-elsewhere` } });
    const moved = (await ticket.comment("x", null).catch((e: unknown) => e)) as TicketError;
    const shown = JSON.stringify([
      ticket.place,
      ticket.url,
      ticket.planned([], "", null),
      error.message,
      moved.message,
    ]);
    expect(shown).not.toContain("planted");
    expect(shown).not.toContain("T0001");
  });

  it("comes from the text or the environment", () => {
    const settings = (url?: string): Settings => ({ env: { HALFCLOSE_WEBHOOK_URL: url }, homeFile: async () => null });
    expect(webhook.recognise("webhook:", settings("https://hooks.example.com/a"))).toEqual({
      tracker: "webhook",
      server: "https://hooks.example.com",
      name: "hooks.example.com",
      parts: { address: "https://hooks.example.com/a" },
    });
    expect(webhook.recognise("https://hooks.example.com/a", settings())).toBeNull();
    for (const text of [
      "webhook:",
      "webhook",
      "webhook:hooks.example.com",
      "webhook:ftp://hooks.example.com/planted",
    ]) {
      expect(() => webhook.recognise(text, settings())).toThrow(TicketError);
      expect(() => webhook.recognise(text, settings())).not.toThrow(/planted/);
    }
  });
});
