// What goes with a flow that is forgotten? Which flows, and when, forgetting.ts and bounded-flows.ts say.

import { AddressTable } from "./address-table.ts";
import type { FlowTable } from "./flow-table.ts";
import { adoptAddresses } from "./joined-rows.ts";

/**
 * Forgets a flow, the ones before it on its 4-tuple, and its other half. Its number goes to another flow, so that numbers do not
 * tell the order of flows any more. What was counted of its exchanges stays counted.
 */
export function forget(t: FlowTable, f: number): void {
  const c = t.columns;
  const older = c.previous[f]! - 1;
  if (older >= 0) forget(t, older);
  const partner = t.partners.get(f);
  t.streams.forget(f);
  for (const i of [f * 2, f * 2 + 1]) {
    t.log.release(i);
    t.lateWrites.delete(i);
    t.copiedFlags.delete(i);
    t.zeroWindows.forget(i);
    t.repetitions.forget(i);
  }
  t.unseenFins.delete(f);
  t.partners.delete(f);
  t.succession.forget(f);
  t.resumed.delete(f);
  t.index.remove(f);
  if (partner !== undefined && t.partners.delete(partner)) forget(t, partner);
}

/** Forgets a flow that {@link mayForgetAlone}, and its other half, which may; those before it on its 4-tuple stay. */
export function forgetAlone(t: FlowTable, f: number): void {
  const partner = t.partners.get(f);
  t.succession.unlink(f);
  if (partner !== undefined) t.succession.unlink(partner);
  forget(t, f);
}

/** Forgets the addresses (IPv6) of flows that were forgotten. */
export function forgetAddresses(t: FlowTable): void {
  const former = t.addresses;
  t.addresses = new AddressTable(t.seed);
  const c = t.columns;
  for (let f = 0; f < t.count; f++) {
    if (t.isKnown(f) && c.family[f] === 6) adoptAddresses(t, f, former);
  }
  t.index.rebuild();
}
