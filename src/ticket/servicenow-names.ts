// Which record of which ServiceNow instance does a text mean?
//
// Addresses: URL schema (docs, PAGE.do?sys_id=…; nav_to.do?uri=…), Next Experience (/now/nav/ui/classic/params/target/…), workspaces
// (/now/sow/record/TABLE/SYS_ID, /now/workspace/agent/record/…), portals (?id=ticket&table=…&sys_id=…). What is within them is encoded
// once or twice. Short forms: a number, whose first letters tell the table in the base system (Managing record numbering).

import type { Settings } from "./credentials/credentials.ts";
import { addressOf } from "./http/address.ts";
import { TicketError } from "./ticket-error.ts";

/** A record: by its id, or by its number. */
export type RecordName =
  | { readonly table: string; readonly sysId: string }
  /** Null: whichever table has it; all of those are kinds of `task`. */
  | { readonly table: string | null; readonly number: string };

/** Numbers of the base system. TASK is not among them: it is `sc_task` in older instances, and `task` itself. */
const TABLE_OF: Readonly<Record<string, string>> = {
  INC: "incident",
  PRB: "problem",
  PTASK: "problem_task",
  CHG: "change_request",
  CTASK: "change_task",
  REQ: "sc_request",
  RITM: "sc_req_item",
  SCTASK: "sc_task",
  CS: "sn_customerservice_case",
};

const SYS_ID = /^[0-9a-f]{32}$/i;
const TABLE = /^[a-z][a-z0-9_]{1,79}$/;
const NUMBER = /^([A-Z]{2,10})\d{4,}$/i;
/** Instances as ServiceNow names them, and those of its government cloud. Others have names of their own. */
const HOSTED = /\.(?:service-now|servicenowservices)\.com$/;
/** Encoded within an address that is encoded. */
const MAX_DECODINGS = 3;

export const PREFIX = "servicenow:";

export const EXAMPLES = [
  "https://INSTANCE.service-now.com/incident.do?sys_id=…",
  "https://INSTANCE.service-now.com/now/sow/record/incident/…",
  "servicenow:INC0010023 (with SERVICENOW_INSTANCE)",
  "servicenow:problem/PRB0040001 (TABLE/NUMBER)",
] as const;

const unknown = (what: string): TicketError =>
  new TicketError("unknown-ticket", `${what}; name a record as one of ${EXAMPLES.join(", ")}`);

/** Null: it is not one of ServiceNow's. Throws a TicketError where it is one, and does not name a record. */
export function recognisedRecord(text: string, settings: Settings): { server: string; record: RecordName } | null {
  const given = text.trim();
  if (given.toLowerCase().startsWith(PREFIX)) {
    const record = shortForm(given.slice(PREFIX.length));
    if (record === null) throw unknown(`${PREFIX} is not followed by a number, or TABLE/NUMBER`);
    return { server: requiredServer(settings), record };
  }
  const prefix = NUMBER.exec(given)?.[1]?.toUpperCase();
  if (prefix !== undefined && TABLE_OF[prefix] !== undefined)
    return { server: requiredServer(settings), record: shortForm(given)! };
  return recognisedAddress(given, settings);
}

function shortForm(text: string): RecordName | null {
  const slash = text.indexOf("/");
  const table = slash === -1 ? null : text.slice(0, slash).toLowerCase();
  const name = text.slice(slash + 1);
  if (table !== null && !TABLE.test(table)) return null;
  if (table !== null && SYS_ID.test(name)) return { table, sysId: name.toLowerCase() };
  const prefix = NUMBER.exec(name)?.[1]?.toUpperCase();
  return prefix === undefined ? null : { table: table ?? TABLE_OF[prefix] ?? null, number: name.toUpperCase() };
}

function recognisedAddress(text: string, settings: Settings): { server: string; record: RecordName } | null {
  const url = addressOf(text);
  if (url === null) return null;
  const record = recordIn(decoded(`${url.pathname}${url.search}${url.hash}`));
  // A name or password in the address goes: credentials come from elsewhere.
  if (record !== null) return { server: url.origin, record };
  if (HOSTED.test(url.hostname) || url.origin === instanceOf(settings))
    throw unknown(`this address of ${url.host} names no record`);
  return null;
}

/** As often as it takes; what is no encoding stays. */
function decoded(text: string): string {
  let shown = text;
  for (let i = 0; i < MAX_DECODINGS; i++) shown = shown.replace(/(?:%[0-9a-f]{2})+/gi, decodedRun);
  return shown;
}

function decodedRun(run: string): string {
  try {
    return decodeURIComponent(run);
  } catch {
    return run;
  }
}

/** In a decoded path with its query. */
function recordIn(address: string): RecordName | null {
  // A record that is opened within another stands behind it.
  const workspace = [...address.matchAll(/\/record\/([a-z][a-z0-9_]*)\/([0-9a-f]{32})(?![0-9a-f])/gi)].at(-1);
  if (workspace !== undefined) return named(workspace[1]!, workspace[2]!);
  // Pages name pages: nav_to.do?uri=incident.do?sys_id=…&sysparm_stack=incident_list.do?…
  const pages = [...address.matchAll(/([a-z][a-z0-9_]*)\.do\?/gi)];
  for (const [i, page] of pages.entries()) {
    const query = address.slice(page.index + page[0].length, pages[i + 1]?.index).replace(/#.*/s, "");
    const found = /^nav_to$/i.test(page[1]!) ? null : inForm(page[1]!, query);
    if (found !== null) return found;
  }
  const portal = new URLSearchParams(address.slice(address.indexOf("?") + 1));
  return named(portal.get("table") ?? "", portal.get("sys_id") ?? "");
}

function inForm(table: string, query: string): RecordName | null {
  const sysId = /(?:^|&)sys_id=([0-9a-f]{32})(?![0-9a-f])/i.exec(query);
  if (sysId !== null) return named(table, sysId[1]!);
  // A list is no record, whatever is looked for in it.
  const number = /(?:^|[&^=])number=([A-Z]{2,10}\d{4,})(?![A-Z0-9])/i.exec(query);
  return number === null || table.endsWith("_list") ? null : shortForm(`${table}/${number[1]}`);
}

const named = (table: string, sysId: string): RecordName | null =>
  TABLE.test(table.toLowerCase()) && SYS_ID.test(sysId)
    ? { table: table.toLowerCase(), sysId: sysId.toLowerCase() }
    : null;

/** An instance that ServiceNow runs under a name of its own. */
export const isHosted = (server: string): boolean => HOSTED.test(addressOf(server)?.hostname ?? "");

export const INSTANCE_SETTINGS = ["SERVICENOW_URL", "SERVICENOW_INSTANCE", "SN_INSTANCE"] as const;

/** From the environment: an address, a host, or the first word of one; null: nothing is set. Throws a TicketError where it is none. */
export function instanceOf(settings: Settings): string | null {
  const source = INSTANCE_SETTINGS.find((name) => settings.env[name]?.trim());
  if (source === undefined) return null;
  const value = settings.env[source]!.trim();
  const text = /^https?:\/\//i.test(value)
    ? value
    : `https://${/^[a-z0-9-]+$/i.test(value) ? `${value}.service-now.com` : value}`;
  const url = addressOf(text);
  if (url === null)
    throw new TicketError("unknown-ticket", `${source} is neither an address nor the name of an instance`);
  return url.origin;
}

function requiredServer(settings: Settings): string {
  const server = instanceOf(settings);
  if (server !== null) return server;
  throw new TicketError(
    "unknown-ticket",
    "which ServiceNow instance is meant? Set SERVICENOW_INSTANCE to its name, or give the address of the record",
  );
}
