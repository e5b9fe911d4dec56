// How does a capture get other addresses, ports, sequence numbers, IP ids? By bijections that keep what the product may rightly
// read from them: what is loopback, what is an ephemeral port, which ports are odd.

import type { Change } from "./changes.ts";
import { pcapOf, sourceOf } from "./formats.ts";
import type { Random } from "./random.ts";
import { carriesTcp6, rewrite, segmentsOf } from "./rewrite.ts";
import type { WayBack } from "./story.ts";
import type { Trace } from "./trace.ts";

const dotted = (n: number): string => [24, 16, 8, 0].map((bits) => (n >>> bits) & 255).join(".");

const made = (trace: Trace, more: Omit<WayBack, "traces"> = {}) => ({
  sources: [sourceOf("changed", pcapOf(trace))],
  traces: new Map([["changed", trace]]),
  ...more,
});

// ── addresses ──

const LOOPBACK = 127;
const NEW_LOOPBACK = 0x7f400000;
/** Reserved for measurements (RFC 2544): in no sample. */
const NEW_NETWORK = 0xc6120000;

function addressesOf(trace: Trace): number[] {
  const seen = new Set<number>();
  for (const segment of segmentsOf(trace)) seen.add(segment.source).add(segment.target);
  return [...seen].sort((a, b) => a - b);
}

/** Loopback stays loopback: its connections have rules of their own. */
const inNewNetwork = (old: number, host: number): number =>
  ((old >>> 24 === LOOPBACK ? NEW_LOOPBACK : NEW_NETWORK) + host) >>> 0;

/** New hosts for the old, in the order given (`ascending` keeps which of two is the lower one). */
function newAddresses(old: readonly number[], hosts: readonly number[]): Map<number, number> {
  return new Map(old.map((address, n) => [address, inNewNetwork(address, hosts[n]!)]));
}

const namesBack = (forth: ReadonlyMap<number, number>): ((changed: string) => string) => {
  const back = new Map([...forth].map(([from, to]) => [dotted(to), dotted(from)]));
  return (changed) => back.get(changed) ?? changed;
};

// ── ports ──

/** Linux's ephemeral range, of which the samples' clients are; every second port, for the kernel gives odd and even ones apart. */
const FIRST = 32_768;
const COUNT = 28_232;
/** Services of the samples listen below; where they go there is no port that any protocol is known by. */
const NEW_SERVICES = 20_000;

interface Ports {
  forth(port: number): number;
  back(port: number): number;
}

const isEphemeral = (port: number): boolean => port >= FIRST && port < FIRST + COUNT;

/** The range turned by an even number: neighbours stay neighbours, except where it wraps. */
function turned(trace: Trace, random: Random): Ports | null {
  const used = new Set<number>();
  for (const { sourcePort, targetPort } of segmentsOf(trace)) used.add(sourcePort).add(targetPort);
  if (![...used].some(isEphemeral)) return null;
  const by = 2 * (1 + random.below(COUNT / 2 - 1));
  const turn = (port: number, steps: number): number =>
    isEphemeral(port) ? FIRST + ((port - FIRST + steps) % COUNT) : port;
  return { forth: (port) => turn(port, by), back: (port) => turn(port, COUNT - by) };
}

function movedServices(trace: Trace, random: Random): Ports {
  const old = new Set<number>();
  for (const { sourcePort, targetPort } of segmentsOf(trace)) {
    for (const port of [sourcePort, targetPort]) if (!isEphemeral(port)) old.add(port);
  }
  const offset = random.below(1000);
  const forth = new Map([...old].map((port, n) => [port, NEW_SERVICES + offset + n * 7]));
  const back = new Map([...forth].map(([from, to]) => [to, from]));
  return { forth: (port) => forth.get(port) ?? port, back: (port) => back.get(port) ?? port };
}

const both = (a: Ports, b: Ports): Ports => ({ forth: (p) => a.forth(b.forth(p)), back: (p) => b.back(a.back(p)) });

interface What {
  addresses?: boolean;
  clientPorts?: boolean;
  servicePorts?: boolean;
}

export const renumbered = (name: string, what: What): Change => ({
  name: `renumbered: ${name}`,
  make(trace, random) {
    const old = addressesOf(trace);
    const hosts = old.map((_, n) => 1 + n * 259 + random.below(200));
    const addresses = what.addresses ? newAddresses(old, hosts) : new Map<number, number>();
    let ports: Ports = { forth: (p) => p, back: (p) => p };
    if (what.clientPorts) {
      const clients = turned(trace, random);
      if (clients === null) return null;
      ports = clients;
    }
    // Connections over IPv6 keep their ports: no word of the report would tell which of a port's two names is meant.
    if ((what.clientPorts || what.servicePorts) && carriesTcp6(trace)) return null;
    if (what.servicePorts) ports = both(ports, movedServices(trace, random));
    const changed = readdressed(trace, addresses, ports.forth);
    return made(changed, { address: namesBack(addresses), port: ports.back });
  },
});

function readdressed(trace: Trace, addresses: ReadonlyMap<number, number>, port: (old: number) => number): Trace {
  return rewrite(trace, (segment) => {
    segment.source = addresses.get(segment.source) ?? segment.source;
    segment.target = addresses.get(segment.target) ?? segment.target;
    segment.sourcePort = port(segment.sourcePort);
    segment.targetPort = port(segment.targetPort);
  });
}

/** Hosts that no sample has, nor any renumbered one. Not of loopback: all of that is one machine, and its services may call each other. */
export function otherHosts(trace: Trace): Trace {
  const addresses = new Map(addressesOf(trace).map((old, n) => [old, NEW_NETWORK + OTHER_HOSTS + n]));
  return readdressed(trace, addresses, (p) => p);
}
const OTHER_HOSTS = 0x8000;

/** A flow's key has the lower address first: of any two hosts the other one is it now. */
export const flippedOrder: Change = {
  name: "the lower address of two made the higher one",
  make(trace) {
    const old = addressesOf(trace);
    if (old.length < 2) return null;
    const addresses = newAddresses(
      old,
      old.map((_, n) => 1 + (old.length - n) * 17),
    );
    return made(
      readdressed(trace, addresses, (p) => p),
      { address: namesBack(addresses) },
    );
  },
};

// ── numbers that mean nothing by themselves ──

/** By a constant per host: what counts is which packet was sent later, and that 0 is no count. */
export const withOtherIds: Change = {
  name: "other IP ids and TTL",
  make(trace, random) {
    const ids = new Map<number, Set<number>>();
    for (const { source, id } of segmentsOf(trace)) ids.set(source, (ids.get(source) ?? new Set()).add(id));
    const by = new Map<number, number>();
    for (const [source, seen] of ids) {
      let steps = 1 + random.below(0xffff);
      while (seen.has(0x10000 - steps)) steps = (steps % 0xffff) + 1;
      by.set(source, steps);
    }
    return made(
      rewrite(trace, (segment) => {
        if (segment.id !== 0) segment.id = (segment.id + by.get(segment.source)!) & 0xffff;
        segment.ttl = segment.ttl - 13;
      }),
    );
  },
};

/** So that the numbers of each side pass 2³² in the middle of what it said. */
export const shiftedNumbers: Change = {
  name: "sequence numbers shifted, to wrap within the flow",
  make(trace) {
    const sides = new Map<string, { first: number; most: number }>();
    const side = (from: number, port: number, to: number, toPort: number): string => `${from} ${port} ${to} ${toPort}`;
    const own = (s: { source: number; sourcePort: number; target: number; targetPort: number }): string =>
      side(s.source, s.sourcePort, s.target, s.targetPort);
    for (const segment of segmentsOf(trace)) {
      if (segment.flags & 4) continue;
      const known = sides.get(own(segment));
      if (known === undefined) sides.set(own(segment), { first: segment.seq, most: 0 });
      else known.most = Math.max(known.most, (segment.seq + segment.length - known.first) | 0);
    }
    const by = (key: string): number => {
      const known = sides.get(key);
      return known === undefined ? 0 : -known.first - Math.ceil(known.most / 2);
    };
    return made(rewrite(trace, (s) => s.shift(by(own(s)), by(side(s.target, s.targetPort, s.source, s.sourcePort)))));
  },
};
