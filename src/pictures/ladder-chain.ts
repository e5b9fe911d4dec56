// Which connections belong to one request? The one that a finding cites, those that it was asked on behalf of, out to the first client,
// and those that were asked for it; for a leaked pool the database connection, and the request that leaked it.
//
// The outermost comes first. Two requests are joined by their id or their words (src/flow/legs.ts), never by time alone; only the leak
// is guessed, from what was being served when the connection was used last, and is called so.

import type { FoundFinding } from "../core/analysis.ts";
import type { CaptureView } from "../core/flow-view.ts";
import type { FrameRef } from "../core/frame.ts";
import { kindOf } from "../core/request-kind.ts";
import type { Exchange } from "../core/stream-decoder.ts";

/** More connections side by side are no picture: those furthest from the one that is meant are left out. */
const MAX_LEGS = 5;

export interface ChainLink {
  readonly flow: number;
  /** The request that matters on it; null where none is known. */
  readonly exchange: Exchange | null;
}

export interface Chain {
  readonly links: readonly ChainLink[];
  /** What each cited frame shows. */
  readonly notes: ReadonlyMap<FrameRef, string>;
}

/** The chain of a finding, or null when it rests on no packets. */
export function chainOfFinding(view: CaptureView, id: string, finding: FoundFinding): Chain | null {
  const [first] = finding.evidence;
  if (first === undefined) return null;
  const cited = new Set(first.frames);
  const flow = wholeFlow(view, first.flow);
  const chain = chainFrom(view, flow, exchangeAt(view, flow, cited), finding);
  const notes = new Map(chain.notes);
  const told = new Set(chain.links.map((l) => l.flow));
  for (const { flow: of, frames, note } of finding.evidence) {
    if (!told.has(wholeFlow(view, of))) continue;
    // A note is of all its frames together: it stands at the last, where all is there to be seen.
    const known = frames.filter((f) => f !== 0);
    for (const [n, frame] of known.entries()) {
      const text = note !== undefined && n === known.length - 1 ? note : `cited by ${id}`;
      if (note !== undefined || !notes.has(frame)) notes.set(frame, text);
    }
  }
  return { links: chain.links, notes };
}

/** The chain of a connection. */
export function chainOfFlow(view: CaptureView, flow: number): Chain {
  const whole = wholeFlow(view, flow);
  return chainFrom(view, whole, exchangeAt(view, whole, new Set()), null);
}

/** The half of a redirected connection that tells how it went. */
const wholeFlow = (view: CaptureView, flow: number): number => view.row(flow).answersOf ?? flow;

/** The faulty request of a flow that these frames are of; else the first one. */
function exchangeAt(view: CaptureView, flow: number, cited: ReadonlySet<FrameRef>): Exchange | null {
  const own = view.exchanges.filter((e) => e.flow === flow);
  const isCited = ({ request, response, gaveUpFrame }: Exchange): boolean =>
    cited.has(request!.frame) || cited.has(response?.frame ?? -1) || cited.has(gaveUpFrame);
  return own.find(isCited) ?? own[0] ?? null;
}

function chainFrom(view: CaptureView, flow: number, exchange: Exchange | null, finding: FoundFinding | null): Chain {
  const notes = new Map<FrameRef, string>();
  const links: ChainLink[] = [{ flow, exchange }];
  const isThere = (f: number): boolean => links.some((l) => l.flow === f);
  let outer = exchange?.onBehalfOf ?? null;
  if (outer === null) {
    const leak = leakOf(view, flow, finding);
    if (leak !== null && !isThere(leak.flow)) {
      notes.set(leak.request!.frame, "the likely leak: served meanwhile");
      links[0] = { flow, exchange: view.row(flow).notes!.last };
      links.unshift({ flow: leak.flow, exchange: leak });
      outer = leak.onBehalfOf;
    }
  }
  for (; outer !== null && !isThere(outer.flow); outer = outer.onBehalfOf)
    links.unshift({ flow: outer.flow, exchange: outer });
  for (let inner = askedFor(view, exchange); inner !== null && !isThere(inner.flow); inner = askedFor(view, inner))
    links.push({ flow: inner.flow, exchange: inner });
  const from = Math.max(0, links.findIndex((l) => l.flow === flow) + 1 - MAX_LEGS);
  return { links: links.slice(from, from + MAX_LEGS), notes };
}

/** A request that went wrong and was asked on behalf of this one. */
const askedFor = (view: CaptureView, outer: Exchange | null): Exchange | null =>
  outer === null ? null : (view.exchanges.find((e) => e.onBehalfOf === outer) ?? null);

/**
 * What was being served on the client's host when this database connection was used last, and had its answer only behind that. Of
 * several, the kind that the finding names; else the one that was answered soonest.
 */
function leakOf(view: CaptureView, flow: number, finding: FoundFinding | null): Exchange | null {
  const { protocol, notes } = view.row(flow);
  if (notes === null || (protocol !== "mysql" && protocol !== "postgresql")) return null;
  const answered = notes.last?.response ?? null;
  const served = notes.candidates
    .filter((e) => answered === null || e.response === null || e.response.time >= answered.time)
    .sort((a, b) => answeredAt(a) - answeredAt(b));
  const named = finding?.metrics.leaked_by;
  return served.find((e) => kindOf(e) === named) ?? served[0] ?? null;
}

const answeredAt = (e: Exchange): number => e.response?.time ?? Number.POSITIVE_INFINITY;
