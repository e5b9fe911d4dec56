// Which issue or merge request of which GitLab does a text mean, and whose token is for it?

import { bearer } from "./credentials/authorization.ts";
import type { Credentials, Settings } from "./credentials/credentials.ts";
import { bearerFromNetrc } from "./credentials/netrc.ts";
import { glabToken } from "./credentials/tool-configs.ts";
import { addressOf } from "./http/address.ts";
import { TicketError } from "./ticket-error.ts";
import type { TicketPlace } from "./tracker.ts";

const GITLAB = "https://gitlab.com";
const EXAMPLE = "https://gitlab.com/group/project/-/issues/12 or gitlab:group/project#12";

/** docs.gitlab.com/user/reserved_names: letters, digits, `_`, `.`, `-`; groups may be in groups (20 deep). */
const NAME = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}";
const PROJECT = `${NAME}(?:/${NAME}){1,21}`;
const IID = "[1-9]\\d{0,17}";
/** Since 12 addresses have `/-/` behind the project; those without are of old. */
const PATH = new RegExp(`^/(${PROJECT}?)/(?:-/)?(issues|issues/incident|work_items|merge_requests)/(${IID})(?:/.*)?$`);
const SHORT = new RegExp(`^(${PROJECT})([#!])(${IID})$`);

/**
 * `gitlab:…`; an address of gitlab.com or of the server that GITLAB_HOST, GITLAB_URI or CI_SERVER_URL name; any other with GitLab's `/-/`;
 * and one without it if the host calls itself GitLab.
 */
export function recogniseGitLab(text: string, settings: Settings): TicketPlace | null {
  const named = /^gitlab:(.*)$/is.exec(text.trim())?.[1]?.trim();
  const url = addressOf(named ?? text.trim());
  if (url !== null) return fromAddress(url, settings, named !== undefined);
  if (named === undefined) return null;
  const [, project, mark, iid] = SHORT.exec(named) ?? [];
  if (iid === undefined) throw unknown("gitlab: needs a project and a number");
  return placeOf(serverOf(settings), project!, mark === "!" ? "merge_requests" : "issues", iid);
}

function fromAddress(url: URL, settings: Settings, named: boolean): TicketPlace | null {
  const set = serverOf(settings);
  const known = named || url.origin === GITLAB || url.origin === new URL(set).origin;
  // A server may live below a path (relative URL root), which only the settings tell.
  const root = url.origin === new URL(set).origin ? new URL(set).pathname.replace(/\/+$/, "") : "";
  const path = url.pathname.startsWith(`${root}/`) ? url.pathname.slice(root.length) : url.pathname;
  const dashed = path.includes("/-/");
  const [, project, kind, iid] = PATH.exec(path) ?? [];
  if (iid === undefined || /^groups\//.test(project!)) {
    if (!known && !(dashed && /\/-\/(?:issues|work_items|merge_requests|epics)\/\d/.test(path))) return null;
    throw unknown(`${url.host} is GitLab, but this is the address of no issue and no merge request of a project`);
  }
  if (!known && !dashed && !/(?:^|[.-])gitlab(?:[.-]|$)/.test(url.hostname)) return null;
  return placeOf(`${url.origin}${root}`, project!, kind === "merge_requests" ? kind : "issues", iid);
}

/** A work item of a project is an issue to the API, by the same number. */
function placeOf(server: string, project: string, kind: "issues" | "merge_requests", iid: string): TicketPlace {
  const name = `${project}${kind === "issues" ? "#" : "!"}${iid}`;
  return { tracker: "gitlab", server, name, parts: { project, kind, iid } };
}

const unknown = (what: string): TicketError => new TicketError("unknown-ticket", `${what}: for example ${EXAMPLE}`);

/** As glab has it (docs.gitlab.com/cli), or as in a pipeline; with the path that it is below. */
function serverOf({ env }: Settings): string {
  const name = ["GITLAB_HOST", "GITLAB_URI", "CI_SERVER_URL"].find((n) => env[n]);
  if (name === undefined) return GITLAB;
  const set = env[name]!;
  const url = addressOf(set.includes("://") ? set : `https://${set}`);
  if (url === null) throw new TicketError("unknown-ticket", `${name} is set, but names no host`);
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** Of the variables, the first that is set. CI_JOB_TOKEN is not among them: it may not write notes (docs.gitlab.com/ci/jobs/ci_job_token). */
const TOKENS = ["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN"];

/**
 * A token in a variable is for one server: that of GITLAB_HOST (GITLAB_URI, CI_SERVER_URL), or gitlab.com. glab and .netrc know for which
 * host theirs is. GitLab takes tokens of every kind as Bearer (docs.gitlab.com/api/rest/authentication).
 */
export async function gitLabCredentials({ server }: TicketPlace, settings: Settings): Promise<Credentials | null> {
  const name = TOKENS.find((n) => settings.env[n]);
  if (name !== undefined && serverOf(settings) === server) return bearer(settings.env[name]!, name);
  const found = await glabToken(settings, new URL(server).host);
  if (found !== null) return bearer(found.token, found.source);
  return bearerFromNetrc(settings, server);
}
