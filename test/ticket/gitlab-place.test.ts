// Which GitLab issue or merge request does a text mean, and whose token goes to which server?

import { describe, expect, test } from "vitest";
import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { gitLabCredentials, recogniseGitLab } from "../../src/ticket/gitlab-place.ts";

const settings = (env: Settings["env"] = {}, files: Record<string, string> = {}): Settings => ({
  env,
  homeFile: async (path) => files[path] ?? null,
});
const seen = (text: string, env?: Settings["env"]) => {
  const place = recogniseGitLab(text, settings(env));
  return place === null ? null : [place.server, place.name, place.parts.project, place.parts.kind];
};

const COM = "https://gitlab.com";
const OWN = "https://code.example.com";

test.each([
  ["https://gitlab.com/ops/shop/-/issues/12", [COM, "ops/shop#12", "ops/shop", "issues"]],
  ["https://gitlab.com/ops/edge/eu/shop/-/work_items/12", [COM, "ops/edge/eu/shop#12", "ops/edge/eu/shop", "issues"]],
  ["https://gitlab.com/ops/shop/-/issues/incident/12#note_5", [COM, "ops/shop#12", "ops/shop", "issues"]],
  [
    "https://gitlab.com/ops/shop/-/merge_requests/12/diffs?view=inline",
    [COM, "ops/shop!12", "ops/shop", "merge_requests"],
  ],
  ["https://gitlab.com/ops/shop/issues/12", [COM, "ops/shop#12", "ops/shop", "issues"]],
  ["https://code.example.com:8443/ops/shop/-/issues/12", [`${OWN}:8443`, "ops/shop#12", "ops/shop", "issues"]],
  [
    "https://gitlab.example.com/ops/shop/issues/12",
    ["https://gitlab.example.com", "ops/shop#12", "ops/shop", "issues"],
  ],
  ["gitlab:ops/edge/shop#12", [COM, "ops/edge/shop#12", "ops/edge/shop", "issues"]],
  ["gitlab:ops/shop!12", [COM, "ops/shop!12", "ops/shop", "merge_requests"]],
  ["gitlab:https://code.example.com/ops/shop/issues/12", [OWN, "ops/shop#12", "ops/shop", "issues"]],
])("%s", (text, expected) => {
  expect(seen(text)).toEqual(expected);
});

test("the server of the settings, and the path that it is below", () => {
  expect(seen("gitlab:ops/shop#12", { GITLAB_HOST: "code.example.com" })?.[0]).toBe(OWN);
  expect(seen("gitlab:ops/shop#12", { GITLAB_URI: `${OWN}/git/` })?.[0]).toBe(`${OWN}/git`);
  const below = seen(`${OWN}/git/ops/shop/-/issues/12`, { GITLAB_URI: `${OWN}/git/` });
  expect(below).toEqual([`${OWN}/git`, "ops/shop#12", "ops/shop", "issues"]);
  expect(seen(`${OWN}/ops/shop/issues/12`, { CI_SERVER_URL: OWN })).not.toBeNull();
  expect(() => seen("gitlab:ops/shop#12", { GITLAB_HOST: "a b" })).toThrow(/GITLAB_HOST/);
});

test.each([
  "ops/shop#12",
  "https://github.com/ops/shop/issues/12",
  "https://code.example.com/ops/shop/issues/12",
  "https://redmine.example.com/issues/12",
  "https://code.example.com/ops/shop/-/pipelines/12",
  "",
])("%s is another's", (text) => {
  expect(seen(text)).toBeNull();
});

test.each([
  "gitlab:shop#12",
  "gitlab:ops/shop",
  "gitlab:ops/../shop#12",
  "gitlab:ops/shop#0",
  "https://gitlab.com/ops/shop",
  "https://gitlab.com/groups/ops/-/epics/3",
  "https://gitlab.com/groups/ops/-/work_items/3",
  "https://code.example.com/groups/ops/-/epics/3",
])("%s is GitLab's, and something is missing", (text) => {
  expect(() => seen(text)).toThrow(/gitlab:group\/project#12/);
});

describe("credentials", () => {
  const from = async (text: string, env: Settings["env"], files: Record<string, string> = {}) => {
    const found = await gitLabCredentials(recogniseGitLab(text, settings(env))!, settings(env, files));
    return found === null ? null : [found.headers.Authorization, found.source];
  };
  const DOTCOM = "https://gitlab.com/ops/shop/-/issues/12";
  const SERVER = "https://code.example.com/ops/shop/-/issues/12";

  test.each([
    [DOTCOM, { GITLAB_TOKEN: "a", GITLAB_ACCESS_TOKEN: "b" }, ["Bearer a", "GITLAB_TOKEN"]],
    [DOTCOM, { GITLAB_ACCESS_TOKEN: "b" }, ["Bearer b", "GITLAB_ACCESS_TOKEN"]],
    [DOTCOM, { CI_JOB_TOKEN: "c" }, null],
    [SERVER, { GITLAB_TOKEN: "a" }, null],
    [SERVER, { GITLAB_TOKEN: "a", GITLAB_HOST: "code.example.com" }, ["Bearer a", "GITLAB_TOKEN"]],
    [SERVER, { GITLAB_TOKEN: "a", CI_SERVER_URL: "https://code.example.com" }, ["Bearer a", "GITLAB_TOKEN"]],
    [DOTCOM, { GITLAB_TOKEN: "a", GITLAB_HOST: "code.example.com" }, null],
    ["https://gitlab.com.example.com/ops/shop/-/issues/1", { GITLAB_TOKEN: "a" }, null],
  ])("%s with %o", async (text, env, expected) => {
    expect(await from(text, env)).toEqual(expected);
  });

  test("glab's configuration, then .netrc; each for its host", async () => {
    const glab = { ".config/glab-cli/config.yml": "hosts:\n    code.example.com:\n        token: from-glab\n" };
    const netrc = { ".netrc": "machine gitlab.com login me password from-netrc\n" };
    expect(await from(SERVER, {}, { ...glab, ...netrc })).toEqual([
      "Bearer from-glab",
      "glab (~/.config/glab-cli/config.yml)",
    ]);
    expect(await from(DOTCOM, {}, { ...glab, ...netrc })).toEqual(["Bearer from-netrc", "~/.netrc"]);
    expect(await from(SERVER, { GITLAB_TOKEN: "a" }, netrc)).toBeNull();
  });
});
