// Does `halfclose attach` do what it says, end with the right exit code, and never print what is secret?

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Command } from "commander";
import { zipSync } from "fflate";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { attachCommandIn } from "../../src/cli/attach.ts";
import { Interrupts } from "../../src/cli/interrupts.ts";
import type { TicketWorld } from "../../src/cli/ticket.ts";
import { UsageError } from "../../src/core/errors.ts";
import type { Report } from "../../src/core/report.ts";
import type { Credentials } from "../../src/ticket/credentials/credentials.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import type { Tracker } from "../../src/ticket/tracker.ts";
import { Collector, type Ran, runCli } from "../cli/run-cli.ts";
import { sample } from "../cli/samples.ts";
import { FakeTicket, madeUpFiles, PLACE } from "./fake-tracker.ts";
import { type TrackerServer, trackerServer } from "./tracker-server.ts";

const SECRET = "planted-5ecret-token";
let folder = "";
const at = (name: string): string => join(folder, name);
const putBundle = (name: string, change: Partial<Report> = {}): void =>
  writeFileSync(at(name), zipSync(Object.fromEntries(madeUpFiles(change).map((f) => [f.name, f.bytes]))));

const REDACTED: Partial<Report> = { redaction: { level: "default", key: null, replaced: {} } };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-attach-"));
  putBundle("ticket.zip", REDACTED);
  putBundle("open.zip", { redaction: { level: "none", key: null, replaced: {} } });
  putBundle("silent.zip");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A home without configuration of anybody's tools. */
const env = (more: Record<string, string> = {}): Record<string, string> => ({
  LANG: "C.UTF-8",
  NETRC: at("nosuch"),
  ...more,
});

describe("with a tracker in memory", () => {
  let ticket: FakeTicket;
  let credentials: Credentials | null;
  beforeEach(() => {
    ticket = new FakeTicket();
    credentials = { headers: { Authorization: `Bearer ${SECRET}` }, source: "FAKE_TOKEN" };
  });
  const tracker = (): Tracker => ({
    id: "jira",
    title: "Fake",
    examples: ["fake:1"],
    recognise: () => PLACE,
    credentialSources: ["FAKE_TOKEN"],
    credentials: async () => credentials,
    open: async () => ticket,
  });
  const world = (): TicketWorld => ({
    settings: { env: {}, homeFile: async () => null },
    recognise: (text) => {
      if (text !== "fake:1") throw new TicketError("unknown-ticket", "this names no ticket");
      return { tracker: tracker(), place: PLACE };
    },
    http: () => ({ ask: async () => Promise.reject(new Error("nothing is asked here")) }),
  });
  async function run(...argv: string[]): Promise<Ran> {
    const [stdout, stderr] = [new Collector(), new Collector()];
    let code = -1;
    const io = { stdout, stderr, env: {}, interrupts: new Interrupts() };
    const command = attachCommandIn(
      io,
      (result) => (code = result),
      async () => world(),
    );
    await new Command()
      .exitOverride()
      .addCommand(command.exitOverride())
      .parseAsync(["attach", ...argv], { from: "user" });
    return { code, stdout: stdout.text, stderr: stderr.text };
  }

  it("says in one line what was done and where, and each step on standard error", async () => {
    const ran = await run(at("ticket.zip"), "--to", "fake:1");
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(
      /^https:\/\/tickets\.example\.com\/browse\/OPS-1: comment added \(https:\S+\), 3 files uploaded\n$/,
    );
    expect(ran.stderr.split("\n").filter((line) => line !== "")).toHaveLength(3);
    expect(ran.stderr).toContain("halfclose: report.html: uploaded");
    const again = await run(at("ticket.zip"), "--to", "fake:1");
    expect(again.stdout).toMatch(/: comment unchanged \(https:\S+\), 3 files there already\n$/);
    expect(ticket.comments).toHaveLength(1);
  });

  it("says it to a program, as its schema has it", async () => {
    const schema = JSON.parse(readFileSync(new URL("../../schema/attach.schema.json", import.meta.url), "utf8"));
    const validate = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(schema);
    for (const argv of [["--dry-run"], [], [], ["--files", "none", "--as", "other"]]) {
      const { stdout } = await run(at("ticket.zip"), "--to", "fake:1", "--json", ...argv);
      validate(JSON.parse(stdout));
      expect(validate.errors ?? []).toEqual([]);
    }
  });

  it("--dry-run shows the comment and sends nothing", async () => {
    const { stdout } = await run(at("ticket.zip"), "--to", "fake:1", "--dry-run");
    expect(stdout).toMatch(/^Nothing was sent\. https:\S+: comment would be added, 3 files would be uploaded\n/);
    expect(stdout).toContain("POST https://tickets.example.com/browse/OPS-1/comments\n  ### Critical");
    expect(ticket.log).toEqual([]);
  });

  it("--dry-run without credentials asks nothing, not even that", async () => {
    credentials = null;
    const asked = (): Promise<never> => Promise.reject(new Error("the ticket was asked"));
    Object.assign(ticket, {
      attached: asked,
      ownComment: asked,
      attach: asked,
      remove: asked,
      comment: asked,
    });
    const { stdout, stderr } = await run(at("ticket.zip"), "--to", "fake:1", "--dry-run");
    expect(stderr).toContain("no credentials for Fake");
    expect(stdout).toContain("Confidence: **high**");
  });

  it("that is stopped says that it goes on from there", async () => {
    ticket.limits = () => new Promise(() => {});
    const stderr = new Collector();
    const interrupts = new Interrupts();
    const io = { stdout: new Collector(), stderr, env: {}, interrupts };
    const command = attachCommandIn(
      io,
      () => {},
      async () => world(),
    );
    void command.parseAsync([at("ticket.zip"), "--to", "fake:1"], { from: "user" });
    await expect
      .poll(() => {
        interrupts.cleanUp();
        return stderr.text;
      })
      .toBe("halfclose: stopped; the same command again goes on from there\n");
  });

  it("without credentials says where it looked", async () => {
    credentials = null;
    await expect(run(at("ticket.zip"), "--to", "fake:1")).rejects.toThrow(
      "no credentials for Fake at https://tickets.example.com; looked for: FAKE_TOKEN",
    );
  });

  it("a report that is not redacted needs a word more", async () => {
    for (const [file, says] of [
      ["open.zip", "is not redacted"],
      ["silent.zip", "does not say what was redacted"],
    ] as const) {
      const error = await run(at(file), "--to", "fake:1").catch((e: unknown) => e);
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).toContain(says);
      expect(ticket.log).toEqual([]);
      expect((await run(at(file), "--to", "fake:1", "--yes-unredacted", "--as", file)).code).toBe(0);
      ticket.anew();
    }
  });

  it("texts of a tracker are shown, and do nothing", async () => {
    ticket = new FakeTicket({ refuses: [] });
    ticket.attach = async () => Promise.reject(new TicketError("refused", "no \u001b[2Jfile\nhere"));
    const { stderr } = await run(at("ticket.zip"), "--to", "fake:1");
    expect(stderr).toContain("no \\x1b[2Jfile\\nhere");
    expect(stderr).not.toContain("\u001b");
  });
});

describe("with a webhook on loopback", () => {
  let server: TrackerServer;
  let down = false;
  beforeEach(async () => {
    down = false;
    server = await trackerServer(() =>
      down ? { status: 403, json: { message: `who is ${SECRET}?` } } : { status: 204 },
    );
  });
  afterEach(() => server.close());
  const hook = (): string => `webhook:${server.url}/hook`;
  const secrets = (): Record<string, string> =>
    env({ HALFCLOSE_WEBHOOK_TOKEN: SECRET, HALFCLOSE_WEBHOOK_SECRET: `${SECRET}-2` });

  it("sends one request, and prints no secret", async () => {
    const ran = await runCli(["attach", at("ticket.zip"), "--to", hook()], { env: secrets() });
    expect([ran.code, server.problems], ran.stderr).toEqual([0, []]);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${SECRET}`);
    expect(ran.stdout + ran.stderr + new TextDecoder().decode(server.requests[0]!.bytes)).not.toContain(SECRET);
  });

  it("that refuses: exit code 4, one line, no secret", async () => {
    down = true;
    const ran = await runCli(["attach", at("ticket.zip"), "--to", hook()], {
      env: { ...secrets(), HALFCLOSE_DEBUG: "1" },
    });
    expect([ran.code, ran.stdout]).toEqual([4, ""]);
    expect(ran.stderr.trimEnd().split("\n").at(-1)).toMatch(/^halfclose: .*403/);
    expect(ran.stderr).not.toContain(SECRET);
  });

  it("--dry-run sends nothing", async () => {
    const ran = await runCli(["attach", at("ticket.zip"), "--to", hook(), "--dry-run"], { env: secrets() });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("report.html");
    expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    expect(server.requests).toEqual([]);
  });

  it("analyze --attach: the report on standard output, the bundle on the ticket", async () => {
    const argv = ["analyze", sample("healthy-closes"), "--attach", hook(), "--no-progress"];
    const ran = await runCli(argv, { env: secrets() });
    expect(ran.code).toBe(0);
    expect(ran.stdout).not.toContain("127.0.0.1:0");
    expect(ran.stderr).toContain("comment added");
    const { body } = server.requests[0]!;
    const sent = (body as { json: { report: { schema: string }; files: { name: string }[] } }).json;
    expect(sent.report.schema).toBe("halfclose.report/1");
    expect(sent.files.map((f) => f.name)).toContain("report.html");
    down = true;
    const failed = await runCli(argv, { env: secrets() });
    expect([failed.code, failed.stdout]).toEqual([4, ran.stdout]);
  });

  it("analyze --redact none --attach is refused before anything is read", async () => {
    const argv = ["analyze", at("nosuch.pcap"), "--redact", "none", "--attach", hook()];
    const ran = await runCli(argv, { env: secrets() });
    expect([ran.code, server.requests]).toEqual([2, []]);
    expect(ran.stderr).toContain("--yes-unredacted");
    const meant = ["analyze", sample("healthy-closes"), "--redact", "none", "--attach", hook(), "--yes-unredacted"];
    expect((await runCli(meant, { env: secrets() })).code).toBe(0);
  });
});

describe("wrong usage, and what cannot be read", () => {
  it.each([
    [[], 2, "no bundle was named"],
    [["ticket.zip"], 2, "name the ticket with --to"],
    [["ticket.zip", "--to", "nonsense"], 2, "--to: this names no ticket"],
    [["ticket.zip", "--to", "jira:OPS-1", "--files", ","], 2, "names no file"],
    [
      ["ticket.zip", "--to", "webhook:https://hooks.example.com/x", "--files", "thesis.txt"],
      2,
      "there are: all, none, pictures, zip",
    ],
    [["ticket.zip", "--to", "github:owner/repo#1", "--as", " "], 2, "It is a name"],
    [["nosuch.zip", "--to", "github:owner/repo#1"], 3, "no such file or folder"],
    [["ticket.zip", "--to", "https://github.com/owner/repo/issues/1"], 4, "no credentials for GitHub"],
  ] as [string[], number, string][])("%j", async (argv, code, says) => {
    const shown = argv.map((arg) => (arg.endsWith(".zip") ? at(arg) : arg));
    const ran = await runCli(["attach", ...shown], { env: env({ GH_CONFIG_DIR: folder, XDG_CONFIG_HOME: folder }) });
    expect([ran.code, ran.stdout]).toEqual([code, ""]);
    expect(ran.stderr).toMatch(/^halfclose: [^\n]+\n$/);
    expect(ran.stderr).toContain(says);
  });

  it("analyze --yes-unredacted alone means nothing", async () => {
    const ran = await runCli(["analyze", sample("healthy-closes"), "--yes-unredacted"]);
    expect([ran.code, ran.stdout]).toEqual([2, ""]);
  });
});

describe("help", () => {
  it("is in 80 columns, and so is the list of trackers", async () => {
    for (const argv of [
      ["attach", "--help"],
      ["attach", "--list"],
    ]) {
      const { code, stdout } = await runCli(argv);
      expect(code).toBe(0);
      expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    }
    const { stdout } = await runCli(["attach", "--list", "--json"]);
    const listed = JSON.parse(stdout) as { id: string; credential_sources: string[] }[];
    expect(listed.map((t) => t.id)).toEqual([
      "jira",
      "github",
      "gitlab",
      "redmine",
      "request-tracker",
      "servicenow",
      "webhook",
    ]);
    for (const { credential_sources: sources } of listed) expect(sources.length).toBeGreaterThan(0);
  });
});
