// What does this dump not say, so that silence is no clean bill of health?

import type { DumpView } from "../../src/core/dump-view.ts";
import { formatWhole } from "../../src/core/numbers.ts";
import type { SocketDump, SocketState } from "../../src/core/socket-table.ts";
import { plural } from "../grouping.ts";
import { hostSettings, listAll } from "./host.ts";

/** Empty: it lists what is asked. `toTell`: "to tell CLOSE_WAIT from ESTABLISHED". */
export function whatIsMissing(dump: SocketDump, view: DumpView, toTell: string): string[] {
  const all = listAll(hostSettings(dump, view.hosts).os);
  if (dump.format === "ss-summary") {
    return [`ss -s lists no socket, and its estab counts ESTABLISHED and CLOSE_WAIT together: run ${all} ${toTell}`];
  }
  const missing: string[] = [];
  const only = onlyState(dump);
  if (only !== null) missing.push(`the dump lists sockets in ${only} only: run ${all} ${toTell}`);
  const unknown = dump.counts.get("UNKNOWN") ?? 0;
  if (unknown > 0) missing.push(`${plural(unknown, "row")} without a state: run ${all} ${toTell}`);
  if (dump.notKept > 0) missing.push(`${plural(dump.notKept, "row")} beyond what is kept were counted by state only`);
  if (dump.unreadCount > 0 && dump.unreadCount * 10 >= dump.rowCount) {
    missing.push(`${formatWhole(dump.unreadCount)} lines of the dump could not be read`);
  }
  if (missing.length === 0 && dump.rowCount === 0) missing.push(`the dump lists no TCP socket: run ${all}`);
  return missing;
}

/** A dump that was filtered by state is silent on the others. Connections alone are no filter: a quiet host has nothing else. */
function onlyState({ counts }: SocketDump): SocketState | null {
  if (counts.size !== 1) return null;
  const [state] = counts.keys();
  return state === undefined || state === "ESTABLISHED" || state === "UNKNOWN" ? null : state;
}
