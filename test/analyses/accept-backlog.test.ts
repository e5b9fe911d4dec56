// Is a full queue found, and told from loss, a dead host, a slow path and a flood? The conversations follow recordings of
// listen(1) and listen(8) with a process that does not accept, on Linux 6.18.

import { describe, expect, it } from "vitest";
import { OPEN, REQUEST, RESPONSE } from "../flow/packet-script.ts";
import { connection, each, findings, merge, run } from "./timeline.ts";

const SERVICE = { address: "10.0.0.2", port: 80 };
const CLIENT = { address: "10.0.0.1" };
const served = `${OPEN} ${REQUEST}\n ${RESPONSE}\n c FIN ACK\n s FIN ACK\n c ACK`;
/** Linux from 6.5 on repeats every second at first; before, and elsewhere, at 1, 3 and 7 s. */
const dropped = "c SYN\n +1000 c SYN\n +1000 c SYN\n +1000 c SYN";
const late = `c SYN\n +1000 c SYN\n +2000 c SYN\n s SYN ACK\n c ACK\n ${REQUEST}\n ${RESPONSE}`;
const unserved = `${OPEN} ${REQUEST}\n s ACK`;
const backlog = (text: string) => findings("accept-backlog", text);
const clear = (text: string) => {
  expect(backlog(text)).toEqual([]);
  return run("accept-backlog", text);
};

describe("accept-backlog", () => {
  it("finds SYNs dropped while the process leaves acknowledged requests in the queue", () => {
    const text = merge(each(2, 10, unserved), each(8, 10, dropped, 100));
    expect(backlog(text)).toMatchObject([
      {
        severity: "high",
        count: 8,
        subject: { holder: SERVICE, peer: CLIENT },
        metrics: {
          kind: "queue-full",
          syns_dropped: 8,
          syn_acks_repeated: 0,
          acks_dropped: 0,
          connected_late: 0,
          never_connected: 8,
          delay_s: null,
          established_unserved: 2,
          spells: 1,
        },
      },
    ]);
    // What it tells, refused-connections does not tell again.
    expect(findings("refused-connections", text)).toEqual([]);
  });

  it("finds handshakes that came late at a service that answered others meanwhile", () => {
    const text = merge(each(5, 20, late), each(6, 400, served, 100));
    const [f] = backlog(text);
    // Six others began from 0 to 2.0 s: five of eleven attempts had to wait.
    expect(f).toMatchObject({ severity: "medium", count: 5, metrics: { connected_late: 5, never_connected: 0 } });
    // 1 s and 2 s later, and the SYN-ACK 0.1 ms after the third SYN.
    expect(f!.metrics.delay_s).toBeCloseTo(3.0001, 6);
    expect(f!.evidence[0]!.frames[0]).toBe(1);
  });

  it("finds a SYN-ACK that is repeated although the client went on", () => {
    const text = `${OPEN} c len=28\n +300 c len=28 seq=1\n +600 s SYN ACK\n c ACK\n +600 c len=28 seq=1\n +1500 s SYN ACK\n c ACK`;
    expect(backlog(merge(each(3, 50, text)))).toMatchObject([
      {
        severity: "high",
        count: 3,
        metrics: { syns_dropped: 0, acks_dropped: 3, syn_acks_repeated: 6, never_connected: 3 },
      },
    ]);
  });

  it("finds it with SYN cookies, where the service repeats nothing", () => {
    const forgotten = `${OPEN} c len=28\n +300 c len=28 seq=1\n +600 c len=28 seq=1\n +1200 c len=28 seq=1`;
    expect(backlog(merge(each(2, 10, unserved), each(4, 10, forgotten, 100)))).toMatchObject([
      { count: 4, metrics: { acks_dropped: 4, syn_acks_repeated: 0, established_unserved: 2 } },
    ]);
    // Without a request that waits in the queue it may be a path that loses large segments.
    clear(merge(each(6, 400, served, 100), each(4, 10, forgotten)));
  });

  it.each([
    ["a single SYN lost", merge(each(1, 0, late), each(6, 400, served, 100))],
    ["two at once", merge(each(2, 10, unserved), each(2, 10, dropped, 100))],
    [
      "SYNs without an answer, captured twice on one tap",
      merge(each(2, 10, unserved), each(5, 10, "c SYN\n c SYN", 100), connection(40_001, 3000, served)),
    ],
    ["SYNs lost now and then", merge(each(5, 60_000, late), each(6, 400, served, 100))],
    ["few among many", merge(each(4, 500, late), each(60, 50, served, 100))],
    [
      "a path that loses the rest as well",
      merge(
        each(4, 300, late),
        each(
          6,
          400,
          `${OPEN} ${REQUEST}\n s ACK\n +300 s len=5\n +300 s len=5 seq=1\n c FIN ACK\n s FIN ACK\n c ACK`,
          100,
        ),
      ),
    ],
    ["a slow path", merge(each(5, 100, "c SYN\n +1000 c SYN\n +600 s SYN ACK\n c ACK"), each(6, 400, served, 100))],
    [
      "TCP_DEFER_ACCEPT: the SYN-ACK is repeated until the client speaks",
      merge(each(5, 50, `${OPEN} +1000 s SYN ACK\n c ACK\n +500 ${REQUEST}\n ${RESPONSE}`)),
    ],
    [
      "every packet captured twice on one tap",
      merge(
        each(
          5,
          50,
          "c SYN\n c SYN\n s SYN ACK\n s SYN ACK\n c ACK\n c len=9\n c len=9 seq=1\n s len=9\n s len=9 seq=1",
        ),
      ),
    ],
    [
      "a host that stood still: it acknowledged nothing either",
      merge(
        each(2, 20, `${OPEN} ${REQUEST}\n s ACK\n +4400 ${RESPONSE}`, 300),
        connection(
          40_001,
          100,
          `${OPEN} c len=9\n s len=9\n +1000 c len=9\n +200 c len=9 seq=10\n +400 c len=9 seq=10\n +2500 s len=9`,
        ),
        each(5, 20, late).map((e) => ({ ...e, ms: e.ms + 1000 })),
      ),
    ],
    ["healthy connections", merge(each(9, 20, served))],
  ])("leaves alone: %s", (_, text) => {
    expect(clear(text).kind).toBe("clear");
  });

  it("leaves a service that never answers to refused-connections", () => {
    const text = merge(each(5, 20, dropped));
    clear(text);
    expect(findings("refused-connections", text)).toMatchObject([{ count: 5, metrics: { kind: "unanswered" } }]);
  });

  it("and one that died: it had answered before, and gives no sign any more", () => {
    const text = merge(
      each(3, 20, served, 100),
      each(5, 20, dropped).map((e) => ({ ...e, ms: e.ms + 5000 })),
    );
    clear(text);
    expect(findings("refused-connections", text)).toMatchObject([{ count: 5, metrics: { accepted_others: true } }]);
  });

  it("calls half-open connections what they are, and not a full queue", () => {
    const flood = "c SYN\n s SYN ACK\n +1000 s SYN ACK\n +2000 s SYN ACK";
    expect(backlog(merge(each(6, 5, flood)))).toMatchObject([
      { severity: "low", count: 6, metrics: { kind: "half-open", sources: 1, syn_acks_repeated: 12 } },
    ]);
    expect(backlog(merge(each(100, 5, flood)))[0]!.severity).toBe("high");
    clear(merge(each(4, 5, flood)));
    // A port scan answers the SYN-ACK by RST.
    clear(merge(each(50, 5, "c SYN\n s SYN ACK\n c RST")));
  });

  it("tells of SYN-ACKs that do not reach the client", () => {
    const lost = "c SYN\n s SYN ACK\n +1000 c SYN\n s SYN ACK\n +2000 c SYN\n s SYN ACK";
    expect(backlog(merge(each(6, 5, lost)))).toMatchObject([
      { count: 6, metrics: { kind: "answers-lost", syns_repeated: 6 } },
    ]);
  });

  it("counts each attempt once when two taps show every packet", () => {
    const twice = (text: string) =>
      text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .flatMap((line, n) => [
          `${line} tap=1 id=${n + 7}`,
          `${line.replace(/^\s*\+\d+ /, "").trim()} tap=2 id=${n + 7}`,
        ])
        .join("\n");
    const text = merge(
      each(2, 10, twice("c SYN\n s SYN ACK\n c ACK seq=1 ack=1\n c len=9 seq=1\n s ACK ack=10")),
      each(8, 10, twice(dropped), 100),
    );
    expect(findings("accept-backlog", text, { watchCopies: true })).toMatchObject([
      { count: 8, metrics: { syns_dropped: 8, established_unserved: 2 } },
    ]);
  });

  it("says nothing of a capture without a SYN", () => {
    expect(run("accept-backlog", "c len=5\n s len=5").kind).toBe("unsure");
  });
});
