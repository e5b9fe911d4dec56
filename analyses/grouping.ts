// Which flows belong together in one finding? Those between the same service and the same peer, told once with a count.

import { formatEndpoint } from "../src/core/address.ts";
import type { Evidence, Party } from "../src/core/analysis.ts";
import type { EndRow } from "../src/core/flow-view.ts";
import type { FrameRef } from "../src/core/frame.ts";
import { formatWhole } from "../src/core/numbers.ts";
import { PairMap } from "./pair-map.ts";

/** Evidence cited in full per finding; the count says how many there are. */
export const CITED = 5;

export interface Group<T> {
  service: Party & { port: number };
  /** The same as one number ({@link EndRow.place}). */
  place: number;
  /** The other side: a client has no fixed port. */
  peer: Party;
  items: T[];
}

/** Collects items by service and peer, in order of first appearance. */
export class Groups<T> {
  private readonly byKind = new Map<string, PairMap<Group<T>>>();
  private readonly all: Group<T>[] = [];

  add(service: EndRow, peer: EndRow, item: T, kind = ""): void {
    let groups = this.byKind.get(kind);
    if (groups === undefined) this.byKind.set(kind, (groups = new PairMap()));
    const { place } = service;
    const known = groups.get(place, peer.host);
    if (known !== undefined) {
      known.items.push(item);
      return;
    }
    const group: Group<T> = {
      service: { address: service.address, port: service.port },
      place,
      peer: { address: peer.address },
      items: [item],
    };
    groups.add(place, peer.host, group);
    this.all.push(group);
  }

  get size(): number {
    return this.all.length;
  }

  [Symbol.iterator](): Iterator<Group<T>> {
    return this.all[Symbol.iterator]();
  }
}

export const name = (party: Party): string => formatEndpoint(party);

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
