// How does a flow table go to another thread, or into a file? As plain data: arrays of numbers, and lists of what few flows have.
//
// Rows can be read of what comes back, and taken over by another table; packets cannot be added to it.

import type { Column } from "./column-memory.ts";
import type { FlowTable } from "./flow-table.ts";

export interface TableExport {
  /** Flows. */
  count: number;
  /** Columns by name, with those of the log of states ("log.…") and the addresses of IPv6. Their buffers may be transferred. */
  arrays: Record<string, Column>;
  /** By flow, by column index of a side or by file: what JSON can say. */
  sparse: Record<string, [number, unknown][]>;
}

/** What a table has for few flows, by name. */
function sideTables(table: FlowTable): Record<string, Map<number, unknown>> {
  return {
    unseenFins: table.unseenFins,
    lateWrites: table.lateWrites,
    copiedFlags: table.copiedFlags,
    zeroWindows: table.zeroWindows.spells,
    repetitions: table.repetitions.kept,
    partners: table.partners,
  };
}

export function exportRows(table: FlowTable): TableExport {
  const { count } = table;
  const { times, states, previous } = table.log.list.export();
  const arrays: Record<string, Column> = {
    ...table.columns.export(count),
    "log.times": times,
    "log.states": states,
    "log.previous": previous,
    addresses: table.addresses.export(),
  };
  const sparse: TableExport["sparse"] = {};
  for (const [name, entries] of Object.entries(sideTables(table))) sparse[name] = [...entries];
  const copies: [number, unknown][] = [];
  table.copies.forEach((copied, file) => {
    copies.push([file, copied]);
  });
  sparse.copies = copies;
  return { count, arrays, sparse };
}

/** Into an empty table. */
export function importRows(table: FlowTable, { count, arrays, sparse }: TableExport): void {
  table.columns.import(arrays, count);
  table.log.list.import({
    times: arrays["log.times"] as Float64Array,
    states: arrays["log.states"] as Uint8Array,
    previous: arrays["log.previous"] as Uint32Array,
  });
  table.addresses.import(arrays.addresses as Int32Array);
  for (const [name, entries] of Object.entries(sideTables(table))) {
    for (const [at, value] of sparse[name]!) entries.set(at, value);
  }
  for (const [file, copied] of sparse.copies!) table.copies[file] = copied as number;
}

/** What few flows have, of flow `g` in one table, for flow `f` of another. Not its partner, whose number is another one here. */
export function adoptSideTables(table: FlowTable, f: number, from: FlowTable, g: number): void {
  adoptEntry(table.unseenFins, f, from.unseenFins, g);
  for (const s of [0, 1]) {
    const [i, k] = [f * 2 + s, g * 2 + s];
    adoptEntry(table.lateWrites, i, from.lateWrites, k);
    adoptEntry(table.copiedFlags, i, from.copiedFlags, k);
    adoptEntry(table.zeroWindows.spells, i, from.zeroWindows.spells, k);
    adoptEntry(table.repetitions.kept, i, from.repetitions.kept, k);
  }
}

function adoptEntry<T>(to: Map<number, T>, at: number, from: ReadonlyMap<number, T>, key: number): void {
  if (from.size === 0) return;
  const value = from.get(key);
  if (value !== undefined) to.set(at, value);
}
