// Are the tokens of gh, glab and rt found in what these tools write, where they write it?

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { processSettings, proxyHint } from "../../src/ticket/credentials/settings.ts";
import { ghToken, glabToken, rtLogin, rtrc } from "../../src/ticket/credentials/tool-configs.ts";
import { yamlLookup } from "../../src/ticket/credentials/yaml-lookup.ts";

// As gh 2.40 and later writes it without a keyring (cli/cli, docs/multiple-accounts.md).
const HOSTS_YML = `github.com:
    users:
        anna-example:
            oauth_token: gho_planted1
        bert-example:
            oauth_token: gho_planted2
    git_protocol: https
    oauth_token: gho_planted1
    user: anna-example
github.example.com:
    user: anna-example
    oauth_token: "gho_planted3"
keyring.example.com:
    users:
        anna-example:
    user: anna-example
`;

const CONFIG_YML = `# What protocol to use when performing Git operations. Supported values: ssh, https.
git_protocol: ssh
# What editor glab should run.
editor:
glamour_style: dark
check_update: true
aliases_list: [a, b]
# Configuration specific for GitLab instances.
hosts:
    gitlab.com:
        # Your GitLab access token.
        token: !!null glpat-planted1
        api_host: gitlab.com
        container_registry_domains: gitlab.com,gitlab.com:443,registry.gitlab.com
    gitlab.example.com:8443:
        api_protocol: https
        token: 'glpat-planted2' # of anna
        is_oauth2: "true"
    none.example.com:
        token:
aliases:
    - co
`;

const settings = (files: Record<string, string>): Settings => ({
  env: {},
  homeFile: async (path) => files[path] ?? null,
});

describe("gh and glab", () => {
  it("hold a token a host", async () => {
    const gh = settings({ ".config/gh/hosts.yml": HOSTS_YML });
    expect(await ghToken(gh, "github.com")).toEqual({ token: "gho_planted1", source: "gh (~/.config/gh/hosts.yml)" });
    expect((await ghToken(gh, "GitHub.Example.com"))?.token).toBe("gho_planted3");
    expect((await ghToken(settings({ ".config/gh/hosts.yml": HOSTS_YML.toUpperCase() }), "github.com"))?.token).toBe(
      "GHO_PLANTED1",
    );
    expect(await ghToken(gh, "keyring.example.com")).toBeNull();
    expect(await ghToken(gh, "other.example.com")).toBeNull();
    expect(await ghToken(settings({}), "github.com")).toBeNull();
    const glab = settings({ ".config/glab-cli/config.yml": CONFIG_YML });
    expect(await glabToken(glab, "gitlab.com")).toEqual({
      token: "glpat-planted1",
      source: "glab (~/.config/glab-cli/config.yml)",
    });
    expect((await glabToken(glab, "gitlab.example.com:8443"))?.token).toBe("glpat-planted2");
    expect(await glabToken(glab, "none.example.com")).toBeNull();
  });

  it("that cannot be read say the line, and not what is in it", async () => {
    const text = HOSTS_YML.replace("    git_protocol: https", "\t{ planted: [x }");
    await expect(ghToken(settings({ ".config/gh/hosts.yml": text }), "github.com")).rejects.toThrow(
      /^cannot read gh's ~\/\.config\/gh\/hosts\.yml: line 7 is no "key: value" that can be read$/,
    );
  });
});

describe("yamlLookup", () => {
  it.each<[string, string, string[], string | null]>([
    ["a value", "a: b", ["a"], "b"],
    ["a comment behind", "a: b # c", ["a"], "b"],
    ["a number sign within", "a: b#c", ["a"], "b#c"],
    ["single quotes", "a: 'it''s # b'", ["a"], "it's # b"],
    ["double quotes", 'a: "b\\u0041\\"" # c', ["a"], 'bA"'],
    ["quoted keys", "\"a b\":\n  'c': d", ["a b", "c"], "d"],
    ["nothing", "a:\nb: c", ["a"], null],
    ["null", "a: null", ["a"], null],
    ["a key of another mapping", "x:\n  b: 1\na:\n  c: 2\nb: 3", ["a", "b"], null],
    ["the same key deeper", "a:\n  x:\n    b: 1\n  b: 2", ["a", "b"], "2"],
    ["CRLF, a document's start, empty lines", "---\r\n\r\na:\r\n    b: c\r\n", ["a", "b"], "c"],
    ["an empty file", "", ["a"], null],
    ["a mapping where a value is due", "a:\n  b: c", ["a"], null],
    ["a block scalar beside the way", "x: |\n  a: 1\n  b\na: 2", ["a"], "2"],
    ["a value that begins with a dash", "a: -b", ["a"], "-b"],
  ])("%s", (_, text, keys, value) => expect(yamlLookup(text, keys)).toBe(value));

  it.each<[string, string, string[]]>([
    ["an alias", "a: *b", ["a"]],
    ["an anchor", "a: &b c", ["a"]],
    ["a flow mapping", "a: { b: c }", ["a", "b"]],
    ["a block scalar", "a: |\n  b", ["a"]],
    ["a tag", "a: !secret b", ["a"]],
    ["a quote without an end", 'a: "b', ["a"]],
    ["a tab", "\ta: b", ["a"]],
    ["a line that is no pair", "what\na: b", ["a"]],
    ["a value where a mapping is due", "a: b", ["a", "b"]],
    ["a smaller indentation than the first", "  x: y\na: b", ["a"]],
  ])("refuses %s", (_, text, keys) => expect(() => yamlLookup(text, keys)).toThrow(/^line \d+ is no/));

  it("ends for every text", () => {
    const pieces = fc.constantFrom("a", ":", " ", "  ", "\n", "'", '"', "- ", "#", "|", "\t", "hosts");
    const texts = fc.oneof(
      fc.uint8Array().map((bytes) => String.fromCharCode(...bytes)),
      fc.array(pieces).map((words) => words.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          yamlLookup(text, ["a", "hosts"]);
        } catch (error) {
          expect((error as Error).message).toMatch(/^line \d+ is no/);
        }
      }),
    );
  });

  it("is quick on long lines", () => {
    expect(() => yamlLookup(`${"a".repeat(200_000)}`, ["a"])).toThrow();
    expect(() => yamlLookup(`a: "${"\\".repeat(200_001)}`, ["a"])).toThrow();
    expect(yamlLookup(`a: ${" ".repeat(200_000)}x`, ["a"])).toBe("x");
  });
});

describe("rt", () => {
  const text = "# mine\nserver https://rt.example.com/rt/\n\nuser anna\npasswd planted pass word\nexternalauth 1\n";

  it("keeps server, user and password in ~/.rtrc", async () => {
    expect(await rtrc(settings({ ".rtrc": text }))).toEqual({
      server: "https://rt.example.com/rt",
      user: "anna",
      password: "planted pass word",
      source: "~/.rtrc",
    });
    expect(await rtrc(settings({}))).toBeNull();
    expect(await rtrc(settings({ ".rtrc": "" }))).toEqual({
      server: null,
      user: null,
      password: null,
      source: "~/.rtrc",
    });
  });

  it("gives them to its own server alone", async () => {
    const here = settings({ ".rtrc": text });
    expect(await rtLogin(here, "https://rt.example.com/rt")).toEqual({
      login: "anna",
      password: "planted pass word",
      source: "~/.rtrc",
    });
    for (const other of ["http://rt.example.com/rt", "https://rt.example.com:8443", "https://example.com", "rt"])
      expect(await rtLogin(here, other)).toBeNull();
  });
});

describe("files below the home directory", () => {
  let home = "";
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), "halfclose-home-"))));
  afterEach(() => rmSync(home, { recursive: true }));
  const put = (path: string, text: string): string => {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };

  it("are where each tool has them", async () => {
    const GH = ".config/gh/hosts.yml";
    const GLAB = ".config/glab-cli/config.yml";
    const read = (path: string, env: Settings["env"] = {}, platform = "linux") =>
      processSettings(env, home, platform).homeFile(path);
    put(".netrc", "netrc");
    put("elsewhere/netrc", "NETRC");
    put(GH, "gh");
    put("xdg/gh/hosts.yml", "gh of xdg");
    put("ghdir/hosts.yml", "gh of GH_CONFIG_DIR");
    put("AppData/GitHub CLI/hosts.yml", "gh of AppData");
    put("xdg/glab-cli/config.yml", "glab of xdg");
    put("glabdir/config.yml", "glab of GLAB_CONFIG_DIR");
    put("Library/Application Support/glab-cli/config.yml", "glab of macOS");
    put("rtdir/mine.rc", "RTCONFIG");
    const xdg = { XDG_CONFIG_HOME: join(home, "xdg") };
    expect(await read(".netrc")).toBe("netrc");
    expect(await read(".netrc", { NETRC: join(home, "elsewhere/netrc") })).toBe("NETRC");
    expect(await read(GH)).toBe("gh");
    expect(await read(GH, xdg)).toBe("gh of xdg");
    expect(await read(GH, { ...xdg, GH_CONFIG_DIR: join(home, "ghdir") })).toBe("gh of GH_CONFIG_DIR");
    expect(await read(GH, { AppData: join(home, "AppData") }, "win32")).toBe("gh of AppData");
    expect(await read(GLAB)).toBeNull();
    expect(await read(GLAB, {}, "darwin")).toBe("glab of macOS");
    expect(await read(GLAB, xdg)).toBe("glab of xdg");
    expect(await read(GLAB, { ...xdg, GLAB_CONFIG_DIR: join(home, "glabdir") })).toBe("glab of GLAB_CONFIG_DIR");
    expect(await read(".rtrc", { RTCONFIG: join(home, "rtdir/mine.rc") })).toBe("RTCONFIG");
    expect(await read(".rtrc", { RTCONFIG: ".rtrc" })).toBeNull();
  });

  it("are none where they cannot be read: a folder, nothing, or too much", async () => {
    mkdirSync(join(home, ".netrc"));
    put("_netrc", "x".repeat(1_000_001));
    const here = processSettings({}, home);
    expect(await here.homeFile(".netrc")).toBeNull();
    expect(await here.homeFile("_netrc")).toBeNull();
    expect(await here.homeFile(".none")).toBeNull();
  });
});

describe("a proxy", () => {
  it("is spoken of where Node does not use it", () => {
    expect(proxyHint({})).toBeNull();
    expect(proxyHint({ HTTPS_PROXY: "http://someone:planted@proxy.example.com" })).toBe(
      "HTTPS_PROXY is set, which Node (22.21, 24 and later) uses only with NODE_USE_ENV_PROXY=1",
    );
    expect(proxyHint({ https_proxy: "x", NODE_USE_ENV_PROXY: "1" })).toBeNull();
  });
});
