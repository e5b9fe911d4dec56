// Which service does a person mean? `8080`, `10.0.0.5:8080`, `[::1]:8080`, `localhost:8080`, an address, the name of a process, of a
// namespace, or the id of a container.

import { isLoopback, isLoopbackName } from "../../core/address.ts";
import { UsageError } from "../../core/errors.ts";
import { readNetwork } from "../../core/network.ts";
import { ANY } from "../../sockets/endpoint.ts";
import type { InterfaceList, NetworkInterface, OtherNamespace, Service } from "./interface-model.ts";
import { type Route, wayTo } from "./routes.ts";

export interface Wanted {
  /** Null: any. */
  readonly address: string | null;
  readonly port: number | null;
  /** Of a process, namespace or container, when it is neither an address nor a port. */
  readonly name: string | null;
}

/** Longer than every name of a process (15 bytes) and every id of a container (64 digits). */
const MAX_NAME = 255;

/** Throws UsageError for what can be none of these. */
export function readWanted(text: string): Wanted {
  if (text === "" || text.length > MAX_NAME) {
    throw new UsageError("name a service by its port, address:port or process, as in: halfclose interfaces 8080");
  }
  // More digits than a port has: the id of a container, perhaps.
  if (/^:?\d{1,5}$/.test(text)) return { address: null, port: portOf(text.replace(":", ""), text), name: null };
  const end = /^(?:\[([^\]]{1,60})\]|([^:\s]{1,60})):(\d{1,7})$/.exec(text);
  if (end !== null) {
    const host = end[1] ?? end[2]!;
    if (host === ANY || host === "0.0.0.0" || host === "::")
      return { address: ANY, port: portOf(end[3]!, text), name: null };
    if (isAddress(host)) return { address: host.toLowerCase(), port: portOf(end[3]!, text), name: null };
  }
  if (isAddress(text)) return { address: text.toLowerCase(), port: null, name: null };
  return { address: null, port: null, name: text };
}

const isAddress = (text: string): boolean =>
  isLoopbackName(text) || (!text.includes("/") && readNetwork(text) !== null);

function portOf(digits: string, text: string): number {
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw new UsageError(`${text}: a port is a number from 1 to 65535`);
  return port;
}

/** What was asked for, in a list of everything. */
export interface Narrowed {
  readonly services: readonly Service[];
  /** Those in which there is such a service; with its services only. */
  readonly namespaces: readonly OtherNamespace[];
  /** It is on another machine: the interface by which callers here reach it. */
  readonly way: { readonly address: string; readonly interface: string } | null;
}

export function narrowed(list: InterfaceList, wanted: Wanted, routes: readonly Route[]): Narrowed {
  const services = list.services.filter((s) => isMeant(s, wanted, list.interfaces));
  const namespaces = list.namespaces.flatMap((namespace) => {
    const isNamed = wanted.name !== null && isNamedSo(namespace, wanted.name);
    const meant = isNamed
      ? namespace.services
      : namespace.services.filter((s) => isMeant(s, wanted, namespace.interfaces));
    return meant.length === 0 ? [] : [{ ...namespace, services: meant }];
  });
  return { services, namespaces, way: wayOut(list, wanted, routes) };
}

function wayOut(list: InterfaceList, { address }: Wanted, routes: readonly Route[]): Narrowed["way"] {
  if (address === null || address === ANY || isLoopback(address)) return null;
  if (list.interfaces.some((i) => i.addresses.includes(address))) return null;
  const way = wayTo(address, routes);
  return way === null ? null : { address, interface: way };
}

function isMeant(service: Service, wanted: Wanted, interfaces: readonly NetworkInterface[]): boolean {
  if (wanted.port !== null && service.port !== wanted.port) return false;
  if (wanted.name !== null) return service.processes.some((p) => isNameOf(p.name, wanted.name!));
  const { address } = wanted;
  if (address === null || service.address === address) return true;
  if (isLoopbackName(address) && isLoopback(service.address)) return true;
  if (service.address !== ANY) return false;
  return isLoopback(address) || interfaces.some((i) => i.addresses.includes(address));
}

/** The kernel cuts names at 15 bytes (TASK_COMM_LEN): a longer one means what it begins with. */
const isNameOf = (comm: string, name: string): boolean =>
  comm.toLowerCase() === name.toLowerCase() ||
  (comm.length === 15 && name.toLowerCase().startsWith(comm.toLowerCase()));

const isNamedSo = ({ name, container }: OtherNamespace, wanted: string): boolean =>
  name === wanted ||
  (container !== null && wanted.length >= 4 && (container.startsWith(wanted) || wanted.startsWith(container)));
