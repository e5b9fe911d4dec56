// Does each analysis find its fault, and only its fault? Small conversations by hand, each fault beside its healthy twin.

import { describe, expect, it } from "vitest";
import { analyses } from "../../analyses/index.ts";
import type { FoundFinding } from "../../src/core/analysis.ts";
import { OPEN, REQUEST, RESPONSE, script } from "../flow/packet-script.ts";

const run = (id: string, text: string) => analyses.find((a) => a.id === id)!.run(script(text).view);
const findings = (id: string, text: string): FoundFinding[] => {
  const result = run(id, text);
  return result.kind === "found" ? result.findings : [];
};
/** The same conversation on `n` ports, one after the other. */
const times = (n: number, text: string): string =>
  Array.from({ length: n }, (_, k) => text.replaceAll(/^\s*((?:\+\d+ )?[cs] .*)$/gm, `$1 port=${41_000 + k}`)).join(
    "\n",
  );

const hang = `${OPEN} ${REQUEST}\n s ACK\n +1000 c FIN ACK\n s ACK`;
const healthy = `${OPEN} ${REQUEST}\n ${RESPONSE}\n c FIN ACK\n s FIN ACK\n c ACK`;
const loud = (f: FoundFinding[]) => f.filter((x) => x.severity !== "info");

describe("a healthy conversation", () => {
  it.each(analyses.map((a) => a.id))("%s finds nothing", (id) => {
    expect(findings(id, times(5, healthy))).toEqual([]);
    expect(run(id, times(5, healthy)).kind).toBe("clear");
  });
});

describe("unanswered-requests", () => {
  it("counts, and finds the requester's time-out", () => {
    const [f] = findings("unanswered-requests", `${times(4, hang)}\n${healthy}`);
    expect(f).toMatchObject({
      count: 4,
      severity: "high",
      subject: { holder: { address: "10.0.0.2", port: 80 }, peer: { address: "10.0.0.1" } },
    });
    expect(f!.metrics).toMatchObject({ requests: 5, requester_gave_up: 4, service_ended_connection: 0 });
    expect(f!.metrics.gave_up_after_s).toBeCloseTo(1.0001, 4);
    expect(f!.evidence[0]!.frames).toEqual([4, 6]);
  });

  it("does not make a time-out of two that differ", () => {
    const two = `${times(1, hang)}\n${hang.replace("+1000", "+3000")}`;
    expect(findings("unanswered-requests", two)[0]!.metrics.gave_up_after_s).toBeNull();
  });

  it("is unsure of one request in work at the end", () => {
    expect(run("unanswered-requests", `${OPEN} ${REQUEST}\n s ACK\n +5000 s ACK`).kind).toBe("unsure");
  });

  it("finds a service that has gone silent while nobody gives up", () => {
    const [f] = findings(
      "unanswered-requests",
      `${healthy}\n${times(3, `${OPEN} ${REQUEST}\n s ACK\n`)}\n +9000 c ACK port=41000`,
    );
    expect(f).toMatchObject({ count: 3, severity: "high", metrics: { pending: 3 } });
  });
});

describe("half-closed-connections", () => {
  const held = `${OPEN} ${REQUEST}\n ${RESPONSE}\n c ACK\n s FIN ACK\n c ACK`;

  it("names a client that never closes, and counts", () => {
    const [f] = findings("half-closed-connections", `${times(12, held)}\n +5000 c ACK port=41000`);
    expect(f).toMatchObject({
      count: 12,
      subject: { holder: { address: "10.0.0.1" }, peer: { address: "10.0.0.2", port: 80 } },
      metrics: { still_held: 12, peer_state: "FIN_WAIT_2" },
    });
    expect(f!.metrics.held_s).toBeGreaterThan(5);
  });

  it("does not judge what ended with the capture", () => {
    expect(run("half-closed-connections", times(3, held)).kind).toBe("unsure");
  });

  it("does not blame a service that still works on a request half-closed on purpose", () => {
    const text = `${OPEN} ${REQUEST}\n +1 c FIN ACK\n s ACK\n +9000 s ACK`;
    expect(loud(findings("half-closed-connections", times(4, text)))).toEqual([]);
  });

  it("does not blame a service that sends on to a half-closed peer", () => {
    const text = `${OPEN} ${REQUEST}\n +1 c FIN ACK\n s ACK\n +1500 ${RESPONSE}\n c ACK\n s FIN ACK\n c ACK`;
    expect(findings("half-closed-connections", times(4, text))).toEqual([]);
  });

  it("one connection that a pool has not looked at is no alarm", () => {
    expect(loud(findings("half-closed-connections", `${held}\n +30000 c ACK`))).toEqual([]);
  });

  it("measures what was held and then closed", () => {
    const text = `${OPEN} c len=5\n s ACK\n c FIN ACK\n s ACK\n +90000 s FIN ACK\n c RST`;
    const [f] = findings("half-closed-connections", times(3, text));
    expect(f).toMatchObject({ count: 3, severity: "medium", metrics: { still_held: 0 } });
    expect(f!.metrics.held_s).toBeCloseTo(90, 2);
  });
});

describe("unbalanced-closes", () => {
  const late = (ms: number) => `${OPEN} c len=5\n s ACK\n c FIN ACK\n s ACK\n +${ms} s FIN ACK\n c RST`;

  it("tells an expired FIN_WAIT_2 from a socket that was closed a moment ago", () => {
    expect(findings("unbalanced-closes", late(90_000))[0]).toMatchObject({
      metrics: { kind: "expired" },
      subject: { holder: { address: "10.0.0.2", port: 80 }, peer: { address: "10.0.0.1" } },
    });
    expect(findings("unbalanced-closes", late(5_000))[0]!.metrics.kind).toBe("late");
  });

  it("finds FINs that nobody acknowledges", () => {
    const text = `${OPEN} c len=5\n s ACK\n c FIN ACK\n +200 c FIN ACK seq=6\n +400 c FIN ACK seq=6\n +800 c FIN ACK seq=6`;
    expect(findings("unbalanced-closes", times(3, text))[0]).toMatchObject({
      count: 3,
      severity: "medium",
      metrics: { kind: "unacknowledged" },
      subject: { holder: { address: "10.0.0.2", port: 80 } },
    });
  });
});

describe("resets", () => {
  it.each([
    ["a health check", `${OPEN} c RST ACK`, "probe-ended", "info"],
    ["an abort with nothing outstanding", `${OPEN} ${REQUEST}\n ${RESPONSE}\n c ACK\n c RST ACK`, "aborted", "info"],
    [
      "a crash with a request outstanding",
      `${OPEN} ${REQUEST}\n s ACK\n +100 s RST ACK`,
      "aborted-while-asked",
      "medium",
    ],
    ["a restarted host", `${OPEN} c len=9\n s ACK\n +5000 c len=9\n s RST`, "no-socket", "low"],
    ["late data", `${OPEN} c len=9\n s ACK\n c FIN ACK\n s ACK\n +100 s len=9\n c RST`, "socket-closed", "info"],
    ["a requester that gives up", `${OPEN} ${REQUEST}\n s ACK\n +500 c RST ACK`, "requester-gave-up", "info"],
    [
      "a cut response",
      `${OPEN} ${REQUEST}\n s 'HTTP/1.1 200 OK\\r\\nContent-Length: 99\\r\\n\\r\\nhalf'\n c ACK\n s RST ACK`,
      "cut-response",
      "medium",
    ],
  ])("%s", (_, text, cause, severity) => {
    expect(findings("resets", text)).toMatchObject([{ severity, metrics: { cause } }]);
  });
});

describe("refused-connections", () => {
  it("counts refusals", () => {
    const [f] = findings("refused-connections", times(3, "c SYN\n s RST ACK seq=0"));
    expect(f).toMatchObject({ count: 3, severity: "high", metrics: { kind: "refused" } });
  });

  it("counts SYNs that met silence, once they were repeated", () => {
    const silent = "c SYN\n +1000 c SYN seq=0\n +2000 c SYN seq=0";
    expect(findings("refused-connections", silent)[0]).toMatchObject({
      count: 1,
      metrics: { kind: "unanswered", syns: 3 },
    });
    expect(run("refused-connections", "c SYN").kind).toBe("unsure");
  });
});

describe("capture-blind-spots", () => {
  const kinds = (text: string) => findings("capture-blind-spots", text).map((f) => f.metrics.kind);

  it.each([
    ["one direction", `c SYN\n c ACK\n ${REQUEST}`, ["one-direction"]],
    ["joined midway", "c len=10\n s ACK", ["joined-midway"]],
    ["bytes missing", `${OPEN} c len=100 lost\n s ACK\n c len=50\n s ACK`, ["missing-bytes"]],
    ["ended too soon", `${OPEN} c len=9\n s ACK\n c FIN ACK`, ["ended-too-soon"]],
  ])("%s", (_, text, expected) => expect(kinds(text)).toEqual(expected));
});
