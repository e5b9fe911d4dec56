// On whose behalf is a service called? What comes into a host, and what goes out of it in the meantime.
//
// A capture shows addresses, not processes. Each request that leaves a host where other requests are being served is a
// vote for one of those services: by the same request id, by the same words, or, weakest, by lying within their time. What the
// votes amount to is decided by whoever reads them (analyses/legs.ts). By id and by words it is also one request that is served
// by another: that is noted on the exchange.

import type { Edge as View } from "../core/flow-view.ts";
import { SmallSet } from "../core/small-set.ts";
import { type Exchange, MAX_BEHALF } from "../core/stream-decoder.ts";
import type { ServiceTallyOf } from "./exchange-ledger.ts";
import { Histogram } from "./histogram.ts";

/** Who asks whom. A crafted capture has as many pairs as packets; beyond this, new ones are not told apart. */
const MAX_EDGES = 20_000;
/** Requests that wait on one host are searched by id and by words in maps of this size at most. */
const MAX_KNOWN = 65_536;
/** Of requests with one text that wait at once; more of them are told apart by nothing. */
const MAX_SAME = 64;
/** Services of one host that are busy at once: with more of them, that one took a request last says nothing. */
const MAX_BUSY = 256;
/** All loopback addresses are one host: the one that was captured on. */
const LOOPBACK = "loopback";
/** Most clients are called by nobody: they share it. */
const NONE: ReadonlyMap<ServiceTallyOf, number> = new Map();

export class Edge implements View {
  readonly client: string;
  readonly service: ServiceTallyOf;
  requests = 0;
  readonly waited = new Histogram();
  /** Requests that carried an id, whether or not another one with it was waiting. */
  withId = 0;
  byId: ReadonlyMap<ServiceTallyOf, number> = NONE;
  byWords: ReadonlyMap<ServiceTallyOf, number> = NONE;
  byTime: ReadonlyMap<ServiceTallyOf, number> = NONE;

  constructor(client: string, service: ServiceTallyOf) {
    this.client = client;
    this.service = service;
  }
}

/** One request that is being served, and by whom. */
interface Served {
  readonly exchange: Exchange;
  readonly service: ServiceTallyOf;
}

interface SameText {
  /** The innermost last. */
  readonly served: Served[];
  /** Further ones, which are not told apart. */
  more: number;
}

/** Requests that wait, by a text that names them. On most hosts none has one that is wanted. */
class Waiting {
  private known: Map<string, SameText> | null = null;

  get isEmpty(): boolean {
    return this.known === null || this.known.size === 0;
  }

  add(text: string, served: Served): void {
    this.known ??= new Map();
    const same = this.known.get(text);
    if (same === undefined) {
      if (this.known.size < MAX_KNOWN) this.known.set(text, { served: [served], more: 0 });
    } else if (same.served.length < MAX_SAME) same.served.push(served);
    else same.more++;
  }

  remove(text: string, exchange: Exchange): void {
    const same = this.known?.get(text);
    if (same === undefined) return;
    const at = same.served.findIndex((s) => s.exchange === exchange);
    if (at >= 0) same.served.splice(at, 1);
    else if (same.more > 0) same.more--;
    if (same.served.length + same.more === 0) this.known!.delete(text);
  }

  /** The innermost that is not `asked`. With `alone`, null where one service has it more than once: that names nothing. */
  innermost(text: string, asked: ServiceTallyOf, alone: boolean): Served | null {
    const same = this.known?.get(text);
    const last = same?.served.findLast((s) => s.service !== asked && !s.service.isForgotten);
    if (last === undefined) return null;
    const isAlone = (): boolean =>
      same!.more === 0 && same!.served.every((s) => s === last || s.service !== last.service);
    return alone && !isAlone() ? null : last;
  }
}

/** What waits on one host. */
class Host {
  readonly busy = new SmallSet<ServiceTallyOf>();
  readonly byId = new Waiting();
  readonly byWords = new Waiting();
  /** A request may come from it: without one, no vote will. */
  asks: boolean;

  constructor(asks: boolean) {
    this.asks = asks;
  }

  get isIdle(): boolean {
    return this.busy.size === 0 && this.byId.isEmpty && this.byWords.isEmpty;
  }

  /** Of the services that are busy, the one that took a request last; `asked` does not count. */
  askedLast(asked: ServiceTallyOf): ServiceTallyOf | null {
    if (this.busy.size > MAX_BUSY) return null;
    let newestAt = Number.NEGATIVE_INFINITY;
    let last: ServiceTallyOf | null = null;
    this.busy.each((service) => {
      if (service === asked) return;
      const at = service.activity.newestOpenAt();
      if (at > newestAt) {
        newestAt = at;
        last = service;
      }
    });
    return last;
  }
}

/** Where a service is, and who asks it. */
export class Place {
  readonly host: Host;
  private only: Edge | null = null;
  /** By the client's address, once there were two. */
  private byClient: Map<string, Edge> | null = null;

  constructor(host: Host) {
    this.host = host;
  }

  get isUnasked(): boolean {
    return this.byClient === null && this.only === null;
  }

  edge(client: string): Edge | undefined {
    if (this.byClient !== null) return this.byClient.get(client);
    return this.only?.client === client ? this.only : undefined;
  }

  add(edge: Edge): void {
    if (this.byClient !== null) this.byClient.set(edge.client, edge);
    else if (this.only === null) this.only = edge;
    else {
      this.byClient = new Map([this.only, edge].map((of) => [of.client, of]));
      this.only = null;
    }
  }

  /** In order of the first request. */
  get edges(): Edge[] {
    if (this.byClient !== null) return [...this.byClient.values()];
    return this.only === null ? [] : [this.only];
  }
}

export class Legs {
  private readonly loopback = new Host(true);
  private hosts = new Map<string, Host>([[LOOPBACK, this.loopback]]);
  /** Those that were asked, in order. */
  private places: Place[] = [];
  /** Addresses that ask anybody. */
  private clients = new Set<string>();
  private edgeCount = 0;

  /** How many {@link edges} there are. */
  get size(): number {
    return this.edgeCount;
  }

  get edges(): Edge[] {
    return this.places.flatMap(({ edges }) => edges);
  }

  /** Of a service at this address. */
  placeAt(address: string): Place {
    const name = hostOf(address);
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = new Host(this.clients.has(name));
      this.hosts.set(name, host);
    }
    return new Place(host);
  }

  /** hot: `client` asks `service`. Returns the service on the client's host that is busy, with the request that came last. */
  asked(e: Exchange, client: string, service: ServiceTallyOf): ServiceTallyOf | null {
    const edge = this.edge(client, service);
    let caller: ServiceTallyOf | null = null;
    if (edge !== null) {
      edge.requests++;
      caller = this.vote(edge, e, client);
    }
    this.serve(e, service);
    return caller;
  }

  /** hot: an exchange was judged. */
  settled(e: Exchange, client: string, service: ServiceTallyOf): void {
    if (e.request !== null && e.response !== null && e.request.waits !== true) {
      service.place.edge(client)?.waited.add(e.waited);
    }
    const { host } = service.place;
    const { request } = e;
    if (request === null) return;
    if (service.activity.open.size === 0) host.busy.delete(service);
    if (request.id !== null) host.byId.remove(request.id, e);
    const words = host.byWords.isEmpty ? null : wordsOf(e);
    if (words !== null) host.byWords.remove(words, e);
  }

  /** It has not answered all that it was asked. */
  isBusy(service: ServiceTallyOf): boolean {
    return service.activity.open.size > 0 || service.place.host.busy.has(service);
  }

  /** Those that may have called others, and those that were called so. */
  linked(): Set<ServiceTallyOf> {
    const linked = new Set<ServiceTallyOf>();
    for (const { service: called, byId, byWords, byTime } of this.edges) {
      for (const votes of [byId, byWords, byTime]) {
        for (const caller of votes.keys()) linked.add(caller).add(called);
      }
    }
    return linked;
  }

  /** Services were let go of, none of them busy; these are left. With them go who asked them, and the votes for them. */
  forget(left: readonly ServiceTallyOf[]): void {
    const places = new Set(left.map(({ place }) => place));
    this.places = this.places.filter((place) => places.has(place));
    const hosts = new Set(left.map(({ place }) => place.host));
    this.hosts = new Map(
      [...this.hosts].filter(([name, host]) => name === LOOPBACK || hosts.has(host) || !host.isIdle),
    );
    const { edges } = this;
    this.edgeCount = edges.length;
    this.clients = new Set(edges.map(({ client }) => hostOf(client)));
    for (const edge of edges) {
      edge.byId = withoutForgotten(edge.byId);
      edge.byWords = withoutForgotten(edge.byWords);
      edge.byTime = withoutForgotten(edge.byTime);
    }
  }

  private vote(edge: Edge, e: Exchange, client: string): ServiceTallyOf | null {
    if (e.request!.id !== null) edge.withId++;
    const own = this.hosts.get(hostOf(client));
    // What a host serves on its loopback interface, it calls others for by another address of its own.
    const caller = own === undefined ? null : this.voteOn(own, edge, e);
    return caller ?? (own === this.loopback ? null : this.voteOn(this.loopback, edge, e));
  }

  private voteOn(host: Host, edge: Edge, e: Exchange): ServiceTallyOf | null {
    if (host.isIdle) return null;
    const innermost = host.askedLast(edge.service);
    const { id } = e.request!;
    const sameId = id === null ? null : host.byId.innermost(id, edge.service, false);
    if (sameId !== null) edge.byId = counted(edge.byId, sameId.service);
    const words = host.byWords.isEmpty ? null : wordsOf(e);
    const same = words === null ? null : host.byWords.innermost(words, edge.service, true);
    if (same !== null) edge.byWords = counted(edge.byWords, same.service);
    e.onBehalfOf ??= shallow((sameId ?? same)?.exchange ?? null);
    if (innermost !== null) edge.byTime = counted(edge.byTime, innermost);
    return innermost;
  }

  private serve(e: Exchange, service: ServiceTallyOf): void {
    const { host } = service.place;
    host.busy.add(service);
    const { id } = e.request!;
    const served = { exchange: e, service };
    if (id !== null) host.byId.add(id, served);
    const words = host.asks ? wordsOf(e) : null;
    if (words !== null) host.byWords.add(words, served);
  }

  private edge(client: string, service: ServiceTallyOf): Edge | null {
    const { place } = service;
    let edge = place.edge(client);
    if (edge === undefined) {
      if (this.edgeCount >= MAX_EDGES) return null;
      this.edgeCount++;
      if (place.isUnasked) this.places.push(place);
      edge = new Edge(client, service);
      place.add(edge);
      this.noteClient(hostOf(client));
    }
    return edge;
  }

  private noteClient(name: string): void {
    this.clients.add(name);
    const host = this.hosts.get(name);
    if (host !== undefined) host.asks = true;
  }
}

const hostOf = (address: string): string => (address.startsWith("127.") || address === "::1" ? LOOPBACK : address);

/** Null where it is the end of a chain that is long enough: what is kept must not keep all that ever was. */
function shallow(e: Exchange | null): Exchange | null {
  let depth = 1;
  for (let outer = e; outer !== null; outer = outer.onBehalfOf) if (depth++ > MAX_BEHALF) return null;
  return e;
}

/** One vote more. */
function counted(
  votes: ReadonlyMap<ServiceTallyOf, number>,
  service: ServiceTallyOf,
): ReadonlyMap<ServiceTallyOf, number> {
  const own = votes === NONE ? new Map<ServiceTallyOf, number>() : (votes as Map<ServiceTallyOf, number>);
  return own.set(service, (own.get(service) ?? 0) + 1);
}

function withoutForgotten(votes: ReadonlyMap<ServiceTallyOf, number>): ReadonlyMap<ServiceTallyOf, number> {
  const left = [...votes].filter(([service]) => !service.isForgotten);
  return left.length === votes.size ? votes : left.length === 0 ? NONE : new Map(left);
}

/** What a proxy hands on unchanged: of HTTP, method, target and host. */
function wordsOf({ protocol, request }: Exchange): string | null {
  if (protocol !== "http" && protocol !== "http2") return null;
  return `${request!.method} ${request!.target} ${request!.host ?? ""}`;
}
