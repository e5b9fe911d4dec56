// Do the small tables of the flow room hold what they are given: IPv6 addresses, columns that grow, copies, endings?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIpv6 } from "../../src/core/address.ts";
import { frameRef } from "../../src/core/frame.ts";
import { Packet } from "../../src/core/packet.ts";
import { AddressTable } from "../../src/flow/address-table.ts";
import { FlowColumns } from "../../src/flow/columns.ts";
import { CopyDetector } from "../../src/flow/copies.ts";
import { type EndFacts, endingOf } from "../../src/flow/ending.ts";
import { fill, play, segments } from "./packet-script.ts";

describe("AddressTable", () => {
  it("gives one number to one address, and the address back", () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(fc.array(address, { maxLength: 50 }), fc.integer(), (list, seed) => {
        const table = new AddressTable(seed);
        const numbers = new Map<string, number>();
        for (const bytes of [...list, ...list]) {
          const id = table.intern(bytes, 0);
          const text = bytes.join(".");
          expect(id).toBe(numbers.get(text) ?? numbers.size);
          numbers.set(text, id);
          expect(table.groups(id)).toEqual(
            Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!),
          );
        }
        expect(table.count).toBe(numbers.size);
      }),
      { numRuns: 300 },
    );
  });

  it("grows past its first sizes and forgets nothing", () => {
    const table = new AddressTable(3);
    const bytes = new Uint8Array(20);
    const at = (n: number): number => {
      new DataView(bytes.buffer).setUint32(4, 0x20010db8);
      new DataView(bytes.buffer).setUint32(16, n);
      return table.intern(bytes, 4);
    };
    for (let n = 0; n < 5000; n++) expect(at(n)).toBe(n);
    for (let n = 0; n < 5000; n++) expect(at(n)).toBe(n);
    expect(formatIpv6(table.groups(0x1234))).toBe("2001:db8::1234");
  });
});

describe("FlowColumns", () => {
  it("doubles every column and keeps what is in it", () => {
    const c = new FlowColumns();
    const { capacity } = c;
    const lengths = lengthsOf(c);
    c.keyA[capacity - 1] = -7;
    c.missing[capacity * 2 - 1] = 2 ** 40;
    c.grow();
    expect([c.capacity, c.keyA[capacity - 1], c.keyA[capacity], c.missing[capacity * 2 - 1]]).toEqual([
      capacity * 2,
      -7,
      0,
      2 ** 40,
    ]);
    expect(lengthsOf(c)).toEqual(lengths.map(([name, length]) => [name, length * 2]));
  });

  it("keeps what is in it beyond the size from which memory is given back at once", () => {
    const c = new FlowColumns();
    while (c.capacity < 1 << 19) {
      c.firstTime[c.capacity - 1] = c.capacity;
      c.grow();
    }
    for (let rows = 2048; rows < c.capacity; rows *= 2) expect(c.firstTime[rows - 1]).toBe(rows);
    expect(c.firstTime.reduce((sum, time) => sum + time)).toBe(c.capacity - 2048);
  });

  it.each([
    ["packets", 0xffff],
    ["bytes", 2 ** 32 - 1],
    ["wireBytes", 2 ** 32 - 1],
    ["syns", 255],
    ["rsts", 255],
  ] as const)("%s are wide from the first value on that does not fit", (name, largest) => {
    const c = new FlowColumns();
    const narrow = c[name];
    c.put(name, 3, largest);
    expect(c[name]).toBe(narrow);
    c.put(name, 5, largest + 1);
    expect(c[name]).not.toBe(narrow);
    c.grow();
    expect([c[name][3], c[name][4], c[name][5], c[name].length]).toEqual([largest, 0, largest + 1, narrow.length * 2]);
    c.clear(1);
    expect([c[name][2], c[name][3], c[name][4]]).toEqual([0, 0, 0]);
  });

  it("holds frames of several files", () => {
    const c = new FlowColumns();
    expect(frameRef(0, 2 ** 32 - 1) > c.largestFrame).toBe(false);
    expect(frameRef(1, 1) > c.largestFrame).toBe(true);
    c.finFrame[7] = 12;
    c.widenFrames();
    c.finFrame[8] = frameRef(1, 1);
    expect([c.finFrame[7], c.finFrame[8], c.largestFrame]).toEqual([12, frameRef(1, 1), Number.POSITIVE_INFINITY]);
  });
});

const lengthsOf = (columns: FlowColumns): [string, number][] =>
  Object.entries(columns).flatMap(([name, column]) =>
    ArrayBuffer.isView(column) ? [[name, (column as Uint8Array).length] as [string, number]] : [],
  );

describe("CopyDetector", () => {
  const first = segments("c len=10 id=5")[0]!;
  /** Is the second of two packets a copy of the first? */
  const isCopy = (change: Partial<typeof first>, file = 0): boolean => {
    const detector = new CopyDetector();
    const p = new Packet();
    fill(p, first, 1, 4);
    expect(detector.isCopy(p)).toBe(false);
    fill(p, { ...first, ...change }, 2, 4);
    p.file = file;
    return detector.isCopy(p);
  };
  const soon = first.timeMs + 0.01;

  it.each([
    ["another tap, microseconds later", { tap: 1, timeMs: soon }, 0, true],
    ["the same tap: sent again", { timeMs: soon }, 0, false],
    ["another tap, 1.5 ms later, one file", { tap: 1, timeMs: first.timeMs + 1.5 }, 0, false],
    ["another host's file, 50 ms by its clock", { tap: 1, timeMs: first.timeMs + 50 }, 1, true],
    ["another host's file, 50 ms before", { tap: 1, timeMs: first.timeMs - 50 }, 1, true],
    ["another host's file, 150 ms", { tap: 1, timeMs: first.timeMs + 150 }, 1, false],
    ["another IP identification: sent again", { tap: 1, timeMs: soon, ipId: 6 }, 0, false],
    ["another acknowledgement", { tap: 1, timeMs: soon, ack: 9 }, 0, false],
    ["another window", { tap: 1, timeMs: soon, window: 1 }, 0, false],
    ["other flags", { tap: 1, timeMs: soon, flags: 0x18 }, 0, false],
    ["another port", { tap: 1, timeMs: soon, port: 41_000 }, 0, false],
  ])("%s", (_, change, file, expected) => expect(isCopy(change, file)).toBe(expected));

  it("moves neither state nor stream by a copy, in whatever order the taps show it", () => {
    const text = (tap: string) => `
      c SYN id=1
      s SYN ACK id=2
      c ACK id=3
      c 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' id=4
      s 'HTTP/1.1 204 No Content\\r\\n\\r\\n' id=5
      c FIN ACK id=6
      s FIN ACK id=7
      c ACK id=8 ${tap}`;
    const once = segments(text(""));
    const twice = once.flatMap((s) => [s, { ...s, tap: 1, timeMs: s.timeMs + 0.002 }]);
    const [a, b] = [play(once), play(twice, { watchCopies: true })];
    expect(b.flows[0]).toMatchObject({
      ending: "closed",
      packets: { client: 10, server: 6 },
      duplicates: { client: 5, server: 3 },
      retransmissions: { client: 0, server: 0 },
      state: a.flows[0]!.state,
    });
    expect(b.exchanges.map((e) => e.outcome)).toEqual(["answered"]);
  });
});

describe("endings", () => {
  const facts = fc.record<EndFacts>({
    fin: fc.boolean(),
    rst: fc.boolean(),
    reset: fc.boolean(),
    syn: fc.boolean(),
    synAck: fc.boolean(),
    spoke: fc.boolean(),
    packets: fc.integer({ min: 0, max: 2 }),
  });

  it("are the same from either side", () => {
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        expect(endingOf(a, b)).toBe(endingOf(b, a));
      }),
      { numRuns: 2000 },
    );
  });

  it("are closed exactly when both sent FIN", () => {
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        expect(endingOf(a, b) === "closed").toBe(a.fin && b.fin);
      }),
      { numRuns: 500 },
    );
  });
});
