// Does the flow room say of each connection what RFC 9293 and the operating systems say? Every expectation by hand.

import { describe, expect, it } from "vitest";
import { OPEN, play, REQUEST, RESPONSE, SERVER_PORT, script, segments } from "./packet-script.ts";

const one = (text: string, options?: Parameters<typeof script>[1]) => {
  const { flows } = script(text, options);
  expect(flows).toHaveLength(1);
  return flows[0]!;
};
const brief = (text: string) => {
  const f = one(text);
  return `${f.ending} ${f.closed_first} ${f.state.client} ${f.state.server}`;
};

describe("endings, and the state of each end", () => {
  it.each([
    ["open", OPEN, "open null ESTABLISHED ESTABLISHED"],
    ["client closes first", `${OPEN} c FIN ACK\n s FIN ACK\n c ACK`, "closed client TIME_WAIT CLOSED"],
    ["server closes first", `${OPEN} s FIN ACK\n c FIN ACK\n s ACK`, "closed server CLOSED TIME_WAIT"],
    ["half-closed, acknowledged", `${OPEN} c FIN ACK\n s ACK`, "half-closed client FIN_WAIT_2 CLOSE_WAIT"],
    ["half-closed, not acknowledged", `${OPEN} c FIN ACK`, "half-closed client FIN_WAIT_1 ESTABLISHED"],
    ["last ACK not seen", `${OPEN} s FIN ACK\n c ACK\n c FIN ACK`, "closed server LAST_ACK FIN_WAIT_2"],
    [
      "the FINs cross: both keep TIME_WAIT",
      `${OPEN} c FIN ACK\n s FIN ACK ack=1\n c ACK\n s ACK`,
      "closed both TIME_WAIT TIME_WAIT",
    ],
    [
      "the FINs cross, one acknowledged",
      `${OPEN} c FIN ACK\n s FIN ACK ack=1\n c ACK`,
      "closed both CLOSING FIN_WAIT_2",
    ],
    ["refused", "c SYN\n s RST ACK seq=0", "refused null CLOSED CLOSED"],
    ["unanswered", "c SYN\n +1000 c SYN seq=0\n +2000 c SYN seq=0", "unanswered null SYN_SENT CLOSED"],
    ["SYN-ACK never acknowledged", "c SYN\n s SYN ACK", "open null ESTABLISHED SYN_RECEIVED"],
    ["simultaneous open", "c SYN\n s SYN\n c SYN ACK seq=0\n s SYN ACK seq=0", "open null ESTABLISHED ESTABLISHED"],
    ["reset when established", `${OPEN} s RST ACK`, "reset null CLOSED CLOSED"],
    ["reset in FIN_WAIT_2", `${OPEN} c FIN ACK\n s ACK\n c RST`, "reset client CLOSED CLOSED"],
    ["reset in TIME_WAIT", `${OPEN} c FIN ACK\n s FIN ACK\n c ACK\n s RST`, "closed client CLOSED CLOSED"],
    ["late close meets RST", `${OPEN} c FIN ACK\n s ACK\n +90000 s FIN ACK\n c RST`, "closed client CLOSED CLOSED"],
    ["FIN sent again", `${OPEN} c FIN ACK\n +200 c FIN ACK seq=1\n s ACK`, "half-closed client FIN_WAIT_2 CLOSE_WAIT"],
    ["reset of the half-open", "c SYN\n s SYN ACK\n c RST", "reset null CLOSED CLOSED"],
    [
      "data after FIN is not moved by",
      `${OPEN} c FIN ACK\n s ACK\n s len=10\n c ACK`,
      "half-closed client FIN_WAIT_2 CLOSE_WAIT",
    ],
    ["begun midway", "c len=10\n s ACK\n s len=5\n c ACK", "open null ESTABLISHED ESTABLISHED"],
    ["begun midway, closed", "c FIN ACK\n s FIN ACK\n c ACK", "closed client TIME_WAIT CLOSED"],
  ])("%s", (_, text, expected) => expect(brief(text)).toBe(expected));

  it("counts a RST far outside the window, and is not moved by it", () => {
    const f = one(`${OPEN} c len=5\n s ACK\n s RST seq=90000000`);
    expect(f.flags.server.rst).toBe(1);
    expect(f.state).toEqual({ client: "ESTABLISHED", server: "ESTABLISHED" });
    expect(f.ending).toBe("open");
  });

  it("takes a RST far ahead for real where only SYN, FIN and RST were captured", () => {
    expect(brief("c SYN\n s SYN ACK\n +9000 c RST seq=900000000")).toBe("reset null CLOSED CLOSED");
  });

  it("knows a RST that answers a SYN by its acknowledgement alone (RFC 9293 §3.10.7.3)", () => {
    expect(brief("c SYN\n s RST ACK seq=0 ack=1")).toBe("refused null CLOSED CLOSED");
    // The caller drops these and goes on trying; the network did answer its SYN with RST.
    expect(brief("c SYN\n s RST seq=0")).toBe("refused null SYN_SENT CLOSED");
    expect(brief("c SYN\n s RST ACK seq=0 ack=77")).toBe("refused null SYN_SENT CLOSED");
    expect(brief("c SYN\n s RST seq=0\n s SYN ACK\n c ACK")).toBe("open null ESTABLISHED ESTABLISHED");
  });

  it("follows a caller that is refused and tries again with the same number, as Windows does", () => {
    const refused = "c SYN\n s RST ACK seq=0\n +500 c SYN seq=0\n s RST ACK seq=0";
    expect(brief(refused)).toBe("refused null CLOSED CLOSED");
    const taken = `${refused}\n +500 c SYN seq=0\n s SYN ACK seq=0\n c ACK`;
    expect(brief(taken)).toBe("open null ESTABLISHED ESTABLISHED");
    expect(brief(`${taken}\n c FIN ACK\n s FIN ACK\n c ACK`)).toBe("closed client TIME_WAIT CLOSED");
  });

  it("keeps the first FIN when it is sent again in every state of the closer", () => {
    const f = one(
      `${OPEN} c FIN ACK\n +200 c FIN ACK seq=1\n +400 c FIN ACK seq=1\n s ACK\n s FIN ACK\n +200 s FIN ACK seq=1\n c ACK`,
    );
    expect(f.flags).toEqual({
      client: { syn: 1, syn_ack: 0, fin: 3, rst: 0 },
      server: { syn: 0, syn_ack: 1, fin: 2, rst: 0 },
    });
    expect(f.retransmissions).toEqual({ client: 2, server: 1 });
    expect(f.state).toEqual({ client: "TIME_WAIT", server: "CLOSED" });
  });

  it("lets a half-closed peer go on sending, and then close (RFC 9293 §3.6)", () => {
    const f = one(`${OPEN} c FIN ACK\n s ACK\n +70000 s len=5000\n c ACK\n s FIN ACK\n c ACK`);
    expect([f.ending, f.closed_first, f.bytes.server, f.state.client]).toEqual(["closed", "client", 5000, "TIME_WAIT"]);
  });

  it("sees a connection to itself as one flow that lacks nothing", () => {
    const list = segments("c SYN\n c SYN ACK seq=0 ack=1\n c ACK\n c len=10\n c ACK");
    const { flows, view } = play(
      list.map((s) => ({ ...s, port: SERVER_PORT })),
      { loop: true },
    );
    expect(flows.map((f) => [f.client, f.server, f.packets.client + f.packets.server])).toEqual([
      [{ address: "10.0.0.1", port: SERVER_PORT }, { address: "10.0.0.1", port: SERVER_PORT }, 5],
    ]);
    expect(view.row(0).oneDirection).toBe(false);
  });

  it("does not count a keepalive or a zero-window probe as sent again", () => {
    const f = one(`${OPEN} c len=5\n s ACK\n +15000 c seq=5 len=0\n s ACK\n +15000 c seq=5 len=1\n s ACK`);
    expect(f.retransmissions).toEqual({ client: 0, server: 0 });
    expect(f.bytes.client).toBe(6); // the probe's byte is on the wire
  });
});

describe("handshake and roles", () => {
  it.each([
    ["full", OPEN, "full", undefined],
    ["SYN only", "c SYN", "partial", undefined],
    ["SYN-ACK only", "s SYN ACK\n c ACK", "partial", undefined],
    ["none", "c len=10\n s ACK", "none", false],
  ])("%s", (_, text, handshake, certain) => {
    const f = one(text);
    expect(f.handshake).toBe(handshake);
    expect(f.role_certain).toBe(certain);
    expect(f.client.port).toBe(40_000);
  });

  it("takes who asks first for the client when no SYN was seen", () => {
    const f = script(`s ACK\n s 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\n c 'HTTP/1.1 204 No Content\\r\\n\\r\\n'`)
      .flows[0]!;
    expect(f.client.port).toBe(80);
    expect(f.role_certain).toBe(false);
  });
});

describe("a 4-tuple used again", () => {
  it("is a new flow when the ISN is new", () => {
    const { flows } = script(
      `${OPEN} c FIN ACK\n s FIN ACK\n c ACK\n +100 c SYN isn=9000\n s SYN ACK isn=70000\n c ACK`,
    );
    expect(flows.map((f) => `${f.ending} ${f.packets.client}+${f.packets.server}`)).toEqual(["closed 4+2", "open 2+1"]);
  });

  it("is the same flow when the SYN is sent again", () => {
    const f = one("c SYN\n +1000 c SYN seq=0\n s SYN ACK\n c ACK");
    expect(f.flags.client.syn).toBe(2);
    expect(f.retransmissions.client).toBe(1);
  });

  it("leaves the challenge ACK of a socket stuck in CLOSE_WAIT, and the RST to it, with the old flow", () => {
    const { flows } = script(`${OPEN} c FIN ACK\n s ACK
      +70000 c SYN isn=9000
      s ACK seq=1 ack=-7998          # the old socket: it still acknowledges 1002 (1000 + 1 + FIN) of the old numbers
      c RST seq=-7998
      +1000 c SYN seq=0
      s SYN ACK isn=70000
      c ACK`);
    expect(flows.map((f) => [f.packets.client, f.packets.server])).toEqual([
      [4, 3],
      [3, 1],
    ]);
    expect(flows[0]!.flags.client.rst).toBe(1);
    expect(flows[0]!.state.server).toBe("CLOSED");
    expect(flows[1]!.handshake).toBe("full");
  });
});

describe("a challenge by a socket from before the capture", () => {
  it.each([3_000_000, -90_000])(
    "ack %d: neither it nor the RST to it moves the caller, which tries again and gets through",
    (ack) => {
      const text = `c SYN\n s ACK seq=-500 ack=${ack}\n c RST seq=${ack}`;
      expect(brief(text)).toBe("open null SYN_SENT CLOSED");
      const f = one(`${text}\n +1000 c SYN seq=0\n s SYN ACK isn=900000\n c ACK\n c len=10\n s len=10\n c ACK`);
      expect([f.ending, f.handshake, f.state.client, f.state.server]).toEqual([
        "open",
        "full",
        "ESTABLISHED",
        "ESTABLISHED",
      ]);
      expect(f.missing_bytes).toEqual({ client: 0, server: 0 });
    },
  );
});

describe("what was sent again, and what only came in another order", () => {
  it("counts a retransmission, not its first sending", () => {
    expect(one(`${OPEN} c len=100\n +200 c seq=1 len=100\n s ACK`).retransmissions).toEqual({ client: 1, server: 0 });
  });

  it("takes segments swapped within 3 ms for swapped", () => {
    expect(one(`${OPEN} c seq=101 len=100 id=5\n c seq=1 len=100 id=4\n s ACK`).retransmissions.client).toBe(0);
  });

  it("takes a hole filled 200 ms later for a retransmission", () => {
    expect(one(`${OPEN} c seq=101 len=100\n +200 c seq=1 len=100\n s ACK`).retransmissions.client).toBe(1);
  });

  it("counts copies on another tap with the packets, and not as sent again", () => {
    const f = one(`${OPEN} c len=100 id=77\n +0 c seq=1 len=100 id=77 tap=1\n s ACK`, { watchCopies: true });
    expect(f.packets.client).toBe(4);
    expect(f.duplicates).toEqual({ client: 1, server: 0 });
    expect(f.retransmissions.client).toBe(0);
  });

  it("takes the same bytes on the same tap for sent again", () => {
    const f = one(`${OPEN} c len=100 id=77\n +0 c seq=1 len=100 id=77\n s ACK`, { watchCopies: true });
    expect(f.duplicates.client).toBe(0);
    expect(f.retransmissions.client).toBe(1);
  });

  it("does not take a single byte that came late for a keepalive", () => {
    const { exchanges, flows } = script(`${OPEN} c 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r'
      c lost '\\n'
      c ACK                       # a pure ACK overtakes the last byte of the head
      c seq=27 '\\n'
      s ACK
      ${RESPONSE}
      c ACK`);
    expect(exchanges.map((e) => e.outcome)).toEqual(["answered"]);
    expect(exchanges[0]!.request).not.toBeNull();
    expect(flows[0]!.missing_bytes.client).toBe(0);
  });

  it("says how many bytes the capture lacks", () => {
    const f = one(`${OPEN} c len=100 lost\n s ACK\n c len=50\n s ACK`);
    expect(f.missing_bytes).toEqual({ client: 100, server: 0 });
    expect(f.retransmissions.client).toBe(0);
  });
});

describe("either family, either end", () => {
  it("IPv6 is the same", () => {
    const f = one(`${OPEN} c FIN ACK\n s ACK`, { family: 6 });
    expect(f.client.address).toBe("::1");
    expect(f.server.address).toBe("::2");
    expect(f.ending).toBe("half-closed");
  });

  it("sees one direction", () => {
    const f = script(`${OPEN.replace(/s SYN ACK/, "s SYN ACK lost")} ${REQUEST}\n c FIN ACK`).flows[0]!;
    expect(f.packets.server).toBe(0);
    expect(f.ending).toBe("half-closed");
  });

  it("carries bytes in a SYN (TCP Fast Open, RFC 7413)", () => {
    const { exchanges } = script(
      `c SYN 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\n s SYN ACK\n c ACK\n ${RESPONSE}\n c ACK`,
    );
    expect(exchanges.map((e) => `${e.request?.frame} ${e.response?.frame} ${e.outcome}`)).toEqual(["1 4 answered"]);
  });
});
