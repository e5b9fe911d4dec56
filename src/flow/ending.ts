// How did a connection end, given what each end did? One verdict from the pair (DESIGN.md §4, in that order).

import type { Ending } from "../core/flow-view.ts";

/** What the wire showed of one end. */
export interface EndFacts {
  fin: boolean;
  /** It sent a RST, whatever became of it. */
  rst: boolean;
  /** A RST of it ended the connection: it was acceptable (RFC 9293 §3.5.3), and no SYN followed. */
  reset: boolean;
  syn: boolean;
  synAck: boolean;
  /** It sent segments that only a synchronised endpoint sends (neither SYN nor RST). */
  spoke: boolean;
  packets: number;
}

/** Symmetric: swapping the ends gives the same verdict. */
export function endingOf(a: EndFacts, b: EndFacts): Ending {
  if (a.fin && b.fin) return "closed";
  if (isRefused(a, b) || isRefused(b, a)) return "refused";
  if (a.reset || b.reset) return isSilent(a, b) ? "unanswered" : "reset";
  if (a.fin || b.fin) return "half-closed";
  return isSilent(a, b) ? "unanswered" : "open";
}

/** A SYN, met by nothing but RST. */
const isRefused = (caller: EndFacts, callee: EndFacts): boolean =>
  caller.syn && !caller.spoke && callee.rst && !callee.synAck && !callee.syn && !callee.spoke;

/** SYNs, and not one packet back. A caller that went on to speak had its answer: the capture lacks that direction. */
const isSilent = (a: EndFacts, b: EndFacts): boolean =>
  (a.syn && !a.spoke && b.packets === 0) || (b.syn && !b.spoke && a.packets === 0);
