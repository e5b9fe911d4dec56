// Which token do the tools that people use anyway hold for a host? gh, glab, rt. Only the lines that are needed are read.

import { originOf } from "../http/address.ts";
import { TicketError } from "../ticket-error.ts";
import type { Settings } from "./credentials.ts";
import { yamlLookup } from "./yaml-lookup.ts";

export interface FoundToken {
  readonly token: string;
  /** "gh (~/.config/gh/hosts.yml)" */
  readonly source: string;
}

/** Where they are below the home directory; settings.ts knows the variables that move them. */
export const GH_HOSTS = ".config/gh/hosts.yml";
export const GLAB_CONFIG = ".config/glab-cli/config.yml";
export const RTRC = ".rtrc";

/**
 * The token of `gh auth login` for a host (go-gh, pkg/config: `HOST: oauth_token:`), that of the active account. Null where gh keeps it in the
 * system's keyring, as it does where there is one: then `GH_TOKEN=$(gh auth token)` hands it over.
 */
export async function ghToken(settings: Settings, host: string): Promise<FoundToken | null> {
  return tokenIn(settings, GH_HOSTS, [host, "oauth_token"], "gh");
}

/**
 * The token of `glab auth login` for a host (`hosts: HOST: token:`): a personal access token or one of OAuth. GitLab takes either as
 * `Authorization: Bearer` (docs.gitlab.com/api/rest/authentication). Null where glab keeps it in the system's keyring.
 */
export async function glabToken(settings: Settings, host: string): Promise<FoundToken | null> {
  return tokenIn(settings, GLAB_CONFIG, ["hosts", host, "token"], "glab");
}

async function tokenIn(
  settings: Settings,
  path: string,
  keys: readonly string[],
  tool: string,
): Promise<FoundToken | null> {
  const text = await settings.homeFile(path);
  if (text === null) return null;
  try {
    const token = yamlLookup(text, keys);
    return token === null ? null : { token, source: `${tool} (~/${path})` };
  } catch (error) {
    throw new TicketError("credentials", `cannot read ${tool}'s ~/${path}: ${(error as Error).message}`);
  }
}

/** What `rt` reads from ~/.rtrc (bin/rt of Request Tracker, parse_config_file): a directive and its value a line. */
export interface Rtrc {
  readonly server: string | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly source: string;
}

const RTRC_LINE = /^(server|user|passwd)\s+(.*)$/;

/** Null where there is no such file. The password is for `server` alone. */
export async function rtrc(settings: Settings): Promise<Rtrc | null> {
  const text = await settings.homeFile(RTRC);
  if (text === null) return null;
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const match = RTRC_LINE.exec(line);
    if (match !== null) found[match[1]!] = match[2]!;
  }
  return {
    server: found.server?.trim().replace(/\/+$/, "") || null,
    user: found.user?.trim() || null,
    password: found.passwd || null,
    source: `~/${RTRC}`,
  };
}

/** Login and password of ~/.rtrc where they are for this server: the same origin, whatever the path; null otherwise. */
export async function rtLogin(
  settings: Settings,
  server: string,
): Promise<{ login: string; password: string; source: string } | null> {
  const found = await rtrc(settings);
  if (!found?.server || !found.user || !found.password) return null;
  const origin = originOf(server);
  if (origin === null || originOf(found.server) !== origin) return null;
  return { login: found.user, password: found.password, source: found.source };
}
