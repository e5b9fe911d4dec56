// Which client has how many ports for which destination, how many of them does it use, and when are they used up? What three
// analyses ask, worked out once.

import type { Party } from "../src/core/analysis.ts";
import type { CaptureView } from "../src/core/flow-view.ts";
import { portCount } from "../src/core/host-settings.ts";
import { name } from "./grouping.ts";
import { heldAt } from "./occupancy.ts";
import { type PortLimit, portLimit } from "./port-limit.ts";
import { collectPortUse, type PortUse } from "./port-use.ts";

export interface Supply {
  use: PortUse;
  limit: PortLimit;
}

/** The histories of a million flows are seconds of work; they go when the view goes. */
const workedOut = new WeakMap<CaptureView, PortSupply>();

export class PortSupply {
  /** In order of first appearance. */
  readonly all: readonly Supply[];
  private readonly view: CaptureView;
  private readonly byKey = new Map<string, Supply>();

  private constructor(view: CaptureView) {
    this.view = view;
    this.all = collectPortUse(view).map((use) => ({ use, limit: portLimit(use, view.lastTime) }));
    for (const supply of this.all) {
      const { use } = supply;
      this.byKey.set(use.perDestination ? `${use.client} ${name(use.destinations[0]!)}` : use.client, supply);
    }
  }

  static in(view: CaptureView): PortSupply {
    let supply = workedOut.get(view);
    if (supply === undefined) workedOut.set(view, (supply = new PortSupply(view)));
    return supply;
  }

  /** By client and destination, or by client alone where all destinations share its ports. Null for a few connections. */
  of(client: string, destination: Party): Supply | null {
    return this.byKey.get(`${client} ${name(destination)}`) ?? this.byKey.get(client) ?? null;
  }

  /**
   * When a client that keeps its connections has no port left: the moment it was so, or when it will be if what is never given
   * back grows like this. Null when its range is not known.
   */
  usedUpAt(client: string, destination: Party, growthPerSecond: number): number | null {
    const { view } = this;
    const supply = this.of(client, destination);
    if (supply === null) {
      // Too few connections to be counted: the growth alone tells.
      return view.lastTime + (portCount(view.hosts.of(client).ports) / growthPerSecond) * 1e9;
    }
    const { use, limit } = supply;
    if (limit.exhaustion !== null) return limit.exhaustion.at;
    if (limit.range === null) return null;
    const left = Math.max(0, limit.ports - heldAt(use.from, use.until, view.lastTime));
    return view.lastTime + (left / growthPerSecond) * 1e9;
  }
}
