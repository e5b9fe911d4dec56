// Which services are at an endpoint? One a protocol; looked up, for a capture may have as many services as packets.

import type { Party } from "../src/core/analysis.ts";
import type { CaptureView, ServiceTally } from "../src/core/flow-view.ts";

const known = new WeakMap<CaptureView, Map<string, ServiceTally[]>>();
const NONE: readonly ServiceTally[] = [];

const keyOf = ({ address, port }: Party): string => `${address} ${port}`;

/** In the order of the view. None for a party without a port. */
export function servicesAt(view: CaptureView, party: Party): readonly ServiceTally[] {
  let byPlace = known.get(view);
  if (byPlace === undefined) {
    byPlace = new Map();
    for (const service of view.services) {
      const key = keyOf(service.service);
      const there = byPlace.get(key);
      if (there === undefined) byPlace.set(key, [service]);
      else there.push(service);
    }
    known.set(view, byPlace);
  }
  return byPlace.get(keyOf(party)) ?? NONE;
}
