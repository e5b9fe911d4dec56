// Is a path that loses told from one that is cut, full, captured twice, or far away? Counts, shares and times by hand.

import { describe, expect, it } from "vitest";
import { lossyPaths } from "../../analyses/lossy-paths.ts";
import type { FoundFinding } from "../../src/core/analysis.ts";
import { script } from "../flow/packet-script.ts";
import { connection, type Event, merge } from "./timeline.ts";

const run = (text: string) => lossyPaths.run(script(text).view);
const found = (text: string): FoundFinding[] => {
  const result = run(text);
  return result.kind === "found" ? result.findings : [];
};

/** SYN to SYN-ACK, and SYN-ACK to ACK, in milliseconds. */
const opens = (toServer = 5, toClient = 1): string => `c SYN\n +${toServer} s SYN ACK\n +${toClient} c ACK\n`;
/**
 * The server sends `n` segments, and every `every`th a second time, 250 ms later, before it is acknowledged: 1 + n + n / every
 * segments of the server, 2 + n of the client.
 */
function sends(n: number, every: number, pause = 10): string {
  const lines: string[] = [];
  for (let k = 0; k < n; k++) {
    lines.push(`+${pause} s len=1000`);
    if ((k + 1) % every === 0) lines.push(`+250 s len=1000 seq=${1 + 1000 * k}`);
    lines.push("+1 c ACK");
  }
  return lines.join("\n");
}
const NEVER = Number.POSITIVE_INFINITY;

let port = 41_000;
/** One connection to the server 10.0.0.N. */
const to = (server: number, text: string, ms = 0, client = 1): Event[] =>
  connection(port++, ms, text).map((e) => ({ ...e, line: `${e.line} server=${server} client=${client}` }));

describe("one path", () => {
  it("loses: how much each way, since when, and what the least of it is", () => {
    const [f, ...more] = found(opens() + sends(400, 20));
    expect(more).toEqual([]);
    // 20 of 1 + 400 + 20; Wilson's lower bound for 20 of 421 at z = 3.09 is 0.0243.
    expect(f).toMatchObject({
      severity: "medium",
      count: 20,
      subject: { holder: { address: "10.0.0.2" }, peer: null },
      metrics: {
        kind: "loss",
        loss_share: 0.0475,
        loss_share_at_least: 0.0243,
        loss_share_from_holder: 0.0475,
        loss_share_to_holder: 0,
        compared_loss_share: null,
        retransmissions: 20,
        segments: 823,
        moments: 20,
        rtt_s: 0.006,
        compared_rtt_s: null,
        repeated_syns: 0,
        connections: 1,
      },
    });
    // Frames 1 to 3 open; 20 segments and 19 acknowledgements before the first repetition; 41 frames apart, as 441 ms … 470 ms.
    expect(f!.evidence).toEqual([{ flow: 0, frames: [43, 43 + 19 * 41] }]);
    expect(f!.onset).toBeCloseTo((0.1 + 6 + 20 * 10 + 19 * 1 + 250) * 1e6, 0);
  });

  it("is held by the host that the capture is farther away from", () => {
    expect(found(opens(1, 5) + sends(400, 20))[0]!.subject).toEqual({ holder: { address: "10.0.0.1" }, peer: null });
  });

  it("is high when one in twenty is lost for sure", () => {
    expect(found(opens() + sends(400, 8))).toMatchObject([{ severity: "high", metrics: { retransmissions: 50 } }]);
  });

  it("counts what was lost before the capture, by the holes that were filled", () => {
    const lines: string[] = [];
    for (let k = 0; k < 40; k++) {
      const at = 1 + 20_000 * k;
      lines.push("+10 s len=1000 lost", "s len=19000", `c ACK ack=${at}`, `+250 s len=1000 seq=${at}`, "c ACK");
    }
    expect(found(opens() + lines.join("\n"))).toMatchObject([{ count: 40, metrics: { kind: "loss" } }]);
  });

  it("is clean with few losses, and says how few", () => {
    expect(run(opens() + sends(400, 150))).toEqual({
      kind: "clear",
      because: "2 of 805 segments on 1 path had to be sent again",
    });
  });
});

describe("what is no loss of the path", () => {
  const clean = sends(400, NEVER);

  it("one full queue, which drops many at once", () => {
    const burst = `${"s len=1000\n".repeat(60)} +30 c ACK ack=400001\n${Array.from({ length: 60 }, (_, k) => `s len=1000 seq=${400_001 + 1000 * k}\n c ACK ack=${401_001 + 1000 * k}`).join("\n")}`;
    expect(found(`${opens()}${clean}\n${burst}`)).toEqual([]);
  });

  it("few full queues that drop several at once: so few cases tell too little", () => {
    // 45 of 2,446, that is 1.8 %, but at 9 moments: 9 of 489, at least 0.7 % at z = 3.09 (45 single ones: at least 1.2 %).
    const five = (k: number, what: (seq: number) => string) =>
      Array.from({ length: 5 }, (_, n) => what(1 + 1000 * (267 * k + 262 + n))).join("\n");
    const one = Array.from(
      { length: 9 },
      (_, k) =>
        `${sends(262, NEVER, 1)}\n ${five(k, () => "s len=1000")}\n +30 c ACK ack=${1 + 1000 * (267 * k + 262)}\n ${five(k, (seq) => `s len=1000 seq=${seq}\n c ACK ack=${seq + 1000}`)}`,
    );
    const text = opens() + one.join("\n");
    expect(script(text).view.row(0).server.repetitions).toMatchObject({ count: 45, events: 9 });
    expect(found(text)).toEqual([]);
  });

  it("a line that is cut for three seconds, on many connections", () => {
    const one = `${opens()}${sends(10, NEVER)}\n +10 s len=9\n +250 s len=9 seq=10001\n +500 s len=9 seq=10001\n +1000 s len=9 seq=10001\n c ACK`;
    expect(found(merge(...Array.from({ length: 30 }, (_, k) => to(2, one, k * 3))))).toEqual([]);
  });

  it("a host that is gone", () => {
    const one = `${opens()}${sends(10, NEVER)}\n +10 s len=9\n +250 s len=9 seq=10001\n +500 s len=9 seq=10001\n +1000 s len=9 seq=10001`;
    expect(found(merge(...Array.from({ length: 30 }, (_, k) => to(2, one, k * 900))))).toEqual([]);
  });

  it("what a service drops that has not taken the connection", () => {
    const one =
      "c SYN\n s SYN ACK\n c ACK\n c len=99\n +250 c len=99 seq=1\n +750 s SYN ACK\n c ACK\n c len=99 seq=1\n s ACK";
    const text = merge(to(2, opens() + clean), ...Array.from({ length: 40 }, (_, k) => to(2, one, k * 300)));
    expect(found(text)).toEqual([]);
  });

  it("what is sent to an end that has no room", () => {
    const one = `${opens()}${Array.from({ length: 40 }, (_, k) => `s len=1000\n c ACK win=0 ack=${1 + 1000 * k}\n +250 s len=1000 seq=${1 + 1000 * k}\n c ACK`).join("\n")}`;
    expect(found(one)).toEqual([]);
  });

  it("a sender that repeats what was acknowledged", () => {
    const one = Array.from({ length: 40 }, (_, k) => `+10 s len=99\n c ACK\n +250 s len=99 seq=${1 + 99 * k}`);
    expect(found(opens() + one.join("\n"))).toEqual([]);
  });

  it("keepalive", () => {
    const one = Array.from({ length: 40 }, () => "+1000 s len=1 seq=0\n c ACK ack=1");
    expect(found(opens() + one.join("\n"))).toEqual([]);
  });

  it("a packet that was captured twice", () => {
    const twice = `${opens()}${Array.from({ length: 40 }, (_, k) => `+250 s len=99\n s len=99 seq=${1 + 99 * k}\n c ACK`).join("\n")}`;
    const result = run(twice);
    expect(result.kind).toBe("unsure");
    expect(JSON.stringify(result)).toContain("captured twice");
  });
});

describe("one path against the others", () => {
  const three = (text: string) =>
    merge(to(2, opens() + sends(600, NEVER)), to(3, opens() + text), to(4, opens() + sends(600, NEVER)));

  it("names the host behind the lossy one, and the host that all share", () => {
    expect(found(three(sends(600, 20)))).toMatchObject([
      {
        severity: "medium",
        subject: { holder: { address: "10.0.0.3" }, peer: { address: "10.0.0.1" } },
        metrics: { compared_loss_share: 0, rtt_s: 0.006, compared_rtt_s: 0.006, retransmissions: 30 },
      },
    ]);
  });

  it("finds the shared host also where it is the one that was called", () => {
    const [events, others] = [
      to(2, opens() + sends(400, 20), 0, 7),
      [8, 9].map((c) => to(2, opens() + sends(400, NEVER), 0, c)),
    ];
    expect(found(merge(events, ...others))).toMatchObject([
      { subject: { holder: { address: "10.0.0.7" }, peer: { address: "10.0.0.2" } } },
    ]);
  });

  it("has a word for a smaller loss, which it would pass over alone", () => {
    // 40 of 4,041: at least 0.0062 at z = 3.09. The others: none of 9,001, at most 0.0011.
    const small = opens() + sends(4000, 100, 2);
    expect(found(small)).toEqual([]);
    const clean = opens() + sends(9000, NEVER, 1);
    expect(found(merge(to(2, clean), to(3, small), to(4, clean)))).toMatchObject([
      { severity: "low", subject: { holder: { address: "10.0.0.3" } }, metrics: { loss_share: 0.0099 } },
    ]);
  });

  it("blames the host that all share when all lose", () => {
    const lossy = opens() + sends(300, 15);
    const [f, ...more] = found(merge(...[2, 3, 4, 5].map((n) => to(n, lossy, n * 37))));
    expect(more).toEqual([]);
    expect(f).toMatchObject({
      subject: { holder: { address: "10.0.0.1" }, peer: null },
      count: 80,
      metrics: { paths: 4, retransmissions: 80 },
    });
  });

  it("does not blame it when half of them lose", () => {
    const text = merge(
      ...[2, 3].map((n) => to(n, opens() + sends(300, 15), n * 37)),
      ...[4, 5].map((n) => to(n, opens() + sends(300, NEVER))),
    );
    expect(found(text).map((f) => f.subject.holder.address)).toEqual(["10.0.0.2", "10.0.0.3"]);
  });
});

describe("round trips", () => {
  const handshakes = (server: number, ms: number, n = 10) =>
    Array.from({ length: n }, (_, k) =>
      to(server, `${opens(ms)} c len=9\n s len=9\n c FIN ACK\n s FIN ACK\n c ACK`, k * 300),
    ).flat();

  it("of a host that is farther away than the others are worth a line, and no more", () => {
    expect(found(merge(handshakes(2, 2), handshakes(3, 40), handshakes(4, 2)))).toMatchObject([
      {
        severity: "info",
        subject: { holder: { address: "10.0.0.3" }, peer: { address: "10.0.0.1" } },
        count: 10,
        metrics: { kind: "round-trip", rtt_s: 0.041, compared_rtt_s: 0.003 },
      },
    ]);
  });

  it("of a neighbour that does the same service ten times as slowly are a small fault", () => {
    expect(found(merge(handshakes(2, 2), handshakes(3, 80), handshakes(4, 2)))).toMatchObject([{ severity: "low" }]);
  });

  it("are told by those of them that needed no second SYN", () => {
    const again = to(2, `c SYN\n +1000 c SYN\n +5 s SYN ACK\n +1 c ACK\n${sends(400, 20)}`);
    expect(found(merge(again, to(2, opens(7) + sends(9, NEVER))))[0]!.metrics).toMatchObject({
      rtt_s: 0.008,
      repeated_syns: 1,
    });
  });

  it.each([
    ["too few of them", merge(handshakes(2, 2), handshakes(3, 80, 9), handshakes(4, 2))],
    ["too few others", merge(handshakes(2, 2), handshakes(3, 80))],
    ["too small a difference", merge(handshakes(2, 2), handshakes(3, 20), handshakes(4, 2))],
  ])("say nothing: %s", (_, text) => {
    expect(found(text)).toEqual([]);
  });
});

describe("nothing found", () => {
  it("is unsure where few segments were sent, and one of them again", () => {
    expect(run(opens() + sends(20, NEVER))).toEqual({
      kind: "clear",
      because: "nothing had to be sent again (1 connection between hosts)",
    });
    expect(run(opens() + sends(20, 15))).toEqual({
      kind: "unsure",
      needs:
        "1 of 44 segments had to be sent again, too few to tell a share: at least 300 on one path are needed, here they are 44",
    });
  });

  it("is unsure with one direction, or with nothing", () => {
    expect(run("s len=9\n +10 s len=9\n +10 s len=9")).toMatchObject({ kind: "unsure" });
    expect(run("")).toMatchObject({ kind: "unsure" });
  });

  it("is clear on one host, where nothing can be lost", () => {
    expect(run(merge(to(1, opens() + sends(400, 8))))).toMatchObject({ kind: "clear" });
  });
});
