// Are the rows of a table the same after they went to another thread, into a file, or into another table?

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { STREAM_DECODERS } from "../../decoders/streams.ts";
import { CaptureSet } from "../../src/capture/capture-set.ts";
import { openCaptures } from "../../src/capture/files.ts";
import { CaptureClock } from "../../src/core/clock.ts";
import type { StateHistory } from "../../src/core/flow-view.ts";
import { frameRef } from "../../src/core/frame.ts";
import { DEFAULT_HOSTS } from "../../src/core/host-settings.ts";
import { Row } from "../../src/flow/flow-rows.ts";
import { FlowTable } from "../../src/flow/flow-table.ts";
import type { TableExport } from "../../src/flow/table-export.ts";
import { Pass } from "../../src/pass.ts";
import { OPEN, type PlayOptions, play, segments } from "./packet-script.ts";

const emptyTable = (): FlowTable => new FlowTable({ decoders: STREAM_DECODERS, keepExchanges: false, seed: 7 });

/** Through a port, to another thread. */
const transferred = (rows: TableExport): TableExport =>
  structuredClone(rows, { transfer: Object.values(rows.arrays).map((array) => array.buffer as ArrayBuffer) });

/** What is not an array of numbers, through JSON. */
const written = (rows: TableExport): TableExport => {
  const { count, sparse } = JSON.parse(JSON.stringify({ count: rows.count, sparse: rows.sparse })) as TableExport;
  return { count, sparse, arrays: rows.arrays };
};

const imported = (rows: TableExport): FlowTable => FlowTable.fromExport(rows, STREAM_DECODERS);

/** In memory of its own: joining uses rows up. */
const copied = (rows: TableExport): TableExport => structuredClone(rows);

/** Flow by flow into a table of its own, as the shares of a capture are put together. */
function adopted(from: FlowTable): FlowTable {
  const table = emptyTable();
  const successions = [...from.successions()];
  table.adoptRows([imported(copied(from.exportRows()))], Array(from.count).fill(0));
  for (const [flow, previous] of successions) table.linkPrevious(flow, previous);
  for (const [asked, answers] of from.partners) table.linkPartners(asked, answers);
  return table;
}

/** Everything that rows say, but for notes, which are the book's, and for numbers of hosts, which each table gives as it likes. */
function rowsOf(table: FlowTable, horizon: number): unknown[] {
  const row = new Row(table, { hosts: DEFAULT_HOSTS, horizon });
  return Array.from({ length: table.count }, (_, f) => {
    row.moveTo(f);
    return [said(row), said(row.end(0)), said(row.end(1))];
  });
}

const OTHERS = new Set(["notes", "host", "place", "remotePlace", "client", "server"]);

function said(view: object): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const getters = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(view)));
  for (const [name, { get }] of getters) {
    if (get === undefined || name === "c" || name === "told" || OTHERS.has(name)) continue;
    const value = get.call(view) as unknown;
    out[name] = name === "history" ? spansOf(value as StateHistory) : value;
  }
  return out;
}

const spansOf = (h: StateHistory): unknown[] =>
  Array.from({ length: h.count }, (_, n) => [h.state(n), h.from(n), h.until(n), h.certain(n)]);

function expectSame(table: FlowTable, horizon: number): void {
  const before = rowsOf(table, horizon);
  expect(before.length).toBeGreaterThan(0);
  expect(rowsOf(adopted(table), horizon)).toEqual(before);
  const rows = transferred(written(table.exportRows()));
  const back = imported(rows);
  expect(back.copies).toEqual(table.copies);
  expect(rowsOf(back, horizon)).toEqual(before);
  expect(rowsOf(adopted(back), horizon)).toEqual(before);
  // Again from a table that was read: nothing was used up.
  expect(rowsOf(imported(back.exportRows()), horizon)).toEqual(before);
}

const SAMPLES = ["healthy-closes", "leaking-http-client", "port-bursts", "refused-and-unanswered", "stale-pool"];

describe("rows of samples", () => {
  for (const sample of SAMPLES) {
    it(sample, async () => {
      const clock = new CaptureClock();
      const set = new CaptureSet(await openCaptures([join("samples", sample, "capture*.pcap*")]), clock);
      const table = emptyTable();
      const options = { filter: null, from: null, to: null, verifyChecksums: false, pseudonyms: null };
      const pass = new Pass(set, table, clock, options);
      await pass.run({});
      table.end();
      expectSame(table, pass.lastTime);
    });
  }
});

const REPEATED = `${OPEN}
  c 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'
  +300 c seq=1 len=27
  +600 c seq=1 len=27
  s len=10 win=0
  +300 c len=1
  s ACK win=500
  c FIN ACK
  s ACK
  s len=5
  +3 s len=5
  c RST`;

describe("rows of few packets", () => {
  const scripts: [string, string, PlayOptions][] = [
    ["one SYN", "c SYN", {}],
    ["a window of zero, repetitions, bytes after the end", REPEATED, {}],
    [
      "IPv6, both ways round",
      `${OPEN}\n c FIN ACK\n c SYN port=2 client=9 server=3\n s SYN ACK port=2 client=9 server=3`,
      { family: 6 },
    ],
    ["IPv6, the other end first", `${OPEN}\n c FIN ACK\n c SYN port=2 client=9 server=3`, { family: 6, swap: true }],
    [
      "the same ports twice",
      `${OPEN}\n c FIN ACK\n s FIN ACK\n c ACK\n +900 c SYN isn=90000\n s SYN ACK isn=70000`,
      {},
    ],
    ["copies", "c SYN\n c SYN tap=1\n s SYN ACK\n s SYN ACK tap=1\n c ACK", { watchCopies: true }],
    ["a redirected connection", `${OPEN}\n c len=5\n s len=7\n c FIN ACK\n s FIN ACK\n c ACK`, { redirected: true }],
    ["one direction alone", "c SYN\n s SYN ACK lost\n c ACK\n c len=5\n c FIN ACK\n s FIN ACK lost\n c ACK", {}],
  ];
  it.each(scripts)("%s", (_, text, options) => {
    const { table } = play(segments(text), options);
    expectSame(table, 3e9);
  });
});

describe("rows of two tables in one", () => {
  it("are those of either, whatever the numbers", () => {
    const tables = [
      play(segments(REPEATED)).table,
      play(segments(`${OPEN}\n c FIN ACK\n c SYN port=2 client=9 server=3`), { family: 6 }).table,
      play(segments(`${OPEN}\n c len=5\n s len=7`), { redirected: true }).table,
    ];
    const all = emptyTable();
    const before: unknown[] = [];
    const order: number[] = [];
    const partners: [number, number][] = [];
    tables.forEach((table, n) => {
      const first = order.length;
      for (let f = 0; f < table.count; f++) order.push(n);
      for (const [asked, answers] of table.partners) partners.push([first + asked, first + answers]);
      before.push(...rowsOf(table, 3e9).map((row) => shifted(row, first)));
    });
    all.adoptRows(tables, order);
    for (const [asked, answers] of partners) all.linkPartners(asked, answers);
    expect(rowsOf(all, 3e9)).toEqual(before);
  });

  it("keep their frames where one has several files and the other has not", () => {
    const [one, several] = [play(segments(OPEN)).table, play(segments(OPEN)).table];
    several.columns.widenFrames();
    several.columns.firstFrame[0] = frameRef(3, 1);
    for (const [a, b] of [
      [one, several],
      [several, one],
    ] as const) {
      const all = emptyTable();
      const before = [...rowsOf(a, 3e9), ...rowsOf(b, 3e9)];
      all.adoptRows([imported(copied(a.exportRows())), imported(copied(b.exportRows()))], [0, 1]);
      expect(rowsOf(all, 3e9)).toEqual(before);
    }
  });
});

/** A redirected connection names its other half by number. */
const shifted = (row: unknown, by: number): unknown => {
  const [flow, ...ends] = row as [Record<string, unknown>, ...unknown[]];
  const { answersOf } = flow;
  return [{ ...flow, answersOf: typeof answersOf === "number" ? answersOf + by : answersOf }, ...ends];
};
