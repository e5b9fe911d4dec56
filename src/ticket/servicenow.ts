// How does a report come onto a ServiceNow record? Files by the Attachment API, the comment as a work note, which customers do not see.
//
// What a text means is in servicenow-names.ts, what is asked in servicenow-instance.ts, what is done in servicenow-record.ts.

import { basicFrom, bearer, tokenHeader } from "./credentials/authorization.ts";
import type { Credentials, Settings } from "./credentials/credentials.ts";
import { basicFromNetrc, NETRC } from "./credentials/netrc.ts";
import { ServiceNowInstance } from "./servicenow-instance.ts";
import {
  EXAMPLES,
  INSTANCE_SETTINGS,
  instanceOf,
  isHosted,
  type RecordName,
  recognisedRecord,
} from "./servicenow-names.ts";
import { ServiceNowRecord } from "./servicenow-record.ts";
import type { TicketPlace, Tracker } from "./tracker.ts";

const USERS = ["SERVICENOW_USER", "SERVICENOW_USERNAME", "SN_USER", "SN_USERNAME"] as const;
const PASSWORDS = ["SERVICENOW_PASSWORD", "SN_PASSWORD"] as const;

const SOURCES = [
  "SERVICENOW_TOKEN (OAuth)",
  "SERVICENOW_API_KEY (REST API key)",
  "SERVICENOW_USER with SERVICENOW_PASSWORD (SN_USER, SN_PASSWORD)",
  NETRC,
  `(those of the environment go to the instance of ${INSTANCE_SETTINGS.join(" or ")} where one is set; without, to *.service-now.com and *.servicenowservices.com alone)`,
] as const;

export const servicenow: Tracker = {
  id: "servicenow",
  title: "ServiceNow",
  examples: EXAMPLES,
  credentialSources: SOURCES,
  recognise(text, settings) {
    const found = recognisedRecord(text, settings);
    return found === null ? null : placeOf(found.server, found.record);
  },
  credentials,
  open: async (place, credentials, http) => {
    const instance = new ServiceNowInstance(place.server, credentials === null ? null : http, SOURCES);
    return new ServiceNowRecord(place, nameOf(place), instance);
  },
};

const placeOf = (server: string, record: RecordName): TicketPlace => ({
  tracker: "servicenow",
  server,
  name: "number" in record ? record.number : `${record.table} ${record.sysId}`,
  parts:
    "number" in record
      ? { table: record.table ?? "", number: record.number }
      : { table: record.table, sys_id: record.sysId },
});

const nameOf = ({ parts }: TicketPlace): RecordName =>
  parts.sys_id === undefined
    ? { table: parts.table || null, number: parts.number ?? "" }
    : { table: parts.table ?? "", sysId: parts.sys_id };

/** Those of the environment are for the instance that it names: an address from elsewhere, which somebody may have sent, gets none. */
async function credentials(at: TicketPlace, settings: Settings): Promise<Credentials | null> {
  const instance = instanceOf(settings);
  const isMeant = instance === null ? isHosted(at.server) : instance === at.server;
  return (isMeant ? fromEnvironment(settings) : null) ?? basicFromNetrc(settings, at.server);
}

function fromEnvironment({ env }: Settings): Credentials | null {
  if (env.SERVICENOW_TOKEN) return bearer(env.SERVICENOW_TOKEN, "SERVICENOW_TOKEN");
  if (env.SERVICENOW_API_KEY) return tokenHeader("x-sn-apikey", env.SERVICENOW_API_KEY, "SERVICENOW_API_KEY");
  const user = USERS.find((name) => env[name]);
  const password = PASSWORDS.find((name) => env[name]);
  if (user === undefined || password === undefined) return null;
  return basicFrom(env[user]!, env[password]!, `${user} and ${password}`);
}
