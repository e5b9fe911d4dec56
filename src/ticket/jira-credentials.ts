// Who are we to this Jira? Basic with an API token (Cloud) or a password, Bearer with a personal access token (Data Center).
//
// Cloud: developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis (email and API token). Data Center:
// confluence.atlassian.com/enterprise/using-personal-access-tokens (Bearer). jira-cli (ankitpokhrel/jira-cli, FAQ): JIRA_API_TOKEN or
// ~/.netrc, JIRA_AUTH_TYPE=bearer, and the login of its own configuration.

import { basicFrom, bearer } from "./credentials/authorization.ts";
import type { Credentials, Settings } from "./credentials/credentials.ts";
import { netrcEntry } from "./credentials/netrc.ts";
import { yamlLookup } from "./credentials/yaml-lookup.ts";
import { addressOf } from "./http/address.ts";
import { isCloudHost, SERVER_VARIABLES, serverOf } from "./jira-place.ts";
import { TicketError } from "./ticket-error.ts";
import type { TicketPlace } from "./tracker.ts";

const EMAILS = ["JIRA_EMAIL", "JIRA_USER", "JIRA_USERNAME", "JIRA_LOGIN"] as const;
const TOKENS = ["JIRA_TOKEN", "JIRA_PAT", "JIRA_PERSONAL_TOKEN"] as const;
const USERS = ["JIRA_USER", "JIRA_USERNAME", "JIRA_LOGIN"] as const;
const JIRA_CLI = ".config/.jira/.config.yml";

export const CREDENTIAL_SOURCES = [
  "JIRA_EMAIL and JIRA_API_TOKEN (Cloud)",
  "JIRA_TOKEN, JIRA_PAT or JIRA_PERSONAL_TOKEN (a personal access token of Data Center)",
  "JIRA_USER and JIRA_PASSWORD (Data Center)",
  "JIRA_API_TOKEN with the login of jira-cli (~/.config/.jira/.config.yml)",
  "~/.netrc",
  `(those of the environment go to the Jira of ${SERVER_VARIABLES.join(" or ")} where one is set; without, an API token goes to *.atlassian.net alone)`,
] as const;

export async function jiraCredentials(place: TicketPlace, settings: Settings): Promise<Credentials | null> {
  return (await ofEnvironment(place, settings)) ?? (await ofNetrc(place, settings));
}

async function ofEnvironment(place: TicketPlace, settings: Settings): Promise<Credentials | null> {
  const { env } = settings;
  const named = serverOf(settings);
  // A token is for one Jira: an address that somebody sent must not take it elsewhere.
  if (named !== null && addressOf(named)?.origin !== addressOf(place.server)?.origin) return null;
  const cloud = isCloudHost(addressOf(place.server)?.hostname ?? "");
  const [personal, apiToken] = [first(env, TOKENS), first(env, ["JIRA_API_TOKEN"])];
  const ofToken = (): Credentials | null => (personal === null ? null : bearer(personal.value, personal.name));
  const ofApiToken = async (): Promise<Credentials | null> => {
    if (apiToken === null || (!cloud && named === null)) return null;
    if (env.JIRA_AUTH_TYPE?.toLowerCase() === "bearer") return bearer(apiToken.value, apiToken.name);
    const login = first(env, EMAILS) ?? (await loginOfJiraCli(place, settings));
    return login === null ? null : basicFrom(login.value, apiToken.value.trim(), `${login.name} and ${apiToken.name}`);
  };
  const found = cloud ? ((await ofApiToken()) ?? ofToken()) : (ofToken() ?? (await ofApiToken()));
  if (found !== null) return found;
  const [user, password] = [first(env, USERS), first(env, ["JIRA_PASSWORD"])];
  if (user === null || password === null) return null;
  return basicFrom(user.value, password.value, `${user.name} and ${password.name}`);
}

function first(env: Settings["env"], names: readonly string[]): { name: string; value: string } | null {
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && value.trim() !== "") return { name, value };
  }
  return null;
}

/** Its `login`, where its `server` is this one. */
async function loginOfJiraCli(place: TicketPlace, settings: Settings): Promise<{ name: string; value: string } | null> {
  const text = await settings.homeFile(JIRA_CLI);
  if (text === null) return null;
  try {
    const [server, login] = [yamlLookup(text, ["server"]), yamlLookup(text, ["login"])];
    if (server === null || login === null || addressOf(server)?.origin !== addressOf(place.server)?.origin) return null;
    return { name: "jira-cli's login", value: login };
  } catch (error) {
    throw new TicketError("credentials", `cannot read jira-cli's ~/${JIRA_CLI}: ${(error as Error).message}`);
  }
}

/** A password without a login is a personal access token; so is one where jira-cli is told so. */
async function ofNetrc(place: TicketPlace, settings: Settings): Promise<Credentials | null> {
  const entry = await netrcEntry(settings, place.server);
  if (entry === null) return null;
  if (!entry.login || settings.env.JIRA_AUTH_TYPE?.toLowerCase() === "bearer")
    return bearer(entry.password, entry.source);
  return basicFrom(entry.login, entry.password, entry.source);
}
