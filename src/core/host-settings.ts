// How long does a host keep a closed connection, and which ports does it give to clients? What no capture tells, by
// operating system, with what the person on call knows put over it.

import type { Nanos } from "./clock.ts";
import { NANOS_PER_SECOND } from "./clock.ts";

export const HOST_SYSTEMS = ["linux", "windows", "macos", "freebsd"] as const;
export type HostSystem = (typeof HOST_SYSTEMS)[number];

/** Ephemeral ports, both ends included. */
export interface PortRange {
  first: number;
  last: number;
}

export interface HostSettings {
  os: HostSystem;
  /** How long TIME_WAIT lasts. */
  timeWait: Nanos;
  /** How long FIN_WAIT_2 lasts after the process has closed. */
  finTimeout: Nanos;
  ports: PortRange;
  /** The range was stated by the user, not taken from the operating system's default. */
  portsStated: boolean;
}

/** The settings of every host in a capture. */
export interface Hosts {
  of(address: string): HostSettings;
  /** What holds for every host, where nothing was said of single ones. */
  readonly same?: HostSettings;
}

const s = NANOS_PER_SECOND;

/**
 * Linux: TCP_TIMEWAIT_LEN (compile-time), tcp_fin_timeout, ip_local_port_range.
 * Windows: TcpTimedWaitDelay and TcpFinWait2Delay (240 s each by default), dynamic ports since Vista (KB929851).
 * macOS: 2 × net.inet.tcp.msl (15 s), net.inet.tcp.fin_timeout, net.inet.ip.portrange.first and last.
 * FreeBSD: 2 × net.inet.tcp.msl (30 s), net.inet.tcp.finwait2_timeout, net.inet.ip.portrange.first and last.
 */
export const SYSTEM_DEFAULTS: Readonly<Record<HostSystem, HostSettings>> = {
  linux: {
    os: "linux",
    timeWait: 60 * s,
    finTimeout: 60 * s,
    ports: { first: 32_768, last: 60_999 },
    portsStated: false,
  },
  windows: {
    os: "windows",
    timeWait: 240 * s,
    finTimeout: 240 * s,
    ports: { first: 49_152, last: 65_535 },
    portsStated: false,
  },
  macos: {
    os: "macos",
    timeWait: 30 * s,
    finTimeout: 60 * s,
    ports: { first: 49_152, last: 65_535 },
    portsStated: false,
  },
  freebsd: {
    os: "freebsd",
    timeWait: 60 * s,
    finTimeout: 60 * s,
    ports: { first: 10_000, last: 65_535 },
    portsStated: false,
  },
};

/** Every host is a Linux as it is installed. */
export const DEFAULT_HOSTS: Hosts = { of: () => SYSTEM_DEFAULTS.linux, same: SYSTEM_DEFAULTS.linux };

export const portCount = (range: PortRange): number => range.last - range.first + 1;
