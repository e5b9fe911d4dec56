// Which sockets listen, by the rows of /proc/net/tcp or tcp6, and how many connections does each of them have at this moment?
//
// The kernel lists the listening sockets before the others (net/ipv4/tcp_ipv4.c, tcp_get_idx), so that one reading is enough.

import { ANY } from "../../sockets/endpoint.ts";
import { endOf, rowOf, stateOf } from "../../sockets/proc-net-tcp.ts";

/** Sockets that listen which are kept of one namespace. A host with a port a customer has some thousands. */
const MAX_LISTENERS = 50_000;
/** Callers whose place is remembered; that of a further one is looked up each time. */
const MAX_REMEMBERED = 100_000;
/** Where the inode stands in a row; a listening socket has all columns. */
const INODE = 9;
/** Not connections of somebody: TIME_WAIT belongs to no process any more. */
const NO_CONNECTION: ReadonlySet<string> = new Set(["LISTEN", "TIME_WAIT", "CLOSED", "BOUND"]);
const LISTEN = "0A";

/** A socket that listens. */
export interface Listener {
  /** "*": all addresses. */
  readonly address: string;
  readonly port: number;
  /** It is a socket of IPv6, which may take IPv4 too. */
  readonly isV6: boolean;
  readonly inode: number;
  /** Connections with callers on this machine. */
  here: number;
  /** Those with other callers, by the interface that leads to them; "" where none is known. */
  readonly elsewhere: Map<string, number>;
}

/** Where a caller is: on this machine, behind an interface, or not known where (null). */
export type PlaceOf = (remote: string) => "here" | { readonly interface: string } | null;

/** Takes the rows of one file, in its order. */
export class ListenerTable {
  readonly listeners: Listener[] = [];
  /** Sockets that listen beyond the limit. */
  leftOut = 0;
  private readonly placeOf: PlaceOf;
  private readonly remembered = new Map<string, ReturnType<PlaceOf>>();
  /** Ports as the file writes them: a quick look before a row is read. */
  private readonly ports = new Set<string>();
  private readonly byEnd = new Map<string, Listener[]>();

  constructor(placeOf: PlaceOf) {
    this.placeOf = placeOf;
  }

  /** hot: a busy host has a million rows. */
  row(line: string): void {
    const at = line.indexOf(": ") + 2;
    const colon = line.indexOf(":", at);
    if (at < 2 || colon < 0) return;
    const port = line.slice(colon + 1, colon + 5);
    const behind = line.indexOf(":", colon + 5);
    const listens = line.slice(behind + 6, behind + 8) === LISTEN;
    if (!listens && !this.ports.has(port)) return;
    const words = rowOf(line);
    if (words === null) return;
    if (listens) this.listener(words, port);
    else if (!NO_CONNECTION.has(stateOf(words) ?? "CLOSED")) this.connection(words);
  }

  private listener(words: readonly string[], hexPort: string): void {
    const [address, port] = endOf(words[1]!);
    const inode = Number(words[INODE]);
    if (port === null || !Number.isSafeInteger(inode)) return;
    if (this.listeners.length === MAX_LISTENERS) {
      this.leftOut++;
      return;
    }
    const isV6 = words[1]!.length > "00000000:0000".length;
    const one: Listener = { address, port, isV6, inode, here: 0, elsewhere: new Map() };
    this.listeners.push(one);
    this.ports.add(hexPort);
    const key = keyOf(address, port);
    const same = this.byEnd.get(key);
    if (same === undefined) this.byEnd.set(key, [one]);
    else same.push(one);
  }

  /** Of several sockets with one address and port the first counts: the service is one. */
  private connection(words: readonly string[]): void {
    const [local, port] = endOf(words[1]!);
    const [remote] = endOf(words[2]!);
    if (port === null) return;
    const listener = (this.byEnd.get(keyOf(local, port)) ?? this.byEnd.get(keyOf(ANY, port)))?.[0];
    if (listener === undefined) return;
    const place = remote === local ? "here" : this.place(remote);
    if (place === "here") listener.here++;
    else {
      const name = place?.interface ?? "";
      listener.elsewhere.set(name, (listener.elsewhere.get(name) ?? 0) + 1);
    }
  }

  private place(remote: string): ReturnType<PlaceOf> {
    const known = this.remembered.get(remote);
    if (known !== undefined) return known;
    const place = this.placeOf(remote);
    if (this.remembered.size < MAX_REMEMBERED) this.remembered.set(remote, place);
    return place;
  }
}

const keyOf = (address: string, port: number): string => `${address} ${port}`;
