// Does every tracker know its own tickets, and no other's, by what people copy from the address bar?

import { describe, expect, it } from "vitest";
import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";
import { TRACKERS, type TrackerId } from "../../src/ticket/tracker.ts";
import { ALL_TRACKERS, recogniseTicket } from "../../src/ticket/trackers.ts";

const nowhere: Settings = { env: {}, homeFile: async () => null };
const everywhere: Settings = {
  env: {
    JIRA_URL: "https://jira.example.com/jira",
    GH_HOST: "ghe.example.com",
    GITLAB_HOST: "gitlab.example.com",
    REDMINE_URL: "https://redmine.example.com",
    RT_URL: "https://rt.example.com",
    SERVICENOW_URL: "https://example.service-now.com",
    HALFCLOSE_WEBHOOK_URL: "https://hooks.example.com/path",
  },
  homeFile: async () => null,
};

it("every tracker is listed, once", () => {
  expect(ALL_TRACKERS.map((tracker) => tracker.id)).toEqual(TRACKERS);
});

it("every tracker knows the examples that its help gives, and nobody else claims them", () => {
  for (const tracker of ALL_TRACKERS) {
    expect(tracker.examples.length).toBeGreaterThan(0);
    for (const example of tracker.examples) {
      // Dots and words in capitals stand for what everybody has of their own.
      const text = example
        .replace(/ \(.*\)$/, "")
        .replace("INSTANCE", "example")
        .replace("SITE", "example")
        .replace("…", "0".repeat(32));
      expect.soft(recogniseTicket(text, everywhere).tracker.id, text).toBe(tracker.id);
    }
  }
});

describe("an address from the browser, with nothing in the settings", () => {
  const ID = "9d385017c611228701d22104cc95c371";
  it.each<[string, TrackerId, string]>([
    ["https://example.atlassian.net/browse/OPS-123", "jira", "OPS-123"],
    ["https://example.atlassian.net/jira/software/projects/OPS/boards/1?selectedIssue=OPS-123", "jira", "OPS-123"],
    ["https://jira.example.com/jira/browse/OPS-123", "jira", "OPS-123"],
    ["https://github.com/owner/repo/issues/12", "github", "owner/repo#12"],
    ["https://github.com/owner/repo/pull/12/files#diff-1", "github", "owner/repo#12"],
    ["https://ghe.example.com/owner/repo/issues/12", "github", "owner/repo#12"],
    ["https://gitlab.com/group/sub/project/-/issues/12", "gitlab", "group/sub/project#12"],
    ["https://git.example.com/group/project/-/merge_requests/12", "gitlab", "group/project!12"],
    ["https://redmine.example.com/issues/123", "redmine", "#123"],
    ["https://example.com/redmine/issues/123#note-4", "redmine", "#123"],
    ["https://rt.example.com/Ticket/Display.html?id=17", "request-tracker", "#17"],
    ["https://example.com/rt/Ticket/Display.html?id=17", "request-tracker", "#17"],
    [`https://example.service-now.com/nav_to.do?uri=incident.do?sys_id=${ID}`, "servicenow", ""],
    [`https://example.service-now.com/now/sow/record/incident/${ID}`, "servicenow", ""],
  ])("%s: %s", (text, id, name) => {
    const { tracker, place } = recogniseTicket(text, nowhere);
    expect(tracker.id).toBe(id);
    expect(place.tracker).toBe(id);
    if (name !== "") expect(place.name).toBe(name);
    expect(place.server).toMatch(/^https:\/\/[^/]+(?:\/[^/]+)*$/);
  });

  it.each([
    "",
    "12",
    "https://example.com/",
    "https://example.com/issues",
    "https://github.com/owner/repo",
    "https://gitlab.com/group/project/-/issues",
    "https://example.atlassian.net/wiki/spaces/OPS",
    "https://rt.example.com/Search/Results.html?Query=id",
    "jira:OPS",
    "github:owner/repo",
    "redmine:x",
    "rt:x",
    "servicenow:x",
    "webhook:x",
  ])("%j is refused in one line", (text) => {
    expect(() => recogniseTicket(text, everywhere)).toThrow(TicketError);
    expect(() => recogniseTicket(text, everywhere)).not.toThrow(/\n/);
  });
});

it("no error shows a password that stands in an address", () => {
  for (const { examples } of ALL_TRACKERS) {
    for (const example of examples.filter((text) => text.includes("https://"))) {
      const text = example.replace("https://", "https://someone:planted-password@").replace("…", "0".repeat(32));
      try {
        const { place } = recogniseTicket(text, nowhere);
        expect.soft(JSON.stringify(place), text).not.toContain("planted-password");
      } catch (error) {
        expect.soft((error as Error).message, text).not.toContain("planted-password");
      }
    }
  }
});
