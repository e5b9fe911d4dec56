// Which flows belong to a client that has many to one destination? Ports and TIME_WAIT run out by the number, so that a flow
// whose client has only a few need not be looked at: five million flows of a flood with made-up sources cost two passes and
// a table of counters, not five million groups.

import type { CaptureView, FlowRow } from "../src/core/flow-view.ts";
import type { HostSettings } from "../src/core/host-settings.ts";

/** Fewer than this threaten nothing, whatever the range. Counters are shared, so that a pair may pass with less. */
export const LEAST_FLOWS = 10;
/** 16 MiB of counters; beyond as many flows, a few quiet pairs pass as well. */
const MAX_COUNTERS = 4_194_304;

/**
 * Linux takes a port again for another destination; other systems are reckoned by the address alone, as they give each port out
 * once until it is free.
 */
export const limitIsPerDestination = (settings: HostSettings): boolean => settings.os === "linux";

/** In the order of `view.flows()`. The row is reused. */
export function* busyFlows(view: CaptureView, least = LEAST_FLOWS): Iterable<FlowRow> {
  const counters = new Uint32Array(countersFor(view.flowCount));
  const slots = new Uint32Array(view.flowCount);
  let n = 0;
  for (const flow of view.flows()) {
    const slot = slotOf(flow, view, counters.length - 1);
    slots[n++] = slot;
    if (flow.answersOf === null) counters[slot]!++;
  }
  if (!counters.some((count) => count >= least)) return;
  n = 0;
  for (const flow of view.flows()) {
    if (counters[slots[n++]!]! >= least && flow.answersOf === null) yield flow;
  }
}

function countersFor(flows: number): number {
  let size = 1024;
  while (size < flows && size < MAX_COUNTERS) size *= 2;
  return size;
}

function slotOf(flow: FlowRow, view: CaptureView, mask: number): number {
  const { address } = flow.client;
  let h = hashed(address, 0x811c9dc5);
  if (limitIsPerDestination(view.hosts.of(address))) h = hashed(flow.server.address, h) ^ flow.server.port;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) & mask;
}

/** FNV-1a. */
function hashed(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}
