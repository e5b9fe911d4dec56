// Which flows belong together in one finding? Those between the same service and the same peer, told once with a count; where a service has
// many clients, those of all of them: nobody reads a finding for each of three thousand.

import { formatEndpoint } from "../src/core/address.ts";
import { type Evidence, isMany, manyClients, manyServices, type Party } from "../src/core/analysis.ts";
import type { EndRow } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { formatWhole } from "../src/core/numbers.ts";

/** Evidence cited in full per finding; the count says how many there are. */
export const CITED = 5;

/** Clients of one service that are told of each by itself; where there are more, one finding tells of all. */
const MOST_CLIENTS = 16;
/** And services of one client, where {@link joinServices} is asked for. */
export const MOST_SERVICES = 64;

export interface Group<T> {
  /** With its port. Of many, what stands for all of them ({@link manyServices}). */
  service: Party;
  /** The same as one number ({@link EndRow.place}); of the first of many. */
  place: number;
  /** How many services it is. */
  services: number;
  kind: string;
  /** The other side: a client has no fixed port. Of more than a few, what stands for all of them ({@link manyClients}). */
  peer: Party;
  items: T[];
}

interface Collected<T> extends Group<T> {
  /** When each item came, among all. */
  readonly order: number[];
  /** Of a group of all clients: by their hosts. */
  joins: ReadonlyMap<number, unknown> | null;
  /** Its items went to the group of all clients. */
  isMerged: boolean;
}

interface OfService<T> {
  /** By the client's host. */
  readonly groups: Map<number, Collected<T>>;
  /** The group of all clients; null while there are few. */
  joint: Collected<T> | null;
}

/** Collects items by service and client, in order of first appearance; by service alone where it has more than a few clients. */
export class Groups<T> {
  private readonly byKind = new Map<string, Map<number, OfService<T>>>();
  private readonly all: Collected<T>[] = [];
  private count = 0;

  add(service: EndRow, peer: EndRow, item: T, kind = ""): void {
    const of = this.of(service.place, kind);
    let group = of.groups.get(peer.host);
    if (group === undefined) {
      group = of.joint ?? this.begin(service, peer, kind);
      of.groups.set(peer.host, group);
      if (of.joint === null && of.groups.size > MOST_CLIENTS) group = join(of);
    }
    group.items.push(item);
    if (of.joint === null) group.order.push(this.count++);
  }

  get size(): number {
    return [...this].length;
  }

  *[Symbol.iterator](): Iterator<Group<T>> {
    for (const group of this.all) {
      if (group.joins !== null) group.peer = manyClients(group.joins.size);
      if (!group.isMerged) yield group;
    }
  }

  private of(place: number, kind: string): OfService<T> {
    let services = this.byKind.get(kind);
    if (services === undefined) this.byKind.set(kind, (services = new Map()));
    let of = services.get(place);
    if (of === undefined) services.set(place, (of = { groups: new Map(), joint: null }));
    return of;
  }

  private begin({ address, port, place }: EndRow, peer: EndRow, kind: string): Collected<T> {
    const group: Collected<T> = {
      service: { address, port },
      place,
      services: 1,
      kind,
      peer: { address: peer.address },
      items: [],
      order: [],
      joins: null,
      isMerged: false,
    };
    this.all.push(group);
    return group;
  }
}

/** The first of a service's groups becomes that of all its clients. */
function join<T>(of: OfService<T>): Collected<T> {
  const groups = [...of.groups.values()];
  const joint = groups[0]!;
  const items = groups.flatMap((g) => g.items.map((item, n) => ({ item, at: g.order[n]! })));
  joint.items = items.sort((a, b) => a.at - b.at).map(({ item }) => item);
  for (const group of groups) group.isMerged = group !== joint;
  for (const host of of.groups.keys()) of.groups.set(host, joint);
  joint.joins = of.groups;
  of.joint = joint;
  return joint;
}

/**
 * The same groups; but those of a kind between one client and more than so many services as one, in the place of the first. The items of one
 * service come behind those of another.
 */
export function joinServices<T>(groups: Iterable<Group<T>>): Group<T>[] {
  const all = [...groups];
  const byClient = new Map<string, Group<T>[]>();
  for (const group of all) {
    if (isMany(group.peer)) continue;
    const key = `${group.kind} ${group.peer.address}`;
    const own = byClient.get(key);
    if (own === undefined) byClient.set(key, [group]);
    else own.push(group);
  }
  const joined = new Map<Group<T>, Group<T> | null>();
  for (const own of byClient.values()) {
    if (own.length <= MOST_SERVICES) continue;
    const items = own.flatMap((group) => group.items);
    for (const group of own) joined.set(group, null);
    joined.set(own[0]!, { ...own[0]!, service: manyServices(own.length), services: own.length, items });
  }
  return all.flatMap((group) => (joined.has(group) ? (joined.get(group) ?? []) : group));
}

export const name = (party: Party): string => formatEndpoint(party);

/** The word that goes with it: "10.0.0.1 holds", "3,030 clients hold". */
export const agreeing = (party: Party | null, one: string, many: string): string =>
  party !== null && isMany(party) ? many : one;

/** Evidence for a flow and frames of it; the composition root turns the frames into a display filter. */
export const cite = (flow: number, ...frames: (FrameRef | undefined)[]): Evidence => ({
  flow,
  frames: frames.filter((f): f is FrameRef => f !== undefined && f !== 0),
});

/** "1 request", "9,640 requests". */
export const plural = (n: number, one: string, many = `${one}s`): string => `${formatWhole(n)} ${n === 1 ? one : many}`;

/** A duration in words: "1.000 s", "340 ms". */
export function duration(ns: number): string {
  if (ns < 1e6) return `${Math.round(ns / 1e3)} µs`;
  if (ns < 1e9) return `${Number((ns / 1e6).toPrecision(3))} ms`;
  return ns < 120e9 ? `${(ns / 1e9).toFixed(3)} s` : `${Math.round(ns / 60e9)} min`;
}

/** The time of day, for sentences; reports hold the full time beside it. */
export const clockTime = (iso: string): string => iso.slice(11, 23);
