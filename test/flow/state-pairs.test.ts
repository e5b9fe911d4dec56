// Which pairs of endpoint states can a capture show, and what does a RST make of each? Worked out from RFC 9293 §3.3.2,
// §3.5 and its figures 5 to 14 by hand.

import { describe, expect, it } from "vitest";
import { OPEN, type PlayOptions, script } from "./packet-script.ts";

/** Every pair, the state of c first. The other order of an unequal pair is reached by the same script with c and s exchanged. */
const PAIRS: [pair: string, text: string][] = [
  ["SYN_SENT CLOSED", "c SYN"],
  ["SYN_SENT SYN_SENT", "c SYN\n s SYN"],
  ["SYN_RECEIVED ESTABLISHED", "c SYN\n s SYN\n c SYN ACK seq=0"],
  ["ESTABLISHED SYN_RECEIVED", "c SYN\n s SYN ACK"],
  ["CLOSED SYN_RECEIVED", "s SYN ACK ack=1"],
  ["ESTABLISHED ESTABLISHED", OPEN],
  ["ESTABLISHED FIN_WAIT_1", "c SYN\n s SYN ACK\n s FIN ACK"],
  ["FIN_WAIT_1 ESTABLISHED", `${OPEN} c FIN ACK`],
  ["FIN_WAIT_1 FIN_WAIT_1", `${OPEN} c FIN ACK\n s FIN ACK ack=1`],
  ["FIN_WAIT_2 CLOSE_WAIT", `${OPEN} c FIN ACK\n s ACK`],
  ["FIN_WAIT_2 LAST_ACK", `${OPEN} c FIN ACK\n s ACK\n s FIN ACK`],
  ["CLOSING FIN_WAIT_2", `${OPEN} c FIN ACK\n s FIN ACK ack=1\n c ACK`],
  ["TIME_WAIT TIME_WAIT", `${OPEN} c FIN ACK\n s FIN ACK ack=1\n c ACK\n s ACK`],
  ["TIME_WAIT CLOSED", `${OPEN} c FIN ACK\n s ACK\n s FIN ACK\n c ACK`],
  ["CLOSED CLOSED", `${OPEN} c RST ACK`],
];

const exchanged = (text: string): string =>
  text.replace(
    /^(\s*(?:\+\d+ )?)([cs]) /gm,
    (_, before: string, who: string) => `${before}${who === "c" ? "s" : "c"} `,
  );
/** The states of the ends named c and s in the script, whoever of them is the client. */
const states = (text: string, options?: PlayOptions): string => {
  const row = script(text, options).view.row(0);
  const ends = [row.client, row.server];
  const c = ends.find((e) => (e.port === 40_000) !== (options?.swap ?? false))!;
  return `${c.state} ${ends.find((e) => e !== c)!.state}`;
};
const mirrored = (pair: string): string => pair.split(" ").reverse().join(" ");

describe.each(PAIRS)("%s", (pair, text) => {
  it("is reached", () => expect(states(text)).toBe(pair));
  it("is reached by the other end", () => expect(states(exchanged(text))).toBe(mirrored(pair)));
  it("is reached with the addresses exchanged", () => expect(states(text, { swap: true })).toBe(pair));
  it("is reached over IPv6", () => expect(states(text, { family: 6 })).toBe(pair));

  const hasSocket = (end: 0 | 1): boolean => pair.split(" ")[end] !== "CLOSED";
  it.each(["c", "s"] as const)("ends by an acceptable RST of %s", (who) => {
    // A RST to a SYN must acknowledge it (§3.10.7.3); later ones stand at the next sequence number.
    const toSyn = pair === "SYN_SENT CLOSED" || pair === "SYN_SENT SYN_SENT";
    const rst = toSyn ? `${who} RST ACK` : `${who} RST`;
    if (hasSocket(0) || hasSocket(1)) expect(states(`${text}\n ${rst}`)).toBe("CLOSED CLOSED");
  });

  it("is not moved by a RST that stands outside every window", () => {
    // Of a capture of SYN, FIN and RST alone nobody knows where the windows stand: until an end has said more than SYN,
    // any RST counts, but for those that answer a SYN.
    if (pair.includes("SYN_RECEIVED")) return;
    expect(states(`${text}\n s RST seq=500000000`)).toBe(pair);
    expect(states(`${text}\n c RST seq=500000000`)).toBe(pair);
  });
});
