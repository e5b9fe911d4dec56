// Is `ss -s` of old and new versions read? Counts beside those of `ss -tan` at the same moment.

import { expect, it } from "vitest";
import { ssSummary } from "../../src/sockets/ss-summary.ts";
import { COUNTS } from "./linux-rows.ts";
import { readFile, readWith } from "./read-with.ts";

it("reads a recording of iproute2 6.1", () => {
  const { dump, begins, foreign } = readFile(ssSummary, "linux-ss-s.txt");
  // estab is ESTABLISHED and CLOSE_WAIT; timewait counts the FIN_WAIT_2 that nobody owns, of which there is one.
  expect(dump.summary).toMatchObject({
    established: COUNTS.ESTABLISHED + COUNTS.CLOSE_WAIT,
    timeWait: COUNTS.TIME_WAIT + 1,
  });
  // FIN_WAIT_1 and LAST_ACK, whose processes closed them.
  expect(dump.summary?.orphaned).toBe(2);
  expect(dump).toMatchObject({ rowCount: 0, unreadCount: 0, format: "ss-summary" });
  expect(begins.length).toBe(2);
  expect(foreign).toEqual([]);
});

it("reads what versions before 5 wrote", () => {
  // The example of ss(8) and of print_summary in iproute2 4.9.
  const { dump, foreign } = readWith(
    ssSummary,
    "Total: 184 (kernel 271)\nTCP:   12741 (estab 8, closed 12719, orphaned 0, synrecv 0, timewait 3/0), ports 0\n\nTransport Total     IP        IPv6\n*\t  271       -         -        \nRAW\t  0         0         0        \nTCP\t  22        20        2        \n",
  );
  expect(dump.summary).toEqual({ established: 8, closed: 12719, orphaned: 0, timeWait: 3 });
  expect(foreign).toEqual([]);
});

it("leaves other text alone", () => {
  const { dump, begins } = readWith(ssSummary, "Total: 12 files\nTCP: everything (fine)\nTCP: 3 (broken\n");
  expect(dump.summary).toBeNull();
  expect(begins).toEqual([]);
});
