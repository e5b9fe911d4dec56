// Which command shows it on the host itself? By operating system, to be typed as it stands.

import type { Party } from "../src/core/analysis.ts";
import type { StateName } from "../src/core/flow-view.ts";
import type { HostSystem, PortRange } from "../src/core/host-settings.ts";
import { name } from "./grouping.ts";

/** "40000-40199", as `--port-range` takes it. */
export const rangeText = (range: PortRange): string => `${range.first}-${range.last}`;

/** The range of ports that the system gives to clients. */
export function showRange(os: HostSystem): string {
  switch (os) {
    case "windows":
      return "netsh int ipv4 show dynamicport tcp";
    case "linux":
      return "sysctl net.ipv4.ip_local_port_range";
    case "macos":
    case "freebsd":
      return "sysctl net.inet.ip.portrange.first net.inet.ip.portrange.last";
  }
}

/** The sockets of one state towards one destination. */
export function showPorts(os: HostSystem, state: StateName, peer: Party | null): string {
  switch (os) {
    case "windows":
      return `Get-NetTCPConnection -State ${WINDOWS_STATES[state]}${peer === null ? "" : ` -RemoteAddress ${peer.address}${peer.port === undefined ? "" : ` -RemotePort ${peer.port}`}`}`;
    case "linux":
      return `ss -tanp state ${SS_STATES[state]}${peer === null ? "" : ` dst ${name(peer)}`}`;
    case "macos":
    case "freebsd":
      return `netstat -an -p tcp | grep ${state}`;
  }
}

const SS_STATES: Record<StateName, string> = {
  CLOSED: "closed",
  SYN_SENT: "syn-sent",
  SYN_RECEIVED: "syn-recv",
  ESTABLISHED: "established",
  FIN_WAIT_1: "fin-wait-1",
  FIN_WAIT_2: "fin-wait-2",
  CLOSE_WAIT: "close-wait",
  CLOSING: "closing",
  LAST_ACK: "last-ack",
  TIME_WAIT: "time-wait",
};

const WINDOWS_STATES: Record<StateName, string> = {
  CLOSED: "Closed",
  SYN_SENT: "SynSent",
  SYN_RECEIVED: "SynReceived",
  ESTABLISHED: "Established",
  FIN_WAIT_1: "FinWait1",
  FIN_WAIT_2: "FinWait2",
  CLOSE_WAIT: "CloseWait",
  CLOSING: "Closing",
  LAST_ACK: "LastAck",
  TIME_WAIT: "TimeWait",
};
