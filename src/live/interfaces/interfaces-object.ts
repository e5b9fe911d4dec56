// How do other programs read where to capture? One object; schema/interfaces.schema.json.

import { captureOn, type Runner } from "./capture-commands.ts";
import type { InterfaceList, NetworkInterface, OtherNamespace, Service } from "./interface-model.ts";
import { membersOf } from "./interface-words.ts";
import type { Narrowed } from "./wanted-service.ts";

export const INTERFACES_SCHEMA = "halfclose.interfaces/1";

/** `asked`: the service that was named; null with all of them. */
export function interfacesObject(
  list: InterfaceList,
  runner: Runner,
  asked: string | null,
  { services, namespaces, way }: Narrowed,
): object {
  return {
    schema: INTERFACES_SCHEMA,
    system: list.system,
    asked,
    services: services.map((s) => serviceObject(s, null, runner)),
    way: way === null ? null : { ...way, command: captureOn([way.interface], null, runner) },
    interfaces: interfaceObjects(list.interfaces),
    namespaces: namespaces.map((n) => namespaceObject(n, runner)),
    engines: list.engines,
    remarks: list.remarks,
  };
}

const namespaceObject = (namespace: OtherNamespace, runner: Runner): object => ({
  inode: namespace.inode,
  name: namespace.name,
  container: namespace.container,
  process: namespace.process,
  processes: namespace.processes,
  services: namespace.services.map((s) => serviceObject(s, namespace, runner)),
  interfaces: interfaceObjects(namespace.interfaces),
});

const serviceObject = (service: Service, namespace: OtherNamespace | null, runner: Runner): object => ({
  local: { address: service.address, port: service.port },
  families: service.families === null ? null : service.families === "both" ? ["IPv4", "IPv6"] : [service.families],
  device: service.device,
  processes: service.processes,
  capture: service.seen.map((seen) => ({ ...seen, command: captureOn([seen.interface], namespace, runner) })),
  hints: service.hints,
});

const interfaceObjects = (all: readonly NetworkInterface[]): object[] =>
  all.map((one) => ({
    name: one.name,
    state: one.state,
    kind: one.kind,
    addresses: one.addresses,
    link: one.link,
    link_elsewhere: one.isLinkElsewhere,
    other_end: one.otherEnd,
    master: one.master,
    members: membersOf(one, all),
    vlan: one.vlan,
  }));
