// What is counted of every segment, whatever it means?

import type { FlagCounts } from "../../core/flow-view.ts";
import { Flag, type Packet } from "../../core/packet.ts";
import type { FlowColumns } from "../columns.ts";

/** The most that columns of counts hold while they are narrow. */
const LARGEST_UINT8 = 0xff;
const LARGEST_UINT16 = 0xffff;
const LARGEST_UINT32 = 0xffff_ffff;

/** hot: one segment of side i. */
export function count(c: FlowColumns, i: number, p: Packet): void {
  if (c.packets[i]!++ === LARGEST_UINT16) c.put("packets", i, LARGEST_UINT16 + 1);
  const bytes = c.bytes[i]! + p.payloadLength;
  const wireBytes = c.wireBytes[i]! + p.origLen;
  if (wireBytes > LARGEST_UINT32 || bytes > LARGEST_UINT32) {
    c.put("bytes", i, bytes);
    c.put("wireBytes", i, wireBytes);
  } else {
    c.bytes[i] = bytes;
    c.wireBytes[i] = wireBytes;
  }
}

export function countFlags(c: FlowColumns, i: number, flags: number): void {
  if (flags & Flag.syn) {
    if ((flags & Flag.ack) === 0) {
      if (c.syns[i]!++ === LARGEST_UINT8) c.put("syns", i, LARGEST_UINT8 + 1);
    } else if (c.synAcks[i]!++ === LARGEST_UINT8) c.put("synAcks", i, LARGEST_UINT8 + 1);
  }
  if (flags & Flag.fin && c.fins[i]!++ === LARGEST_UINT8) c.put("fins", i, LARGEST_UINT8 + 1);
  if (flags & Flag.rst && c.rsts[i]!++ === LARGEST_UINT8) c.put("rsts", i, LARGEST_UINT8 + 1);
}

/** The same of a copy: in the place of side i of `copied`. */
export function countCopied(copied: Map<number, FlagCounts>, i: number, flags: number): void {
  let counts = copied.get(i);
  if (counts === undefined) {
    counts = { syns: 0, synAcks: 0, fins: 0, rsts: 0 };
    copied.set(i, counts);
  }
  if (flags & Flag.syn) flags & Flag.ack ? counts.synAcks++ : counts.syns++;
  if (flags & Flag.fin) counts.fins++;
  if (flags & Flag.rst) counts.rsts++;
}
