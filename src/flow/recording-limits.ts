// How much of each cited connection is kept? Shares of the limit, known before the second pass begins, for the first one counted.

/** What a flow has, as the first pass counted it, and what of it may be kept. */
export interface Amount {
  packets: number;
  /** On the wire: the capture may hold less. */
  bytes: number;
}

/** Behind what is kept of course, room is left for the packets that must be seen: near what is cited, and at the end. */
const RESERVED_PACKETS = 256;
const RESERVED_SHARE = 0.5;
/** Of that reserve, headers of ordinary packets may have a part: the end of a connection is to find room, and it is headers, too. */
const HEADS_SHARE = 0.85;

/**
 * `most` divided among those that want some: nobody gets more than wanted, and what one leaves is shared by the rest.
 */
export function shares(wanted: readonly number[], most: number): number[] {
  const given = wanted.map(() => 0);
  const inOrder = wanted.map((_, n) => n).sort((x, y) => wanted[x]! - wanted[y]!);
  let left = most;
  for (const [done, n] of inOrder.entries()) {
    given[n] = Math.max(0, Math.min(wanted[n]!, Math.floor(left / (inOrder.length - done))));
    left -= given[n]!;
  }
  return given;
}

/** What became of a packet: kept with all its bytes, cut behind its headers, or left out. */
export type Keeping = "whole" | "cut" | "none";

/** Decides packet by packet for one flow, so that what comes last still finds room. */
export class FlowLimit {
  private readonly most: Amount;
  /** Of these, ordinary packets may take so many. */
  private readonly ordinary: Amount;
  private readonly kept: Amount = { packets: 0, bytes: 0 };
  private readonly keptOrdinary: Amount = { packets: 0, bytes: 0 };

  constructor(has: Amount, most: Amount) {
    this.most = most;
    const reserved = Math.min(RESERVED_PACKETS, Math.ceil(most.packets * RESERVED_SHARE));
    this.ordinary = {
      packets: has.packets <= most.packets ? most.packets : most.packets - reserved,
      bytes: has.bytes <= most.bytes ? most.bytes : Math.floor(most.bytes * RESERVED_SHARE),
    };
  }

  /**
   * For a packet of so many bytes, of which the headers take `head`. `isNeeded`: it belongs to the beginning, to the end, or to what is
   * cited; `isCited`: it is kept whatever the limit. Without bytes (`size` 0), only packets are counted.
   */
  take(size: number, head: number, isNeeded: boolean, isCited: boolean): Keeping {
    const { kept, keptOrdinary, most, ordinary } = this;
    if (!isCited) {
      if (kept.packets >= most.packets) return "none";
      if (!isNeeded && keptOrdinary.packets >= ordinary.packets) return "none";
    }
    const fits = isNeeded ? kept.bytes + size <= most.bytes : keptOrdinary.bytes + size <= ordinary.bytes;
    const whole = isCited || (fits && kept.bytes + size <= most.bytes);
    const room = isNeeded || isCited ? most.bytes : Math.max(ordinary.bytes, most.bytes * HEADS_SHARE);
    if (!whole && kept.bytes + head > room) return "none";
    const taken = whole ? size : head;
    kept.packets++;
    kept.bytes += taken;
    if (!isNeeded && !isCited) {
      keptOrdinary.packets++;
      if (whole) keptOrdinary.bytes += taken;
    }
    return whole || head === size ? "whole" : "cut";
  }
}
