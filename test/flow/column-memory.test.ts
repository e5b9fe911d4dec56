// Does a column keep its values as it becomes longer and wider, with zeros behind them, and at how many copies?

import { describe, expect, it } from "vitest";
import { type Column, longer, wider } from "../../src/flow/column-memory.ts";

/** Doubled from 1024 rows to so many; its last place gets a value each time. */
function grown(first: Column, rows: number): { column: Column; buffers: number; values: number[] } {
  let column = first;
  const buffers = new Set([column.buffer]);
  const values: number[] = [];
  for (let n = 1024; n < rows; n *= 2) {
    values.push((n >> 9) % 251);
    column[column.length - 1] = values.at(-1)!;
    column = longer(column, n * 2);
    buffers.add(column.buffer);
  }
  return { column, buffers: buffers.size, values };
}

describe("a column that grows", () => {
  const ROWS = 1 << 18;

  it.each([
    ["a byte a flow", new Uint8Array(1024)],
    ["a byte a side", new Uint8Array(2048)],
    ["six bytes a side", new Uint8Array(2048 * 6)],
    ["a word a side", new Int32Array(2048)],
    ["a float64 a side", new Float64Array(2048)],
  ])("keeps its values, and has zeros elsewhere: %s", (_, first) => {
    const { column, values } = grown(first, ROWS);
    expect(column.length).toBe((first.length / 1024) * ROWS);
    expect([...column].filter((value) => value !== 0)).toEqual(values);
  });

  it("is copied as seldom as its rows are narrow", () => {
    // Up to 8192 rows each time; from then on in memory for sixteen bytes a row.
    expect(grown(new Float64Array(2048), ROWS).buffers).toBe(9);
    expect(grown(new Float64Array(1024), ROWS).buffers).toBe(6);
    expect(grown(new Uint8Array(1024), ROWS).buffers).toBe(5);
  });

  it("takes no more than it needs where that is much, or little", () => {
    const bytes = (column: Column, rows: number): number => longer(column, rows).buffer.byteLength;
    expect(bytes(new Uint8Array(1024), 2048)).toBe(2048);
    expect(bytes(new Float64Array(1 << 22), 1 << 22)).toBe(1 << 26);
    expect(bytes(new Uint8Array(1 << 21), 1 << 22)).toBeLessThan(35_000_000);
  });

  it("keeps its values as it becomes wider, and grows on", () => {
    const wide = wider(grown(new Uint32Array(1024), 1 << 14).column);
    wide[5] = 2 ** 40;
    const column = longer(wide, 1 << 15);
    expect([column.length, column[5], column[1023]]).toEqual([1 << 15, 2 ** 40, 2]);
  });
});
