// Are sockets counted for the right service, peer and process; each port once; and however many there are?

import { describe, expect, test } from "vitest";
import { dumpAnalyses } from "../../../analyses/dumps/index.ts";
import { MAX_LISTED, talliesOf } from "../../../analyses/dumps/tallies.ts";
import { dump, LINUX, type Rows, view } from "./dumps.ts";

const peersOf = (write: (d: Rows) => void) =>
  talliesOf(dump("ss", write), LINUX).byPeer.map(({ local, remote, sockets, ports }) => [
    local,
    remote,
    sockets,
    ports,
  ]);

describe("which end is the service", () => {
  test("a listening socket says it, though its port lies in the range of clients", () => {
    expect(
      peersOf((d) => {
        d.row("LISTEN", "*:40000", "*:*");
        d.row("ESTABLISHED", "10.0.0.5:40000", "10.0.0.6:1024");
        d.row("ESTABLISHED", "10.0.0.5:40000", "10.0.0.6:1025");
      }),
    ).toEqual([[{ address: "10.0.0.5", port: 40_000 }, { address: "10.0.0.6" }, 2, 1]]);
  });

  test("without one, the end that many connections share", () => {
    const shared = peersOf((d) => {
      for (let i = 0; i < 12; i++) d.row("CLOSE_WAIT", "10.0.0.5:50051", `10.0.0.6:${40_000 + i}`);
    });
    expect(shared).toEqual([[{ address: "10.0.0.5", port: 50_051 }, { address: "10.0.0.6" }, 12, 1]]);
    const called = peersOf((d) => {
      for (let i = 0; i < 12; i++) d.row("CLOSE_WAIT", `10.0.0.5:${40_000 + i}`, "10.0.0.6:50051");
    });
    expect(called).toEqual([[{ address: "10.0.0.5" }, { address: "10.0.0.6", port: 50_051 }, 12, 12]]);
  });

  test("else the port outside of the range: Linux gives one port out for several destinations", () => {
    expect(
      peersOf((d) => {
        d.row("ESTABLISHED", "10.0.0.5:40000", "10.0.0.6:443");
        d.row("ESTABLISHED", "10.0.0.5:40000", "10.0.0.7:443");
        d.row("ESTABLISHED", "10.0.0.5:22", "10.0.0.8:51000");
      }),
    ).toEqual([
      [{ address: "10.0.0.5" }, { address: "10.0.0.6", port: 443 }, 1, 1],
      [{ address: "10.0.0.5" }, { address: "10.0.0.7", port: 443 }, 1, 1],
      [{ address: "10.0.0.5", port: 22 }, { address: "10.0.0.8" }, 1, 1],
    ]);
  });

  test("who sends the first segment is the client, who answers it the service", () => {
    expect(
      peersOf((d) => {
        d.row("SYN_SENT", "10.0.0.5:2000", "10.0.0.6:50000");
        d.row("SYN_RECEIVED", "10.0.0.5:50000", "10.0.0.7:2000");
      }),
    ).toEqual([
      [{ address: "10.0.0.5" }, { address: "10.0.0.6", port: 50_000 }, 1, 1],
      [{ address: "10.0.0.5", port: 50_000 }, { address: "10.0.0.7" }, 1, 1],
    ]);
  });
});

test("mirrored rows are one connection; a row that is listed twice is not mirrored", () => {
  const tallies = talliesOf(
    dump("netstat-linux", (d) => {
      d.row("LISTEN", "127.0.0.1:8280", "0.0.0.0:*");
      for (let i = 0; i < 3; i++) {
        d.row("CLOSE_WAIT", "127.0.0.1:8280", `::ffff:127.0.0.1:${40_000 + i}`);
        d.row("FIN_WAIT_2", `127.0.0.1:${40_000 + i}`, "127.0.0.1:8280");
      }
      // Its other end has expired.
      d.row("CLOSE_WAIT", "127.0.0.1:8280", "127.0.0.1:41000");
      d.row("ESTABLISHED", "10.0.0.5:42000", "10.0.0.6:443");
      d.row("ESTABLISHED", "10.0.0.5:42000", "10.0.0.6:443");
      // A socket that is connected to itself has one row.
      d.row("ESTABLISHED", "127.0.0.1:45000", "127.0.0.1:45000");
    }),
    LINUX,
  );
  expect(tallies.mirrored).toBe(3);
  expect(tallies.sockets).toBe(11);
  expect(tallies.counts).toEqual({ LISTEN: 1, ESTABLISHED: 3, FIN_WAIT_2: 3, CLOSE_WAIT: 4 });
});

test("by process: distinct ports, those that listen aside; nobody's sockets together", () => {
  const { byProcess, processes } = talliesOf(
    dump("powershell-csv", (d) => {
      d.row("LISTEN", "*:80", "*:*", { pid: 7, process: "web" });
      d.row("BOUND", "*:50000", "*:*", { pid: 7, process: "web" });
      d.row("BOUND", "[::]:50000", "*:*", { pid: 7, process: "web" });
      d.row("ESTABLISHED", "10.0.0.9:50000", "10.0.0.6:443", { pid: 7, process: "web" });
      d.row("TIME_WAIT", "10.0.0.9:50001", "10.0.0.6:443");
    }),
    LINUX,
  );
  expect(processes).toBe(2);
  expect(byProcess).toEqual([
    { process: "web", pid: 7, sockets: 4, ports: 1, counts: { LISTEN: 1, ESTABLISHED: 1, BOUND: 2 } },
    { process: null, pid: null, sockets: 1, ports: 1, counts: { TIME_WAIT: 1 } },
  ]);
});

test("a peer, an owner and a state of its own in each of 50,000 rows", () => {
  const states = ["CLOSE_WAIT", "TIME_WAIT", "SYN_SENT", "BOUND", "UNKNOWN"] as const;
  const hostile = dump("ss", ({ builder }) => {
    for (let i = 0; i < 50_000; i++) {
      builder
        .socket(states[i % 5]!, "10.0.0.5", 20_000 + (i % 40_000), `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 443)
        .queues(i % 3, 0)
        .owner(i * 40_000, "p");
    }
  });
  const tallies = talliesOf(hostile, LINUX);
  // One in five is bound, and has no peer.
  expect(tallies.peers).toBe(40_000);
  expect(tallies.processes).toBe(50_000);
  expect(tallies.byPeer).toHaveLength(MAX_LISTED);
  expect(tallies.counts).toEqual(Object.fromEntries([...states].map((state) => [state, 10_000])));
  for (const analysis of dumpAnalyses) expect(() => analysis.run(view(hostile)), analysis.id).not.toThrow();
});

test("ids are distinct, and every analysis says why it matters", () => {
  expect(new Set(dumpAnalyses.map((a) => a.id)).size).toBe(dumpAnalyses.length);
  for (const { question, why } of dumpAnalyses) {
    expect(question.endsWith("?")).toBe(true);
    expect(why.length).toBeGreaterThan(80);
  }
});
