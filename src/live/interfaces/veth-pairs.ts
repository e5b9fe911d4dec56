// Which interface here is the other end of which one in another network namespace? The two ends of a veth pair (veth(4)) name each
// other by number: a number is unique within a namespace only, so both have to agree, and no other namespace may claim the same.

import type { NetworkInterface, OtherNamespace } from "./interface-model.ts";

export interface Joined {
  readonly interfaces: readonly NetworkInterface[];
  readonly namespaces: readonly OtherNamespace[];
}

/** What passes one end passes the other: the service of a container can be captured on the end that is here. */
export function joinPairs(interfaces: readonly NetworkInterface[], namespaces: readonly OtherNamespace[]): Joined {
  const here = new Map(interfaces.filter(spans).map((i) => [`${i.index} ${i.linkIndex}`, i]));
  const claims = new Map<NetworkInterface, { namespace: OtherNamespace; end: NetworkInterface }[]>();
  for (const namespace of namespaces) {
    for (const end of namespace.interfaces.filter(spans)) {
      const one = here.get(`${end.linkIndex} ${end.index}`);
      if (one !== undefined) claims.set(one, [...(claims.get(one) ?? []), { namespace, end }]);
    }
  }
  const ends = new Map<NetworkInterface, NetworkInterface>();
  for (const [one, claimed] of claims) {
    const [only] = claimed;
    if (only === undefined || claimed.length > 1) continue;
    ends.set(one, { ...one, otherEnd: { interface: only.end.name, process: only.namespace.process } });
    ends.set(only.end, { ...only.end, otherEnd: { interface: one.name, process: null } });
  }
  const joined = (list: readonly NetworkInterface[]): NetworkInterface[] => list.map((i) => ends.get(i) ?? i);
  return {
    interfaces: joined(interfaces),
    namespaces: namespaces.map((n) => ({ ...n, interfaces: joined(n.interfaces) })),
  };
}

const spans = (i: NetworkInterface): boolean =>
  (i.kind === "veth" || i.kind === "pair") && i.isLinkElsewhere && i.index !== null && i.linkIndex !== null;
