// Which of these connections did an earlier dump list already, in the same state? Those are held; the others may be passing through.

import type { DumpView } from "../../src/core/dump-view.ts";
import type { Hosts } from "../../src/core/host-settings.ts";
import type { SocketDump } from "../../src/core/socket-table.ts";
import { countsByHolder, type Holding, holdingsOf, type Wanted } from "./holders.ts";

/** What is closed in an orderly way is closed within seconds: an earlier dump tells from so long ago on. */
const LONG_ENOUGH_MS = 10_000;

export interface Earlier {
  /** How many were there already. */
  count: number;
  /** When that dump was taken, in milliseconds since 1970. */
  at: number | null;
  source: string;
}

/** By holder, of those in `keys`. Empty without an earlier dump. */
export function heldSince(view: DumpView, wanted: Wanted, keys: ReadonlySet<string>): Map<string, Earlier> {
  const since = new Map<string, Earlier>();
  const before = reference(view);
  if (before === null) return since;
  const connections = new Set<string>();
  eachOf(before, view.hosts, wanted, keys, (_, connection) => connections.add(connection));
  for (const key of keys) since.set(key, { count: 0, at: before.takenAt, source: before.source });
  eachOf(view.latest, view.hosts, wanted, keys, ({ key }, connection) => {
    if (connections.has(connection)) since.get(key)!.count++;
  });
  return since;
}

/** The latest dump that is old enough; without times, the one before. */
function reference(view: DumpView): SocketDump | null {
  const { takenAt } = view.latest;
  for (let i = view.dumps.length - 1; i >= 0; i--) {
    const dump = view.dumps[i]!;
    if (dump === view.latest) continue;
    if (takenAt === null || dump.takenAt === null || takenAt - dump.takenAt >= LONG_ENOUGH_MS) return dump;
  }
  return null;
}

function eachOf(
  dump: SocketDump,
  hosts: Hosts,
  wanted: Wanted,
  keys: ReadonlySet<string>,
  visit: (holding: Holding, connection: string) => void,
): void {
  holdingsOf(dump, hosts, wanted, [...keys], 1, (holding, { local, remote }) => {
    if (!holding.isRest) visit(holding, `${local.address} ${local.port} ${remote.address} ${remote.port}`);
  });
}

/** How many connections each holder has whose handshake is done and which it has not closed: ESTABLISHED and CLOSE_WAIT. */
export const countConnections = (dump: SocketDump, hosts: Hosts): Map<string, number> =>
  countsByHolder(dump, hosts, ({ state }) => state === "ESTABLISHED" || state === "CLOSE_WAIT");
