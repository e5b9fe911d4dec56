// What system is the host of this dump, which ports does it give to clients, and what is to be typed there?

import { type HostSettings, type HostSystem, type Hosts, SYSTEM_DEFAULTS } from "../../src/core/host-settings.ts";
import type { SocketDump } from "../../src/core/socket-table.ts";

const ASSUMED = SYSTEM_DEFAULTS.linux;
const remembered = new WeakMap<HostSettings, Map<HostSystem, HostSettings>>();

/**
 * What was stated of `address`; where nothing was (every host is a Linux then), the format of the dump says the system: nobody
 * runs Get-NetTCPConnection there. Ports and timers that were stated are kept.
 */
export function settingsFor(dump: SocketDump, hosts: Hosts, address: string): HostSettings {
  const stated = hosts.of(address);
  if (dump.system === null || dump.system === stated.os || stated.os !== ASSUMED.os) return stated;
  let bySystem = remembered.get(stated);
  if (bySystem === undefined) remembered.set(stated, (bySystem = new Map()));
  let settings = bySystem.get(dump.system);
  if (settings === undefined) {
    const own = SYSTEM_DEFAULTS[dump.system];
    settings = {
      os: own.os,
      timeWait: stated.timeWait === ASSUMED.timeWait ? own.timeWait : stated.timeWait,
      finTimeout: stated.finTimeout === ASSUMED.finTimeout ? own.finTimeout : stated.finTimeout,
      ports: stated.portsStated ? stated.ports : own.ports,
      portsStated: stated.portsStated,
    };
    bySystem.set(dump.system, settings);
  }
  return settings;
}

/** Where the dump does not say an address. */
export const hostSettings = (dump: SocketDump, hosts: Hosts): HostSettings => settingsFor(dump, hosts, "");

/** Every TCP socket with its state, queues and owner. */
export function listAll(os: HostSystem): string {
  switch (os) {
    case "linux":
      return "ss -tanp (as root)";
    case "windows":
      return "Get-NetTCPConnection | Export-Csv sockets.csv";
    case "macos":
    case "freebsd":
      return "netstat -an -p tcp, and lsof -nP -iTCP for the owners";
  }
}
