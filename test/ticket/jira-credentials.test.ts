// Which credentials go to which Jira, and to no other?

import { describe, expect, it } from "vitest";
import { jira } from "../../src/ticket/jira.ts";

const CLOUD = "https://shop.atlassian.net";
const OWN = "https://jira.example.com";

async function found(
  server: string,
  env: Record<string, string>,
  files: Record<string, string> = {},
): Promise<string | null> {
  const place = { tracker: "jira", server, name: "OPS-1", parts: { key: "OPS-1" } } as const;
  const credentials = await jira.credentials(place, { env, homeFile: async (path) => files[path] ?? null });
  if (credentials === null) return null;
  const header = credentials.headers.Authorization ?? "";
  return `${header.startsWith("Basic ") ? `Basic ${atob(header.slice(6))}` : header} of ${credentials.source}`;
}

describe("the environment", () => {
  it("Cloud: email and API token", async () => {
    expect(await found(CLOUD, { JIRA_EMAIL: "me@example.com", JIRA_API_TOKEN: "t1\n" })).toBe(
      "Basic me@example.com:t1 of JIRA_EMAIL and JIRA_API_TOKEN",
    );
    expect(await found(CLOUD, { JIRA_USER: "me@example.com", JIRA_API_TOKEN: "t1", JIRA_PAT: "t2" })).toBe(
      "Basic me@example.com:t1 of JIRA_USER and JIRA_API_TOKEN",
    );
  });

  it("Data Center: a personal access token before a password", async () => {
    const env = { JIRA_USER: "me", JIRA_PASSWORD: "p w", JIRA_EMAIL: "me@example.com", JIRA_API_TOKEN: "t1" };
    expect(await found(OWN, { ...env, JIRA_PERSONAL_TOKEN: "t2" })).toBe("Bearer t2 of JIRA_PERSONAL_TOKEN");
    expect(await found(OWN, env)).toBe("Basic me:p w of JIRA_USER and JIRA_PASSWORD");
  });

  it("an API token goes to Cloud, or to the Jira that is named", async () => {
    const env = { JIRA_EMAIL: "me@example.com", JIRA_API_TOKEN: "t1" };
    expect(await found(OWN, env)).toBeNull();
    expect(await found(OWN, { ...env, JIRA_URL: `${OWN}/jira` })).toBe(
      "Basic me@example.com:t1 of JIRA_EMAIL and JIRA_API_TOKEN",
    );
  });

  it("nothing of it goes to another Jira than the named one", async () => {
    const env = {
      JIRA_URL: OWN,
      JIRA_PAT: "t2",
      JIRA_USER: "me",
      JIRA_PASSWORD: "p",
      JIRA_EMAIL: "a@example.com",
      JIRA_API_TOKEN: "t1",
    };
    expect(await found("https://jira.example.net", env)).toBeNull();
    expect(await found("http://jira.example.com", env)).toBeNull();
    expect(await found(CLOUD, env)).toBeNull();
  });
});

describe("tools", () => {
  const config = `installation: Cloud\nserver: ${CLOUD}\nlogin: cli@example.com\n`;

  it("jira-cli: its login, of the same server", async () => {
    const files = { ".config/.jira/.config.yml": config };
    expect(await found(CLOUD, { JIRA_API_TOKEN: "t1" }, files)).toBe(
      "Basic cli@example.com:t1 of jira-cli's login and JIRA_API_TOKEN",
    );
    expect(await found("https://other.atlassian.net", { JIRA_API_TOKEN: "t1" }, files)).toBeNull();
    expect(await found(CLOUD, { JIRA_API_TOKEN: "t1", JIRA_AUTH_TYPE: "bearer" }, files)).toBe(
      "Bearer t1 of JIRA_API_TOKEN",
    );
  });

  it(".netrc", async () => {
    const netrc = "machine jira.example.com login me password p1\nmachine pat.example.com password t3\n";
    const files = { ".netrc": netrc };
    expect(await found(OWN, {}, files)).toBe("Basic me:p1 of ~/.netrc");
    expect(await found(OWN, { JIRA_AUTH_TYPE: "bearer" }, files)).toBe("Bearer p1 of ~/.netrc");
    expect(await found("https://pat.example.com", {}, files)).toBe("Bearer t3 of ~/.netrc");
    expect(await found(CLOUD, {}, files)).toBeNull();
    // The environment's are for another Jira: .netrc names its hosts itself.
    expect(await found(OWN, { JIRA_URL: CLOUD, JIRA_PAT: "t2" }, files)).toBe("Basic me:p1 of ~/.netrc");
  });
});
