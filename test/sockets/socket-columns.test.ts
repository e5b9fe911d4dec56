// Do the columns give back what went in, for more rows than a block has?

import { expect, test } from "vitest";
import { LISTED_STATES, MAX_UNREAD, MAX_UNREAD_TEXT } from "../../src/core/socket-table.ts";
import { DumpBuilder } from "../../src/sockets/dump-builder.ts";
import { MAX_ROWS, SocketColumns } from "../../src/sockets/socket-columns.ts";

const flat = (columns: SocketColumns, from: number, until: number) =>
  Array.from(
    columns.rows(from, until),
    ({ line, local, remote, state, recvQ, sendQ, pid, process, isCut, expiresIn }) => ({
      line,
      local: { address: local.address, port: local.port },
      remote: { address: remote.address, port: remote.port },
      state,
      recvQ,
      sendQ,
      pid,
      process,
      isCut,
      expiresIn,
    }),
  );

test("a bare row has nothing", () => {
  const columns = new SocketColumns();
  columns.add(7, "LISTEN", "*", 65_535, "", null);
  expect(flat(columns, 0, 1)).toEqual([
    {
      line: 7,
      local: { address: "*", port: 65_535 },
      remote: { address: "", port: null },
      state: "LISTEN",
      recvQ: null,
      sendQ: null,
      pid: null,
      process: null,
      isCut: false,
      expiresIn: null,
    },
  ]);
});

test("all states, all fields, over blocks", () => {
  const columns = new SocketColumns();
  const count = 10_000;
  for (let i = 0; i < count; i++) {
    const row = columns.add(i, LISTED_STATES[i % LISTED_STATES.length]!, `a${i % 300}`, i, `b${i}`, 1 + i);
    columns.setQueues(row, i, 4_294_967_295 + i);
    columns.setOwner(row, 4_294_967_295, `p${i % 7}`);
    if (i % 2 === 1) columns.setCut(row);
    columns.setExpiry(row, i / 4);
  }
  const rows = flat(columns, 0, count);
  for (const i of [0, 1, 4095, 4096, 8191, 8192, 9999]) {
    expect(rows[i]).toEqual({
      line: i,
      local: { address: `a${i % 300}`, port: i === 0 ? null : i },
      remote: { address: `b${i}`, port: i + 1 },
      state: LISTED_STATES[i % LISTED_STATES.length],
      recvQ: i,
      sendQ: 4_294_967_295 + i,
      pid: 4_294_967_295,
      process: `p${i % 7}`,
      isCut: i % 2 === 1,
      expiresIn: i / 4,
    });
  }
  expect(flat(columns, 4095, 4097).map((row) => row.line)).toEqual([4095, 4096]);
});

test("a dump counts what it does not keep", () => {
  const columns = new SocketColumns();
  const into = new DumpBuilder("ss", null, 1, columns);
  into.socket("LISTEN", "*", 80, "", null);
  columns.count = MAX_ROWS;
  into.socket("CLOSE_WAIT", "*", 80, "b", 1).queues(1, 2).owner(3, "p").cut().expiresIn(4);
  into.other();
  const dump = into.finish("x", null);
  expect(dump.notKept).toBe(1);
  expect(Object.fromEntries(dump.counts)).toEqual({ LISTEN: 1, CLOSE_WAIT: 1 });
  expect(dump).toMatchObject({ otherRows: 1, hasOwners: true, takenAt: null });
});

test("unread lines: all counted, the first shown, cut", () => {
  const into = new DumpBuilder("ss", null, 1, new SocketColumns());
  for (let line = 1; line <= 100; line++) into.notRead("y".repeat(1000), line);
  const dump = into.finish("x", { ms: 5, zoneAssumed: true });
  expect(dump.unreadCount).toBe(100);
  expect(dump.unread.map((u) => u.line)).toEqual(Array.from({ length: MAX_UNREAD }, (_, i) => i + 1));
  expect(dump.unread[0]!.text).toBe("y".repeat(MAX_UNREAD_TEXT));
  expect(dump).toMatchObject({ takenAt: 5, zoneAssumed: true });
});
