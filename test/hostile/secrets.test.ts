// Does anything that opens a door leave the machine? Secrets are planted wherever a protocol has room for one, and looked for in
// every byte that the program writes.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conversations, type Words } from "./conversations.ts";
import { type Output, outputsOf } from "./outputs.ts";
import { captureOf } from "./talk.ts";

/** In every secret, so that one search finds any. Its look is that of no word and no number. */
const MARK = "Zq7Xw9";
const secret = (where: string): string => `${where}${MARK}kR4tLm2Vb8Nc6Hs1Jd`;
const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI${MARK}In0.${secret("sig")}`;

const WORDS: Words = {
  path: `reset/${secret("path")}/orders;jsessionid=${secret("session")}`,
  query: `page=2&access_token=${secret("query")}&x=${JWT}&password=${secret("word")}&mail=${MARK}%40example.com`,
  host: "shop.example",
  id: "req-17",
  headers: [
    `Authorization: Bearer ${secret("bearer")}`,
    `Cookie: sid=${secret("cookie")}; theme=dark`,
    `Set-Cookie: sid=${secret("setcookie")}; HttpOnly`,
    `X-Api-Key: ${secret("apikey")}`,
    `X-Whatever: ${secret("whatever")}`,
    `Referer: https://shop.example/?token=${secret("referer")}`,
    `User-Agent: example/1.0 (${secret("agent")})`,
    `Location: /login?code=${secret("location")}`,
  ],
  body: `{"password":"${secret("body")}","card":"4111111111111111"}`,
  literal: secret("literal"),
  table: "customers",
  user: "app",
  database: "orders",
  password: secret("password"),
  errorText: `Duplicate entry '${secret("entry")}' for key 'mail'`,
  key: `session:${secret("key")}`,
  value: secret("value"),
  sni: "shop.example",
};

const folder = mkdtempSync(join(tmpdir(), "halfclose-secrets-"));
const capture = join(folder, "planted.pcap");
beforeAll(() => writeFileSync(capture, captureOf(conversations(WORDS))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const holding = (outputs: readonly Output[], ...texts: string[]): string[] =>
  outputs.flatMap(({ name, bytes }) => {
    const all = Buffer.from(bytes).toString("latin1");
    return texts.flatMap((text) => {
      const at = all.toLowerCase().indexOf(text.toLowerCase());
      return at < 0 ? [] : [`${name}: …${all.slice(Math.max(0, at - 40), at + 60)}…`];
    });
  });

describe.each(["default", "strict"])("--redact %s", (level) => {
  let outputs: Output[] = [];
  beforeAll(async () => {
    outputs = await outputsOf(capture, join(folder, level), ["--redact", level]);
  }, 120_000);

  test("no secret is in any byte of any output", () => {
    expect(holding(outputs, MARK, "4111111111111111", "4242424242")).toEqual([]);
  });

  test.runIf(level === "strict")("nor is any name of a host", () => {
    expect(holding(outputs, "shop.example", "10.0.0.", "planted")).toEqual([]);
  });
});

test("they were there: without redaction they show", async () => {
  const outputs = await outputsOf(capture, join(folder, "none"), ["--redact", "none"]);
  const slices = outputs.filter(({ name }) => name.endsWith(".pcapng"));
  for (const text of [...WORDS.headers.slice(0, 4), WORDS.body, WORDS.literal, WORDS.password, WORDS.value])
    expect(holding(slices, text).length, text).toBeGreaterThan(0);
}, 120_000);
