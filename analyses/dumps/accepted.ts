// Which services' owner does this dump name? Without root, ss and netstat leave out the processes of other users: then a
// connection without an owner proves nothing. It does where the owner of its service is listed.

import type { SocketDump } from "../../src/core/socket-table.ts";
import { type Owner, PortSet } from "./holders.ts";

export interface OwnedServices {
  /** At least one socket with this local port has an owner. */
  has(port: number | null): boolean;
  /** Who listens there; null where the dump does not say. */
  listener(port: number | null): Omit<Owner, "count"> | null;
}

export function ownedServices(dump: SocketDump): OwnedServices {
  const owned = new PortSet();
  const listeners = new Map<number, Omit<Owner, "count">>();
  if (dump.hasOwners) {
    for (const { local, pid, process, state } of dump.rows()) {
      if (local.port === null || (pid === null && process === null)) continue;
      owned.add(local.port);
      if (state === "LISTEN") listeners.set(local.port, { pid, process });
    }
  }
  return {
    has: (port) => port !== null && owned.has(port),
    listener: (port) => (port === null ? null : (listeners.get(port) ?? null)),
  };
}
