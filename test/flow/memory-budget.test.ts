// Is a connection's share of a memory budget about what it takes? Measured on floods, of which nothing but rows is kept.

import { describe, expect, it } from "vitest";
import { STREAM_DECODERS } from "../../decoders/streams.ts";
import { Packet } from "../../src/core/packet.ts";
import { FlowTable } from "../../src/flow/flow-table.ts";
import { FLOW_BYTES, LEAST_BUDGET, MemoryBudget, PROGRAM_BYTES, parseMemory } from "../../src/flow/memory-budget.ts";
import { fill, OPEN, segments } from "./packet-script.ts";

const FLOWS = 20_000;
const CLOSED = segments(`${OPEN}\nc FIN ACK\ns FIN ACK\nc ACK`);

const bytesOf = (of: object): number =>
  Object.values(of).reduce((n: number, column) => n + (ArrayBuffer.isView(column) ? column.byteLength : 0), 0);

describe("the estimate", () => {
  it("is above what a row of the columns takes, and not many times as much", () => {
    const table = new FlowTable({ decoders: STREAM_DECODERS, keepExchanges: false, seed: 7 });
    const p = new Packet();
    let frame = 0;
    for (let n = 0; n < FLOWS; n++) {
      for (const s of CLOSED) {
        fill(p, { ...s, port: 1 + n, timeMs: ++frame }, frame, 4);
        table.update(p);
      }
    }
    const row = bytesOf(table.columns) / table.columns.capacity;
    expect(FLOW_BYTES).toBeGreaterThan(row);
    expect(FLOW_BYTES).toBeLessThan(3 * row);
    const budget = new MemoryBudget(PROGRAM_BYTES + FLOWS * FLOW_BYTES, false);
    expect(budget.flows(table)).toBe(FLOWS);
  });

  it("leaves less to connections when exchanges are kept", () => {
    const table = new FlowTable({ decoders: STREAM_DECODERS, keepExchanges: false, seed: 7 });
    const [plain, detailed] = [new MemoryBudget(1e9, false), new MemoryBudget(1e9, true)];
    expect(detailed.flows(table)).toBeLessThan(plain.flows(table));
    expect(detailed.exchanges).toBeLessThan(plain.exchanges);
  });
});

describe("--memory", () => {
  it("takes sizes as people write them", () => {
    expect(["500M", "2G", "1GiB", "300000k", 4e8].map(parseMemory)).toEqual([5e8, 2e9, 2 ** 30, 3e8, 4e8]);
  });

  it("refuses less than the program needs, and what is no size", () => {
    expect(() => parseMemory(LEAST_BUDGET - 1)).toThrow(/the program itself needs/);
    expect(() => parseMemory("much")).toThrow(/not a size/);
  });
});
