// Which Jira issue does this text mean? An address from the browser of Cloud or Data Center, or `jira:OPS-123`.

import type { Settings } from "./credentials/credentials.ts";
import { addressOf } from "./http/address.ts";
import { TicketError } from "./ticket-error.ts";
import type { TicketPlace } from "./tracker.ts";

/** Where people and tools keep the address of their Jira, in order. */
export const SERVER_VARIABLES = ["JIRA_URL", "JIRA_BASE_URL", "JIRA_SERVER"] as const;

const EXAMPLE = "https://SITE.atlassian.net";

/**
 * A project's key and a number. Upper-case letters, digits and underscores (confluence.atlassian.com/adminjiraserver/
 * changing-the-project-key-format); an address may hold it in lower case. Keys have up to 10 characters as Jira comes, and 255 at most.
 */
const KEY = /^([A-Z][A-Z0-9_]{1,254})-([1-9]\d{0,17})$/i;

/**
 * What the path of an issue's page looks like behind the path that Jira is under (its context path). In Cloud, `/jira` belongs to these, whatever
 * the domain: `/jira/software/c/projects/OPS/issues/OPS-123`.
 */
const SHAPES = [
  /^browse\/([^/]+)(?:\/|$)/,
  /^(?:jira\/(?:software|core|polaris|servicedesk)\/(?:c\/)?)?projects\/[^/]+\/(?:issues|queues)\/(?:.+\/)?([^/]+)$/,
  /^servicedesk\/customer\/portal\/\d+\/([^/]+)$/,
];
/** YouTrack has this one, too: it is Jira's where the host is Cloud's, or where somebody says so. */
const ISSUE_ALONE = /^issues\/([^/]+)$/;
/** Boards and lists, which show the issue of `selectedIssue` at their side. */
const BESIDE = /^(?:jira\/(?:software|core|polaris|servicedesk)\/(?:c\/)?)?(?:projects|secure|issues)(?:\/|$)/;

/** `/jira`, `/tools/jira`. More are something else's: a file `browse/AB-1` in a repository. */
const MAX_CONTEXT = 2;

/** Hosts of Cloud; a site may have a domain of its own, which only its answer tells. The last is the gateway of scoped API tokens. */
export const isCloudHost = (host: string): boolean =>
  /\.(?:atlassian\.net|jira\.com|atlassian-us-gov-mod\.net)$/.test(host) || host === GATEWAY;
export const GATEWAY = "api.atlassian.com";

/** The server of the settings, without a slash at the end; null where none is named. Throws a TicketError where it is no address. */
export function serverOf({ env }: Settings): string | null {
  for (const name of SERVER_VARIABLES) {
    const value = env[name]?.trim();
    if (!value) continue;
    // Tools take a bare host, too.
    const url = addressOf(/^https?:\/\//i.test(value) ? value : `https://${value}`);
    if (url === null) throw new TicketError("unknown-ticket", `${name} is no address of a Jira: set it as ${EXAMPLE}`);
    return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  }
  return null;
}

export function jiraPlace(text: string, settings: Settings): TicketPlace | null {
  const short = /^jira:(.*)$/is.exec(text);
  const named = short?.[1] ?? text;
  const url = addressOf(named);
  if (url !== null) {
    const found = placeIn(url, short !== null);
    if (found === null && short !== null)
      throw new TicketError("unknown-ticket", "the address names no issue of Jira: it ends in /browse/OPS-123");
    return found;
  }
  if (short === null) return null;
  const key = keyOf(named);
  if (key === null) throw new TicketError("unknown-ticket", "jira: is followed by the key of an issue: jira:OPS-123");
  const server = serverOf(settings);
  if (server === null)
    throw new TicketError(
      "unknown-ticket",
      `jira:${key} does not say which Jira: set ${SERVER_VARIABLES[0]} to ${EXAMPLE}, or give the issue's address`,
    );
  return place(server, key);
}

const place = (server: string, key: string): TicketPlace => ({ tracker: "jira", server, name: key, parts: { key } });

const keyOf = (text: string): string | null => (KEY.test(text) ? text.toUpperCase() : null);

/** The path may begin anywhere: what is before it, Jira is under. */
function placeIn(url: URL, sure: boolean): TicketPlace | null {
  const path = url.pathname.split("/").filter((part) => part !== "");
  const cloud = isCloudHost(url.hostname) && url.hostname !== GATEWAY;
  const selected = keyOf(url.searchParams.get("selectedIssue") ?? "");
  for (let at = 0; at < path.length && at <= MAX_CONTEXT; at++) {
    const rest = path.slice(at).join("/");
    const shapes = cloud || sure ? [...SHAPES, ISSUE_ALONE] : SHAPES;
    const named = shapes.map((shape) => keyOf(shape.exec(rest)?.[1] ?? "")).find((key) => key !== null);
    const key = selected !== null && BESIDE.test(rest) ? selected : named;
    if (key === undefined || key === null) continue;
    if (url.username !== "" || url.password !== "")
      throw new TicketError(
        "unknown-ticket",
        "an address with a login or password in it is not used: these belong into the environment",
      );
    return place([url.origin, ...(cloud ? [] : path.slice(0, at))].join("/"), key);
  }
  return null;
}
