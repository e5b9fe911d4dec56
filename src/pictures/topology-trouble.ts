// On which link did a request go unanswered? Services count their outcomes; of a link, the exchanges that were not plainly answered
// tell who asked.

import { type Link, linksIn } from "../../analyses/legs.ts";
import { formatEndpoint } from "../core/address.ts";
import type { CaptureView, FlowRow } from "../core/flow-view.ts";
import type { Exchange } from "../core/stream-decoder.ts";
import { otherSide } from "../core/stream-decoder.ts";

export interface Trouble {
  late: number;
  unanswered: number;
}

/**
 * By link; null where several callers on one host ask the same service and it is not known who asked (a link that rests on
 * overlapping times only).
 */
export function troubleByLink(view: CaptureView): Map<Link, Trouble | null> {
  const pairs = new Map<string, Link[]>();
  const troubles = new Map<Link, Trouble | null>();
  for (const link of linksIn(view)) {
    const key = pairOf(link.client, link.service.protocol, formatEndpoint(link.service.service));
    pairs.set(key, [...(pairs.get(key) ?? []), link]);
  }
  for (const links of pairs.values()) {
    const isKnown = links.length === 1 || links.every((l) => l.basis !== "time");
    for (const link of links) troubles.set(link, isKnown ? { late: 0, unanswered: 0 } : null);
  }
  const rows = new Rows(view);
  for (const e of view.exchanges) {
    if (e.outcome !== "late" && e.outcome !== "unanswered") continue;
    const flow = rows.of(e.flow);
    const server = flow.end(otherSide(e.requester));
    const client = flow.end(e.requester).address;
    const links =
      pairs.get(pairOf(client, e.protocol, formatEndpoint({ address: server.address, port: server.port }))) ?? [];
    const link = links.length === 1 ? links[0] : links.find((l) => callerName(l) === askedBy(e, rows));
    const own = link === undefined ? undefined : troubles.get(link);
    if (own != null) own[e.outcome]++;
    // Asked by somebody to whom no link leads: then none of them is counted whole.
    else for (const l of links) troubles.set(l, null);
  }
  return troubles;
}

const pairOf = (client: string, protocol: string, service: string): string => `${client} ${protocol} ${service}`;
const callerName = ({ caller }: Link): string | null => (caller === null ? null : formatEndpoint(caller.service));

/** The service that asked, serving somebody else; null for a client of its own accord. */
function askedBy({ onBehalfOf }: Exchange, rows: Rows): string | null {
  if (onBehalfOf === null) return null;
  const { address, port } = rows.of(onBehalfOf.flow).end(otherSide(onBehalfOf.requester));
  return formatEndpoint({ address, port });
}

/** Rows of flows, made once each while they are needed. */
class Rows {
  private known = new Map<number, FlowRow>();
  private view: CaptureView;

  constructor(view: CaptureView) {
    this.view = view;
  }

  of(flow: number): FlowRow {
    let row = this.known.get(flow);
    if (row === undefined) {
      if (this.known.size >= MAX_ROWS) this.known.clear();
      row = this.view.row(flow);
      this.known.set(flow, row);
    }
    return row;
  }
}

/** Rows kept at a time. */
const MAX_ROWS = 10_000;
