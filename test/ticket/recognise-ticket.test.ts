// Does each text mean the one tracker that people would say, and does an unclear one say what decides?

import { describe, expect, it } from "vitest";
import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { PREFIXES, recogniseAmong } from "../../src/ticket/recognise-ticket.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import { TRACKERS, type Tracker, type TrackerId } from "../../src/ticket/tracker.ts";

const settings = (env: Settings["env"] = {}): Settings => ({ env, homeFile: async () => null });

/** Knows addresses of one form and `PREFIX:NUMBER`; a bare number where it says so. */
const tracker = (id: TrackerId, form: RegExp, title = id as string): Tracker => ({
  id,
  title,
  examples: [`https://${id}.example.com/12`, `${PREFIXES[id][0]}:12`],
  recognise(text, { env }) {
    if (text === "OPS-1" && id === "jira")
      throw new TicketError("unknown-ticket", "OPS-1: where is Jira? Set JIRA_URL");
    const found = form.exec(text) ?? new RegExp(`^${PREFIXES[id][0]}:(\\d+)$`).exec(text);
    return found === null ? null : { tracker: id, server: env.SERVER ?? "https://x", name: found[0], parts: {} };
  },
  credentialSources: [],
  credentials: async () => null,
  open: () => expect.unreachable(),
});

const jira = tracker("jira", /\/browse\/[A-Z]+-\d+$/, "Jira");
const github = tracker("github", /^https:\/\/[^/]+\/[\w-]+\/[\w-]+\/issues\/\d+$/, "GitHub");
const redmine = tracker("redmine", /\/issues\/\d+$/, "Redmine");
const rt = tracker("request-tracker", /Display\.html\?id=\d+$/, "Request Tracker");
const all = [jira, github, redmine, rt];
const of = (text: string, env: Settings["env"] = {}): string => recogniseAmong(all, text, settings(env)).tracker.id;

describe("a text means", () => {
  it.each<[string, TrackerId]>([
    ["https://jira.example.com/jira/browse/OPS-12", "jira"],
    ["https://github.com/owner/repo/issues/12", "github"],
    ["  https://redmine.example.com/issues/12\n", "redmine"],
    ["https://rt.example.com/Ticket/Display.html?id=17", "request-tracker"],
    ["jira:12", "jira"],
    ["RT:12", "request-tracker"],
    ["request-tracker: 12", "request-tracker"],
    ["gh:12", "github"],
    // Two could mean it; it is said whose it is.
    ["redmine:https://git.example.com/owner/repo/issues/12", "redmine"],
    ["github:https://git.example.com/owner/repo/issues/12", "github"],
  ])("%s: %s", (text, id) => expect(of(text)).toBe(id));

  it("the tracker whose server is in the settings, where two could mean it", () => {
    const text = "https://git.example.com/owner/repo/issues/12";
    expect(of(text, { GH_HOST: "git.example.com" })).toBe("github");
    expect(of(text, { REDMINE_URL: "https://git.example.com/owner/repo/" })).toBe("redmine");
    expect(() => of(text, { GH_HOST: "other.example.com" })).toThrow(
      "this may be a ticket of GitHub or Redmine; put github: or redmine: before it",
    );
    expect(() => of(text, { GH_HOST: "git.example.com", REDMINE_URL: "https://git.example.com" })).toThrow(
      /GitHub or Redmine/,
    );
  });
});

describe("a text that means no ticket", () => {
  it("is told how one is named", () => {
    for (const text of ["", "what", "https://example.com/", "OPS_1", "file:///etc/passwd", "mailto:x@example.com"])
      expect(() => of(text)).toThrow(
        "this names no ticket; one is named by its address in the browser, or like jira:12, github:12, redmine:12, rt:12",
      );
  });

  it("is told what its tracker misses", () => {
    expect(() => of("OPS-1")).toThrow("where is Jira?");
    expect(() => of("jira:x")).toThrow(
      "this names no ticket of Jira; one is named like https://jira.example.com/12 or jira:12",
    );
    expect(() => of("https://github.com/owner/repo")).toThrow(/^this names no ticket of GitHub/);
    expect(() => of("https://gitlab.com/owner/repo/issues/12")).toThrow(/^this names no ticket; /);
  });
});

it("every tracker has a prefix of its own", () => {
  const prefixes = Object.values(PREFIXES).flat();
  expect(Object.keys(PREFIXES)).toEqual([...TRACKERS]);
  expect(new Set(prefixes).size).toBe(prefixes.length);
});
