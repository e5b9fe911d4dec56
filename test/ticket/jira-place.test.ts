// Which texts mean an issue of Jira, and of which server?

import { describe, expect, it } from "vitest";
import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { jira } from "../../src/ticket/jira.ts";

const settings = (env: Record<string, string> = {}): Settings => ({ env, homeFile: async () => null });
const of = (text: string, env: Record<string, string> = {}): string | null => {
  const place = jira.recognise(text, settings(env));
  return place === null ? null : `${place.server} ${place.name}`;
};

describe("addresses", () => {
  it.each([
    ["https://shop.atlassian.net/browse/OPS-123", "https://shop.atlassian.net OPS-123"],
    ["https://shop.atlassian.net/browse/ops-123?focusedCommentId=10001", "https://shop.atlassian.net OPS-123"],
    [
      "https://shop.atlassian.net/jira/software/projects/OPS/boards/1?selectedIssue=OPS-123",
      "https://shop.atlassian.net OPS-123",
    ],
    ["https://shop.atlassian.net/jira/software/c/projects/OPS/issues/OPS-123", "https://shop.atlassian.net OPS-123"],
    ["https://shop.atlassian.net/jira/servicedesk/projects/SD/queues/custom/1/SD-7", "https://shop.atlassian.net SD-7"],
    ["https://shop.atlassian.net/issues/OPS-123?jql=project%20%3D%20OPS", "https://shop.atlassian.net OPS-123"],
    ["https://help.example.com/jira/servicedesk/projects/SD/queues/custom/1/SD-7", "https://help.example.com SD-7"],
    ["https://jira.example.com/browse/OPS-123", "https://jira.example.com OPS-123"],
    ["https://jira.example.com:8443/browse/OPS-123/", "https://jira.example.com:8443 OPS-123"],
    ["https://jira.example.com/jira/browse/OPS-123", "https://jira.example.com/jira OPS-123"],
    ["https://example.com/tools/jira/browse/OPS_2-9#comment-1", "https://example.com/tools/jira OPS_2-9"],
    [
      "https://jira.example.com/jira/projects/OPS/issues/OPS-123?filter=allopenissues",
      "https://jira.example.com/jira OPS-123",
    ],
    ["https://jira.example.com/projects/SD/queues/custom/3/SD-7", "https://jira.example.com SD-7"],
    [
      "https://jira.example.com/secure/RapidBoard.jspa?rapidView=1&selectedIssue=OPS-123",
      "https://jira.example.com OPS-123",
    ],
    ["https://jira.example.com/jira/servicedesk/customer/portal/2/SD-7", "https://jira.example.com/jira SD-7"],
    ["jira:https://jira.example.com/issues/OPS-123", "https://jira.example.com OPS-123"],
  ])("%s", (text, expected) => expect(of(text)).toBe(expected));

  it.each([
    "https://github.com/example/shop/issues/12",
    "https://gitlab.example.com/group/project/-/issues/12",
    "https://redmine.example.com/issues/17",
    "https://youtrack.example.com/issues/OPS-123",
    "https://jira.example.com/browse/OPS",
    "https://bitbucket.example.com/projects/OPS/repos/shop/browse/AB-1",
    "https://github.com/projects/shop-1",
    "https://github.com/orgs/example/projects/shop-1",
    "https://jira.example.com/",
    "https://example.com/OPS-123",
    "ftp://jira.example.com/browse/OPS-123",
    "OPS-123",
    "github:example/shop#12",
    "",
  ])("is not one: %s", (text) => expect(of(text)).toBeNull());
});

describe("the short form", () => {
  it.each([
    [{ JIRA_URL: "https://shop.atlassian.net/" }, "https://shop.atlassian.net OPS-123"],
    [{ JIRA_BASE_URL: "https://jira.example.com/jira" }, "https://jira.example.com/jira OPS-123"],
    [{ JIRA_SERVER: "jira.example.com" }, "https://jira.example.com OPS-123"],
    [{ JIRA_URL: "https://a.example.com", JIRA_SERVER: "https://b.example.com" }, "https://a.example.com OPS-123"],
  ])("%j", (env, expected) => expect(of("jira:ops-123", env as Record<string, string>)).toBe(expected));

  it("says what is missing", () => {
    expect(() => of("jira:OPS-123")).toThrow("JIRA_URL");
    expect(() => of("jira:17", { JIRA_URL: "https://jira.example.com" })).toThrow("jira:OPS-123");
    expect(() => of("jira:OPS-123", { JIRA_URL: "http://" })).toThrow("JIRA_URL");
    expect(() => of("jira:https://jira.example.com/")).toThrow("/browse/OPS-123");
  });
});

it("takes no credentials from an address, and does not show them", () => {
  const address = "https://me:planted-secret@jira.example.com/browse/OPS-123";
  expect(() => of(address)).toThrow(/environment/);
  try {
    of(address);
  } catch (error) {
    expect(String(error)).not.toContain("planted");
  }
});
