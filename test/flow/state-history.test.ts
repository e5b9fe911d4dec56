// What does the history of a socket say that no packet shows? Timers, silent giving up, what only later packets tell. Worked
// out by hand from FACTS of Linux and RFC 9293; the lab (test/lab) holds the same against the kernel.

import { describe, expect, it } from "vitest";
import type { EndRow, StateHistory } from "../../src/core/flow-view.ts";
import { type Hosts, SYSTEM_DEFAULTS } from "../../src/core/host-settings.ts";
import { OPEN, type PlayOptions, REQUEST, RESPONSE, script } from "./packet-script.ts";

const second = (ns: number): string => (Number.isFinite(ns) ? (ns / 1e9).toFixed(1) : ns > 0 ? "…" : "…");
const spans = (h: StateHistory): string =>
  Array.from(
    { length: h.count },
    (_, n) => `${h.state(n)}${h.certain(n) ? "" : "?"} ${second(h.from(n))}-${second(h.until(n))}`,
  ).join(", ");
const ends = (text: string, options?: PlayOptions): { c: string; s: string } => {
  const row = script(text, options).view.row(0);
  const of = (e: EndRow): string => spans(e.history);
  const [c, s] = row.client.port === 80 ? [row.server, row.client] : [row.client, row.server];
  return { c: of(c), s: of(s) };
};
const hosts = (over: Partial<(typeof SYSTEM_DEFAULTS)["linux"]>): Hosts => ({
  of: () => ({ ...SYSTEM_DEFAULTS.linux, ...over }),
});
/** Something on another connection, so that the capture goes on. */
const later = (ms: number): string => `\n +${ms} c SYN port=50000`;

describe("timers", () => {
  const closed = `${OPEN} +1000 c FIN ACK\n s FIN ACK\n c ACK`;

  it("ends TIME_WAIT", () => {
    expect(ends(`${closed}${later(90_000)}`)).toEqual({
      c: "SYN_SENT 0.0-0.0, ESTABLISHED 0.0-1.0, FIN_WAIT_1 1.0-1.0, TIME_WAIT 1.0-61.0",
      s: "SYN_RECEIVED 0.0-0.0, ESTABLISHED? 0.0-1.0, CLOSE_WAIT 1.0-1.0, LAST_ACK 1.0-1.0",
    });
    expect(ends(closed, { hosts: hosts({ timeWait: 30e9 }) }).c).toMatch(/TIME_WAIT 1\.0-31\.0$/);
  });

  it("starts TIME_WAIT anew when the peer's FIN comes again", () => {
    expect(ends(`${closed}\n +200 s FIN ACK seq=1\n c ACK`).c).toMatch(/TIME_WAIT 1\.0-61\.2$/);
  });

  it("ends TIME_WAIT by a RST", () => {
    expect(ends(`${closed}\n +5000 s RST`).c).toMatch(/TIME_WAIT 1\.0-6\.0$/);
  });

  it("gives TIME_WAIT to both ends when their FINs crossed", () => {
    expect(ends(`${OPEN} +1000 c FIN ACK\n s FIN ACK ack=1\n c ACK\n s ACK`)).toEqual({
      c: expect.stringMatching(/CLOSING 1\.0-1\.0, TIME_WAIT 1\.0-61\.0$/),
      s: expect.stringMatching(/ESTABLISHED\? 0\.0-1\.0, CLOSING 1\.0-1\.0, TIME_WAIT 1\.0-61\.0$/),
    });
  });

  const half = `${OPEN} +1000 c FIN ACK\n s ACK`;

  it("ends an orphaned FIN_WAIT_2; CLOSE_WAIT has no time-out", () => {
    expect(ends(`${half}${later(200_000)}`)).toEqual({
      c: expect.stringMatching(/FIN_WAIT_2 1\.0-61\.0$/),
      s: expect.stringMatching(/CLOSE_WAIT 1\.0-…$/),
    });
  });

  it("a late FIN that meets RST after 60 s met no socket; before, it did", () => {
    expect(ends(`${half}\n +90000 s FIN ACK\n c RST`)).toEqual({
      c: expect.stringMatching(/FIN_WAIT_2 1\.0-61\.0$/),
      s: expect.stringMatching(/CLOSE_WAIT 1\.0-91\.0, LAST_ACK 91\.0-91\.0$/),
    });
    expect(ends(`${half}\n +5000 s len=5\n c RST`).c).toMatch(/FIN_WAIT_2 1\.0-6\.0$/);
  });

  it("a FIN taken after 60 s shows that the process had only shut down", () => {
    expect(ends(`${half}\n +90000 s FIN ACK\n c ACK`).c).toMatch(/FIN_WAIT_2 1\.0-91\.0, TIME_WAIT 91\.0-151\.0$/);
    expect(ends(`${half}\n +90000 s len=9\n c ACK${later(200_000)}`).c).toMatch(/FIN_WAIT_2 1\.0-151\.0$/);
  });
});

describe("the moment a FIN arrived", () => {
  it("is when it was sent, not when its delayed ACK went out", () => {
    expect(ends(`${OPEN} +1000 c FIN ACK\n +400 s ACK\n +1000 s FIN ACK\n c ACK`).s).toMatch(/CLOSE_WAIT 1\.0-2\.4/);
  });
  it("is its last sending when it was sent again", () => {
    expect(ends(`${OPEN} +1000 c FIN ACK\n +400 c FIN ACK seq=1\n s ACK\n +1000 s FIN ACK\n c ACK`).s).toMatch(
      /CLOSE_WAIT 1\.4-2\.4/,
    );
  });
});

describe("giving up without a word", () => {
  it("a SYN that is not sent again", () => {
    expect(ends(`c SYN${later(60_000)}`).c).toBe("SYN_SENT? 0.0-1.0");
    expect(ends(`c SYN\n +1000 c SYN seq=0\n +1000 c SYN seq=0${later(60_000)}`).c).toBe(
      "SYN_SENT 0.0-2.0, SYN_SENT? 2.0-3.0",
    );
    expect(
      ends(`c SYN\n +1000 c SYN seq=0\n +2000 c SYN seq=0\n +4000 c SYN seq=0${later(60_000)}`, {
        hosts: hosts({ os: "windows" }),
      }).c,
    ).toBe("SYN_SENT 0.0-7.0, SYN_SENT? 7.0-15.0");
  });
  it("a SYN-ACK that is not sent again", () => {
    expect(ends(`c SYN\n s SYN ACK\n +1000 s SYN ACK seq=0\n +2000 s SYN ACK seq=0${later(60_000)}`).s).toBe(
      "SYN_RECEIVED 0.0-3.0, SYN_RECEIVED? 3.0-7.0",
    );
  });
  it("a FIN that nobody acknowledges", () => {
    const text = `${OPEN} +1000 c FIN ACK\n +200 c FIN ACK seq=1\n +400 c FIN ACK seq=1\n +800 c FIN ACK seq=1`;
    expect(ends(`${text}${later(60_000)}`)).toEqual({
      c: expect.stringMatching(/FIN_WAIT_1 1\.0-2\.4, FIN_WAIT_1\? 2\.4-3\.9$/),
      s: expect.stringMatching(/ESTABLISHED\? 0\.0-…$/),
    });
  });
  it("data that nobody acknowledges", () => {
    const text = `${OPEN} +1000 c len=5\n +200 c len=5 seq=1\n +400 c len=5 seq=1\n +800 c len=5 seq=1`;
    expect(ends(`${text}${later(60_000)}`).c).toMatch(/ESTABLISHED 0\.0-2\.4, ESTABLISHED\? 2\.4-3\.9$/);
  });
  it("a keepalive that ends in RST reaches nobody", () => {
    const text = `${OPEN} +1000 c ACK seq=0\n +1000 c ACK seq=0\n +1000 c ACK seq=0\n +1000 c RST ACK`;
    expect(ends(text)).toEqual({
      c: expect.stringMatching(/ESTABLISHED 0\.0-4\.0$/),
      s: expect.stringMatching(/ESTABLISHED\? 0\.0-…$/),
    });
  });
});

describe("the accept queue is full", () => {
  const asked = "c SYN\n s SYN ACK\n c ACK\n c len=5\n +1000 s SYN ACK seq=0\n c ACK\n +2000 s SYN ACK seq=0\n c ACK";
  it("while the SYN-ACK is sent again, the ACK did not count; nor while data is not acknowledged", () => {
    expect(ends(`${asked}\n +100 c len=5 seq=1\n s ACK${later(60_000)}`).s).toBe(
      "SYN_RECEIVED 0.0-3.0, SYN_RECEIVED? 3.0-3.1, ESTABLISHED 3.1-…",
    );
  });
  it("an ACK was taken where the SYN-ACK does not come again", () => {
    const silent = "c SYN\n s SYN ACK\n +1000 s SYN ACK seq=0\n c ACK";
    expect(ends(`${silent}${later(60_000)}`).s).toBe("SYN_RECEIVED 0.0-1.0, ESTABLISHED? 1.0-…");
  });
});

describe("what only the end's next word proves", () => {
  it("that it took the handshake's ACK", () => {
    expect(ends(`${OPEN}${later(60_000)}`)).toEqual({
      c: "SYN_SENT 0.0-0.0, ESTABLISHED 0.0-…",
      s: "SYN_RECEIVED 0.0-0.0, ESTABLISHED? 0.0-…",
    });
    expect(ends(`${OPEN} +2000 c len=5\n s ACK`).s).toBe(
      "SYN_RECEIVED 0.0-0.0, ESTABLISHED? 0.0-2.0, ESTABLISHED 2.0-…",
    );
  });
  it("not where it spoke at once", () => {
    expect(ends(`${OPEN} c len=5\n s ACK`).s).toBe("SYN_RECEIVED 0.0-0.0, ESTABLISHED 0.0-…");
  });
});

describe("a FIN behind data that had to wait", () => {
  const sent = `${OPEN} c len=5\n s ACK\n s len=1000\n c ACK\n +1000 s len=1000`;
  it("may have been due since the data was", () => {
    expect(ends(`${sent}\n +10 c ACK win=0\n +2000 c ACK win=900\n s len=1000\n +1 c ACK\n s FIN ACK`).s).toBe(
      "SYN_RECEIVED 0.0-0.0, ESTABLISHED 0.0-1.0, ESTABLISHED? 1.0-3.0, FIN_WAIT_1 3.0-…",
    );
  });
  it("may have been due since the window was closed", () => {
    expect(ends(`${sent}\n c ACK\n +3000 c ACK win=0\n +2000 c ACK win=900\n s FIN ACK`).s).toBe(
      "SYN_RECEIVED 0.0-0.0, ESTABLISHED 0.0-4.0, ESTABLISHED? 4.0-6.0, FIN_WAIT_1 6.0-…",
    );
  });
  it("was not where all data had been acknowledged for a while", () => {
    expect(ends(`${sent}\n +10 c ACK\n +500 s FIN ACK`).s).toBe(
      "SYN_RECEIVED 0.0-0.0, ESTABLISHED 0.0-1.5, FIN_WAIT_1 1.5-…",
    );
  });
});

describe("what began before the capture", () => {
  it("was open, as far as one knows", () => {
    expect(ends("+500 c len=10\n s ACK\n s len=5\n c ACK")).toEqual({
      c: "ESTABLISHED? …-0.5, ESTABLISHED 0.5-…",
      s: "ESTABLISHED? …-0.5, ESTABLISHED 0.5-…",
    });
    expect(ends("+500 c ACK\n s ACK").c).toBe("ESTABLISHED? …-…");
  });
});

describe("one direction", () => {
  const open = "c SYN\n s SYN ACK lost\n c ACK\n +1000 c len=5\n s ACK lost";
  it("the closer's", () => {
    expect(ends(`${open}\n +1000 c FIN ACK\n s FIN ACK lost\n c ACK${later(100_000)}`)).toEqual({
      c: "SYN_SENT 0.0-0.0, ESTABLISHED 0.0-2.0, FIN_WAIT_2? 2.0-2.0, TIME_WAIT? 2.0-62.0",
      s: "ESTABLISHED? 0.0-2.0, CLOSE_WAIT? 2.0-2.0",
    });
  });
  it("of the one that never closes", () => {
    expect(ends(`${open}\n +1000 s FIN ACK lost\n c ACK${later(100_000)}`)).toEqual({
      c: "SYN_SENT 0.0-0.0, ESTABLISHED 0.0-1.8, ESTABLISHED? 1.8-2.0, CLOSE_WAIT? 2.0-…",
      s: expect.stringMatching(/FIN_WAIT_2\? 2\.0-62\.0$/),
    });
  });
});

describe("a client redirected to a local proxy", () => {
  const text = `${OPEN} ${REQUEST}\n ${RESPONSE}\n +1000 c FIN ACK\n s ACK\n +1000 s FIN ACK\n c ACK`;

  it("is one connection in two halves", () => {
    const { view, flows, exchanges } = script(text, { redirected: true });
    const [asked, answers] = [view.row(0), view.row(1)];
    expect([asked.redirected, answers.answersOf]).toEqual([true, 0]);
    expect(spans(asked.client.history)).toMatch(/FIN_WAIT_2 1\.0-2\.0, TIME_WAIT 2\.0-62\.0$/);
    expect(spans(asked.server.history)).toMatch(/ESTABLISHED 0\.0-1\.0, CLOSE_WAIT 1\.0-2\.0, LAST_ACK 2\.0-2\.0$/);
    expect([answers.client.history.count, answers.server.history.count]).toEqual([0, 0]);
    expect(asked.client.remote).toEqual({ address: "10.0.0.9", port: 8080 });
    expect(asked.server.remote).toEqual({ address: "10.0.0.1", port: 40_000 });
    expect(flows.map((f) => [f.ending, f.handshake, f.closed_first])).toEqual([
      ["closed", "full", "client"],
      ["closed", "full", "client"],
    ]);
    expect(flows.map((f) => f.packets)).toEqual([
      { client: 5, server: 0 },
      { client: 0, server: 4 },
    ]);
    expect(exchanges).toMatchObject([{ flow: 0, outcome: "answered", response: { status: 200 } }]);
  });

  it("and again on the same port", () => {
    const again = text
      .replaceAll(/(isn=\d+)/g, "")
      .replace("c SYN", "+5000 c SYN isn=700000")
      .replace("s SYN ACK", "s SYN ACK isn=800000");
    const { view, exchanges } = script(`${text}\n${again}`, { redirected: true });
    expect(view.flowCount).toBe(4);
    expect(Array.from(view.flows(), (f) => f.answersOf)).toEqual([null, 0, null, 2]);
    expect(exchanges.map((e) => e.outcome)).toEqual(["answered", "answered"]);
  });
});

describe("another connection on the same pair of ports", () => {
  it("ends what was left of the old one", () => {
    const text = `${OPEN} +1000 c FIN ACK\n s FIN ACK\n c ACK\n +2000 c SYN isn=90000\n s SYN ACK isn=90000`;
    expect(ends(text).c).toMatch(/TIME_WAIT 1\.0-3\.0$/);
  });
});
