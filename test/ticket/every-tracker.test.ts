// Is a real bundle once on a ticket of each tracker, however often the command is run? Through the whole command line, against servers on
// loopback that know their maker's documentation.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { sample } from "../cli/samples.ts";
import { GitHubDescription } from "./github-openapi.ts";
import { fakeGitHub } from "./github-server.ts";
import { fakeGitLab } from "./gitlab-server.ts";
import { jiraModel, jiraScript } from "./jira-server.ts";
import { realServer, START_MS } from "./real-server.ts";
import { Instance } from "./servicenow-instance.ts";
import { trackerServer } from "./tracker-server.ts";

interface Started {
  readonly to: string;
  readonly env: Record<string, string>;
  readonly secret: string;
  /** Ours, oldest first, in the tracker's own form. */
  comments(): string[] | Promise<string[]>;
  files(): string[] | Promise<string[]>;
  problems(): readonly string[];
  /** False where an earlier version of a file stays beside the new one. */
  readonly removes?: boolean;
  close(): Promise<void>;
}

/** The files that a bundle of the sample has beside its pictures. */
const FILES = ["evidence.pcapng", "report.html", "report.json"];

const jiraOf = (cloud: boolean) => async (): Promise<Started> => {
  const model = jiraModel(cloud);
  let url = "";
  const server = await trackerServer((request) => jiraScript(model, () => url)(request));
  url = server.url;
  const secret = "planted-secret";
  return {
    to: `${url}${model.path}/browse/OPS-123`,
    env: {
      JIRA_URL: `${url}${model.path}`,
      ...(cloud ? { JIRA_EMAIL: "me@example.com", JIRA_API_TOKEN: secret } : { JIRA_TOKEN: secret }),
    },
    secret,
    comments: () => model.comments.map((c) => JSON.stringify(c.body)),
    files: () => model.files.map((f) => f.filename),
    problems: () => [...model.problems, ...server.problems],
    close: server.close,
  };
};

async function gitLab(): Promise<Started> {
  const secret = "planted-gitlab-token";
  const fake = await fakeGitLab(secret);
  fake.maintainer = true;
  return {
    to: `gitlab:${fake.ticket}`,
    env: { GITLAB_HOST: fake.server.url, GITLAB_TOKEN: secret },
    secret,
    comments: () => fake.notes.map((n) => n.body),
    files: () => fake.uploads.map((u) => u.filename),
    problems: () => [...fake.problems, ...fake.server.problems],
    close: fake.server.close,
  };
}

async function gitHub(): Promise<Started> {
  const secret = "planted-github-token";
  const fake = await fakeGitHub(new GitHubDescription("api.github.com"), secret);
  const { GITHUB_SERVER_URL = "", GITHUB_API_URL = "" } = fake.settings.env;
  return {
    to: `github:${fake.ticket}`,
    env: { GITHUB_SERVER_URL, GITHUB_API_URL, GITHUB_TOKEN: secret, GH_ENTERPRISE_TOKEN: secret, GH_HOST: "" },
    secret,
    comments: () => fake.comments.map((c) => c.body),
    files: () => [],
    problems: () => [...fake.problems, ...fake.server.problems],
    close: fake.server.close,
  };
}

async function serviceNow(): Promise<Started> {
  const instance = new Instance();
  const server = await trackerServer(instance.script);
  const secret = "pl4nted-s3cret";
  return {
    to: "servicenow:INC0010023",
    env: { SERVICENOW_URL: server.url, SERVICENOW_USER: "ann", SERVICENOW_PASSWORD: secret },
    secret,
    comments: () => instance.notes.map((n) => n.value),
    files: () => instance.files.map((f) => f.file_name),
    problems: () => server.problems,
    close: server.close,
  };
}

/** A bundle takes a second; a busy machine may take its time. */
const MAKING_MS = 120_000;
let folder = "";
let bundle = "";
let changed = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "halfclose-every-"));
  bundle = join(folder, "ticket.zip");
  changed = join(folder, "changed.zip");
  const ran = await runCli(["analyze", sample("leaked-pool"), "--bundle", bundle, "--no-progress"]);
  expect(ran.code).toBe(0);
  const files = unzipSync(readFileSync(bundle));
  const report = JSON.parse(new TextDecoder().decode(files["report.json"]));
  report.diagnosis.summary = `Another answer. ${report.diagnosis.summary}`;
  writeFileSync(changed, zipSync({ ...files, "report.json": new TextEncoder().encode(JSON.stringify(report)) }));
}, MAKING_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Nothing, again, changed, and again: one comment that says what is so, each file once, and no secret anywhere. */
async function keepsOne(
  tracker: Started,
  { edits, takesFiles }: { edits: boolean; takesFiles: boolean },
): Promise<void> {
  const printed: string[] = [];
  const attach = async (
    path: string,
    ...more: string[]
  ): Promise<{ comment: { outcome: string }; planned?: unknown[] }> => {
    const env = { LANG: "C.UTF-8", NETRC: join(folder, "nosuch"), ...tracker.env };
    const ran = await runCli(["attach", path, "--to", tracker.to, "--json", ...more], { env });
    printed.push(ran.stdout, ran.stderr);
    expect(ran.code, ran.stderr).toBe(0);
    return JSON.parse(ran.stdout);
  };
  const filesNow = async (): Promise<string[]> => [...(await tracker.files())].sort();
  const planned = await attach(bundle, "--dry-run");
  expect([planned.comment.outcome, await tracker.comments(), await filesNow()]).toEqual(["would be added", [], []]);
  expect(planned.planned!.length).toBeGreaterThan(0);

  expect((await attach(bundle)).comment.outcome).toBe("added");
  const [first, ...others] = await tracker.comments();
  expect(others).toEqual([]);
  expect(first).toContain("leaked its pool of 10 connections");
  const files = takesFiles ? FILES : [];
  expect(await filesNow()).toEqual(files);

  expect((await attach(bundle)).comment.outcome).toBe("unchanged");
  expect([(await tracker.comments()).length, await filesNow()]).toEqual([1, files]);

  expect((await attach(changed)).comment.outcome).toBe(edits ? "updated" : "added");
  expect(await tracker.comments()).toHaveLength(edits ? 1 : 2);
  expect((await tracker.comments()).at(-1)).toContain("Another answer.");
  const removes = tracker.removes ?? true;
  expect(await filesNow()).toEqual(removes ? files : [...files, "report.json"]);
  expect((await attach(changed)).comment.outcome).toBe("unchanged");

  expect(tracker.problems()).toEqual([]);
  for (const text of [...printed, ...(await tracker.comments())]) expect(text).not.toContain(tracker.secret);
}

describe.each([
  ["Jira Cloud", jiraOf(true), { edits: true, takesFiles: true }],
  ["Jira Data Center", jiraOf(false), { edits: true, takesFiles: true }],
  ["GitHub", gitHub, { edits: true, takesFiles: false }],
  ["GitLab", gitLab, { edits: true, takesFiles: true }],
  ["ServiceNow", serviceNow, { edits: false, takesFiles: true }],
] as const)("%s", (_, start, can) => {
  it("has one comment and each file once, however often", async () => {
    const tracker = await start();
    try {
      await keepsOne(tracker, can);
    } finally {
      await tracker.close();
    }
  });
});

/** Of Debian's packages, on loopback; where they are not installed, these are left out. */
async function realRedmine(): Promise<Started> {
  const server = await realServer("redmine");
  const { url, key, ticket } = server.said as Record<string, string>;
  const issue = async (): Promise<Record<string, Record<string, string>[]>> => {
    const address = `${url}/issues/${ticket}.json?include=journals,attachments`;
    const answer = await fetch(address, { headers: { "X-Redmine-API-Key": key! } });
    return ((await answer.json()) as { issue: Record<string, Record<string, string>[]> }).issue;
  };
  return {
    to: `${url}/issues/${ticket}`,
    env: { REDMINE_URL: url!, REDMINE_API_KEY: key! },
    secret: key!,
    comments: async () => (await issue()).journals!.flatMap(({ notes }) => (notes ? [notes] : [])),
    files: async () => (await issue()).attachments!.map((a) => a.filename!),
    problems: () => [],
    close: async () => server[Symbol.asyncDispose](),
  };
}

async function realRequestTracker(): Promise<Started> {
  const server = await realServer("request-tracker");
  const { url, token, ticket } = server.said as Record<string, string>;
  const asked = async (path: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}/REST/2.0/${path}`, { headers: { Authorization: `token ${token}` } });
    return (await answer.json()) as Record<string, unknown>;
  };
  const messages = async (): Promise<Record<string, string>[]> => {
    const fields = "fields=Subject,Filename,ContentType&per_page=100";
    return (await asked(`ticket/${ticket}/attachments?${fields}`)).items as Record<string, string>[];
  };
  return {
    to: `${url}/Ticket/Display.html?id=${ticket}`,
    env: { RT_URL: url!, RT_TOKEN: token! },
    secret: token!,
    removes: false,
    comments: async () => {
      const own = (await messages()).filter(
        (m) => m.ContentType === "text/html" && m.Subject?.startsWith("halfclose report"),
      );
      const contents = await Promise.all(own.map((m) => asked(`attachment/${m.id}`)));
      return contents.map((c) => Buffer.from(String(c.Content), "base64").toString());
    },
    files: async () => (await messages()).flatMap((m) => (m.Filename ? [m.Filename] : [])),
    problems: () => [],
    close: async () => server[Symbol.asyncDispose](),
  };
}

describe.each([
  ["Redmine", "/usr/share/redmine/config.ru", realRedmine, { edits: true, takesFiles: true }],
  ["Request Tracker", "/usr/sbin/rt-setup-database-5", realRequestTracker, { edits: false, takesFiles: true }],
] as const)("a real %s", (_, installed, start, can) => {
  it.skipIf(!existsSync(installed))(
    "has one comment and each file once, however often",
    async () => {
      const tracker = await start();
      try {
        await keepsOne(tracker, can);
      } finally {
        await tracker.close();
      }
    },
    START_MS,
  );
});
