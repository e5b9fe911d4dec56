// How do the flows of several tables become those of one? Where several threads or machines shared the work (src/shares).

import type { AddressTable } from "./address-table.ts";
import type { FlowTable } from "./flow-table.ts";
import { adoptSideTables } from "./table-export.ts";

/**
 * Into an empty table: the flows of other tables, which are used up. `order` says of which each next flow is. Which flow each follows on
 * its 4-tuple, and whose other half it is, the caller says next, for these have other numbers here. Such a table takes no packets.
 */
export function adoptRows(t: FlowTable, parts: readonly FlowTable[], order: readonly number[]): void {
  t.columns.join(
    parts.map(({ columns }) => columns),
    order,
    new Set(["lastChange", "previous"]),
  );
  const next = parts.map(() => 0);
  const c = t.columns;
  c.previous.fill(0);
  c.successor.fill(0);
  for (const part of order) {
    const from = parts[part]!;
    const g = next[part]!;
    next[part] = g + 1;
    const f = t.index.adopt();
    if (c.family[f] === 6) adoptAddresses(t, f, from.addresses);
    t.log.adopt(f * 2, from.log, g * 2);
    t.log.adopt(f * 2 + 1, from.log, g * 2 + 1);
    adoptSideTables(t, f, from, g);
  }
}

/** Flow `f` opened anew on the 4-tuple of `previous`. */
export function linkPrevious(t: FlowTable, f: number, previous: number): void {
  t.columns.previous[f] = previous + 1;
  t.columns.successor[previous] = f + 1;
}

/** The two halves of a redirected connection: the one that was called, and the one that has the answers. */
export function linkPartners(t: FlowTable, asked: number, answers: number): void {
  t.partners.set(asked, answers);
  t.partners.set(answers, asked);
}

/** Each flow that opened anew on the 4-tuple of another, with that one. */
export function* successions(t: FlowTable): Iterable<[flow: number, previous: number]> {
  for (let f = 0; f < t.count; f++) {
    const previous = t.columns.previous[f]! - 1;
    if (previous >= 0) yield [f, previous];
  }
}

/** The key of flow f, with numbers that another table gave to its addresses, becomes one of this table's. */
export function adoptAddresses(t: FlowTable, f: number, from: AddressTable): void {
  const c = t.columns;
  const a = t.addresses.add(from, c.keyA[f]!);
  const b = t.addresses.add(from, c.keyB[f]!);
  // The smaller number first, as update() looks for it; the sides stay who they were.
  const isSwapped = a > b;
  c.keyA[f] = isSwapped ? b : a;
  c.keyB[f] = isSwapped ? a : b;
  if (!isSwapped) return;
  c.keyPorts[f] = (c.keyPorts[f]! << 16) | (c.keyPorts[f]! >>> 16);
  c.flipped[f]! ^= 1;
}
