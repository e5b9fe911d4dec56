// Are writes onto closed connections counted, one for each failed request, and nothing else? Counts and times by hand.

import { describe, expect, it } from "vitest";
import { OPEN, REQUEST, RESPONSE } from "../flow/packet-script.ts";
import { connection, each, findings, merge, run } from "./timeline.ts";

const SERVICE = { address: "10.0.0.2", port: 80 };
const CLIENT = { address: "10.0.0.1" };
const exchange = `${OPEN} ${REQUEST}\n ${RESPONSE}\n`;
const stale = `${exchange} +3000 s FIN ACK\n c ACK\n +1500 ${REQUEST}\n s RST`;
const opaque = `${OPEN} c len=20\n s len=30\n`;
const found = (text: string) => findings("stale-connections", text);
const end = (ms: number) => connection(49_999, ms, "c SYN");

describe("stale-connections", () => {
  it("counts requests written after the service's FIN", () => {
    const [f, ...more] = found(merge(each(4, 700, stale)));
    expect(more).toEqual([]);
    expect(f).toMatchObject({
      severity: "medium",
      count: 4,
      subject: { holder: CLIENT, peer: SERVICE },
      metrics: {
        kind: "stale",
        idle_s: 4.5001,
        after_close_s: 1.5001,
        drew_rst: 4,
        connections: 4,
        crossed: 0,
        closed_by: "FIN",
        server_idle_timeout_s: 3,
      },
    });
    expect(f!.onset).toBeCloseTo(4_500.5e6, -3);
  });

  it("leaves nothing of it to the analyses that would blame the service", () => {
    const text = merge(each(12, 700, stale));
    for (const other of ["unanswered-requests", "unbalanced-closes", "resets"])
      expect(findings(other, text)).toEqual([]);
    expect(run("unanswered-requests", text)).toMatchObject({
      because: "12 requests had a response; 12 more met a connection closed before",
    });
  });

  it("cites the close, the write and the RST", () => {
    expect(found(stale)[0]!.evidence).toEqual([{ flow: 0, frames: [6, 8, 9] }]);
  });

  it.each([
    [1, "low"],
    [3, "medium"],
    [10, "high"],
  ])("%i of them are %s", (n, severity) => {
    expect(found(merge(each(n, 700, stale)))).toMatchObject([{ severity, count: n }]);
  });

  it("counts commands of a protocol that it cannot read", () => {
    const text = `${opaque} +3000 s FIN ACK\n c ACK\n +1500 c len=14\n s RST`;
    expect(found(merge(each(3, 700, text)))[0]).toMatchObject({ count: 3, metrics: { drew_rst: 3, idle_s: 4.5001 } });
  });

  it("counts a request in several segments once", () => {
    const text = `${opaque} +3000 s FIN ACK\n c ACK\n +1500 c len=400\n c len=400\n s RST`;
    expect(found(text)).toMatchObject([{ count: 1 }]);
  });

  it("counts a request whose writer found the end of file behind it, and closed before the RST came", () => {
    const text = `${opaque} +3000 s FIN ACK\n c ACK\n +1500 c len=40\n c FIN ACK\n +40 s RST\n s RST`;
    expect(found(merge(each(3, 700, text)))[0]).toMatchObject({ count: 3, metrics: { drew_rst: 3 } });
  });

  it("does not take two that close at the same time, one of them with a farewell, for a request", () => {
    expect(found(`${opaque} +3000 s FIN ACK\n c len=24 ack=31\n c FIN ACK ack=31\n s RST`)).toEqual([]);
  });

  it("counts a request that is sent again and again, and never acknowledged", () => {
    const text = `${exchange} +3000 s FIN ACK\n c ACK\n +1500 ${REQUEST}\n +300 c len=27 seq=28\n +600 c len=27 seq=28`;
    expect(found(merge(each(3, 700, text), end(9000)))[0]).toMatchObject({ count: 3, metrics: { drew_rst: 0 } });
  });

  it.each([
    [
      "a client that shut down its side and is answered",
      `${OPEN} ${REQUEST}\n c FIN ACK\n s ACK\n +1500 ${RESPONSE}\n c ACK\n s FIN ACK\n c ACK`,
    ],
    [
      "the same, and the answer meets RST: a late answer",
      `${OPEN} ${REQUEST}\n c FIN ACK\n s ACK\n +1500 ${RESPONSE}\n c RST`,
    ],
    [
      "a service that shut down its side and reads on",
      `${opaque} s FIN ACK\n c ACK\n +2000 c len=500\n s ACK\n +2000 c len=500\n s ACK\n c FIN ACK\n s ACK`,
    ],
    [
      "an upload that the service does not want to the end",
      String.raw`${OPEN} c 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n'
        c len=300
        s 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
        s FIN ACK
        c ACK
        +300 c len=300
        s RST`,
    ],
    [
      "the same in a protocol that it cannot read",
      `${opaque} c len=900\n s len=30\n s FIN ACK\n c len=900\n c len=900\n s RST`,
    ],
    ["a farewell right behind the FIN (a TLS alert)", `${opaque} +3000 s FIN ACK\n c len=24\n s RST`],
    ["a healthy close", `${exchange} +3000 s FIN ACK\n c ACK\n +5000 c FIN ACK\n s RST`],
    ["a service killed at work", `${exchange} ${REQUEST}\n s ACK\n +50 s FIN ACK\n c ACK`],
  ])("leaves alone: %s", (_, text) => {
    expect(found(merge(each(4, 700, text), end(20_000)))).toEqual([]);
    expect(run("stale-connections", merge(each(4, 700, text), end(20_000))).kind).toBe("clear");
  });

  it("is unsure of a write right at the end", () => {
    const text = `${opaque} +3000 s FIN ACK\n c ACK\n +1500 c len=14`;
    expect(run("stale-connections", text).kind).toBe("unsure");
  });

  it("tells apart what crossed the close, seen near the service", () => {
    // Behind the FIN in the capture, and its ACK does not cover the FIN: 5000 + 1 + the 40 bytes of the response.
    const text = `${exchange} +3000 s FIN ACK\n +5 ${REQUEST} ack=41\n s RST`;
    const [f] = found(merge(each(2, 700, text)));
    expect(f).toMatchObject({
      severity: "info",
      count: 2,
      metrics: { kind: "crossed", crossed: 2, after_close_s: 0.005 },
    });
    expect(found(merge(each(3, 700, text)))[0]!.severity).toBe("low");
  });

  it("and seen near the client, where the FIN comes back sooner than any answer could", () => {
    const far = (ms: number) =>
      `c SYN\n +40 s SYN ACK\n c ACK\n ${REQUEST}\n +40 ${RESPONSE}\n c ACK\n +3000 ${REQUEST}\n +${ms} s FIN ACK ack=28\n c ACK\n +30 s RST`;
    expect(found(far(10))).toMatchObject([{ count: 1, severity: "info", metrics: { kind: "crossed" } }]);
    // After a round trip it may be the service's answer to the request.
    expect(found(far(41))).toEqual([]);
  });

  it("does not take a write long behind a RST that never reached the client for a race", () => {
    expect(found(`${opaque} +3000 s RST ACK\n +2600 c len=20\n s RST`)).toEqual([]);
  });

  it("says nothing of an empty capture, nor of one direction", () => {
    expect(run("stale-connections", "").kind).toBe("unsure");
    expect(run("stale-connections", "c SYN\n c ACK\n c len=9\n +3000 c len=9").kind).toBe("unsure");
  });
});
