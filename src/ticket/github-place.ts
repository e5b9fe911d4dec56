// Which issue of which GitHub does a text mean, where is its API, and whose token is for it?

import { bearer } from "./credentials/authorization.ts";
import type { Credentials, Settings } from "./credentials/credentials.ts";
import { bearerFromNetrc } from "./credentials/netrc.ts";
import { ghToken } from "./credentials/tool-configs.ts";
import { addressOf } from "./http/address.ts";
import { TicketError } from "./ticket-error.ts";
import type { TicketPlace } from "./tracker.ts";

export interface GitHubHost {
  /** Without a slash at the end. */
  readonly api: string;
  readonly enterpriseServer: boolean;
}

const GITHUB = "https://github.com";
const EXAMPLE = "https://github.com/owner/repo/issues/12 or github:owner/repo#12";

/** docs.github.com: letters, digits and single hyphens; of managed accounts also an underscore. */
const OWNER = "[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})";
const REPO = "[A-Za-z0-9._-]{1,100}";
const NUMBER = "[1-9]\\d{0,17}";
const PATH = new RegExp(`^/(${OWNER})/(${REPO})/(issues|pull)/(${NUMBER})(?:/.*)?$`);
/** As gh writes it: [HOST/]OWNER/REPO. */
const SHORT = new RegExp(`^(?:([A-Za-z0-9.-]+(?::\\d+)?)/)?(${OWNER})/(${REPO})#(${NUMBER})$`);

/**
 * `github:…`; an address of github.com, GHE.com or the server that GH_HOST or GITHUB_SERVER_URL name; and any other address with
 * GitHub's path (`/owner/repo/pull/12`), if its host does not say that it is something else.
 */
export function recogniseGitHub(text: string, settings: Settings): TicketPlace | null {
  const named = /^github:(.*)$/is.exec(text.trim())?.[1]?.trim();
  const url = addressOf(named ?? text.trim());
  if (url !== null) return fromAddress(url, settings, named !== undefined);
  if (named === undefined) return null;
  const [, host, owner, repo, number] = SHORT.exec(named) ?? [];
  if (number === undefined || !isRepository(repo!)) throw unknown("github: needs an issue");
  return placeOf(
    host === undefined ? serverOf(settings) : `https://${host}`,
    owner!,
    repo!,
    "issues",
    number,
    settings,
  );
}

function fromAddress(url: URL, settings: Settings, named: boolean): TicketPlace | null {
  const known = named || isGitHub(url, settings);
  const [, owner, repo, kind, number] = PATH.exec(url.pathname) ?? [];
  if (number === undefined || !isRepository(repo!)) {
    if (!known) return null;
    throw unknown(`${url.host} is GitHub, but this is the address of no issue and no pull request`);
  }
  if (!known && isOther(url, settings)) return null;
  return placeOf(known && isDotCom(url) ? GITHUB : url.origin, owner!, repo!, kind!, number, settings);
}

function placeOf(
  server: string,
  owner: string,
  repo: string,
  kind: string,
  number: string,
  settings: Settings,
): TicketPlace {
  return {
    tracker: "github",
    server,
    name: `${owner}/${repo}#${number}`,
    parts: { owner, repo, kind, number, api: apiOf(server, settings) },
  };
}

const isRepository = (repo: string): boolean => repo !== "." && repo !== "..";
const unknown = (what: string): TicketError => new TicketError("unknown-ticket", `${what}: for example ${EXAMPLE}`);

/** With or without `www.` and `https`, it sends to the same place. */
const isDotCom = ({ hostname }: URL): boolean => hostname === "github.com" || hostname === "www.github.com";
const isGheCom = (host: string): boolean => /^[a-z0-9-]+\.ghe\.com$/.test(host);

function isGitHub(url: URL, settings: Settings): boolean {
  return isDotCom(url) || isGheCom(url.hostname) || url.origin === originOfHost(serverOf(settings));
}

/** Trackers whose addresses look alike: an old GitLab, Gitea at Codeberg, Bitbucket. */
function isOther({ hostname, host, origin }: URL, { env }: Settings): boolean {
  const gitLab = [env.GITLAB_HOST, env.GITLAB_URI, env.CI_SERVER_URL];
  return (
    /(?:^|[.-])(?:gitlab|bitbucket|codeberg|gitea|forgejo)(?:[.-]|$)/.test(hostname) ||
    gitLab.some((server) => server !== undefined && (server === host || originOfHost(server) === origin))
  );
}

/** A host by its name, or with its scheme. */
const originOfHost = (server: string): string | null =>
  addressOf(server.includes("://") ? server : `https://${server}`)?.origin ?? null;

/** Where short forms are: GH_HOST as gh has it, GITHUB_SERVER_URL as in a workflow, github.com. */
function serverOf({ env }: Settings): string {
  const set = env.GH_HOST || env.GITHUB_SERVER_URL;
  if (!set) return GITHUB;
  const origin = originOfHost(set);
  if (origin === null)
    throw new TicketError("unknown-ticket", "GH_HOST or GITHUB_SERVER_URL is set, but names no host");
  return origin;
}

/**
 * GITHUB_API_URL belongs to GITHUB_SERVER_URL (a workflow sets both; alone it is that of GH_HOST, or of github.com). Else as documented:
 * api.github.com, api.SUBDOMAIN.ghe.com, HOST/api/v3 (docs.github.com "Getting started with the REST API").
 */
function apiOf(server: string, settings: Settings): string {
  const { GITHUB_API_URL: set, GITHUB_SERVER_URL: owner } = settings.env;
  if (set && originOfHost(owner || serverOf(settings)) === server) {
    const url = addressOf(set);
    if (url === null) throw new TicketError("unknown-ticket", "GITHUB_API_URL is set, but is no web address");
    return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  }
  const { host, origin, protocol } = new URL(server);
  if (origin === GITHUB) return "https://api.github.com";
  return isGheCom(host) ? `${protocol}//api.${host}` : `${origin}/api/v3`;
}

export function gitHubOf({ server, parts }: TicketPlace): GitHubHost {
  return { api: parts.api!, enterpriseServer: server !== GITHUB && !isGheCom(new URL(server).hostname) };
}

/**
 * As gh looks for them (cli.github.com/manual/gh_help_environment): variables, its own configuration; then .netrc. A token of github.com never
 * goes to another server, but GITHUB_TOKEN goes to the server of the workflow that it is of.
 */
export async function gitHubCredentials(place: TicketPlace, settings: Settings): Promise<Credentials | null> {
  const { env } = settings;
  const names = gitHubOf(place).enterpriseServer
    ? ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", ...(ofWorkflow(place, env) ? ["GITHUB_TOKEN"] : [])]
    : ["GH_TOKEN", "GITHUB_TOKEN"];
  const name = names.find((n) => env[n]);
  if (name !== undefined) return bearer(env[name]!, name);
  const found = await ghToken(settings, new URL(place.server).host);
  if (found !== null) return bearer(found.token, found.source);
  return (await bearerFromNetrc(settings, place.server)) ?? (await bearerFromNetrc(settings, place.parts.api!));
}

const ofWorkflow = ({ server }: TicketPlace, env: Settings["env"]): boolean =>
  env.GITHUB_SERVER_URL !== undefined && originOfHost(env.GITHUB_SERVER_URL) === server;
