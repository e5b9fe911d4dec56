// Does a secret that was sent reach any output? One is planted wherever a protocol has room for it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { conversations, type Words } from "../hostile/conversations.ts";
import { captureOf } from "../hostile/talk.ts";

/** A part of each secret, that nothing else has. */
const SECRETS = {
  jwt: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtYWxsb3J5In0.c2lnbmF0dXJlb2ZtYWxsb3J5",
  base64: "Zk3vQ9xLr7TbW2mYp8Hc5NdJ",
  hex: "9f86d081884c7d659a2feaa0c55ad015",
  aws: "AKIAIOSFODNN7EXAMPLE",
  card: "4111111111111111",
  mail: "jane.doe@mail.example",
  password: "hunter2hunter2",
  literal: "swordfish-literal",
  bearer: "mF_9.B5f-4.1JqM",
  error: "tuna-in-quotes",
  number: "987654321",
  body: "trout-in-a-body",
  value: "carp-in-a-value",
};

const WORDS: Words = {
  path: `reset/${SECRETS.jwt}/of/${SECRETS.base64};jsessionid=${SECRETS.hex}`,
  query: `page=1&access_token=${SECRETS.bearer}&q=${SECRETS.mail}&n=${SECRETS.card}&h=Bearer%20${SECRETS.bearer}&${SECRETS.aws}`,
  host: `admin:${SECRETS.password}@shop.example`,
  id: "request-1",
  headers: [`Authorization: Bearer ${SECRETS.bearer}`, `Cookie: s=${SECRETS.hex}`, `X-Api-Key: ${SECRETS.aws}`],
  body: SECRETS.body,
  literal: SECRETS.literal,
  table: "shop.orders",
  user: "shopkeeper",
  database: "shop",
  password: SECRETS.password,
  errorText: `Duplicate entry '${SECRETS.error}' for key 'orders.name', row ${SECRETS.number}`,
  key: `session:${SECRETS.hex}:${SECRETS.mail}`,
  value: SECRETS.value,
  sni: "shop.example",
};

let folder = "";
let capture = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-planted-"));
  capture = join(folder, "planted.pcap");
  writeFileSync(capture, captureOf(conversations(WORDS)));
});
afterAll(() => rmSync(folder, { recursive: true }));

const COMMANDS = [
  ["analyze"],
  ["analyze", "--format", "markdown"],
  ["analyze", "--json", "--detail"],
  ["flows"],
  ["flows", "--json"],
  ["exchanges"],
  ["exchanges", "--json"],
  ["states", "--at", "end", "--json"],
  ["states", "--every", "1s", "--json"],
];

const run = async (argv: readonly string[], level: string): Promise<string> => {
  const { code, stdout, stderr } = await runCli([...argv, capture, "--redact", level]);
  expect(code, stderr).toBe(0);
  return stdout + stderr;
};

test.each(["default", "strict"])("with --redact %s no secret is in any output", async (level) => {
  for (const argv of COMMANDS) {
    // Text is broken into lines.
    const text = (await run(argv, level)).replace(/\s+/g, "");
    const leaked = Object.entries(SECRETS).filter(([, secret]) => text.includes(secret.replace(/\s+/g, "")));
    expect({ argv, leaked }).toEqual({ argv, leaked: [] });
  }
});

test("with --redact none what is read is shown: so they were there", async () => {
  const text = await run(["exchanges", "--json"], "none");
  const shown = Object.entries(SECRETS).filter(([, secret]) => text.includes(secret));
  // Of passwords, bodies and values nothing is ever kept; the one in the authority is.
  expect(shown.map(([name]) => name).sort()).toEqual(
    ["jwt", "base64", "hex", "aws", "card", "mail", "password", "literal", "bearer", "error", "number"].sort(),
  );
});

test("what is no secret stays: methods, paths, names of parameters, tables, codes, request ids", async () => {
  const lines = (await run(["exchanges", "--json"], "default")).trim().split("\n");
  const exchanges = lines.map((line) => JSON.parse(line));
  const http = exchanges.find((e) => e.protocol === "http");
  expect(http.request).toMatchObject({
    method: "GET",
    target:
      "/reset/REDACTED/of/REDACTED;jsessionid=REDACTED?page=1&access_token=REDACTED&q=REDACTED&n=REDACTED&h=REDACTED&REDACTED",
    host: "REDACTED@shop.example",
    id: "request-1",
  });
  const mysql = exchanges.filter((e) => e.protocol === "mysql");
  expect(mysql.some((e) => e.request.target.includes("orders"))).toBe(true);
  const redis = exchanges.filter((e) => e.protocol === "redis" && e.request?.target);
  expect(new Set(redis.map((e) => e.request.target))).toContain("session:*:*");
  const failed = exchanges.filter((e) => e.response?.error);
  expect(failed.length).toBeGreaterThan(0);
  for (const { response } of failed)
    expect(response.error.text).toMatch(/Duplicate entry '\?' for key '(?:\?|orders\.name)', row \?/);
});

test("the report counts what was replaced, and says it once", async () => {
  const { redaction } = JSON.parse(await run(["analyze", "--json", "--detail"], "default"));
  expect(redaction).toMatchObject({ level: "default", key: null });
  for (const what of ["target secrets", "credentials", "statement literals", "keys", "error texts"])
    expect(redaction.replaced[what], what).toBeGreaterThan(0);
  const text = (await run(["analyze"], "default")).replace(/\s+/g, " ");
  expect(text).toMatch(/Replaced before this was written: [\d,]+ secrets in request targets, [\d,]+ credentials\./);
  expect((await run(["analyze"], "none")).replace(/\s+/g, " ")).toContain("Nothing was redacted (--redact none)");
});

test("strict: no host name, database, user or address", async () => {
  for (const argv of COMMANDS) {
    const text = await run(argv, "strict");
    expect(text).not.toMatch(/\bshop\b|shopkeeper|\b10\.0\.0\.\d+\b|planted\.pcap/);
  }
});
