// What does the person on call know of the hosts? Operating systems, timers and port ranges: for all of them, and over
// that for single ones: `10.0.0.5=windows`, `10.0.0.0/8=windows,time-wait=30s`, `2001:db8::1=linux,port-range=5000-6000`.

import { NANOS_PER_SECOND, type Nanos } from "./clock.ts";
import { UsageError } from "./errors.ts";
import {
  HOST_SYSTEMS,
  type HostSettings,
  type HostSystem,
  type Hosts,
  type PortRange,
  SYSTEM_DEFAULTS,
} from "./host-settings.ts";
import { includes, type Network, readNetwork, unmapped } from "./network.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import { parseDuration } from "./time-option.ts";

export interface HostOptions {
  /** The operating system of every host that `hosts` does not name: linux (the default), windows, macos, freebsd. */
  hostOs?: string;
  /** How long TIME_WAIT lasts, of an orphaned FIN_WAIT_2 how long it does: `30s`, `500ms`, `2m`, or seconds. */
  timeWait?: string;
  finTimeout?: string;
  /** The ports that the system gives to clients: `32768-60999`. */
  portRange?: string;
  /** Single hosts, or prefixes: `10.0.0.5=windows`, `10.0.0.0/8=windows,time-wait=30s`. The most specific one counts. */
  hosts?: readonly string[];
}

/** What was said of some hosts; what was not is undefined. */
interface Statement {
  os?: HostSystem | undefined;
  timeWait?: Nanos | undefined;
  finTimeout?: Nanos | undefined;
  ports?: PortRange | undefined;
}

interface Rule {
  text: string;
  network: Network;
  settings: HostSettings;
}

/** Far beyond what any system keeps a closed connection for: more than this is a slip of the pen. */
const LONGEST_TIMER = 24 * 3600 * NANOS_PER_SECOND;
/** Addresses whose settings are remembered; beyond that it begins anew. */
const MAX_REMEMBERED = 65_536;

/**
 * Throws {@link UsageError} that names the option. `pseudonyms`: by which names addresses go where the settings are asked for; in the
 * options they are real. Pseudonyms keep prefixes.
 */
export function parseHosts(options: HostOptions, pseudonyms: Pseudonyms | null = null): Hosts {
  const everywhere: Statement = {
    os: options.hostOs === undefined ? undefined : readSystem(options.hostOs, "--host-os"),
    timeWait: options.timeWait === undefined ? undefined : readTimer(options.timeWait, "--time-wait"),
    finTimeout: options.finTimeout === undefined ? undefined : readTimer(options.finTimeout, "--fin-timeout"),
    ports: options.portRange === undefined ? undefined : readPorts(options.portRange, "--port-range"),
  };
  const rest = settingsOf(everywhere);
  const rules = readRules(options.hosts ?? [], everywhere).map((rule) =>
    pseudonyms === null ? rule : { ...rule, network: renamed(rule.network, pseudonyms) },
  );
  if (rules.length === 0) return { of: () => rest, same: rest };
  const remembered = new Map<string, HostSettings>();
  return {
    of(address) {
      let settings = remembered.get(address);
      if (settings === undefined) {
        const network = readNetwork(address);
        const host = network === null ? null : unmapped(network);
        settings = (host && rules.find((rule) => includes(rule.network, host))?.settings) ?? rest;
        if (remembered.size >= MAX_REMEMBERED) remembered.clear();
        remembered.set(address, settings);
      }
      return settings;
    },
  };
}

function renamed(network: Network, pseudonyms: Pseudonyms): Network {
  if (network.family === 4) return { ...network, words: [pseudonyms.ipv4(network.words[0]!)] };
  const bytes = new DataView(new ArrayBuffer(16));
  network.words.forEach((word, i) => {
    bytes.setInt32(4 * i, word);
  });
  pseudonyms.ipv6(new Uint8Array(bytes.buffer), 0);
  return { ...network, words: network.words.map((_, i) => bytes.getInt32(4 * i)) };
}

/** What a host's own statement leaves open, the one for every host says; what both do, the operating system. */
function settingsOf(everywhere: Statement, own: Statement = {}): HostSettings {
  const system = SYSTEM_DEFAULTS[own.os ?? everywhere.os ?? "linux"];
  const ports = own.ports ?? everywhere.ports;
  return {
    os: system.os,
    timeWait: own.timeWait ?? everywhere.timeWait ?? system.timeWait,
    finTimeout: own.finTimeout ?? everywhere.finTimeout ?? system.finTimeout,
    ports: ports ?? system.ports,
    portsStated: ports !== undefined,
  };
}

/** The most specific first. */
function readRules(texts: readonly string[], everywhere: Statement): Rule[] {
  const rules: Rule[] = [];
  for (const text of texts) {
    const option = `--host ${JSON.stringify(text)}`;
    const equals = text.indexOf("=");
    const network = equals < 0 ? null : readNetwork(text.slice(0, equals).trim());
    if (network === null) {
      throw new UsageError(
        `${option}: no address before "="; write for example 10.0.0.5=windows or 10.0.0.0/8=windows`,
      );
    }
    const rule = {
      text,
      network: unmapped(network),
      settings: settingsOf(everywhere, readStatement(text.slice(equals + 1), option)),
    };
    const twin = rules.find((other) => isSame(other.network, rule.network));
    if (twin !== undefined) {
      throw new UsageError(`${option}: the same hosts as in ${JSON.stringify(twin.text)}; put both into one --host`);
    }
    rules.push(rule);
  }
  return rules.sort((a, b) => b.network.prefix - a.network.prefix);
}

const isSame = (a: Network, b: Network): boolean => a.prefix === b.prefix && includes(a, b);

function readStatement(text: string, option: string): Statement {
  const said: Statement = {};
  for (const part of text.split(",").map((t) => t.trim())) {
    const [key, value] = part.split("=", 2) as [string, string | undefined];
    if (value === undefined) said.os = readSystem(key, option);
    else if (key === "time-wait") said.timeWait = readTimer(value, `${option}: time-wait`);
    else if (key === "fin-timeout") said.finTimeout = readTimer(value, `${option}: fin-timeout`);
    else if (key === "port-range") said.ports = readPorts(value, `${option}: port-range`);
    else {
      throw new UsageError(
        `${option}: ${JSON.stringify(key)} is no setting; there are time-wait, fin-timeout, port-range`,
      );
    }
  }
  return said;
}

function readSystem(text: string, option: string): HostSystem {
  const system = HOST_SYSTEMS.find((name) => name === text.trim().toLowerCase());
  if (system === undefined) {
    throw new UsageError(
      `${option}: ${JSON.stringify(text)} is no operating system; there are ${HOST_SYSTEMS.join(", ")}`,
    );
  }
  return system;
}

const readTimer = (text: string, option: string): Nanos => parseDuration(text, option, 0, LONGEST_TIMER);

/** `32768-60999`, or as /proc/sys/net/ipv4/ip_local_port_range has it, with space between. */
function readPorts(text: string, option: string): PortRange {
  const parts = /^(\d{1,5})\s*[-\s]\s*(\d{1,5})$/.exec(text.trim());
  const [first, last] = [Number(parts?.[1]), Number(parts?.[2])];
  if (!(first >= 1 && last <= 65_535)) {
    throw new UsageError(`${option} ${JSON.stringify(text)}: not a range of ports; write for example 32768-60999`);
  }
  if (first > last) throw new UsageError(`${option} ${JSON.stringify(text)}: its first port is above its last`);
  return { first, last };
}
