// Which GitHub issue does a text mean, and whose token goes to which server?

import { describe, expect, test } from "vitest";
import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { gitHubCredentials, recogniseGitHub } from "../../src/ticket/github-place.ts";

const settings = (env: Settings["env"] = {}, files: Record<string, string> = {}): Settings => ({
  env,
  homeFile: async (path) => files[path] ?? null,
});
const seen = (text: string, env?: Settings["env"]) => {
  const place = recogniseGitHub(text, settings(env));
  return place === null ? null : [place.server, place.name, place.parts.kind, place.parts.api];
};

const COM = ["https://github.com", "octo-org/shop#12"];
const API = "https://api.github.com";

test.each([
  ["https://github.com/octo-org/shop/issues/12", [...COM, "issues", API]],
  ["  https://github.com/octo-org/shop/issues/12#issuecomment-99 ", [...COM, "issues", API]],
  ["https://www.github.com/octo-org/shop/pull/12/files?w=1", [...COM, "pull", API]],
  ["http://github.com/octo-org/shop/pull/12/", [...COM, "pull", API]],
  ["https://someone:secret@github.com/octo-org/shop/issues/12", [...COM, "issues", API]],
  ["github:octo-org/shop#12", [...COM, "issues", API]],
  ["github:https://github.com/octo-org/shop/issues/12", [...COM, "issues", API]],
  [
    "github:git.example.com/octo-org/shop#12",
    ["https://git.example.com", "octo-org/shop#12", "issues", "https://git.example.com/api/v3"],
  ],
  [
    "https://git.example.com:8443/octo-org/shop.js/issues/12",
    ["https://git.example.com:8443", "octo-org/shop.js#12", "issues", "https://git.example.com:8443/api/v3"],
  ],
  [
    "https://octo.ghe.com/octo-org/shop/pull/12",
    ["https://octo.ghe.com", "octo-org/shop#12", "pull", "https://api.octo.ghe.com"],
  ],
])("%s", (text, expected) => {
  expect(seen(text)).toEqual(expected);
});

test.each([
  "OPS-123",
  "octo-org/shop#12",
  "https://gitlab.com/octo-org/shop/-/issues/12",
  "https://gitlab.com/octo-org/shop/issues/12",
  "https://gitlab.example.com/octo-org/shop/issues/12",
  "https://codeberg.org/octo-org/shop/issues/12",
  "https://redmine.example.com/issues/12",
  "https://jira.example.com/browse/OPS-123",
  "https://git.example.com/octo-org/shop/issues",
  "https://git.example.com/octo-org/../issues/12",
  "ftp://github.com/octo-org/shop/issues/12",
  "",
])("%s is another's", (text) => {
  expect(seen(text)).toBeNull();
});

test("a server that is named as GitLab's is not GitHub's", () => {
  const text = "https://code.example.com/octo-org/shop/issues/12";
  expect(seen(text)).not.toBeNull();
  expect(seen(text, { GITLAB_HOST: "code.example.com" })).toBeNull();
  expect(seen(text, { CI_SERVER_URL: "https://code.example.com" })).toBeNull();
});

test.each([
  "github:shop#12",
  "github:octo-org/shop",
  "github:octo-org/shop#0",
  "github:octo-org/..#12",
  "https://github.com/octo-org/shop",
  "https://github.com/octo-org/shop/discussions/12",
  "https://github.com/octo-org/shop/issues/new",
])("%s is GitHub's, and something is missing", (text) => {
  expect(() => seen(text)).toThrow(/github:owner\/repo#12/);
});

test("where short forms are: GH_HOST, GITHUB_SERVER_URL; and its API", () => {
  const text = "github:octo-org/shop#12";
  expect(seen(text, { GH_HOST: "git.example.com" })?.[3]).toBe("https://git.example.com/api/v3");
  expect(seen(text, { GITHUB_SERVER_URL: "https://octo.ghe.com" })?.[3]).toBe("https://api.octo.ghe.com");
  const workflow = { GITHUB_SERVER_URL: "https://git.example.com", GITHUB_API_URL: "https://git.example.com/rest/" };
  expect(seen(text, workflow)?.[3]).toBe("https://git.example.com/rest");
  // The API of the workflow's server is not that of another.
  expect(seen("https://github.com/octo-org/shop/issues/12", workflow)?.[3]).toBe(API);
  expect(seen(text, { GITHUB_API_URL: "https://proxy.example.com/gh" })?.[3]).toBe("https://proxy.example.com/gh");
  expect(() => seen(text, { GH_HOST: "a b" })).toThrow(/GH_HOST/);
  expect(() => seen(text, { GITHUB_API_URL: "nonsense" })).toThrow(/GITHUB_API_URL/);
});

describe("credentials", () => {
  const DOTCOM = "https://github.com/octo-org/shop/issues/12";
  const SERVER = "https://git.example.com/octo-org/shop/issues/12";
  const from = async (text: string, env: Settings["env"], files: Record<string, string> = {}) => {
    const found = await gitHubCredentials(recogniseGitHub(text, settings(env))!, settings(env, files));
    return found === null ? null : [found.headers.Authorization, found.source];
  };

  test.each([
    [DOTCOM, { GH_TOKEN: "a", GITHUB_TOKEN: "b" }, ["Bearer a", "GH_TOKEN"]],
    [DOTCOM, { GH_TOKEN: "", GITHUB_TOKEN: "b" }, ["Bearer b", "GITHUB_TOKEN"]],
    [DOTCOM, { GH_ENTERPRISE_TOKEN: "c", GITHUB_ENTERPRISE_TOKEN: "d" }, null],
    ["https://octo.ghe.com/a/b/issues/1", { GH_TOKEN: "a" }, ["Bearer a", "GH_TOKEN"]],
    [SERVER, { GH_TOKEN: "a", GITHUB_TOKEN: "b" }, null],
    [SERVER, { GH_ENTERPRISE_TOKEN: "c", GITHUB_ENTERPRISE_TOKEN: "d" }, ["Bearer c", "GH_ENTERPRISE_TOKEN"]],
    [SERVER, { GITHUB_ENTERPRISE_TOKEN: "d" }, ["Bearer d", "GITHUB_ENTERPRISE_TOKEN"]],
    [SERVER, { GITHUB_TOKEN: "b", GITHUB_SERVER_URL: "https://git.example.com" }, ["Bearer b", "GITHUB_TOKEN"]],
    [SERVER, { GITHUB_TOKEN: "b", GITHUB_SERVER_URL: "https://github.com" }, null],
    ["https://github.com.example.com/a/b/issues/1", { GH_TOKEN: "a", GITHUB_TOKEN: "b" }, null],
    ["https://x.ghe.com.example.com/a/b/issues/1", { GH_TOKEN: "a" }, null],
  ])("%s with %o", async (text, env, expected) => {
    expect(await from(text, env)).toEqual(expected);
  });

  test("gh's configuration, then .netrc; each for its host", async () => {
    const gh = { ".config/gh/hosts.yml": "git.example.com:\n    user: me\n    oauth_token: from-gh\n" };
    const netrc = { ".netrc": "machine api.github.com login me password from-netrc\n" };
    expect(await from(SERVER, {}, { ...gh, ...netrc })).toEqual(["Bearer from-gh", "gh (~/.config/gh/hosts.yml)"]);
    expect(await from(DOTCOM, {}, { ...gh, ...netrc })).toEqual(["Bearer from-netrc", "~/.netrc"]);
    expect(await from(SERVER, {}, netrc)).toBeNull();
    expect(await from(SERVER, { GH_ENTERPRISE_TOKEN: "env" }, gh)).toEqual(["Bearer env", "GH_ENTERPRISE_TOKEN"]);
  });
});
