// Is a RST read for what it is? The orders in which taps show them, from recordings of HAProxy.

import { describe, expect, it } from "vitest";
import { OPEN, REQUEST, RESPONSE } from "../flow/packet-script.ts";
import { findings } from "./timeline.ts";

const answered = `${OPEN} ${REQUEST}\n ${RESPONSE}\n c ACK\n s FIN ACK`;

describe("resets", () => {
  it("an abort is one, also when the answer to what it crossed was captured first", () => {
    // HAProxy closes by RST; the service's FIN meets no socket, and that RST, without ACK, is written first.
    const text = `${answered}\n c RST\n c RST ACK`;
    expect(findings("resets", text)).toMatchObject([{ severity: "info", metrics: { cause: "aborted" } }]);
  });
  it("no socket is none", () => {
    expect(findings("resets", `${answered}\n c RST`)).toMatchObject([
      { severity: "low", metrics: { cause: "no-socket" } },
    ]);
    expect(findings("resets", `${answered}\n c RST\n +20 c RST ACK`)).toMatchObject([
      { metrics: { cause: "no-socket" } },
    ]);
  });
});
