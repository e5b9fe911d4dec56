// Which tracker's ticket does a text mean? What is before the colon decides, then the host, then the form; two answers are none.

import type { Settings } from "./credentials/credentials.ts";
import { addressOf } from "./http/address.ts";
import { TicketError } from "./ticket-error.ts";
import type { TicketPlace, Tracker, TrackerId } from "./tracker.ts";

export interface RecognisedTicket {
  readonly tracker: Tracker;
  readonly place: TicketPlace;
}

/** The first one is the tracker's own, which its short forms begin with. */
export const PREFIXES: Readonly<Record<TrackerId, readonly [string, ...string[]]>> = {
  jira: ["jira"],
  github: ["github", "gh"],
  gitlab: ["gitlab", "glab"],
  redmine: ["redmine"],
  "request-tracker": ["rt", "request-tracker"],
  servicenow: ["servicenow", "snow"],
  webhook: ["webhook"],
};

/** Hosts of which everybody knows whose they are; addresses of two trackers can look the same. */
const HOSTED: readonly [RegExp, TrackerId][] = [
  [/^(?:github\.com|[^.]+\.ghe\.com)$/, "github"],
  [/^gitlab\.com$/, "gitlab"],
  [/\.(?:atlassian\.net|jira\.com)$/, "jira"],
  [/\.(?:service-now|servicenowservices)\.com$/, "servicenow"],
];

/** Variables that name a tracker's server; who has set one for a host has said whose it is. */
const SERVER_VARIABLES: Readonly<Record<TrackerId, readonly string[]>> = {
  jira: ["JIRA_URL", "JIRA_BASE_URL", "JIRA_SERVER"],
  github: ["GH_HOST", "GITHUB_SERVER_URL", "GITHUB_API_URL"],
  gitlab: ["GITLAB_HOST", "GITLAB_URI", "GITLAB_URL", "CI_SERVER_URL"],
  redmine: ["REDMINE_URL"],
  "request-tracker": ["RT_URL", "RTSERVER"],
  servicenow: ["SERVICENOW_URL", "SERVICENOW_INSTANCE", "SN_INSTANCE"],
  webhook: [],
};

/** Throws a TicketError: nobody's, several's, or one of which something is missing. */
export function recogniseAmong(trackers: readonly Tracker[], given: string, settings: Settings): RecognisedTicket {
  const text = given.trim();
  const named = prefixOf(text);
  if (named !== null) return prefixed(trackers, named.id, named.rest, settings);
  const url = addressOf(text);
  const owner = url === null ? null : (HOSTED.find(([host]) => host.test(url.hostname))?.[1] ?? null);
  if (owner !== null) return ofTracker(trackers, owner, text, settings);

  const found: RecognisedTicket[] = [];
  const refused: TicketError[] = [];
  for (const tracker of trackers) {
    try {
      const place = tracker.recognise(text, settings);
      if (place !== null) found.push({ tracker, place });
    } catch (error) {
      if (!(error instanceof TicketError)) throw error;
      refused.push(error);
    }
  }
  const told = url === null ? [] : found.filter(({ tracker }) => isServerOf(tracker.id, url, settings));
  const [first, ...others] = told.length > 0 ? told : found;
  if (first === undefined) throw refused[0] ?? unknown(trackers);
  if (others.length === 0) return first;
  const those = [first, ...others];
  const titles = those.map(({ tracker }) => tracker.title).join(" or ");
  const forms = those.map(({ tracker }) => `${PREFIXES[tracker.id][0]}:`).join(" or ");
  throw new TicketError("unknown-ticket", `this may be a ticket of ${titles}; put ${forms} before it`);
}

/**
 * Behind the prefix is the tracker's short form, or an address of which the prefix says whose it is: a tracker that judges hosts itself
 * is to see both, the others the address alone.
 */
function prefixed(trackers: readonly Tracker[], id: TrackerId, rest: string, settings: Settings): RecognisedTicket {
  const whole = `${PREFIXES[id][0]}:${rest}`;
  if (id === "webhook" || addressOf(rest) === null) return ofTracker(trackers, id, whole, settings);
  try {
    return ofTracker(trackers, id, whole, settings);
  } catch (error) {
    if (!(error instanceof TicketError)) throw error;
    return ofTracker(trackers, id, rest, settings);
  }
}

function ofTracker(trackers: readonly Tracker[], id: TrackerId, text: string, settings: Settings): RecognisedTicket {
  const tracker = trackers.find((t) => t.id === id);
  if (tracker === undefined) throw unknown(trackers);
  const place = tracker.recognise(text, settings);
  if (place !== null) return { tracker, place };
  throw new TicketError(
    "unknown-ticket",
    `this names no ticket of ${tracker.title}; one is named like ${tracker.examples.join(" or ")}`,
  );
}

function prefixOf(text: string): { id: TrackerId; rest: string } | null {
  const [, prefix, rest] = /^([a-z-]+):(?!\/\/)(.*)$/is.exec(text) ?? (text === "webhook" ? [text, text, ""] : []);
  if (prefix === undefined) return null;
  for (const [id, prefixes] of Object.entries(PREFIXES))
    if (prefixes.includes(prefix.toLowerCase())) return { id: id as TrackerId, rest: rest!.trim() };
  return null;
}

function isServerOf(id: TrackerId, url: URL, { env }: Settings): boolean {
  return SERVER_VARIABLES[id].some((name) => {
    const value = env[name]?.trim();
    if (!value) return false;
    const server = addressOf(value) ?? addressOf(`https://${value}`);
    return server?.hostname === url.hostname;
  });
}

const unknown = (trackers: readonly Tracker[]): TicketError => {
  const short = trackers.map(({ examples }) => examples.find((example) => !example.startsWith("http")) ?? examples[0]);
  return new TicketError(
    "unknown-ticket",
    `this names no ticket; one is named by its address in the browser, or like ${short.join(", ")}`,
  );
};
