// Which flows belong to a client that has many to one destination? Ports and TIME_WAIT run out by the number, so that a flow
// whose client has only a few need not be looked at: five million flows of a flood with made-up sources cost one pass and
// a table of counters, not five million groups.

import type { CaptureView, EndRow, FlowRow } from "../src/core/flow-view.ts";
import type { HostSettings } from "../src/core/host-settings.ts";
import { RoughCounts } from "./rough-counts.ts";

/** Fewer than this threaten nothing, whatever the range. */
export const LEAST_FLOWS = 10;

/**
 * Linux takes a port again for another destination; other systems are reckoned by the address alone, as they give each port out
 * once until it is free.
 */
export const limitIsPerDestination = (settings: HostSettings): boolean => settings.os === "linux";

/** What is known of the host of an end. Where all hosts are alike, its address need not be written out. */
export const settingsAt = ({ hosts }: CaptureView, end: EndRow): HostSettings => hosts.same ?? hosts.of(end.address);

/** In the order of `view.flows()`. The row is reused. Of a client with fewer flows than {@link LEAST_FLOWS}, some may be among them. */
export function* busyFlows(view: CaptureView): Iterable<FlowRow> {
  let isBusy = workedOut.get(view);
  if (isBusy === undefined) workedOut.set(view, (isBusy = busyOnes(view)));
  if (isBusy === null) return;
  for (const flow of view.flows()) if ((isBusy[flow.id >>> 3]! & (1 << (flow.id & 7))) !== 0) yield flow;
}

/** A bit for each flow; null when none is set. Two analyses ask. */
const workedOut = new WeakMap<CaptureView, Uint8Array | null>();

function busyOnes(view: CaptureView): Uint8Array | null {
  const counts = new RoughCounts(view.flowCount);
  for (const flow of view.flows()) {
    if (flow.answersOf === null) counts.add(flow.client.host, destinationOf(flow, view));
  }
  if (counts.most < LEAST_FLOWS) return null;
  const isBusy = new Uint8Array((view.flowCount + 7) >>> 3);
  for (const flow of view.flows()) {
    if (flow.answersOf !== null || !counts.mayHave(flow.client.host, destinationOf(flow, view), LEAST_FLOWS)) continue;
    isBusy[flow.id >>> 3]! |= 1 << (flow.id & 7);
  }
  return isBusy;
}

/** 0 where a client has its ports for all destinations together. */
const destinationOf = (flow: FlowRow, view: CaptureView): number =>
  limitIsPerDestination(settingsAt(view, flow.client)) ? flow.server.place : 0;
