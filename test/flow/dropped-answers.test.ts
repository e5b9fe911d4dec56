// The capture dropped the end of what a responder said, and its peer acknowledged it: is that a gap, and nobody's silence?

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { analyze } from "../../src/analyze.ts";
import type { ReportExchange } from "../../src/core/report.ts";
import { samples } from "../samples/samples.ts";
import { OPEN, REQUEST, RESPONSE, script } from "./packet-script.ts";

const told = (text: string): string[] =>
  script(text).exchanges.map((e) => `${e.outcome}${e.gave_up ? ` ${e.gave_up}` : ""}${e.doubt ? ` ${e.doubt}` : ""}`);
const missing = (text: string): number => script(text).flows[0]!.missing_bytes!.server;
const asked = `${OPEN} ${REQUEST}\n s ACK\n`;
const lost = `${asked} +5 s len=200 lost\n c ACK\n`;

describe("the last answer is not in the capture", () => {
  it.each([
    ["acknowledged, and nothing follows", lost, ["unknown gap"]],
    ["…for an hour", `${lost} +3600000 c ACK`, ["unknown gap"]],
    ["…the client closes", `${lost} +1000 c FIN ACK\n s ACK`, ["unknown gap"]],
    ["…the client resets", `${lost} +1000 c RST ACK`, ["unknown gap"]],
    ["…the server resets", `${lost} +1000 s RST ACK`, ["unknown gap"]],
    ["…the server's FIN is lost, too", `${lost} s FIN ACK lost\n c ACK\n +1000 c FIN ACK`, ["unknown gap"]],
    ["acknowledged by the RST alone", `${asked} +5 s len=200 lost\n c RST ACK`, ["unknown gap"]],
    ["acknowledged by the FIN alone", `${asked} +5 s len=200 lost\n c FIN ACK\n s ACK`, ["unknown gap"]],
    [
      "its FIN alone is there, and the client resets",
      `${asked} s len=200 lost\n s FIN\n c ACK\n c RST`,
      ["unknown gap"],
    ],
    [
      "a request that was sent with the acknowledgement was not answered by it",
      `${lost} ${REQUEST}\n s ACK\n +1000 c FIN ACK\n s ACK`,
      ["unknown gap", "unanswered client"],
    ],
    ["…nor one that was sent later", `${lost} +1000 ${REQUEST}\n s ACK\n +9000 s ACK`, ["unknown gap", "pending"]],
    [
      "…nor when the server's FIN is lost as well",
      `${lost} +1000 ${REQUEST}\n s ACK\n +5000 s FIN ACK lost\n c ACK\n +9000 c FIN ACK`,
      ["unknown gap", "unanswered client"],
    ],
    [
      "one answered, two lost",
      `${asked} ${RESPONSE}\n c ACK\n ${REQUEST}\n s len=200 lost\n ${REQUEST}\n s len=200 lost\n c ACK`,
      ["answered", "unknown gap", "unknown gap"],
    ],
  ])("%s", (_, text, expected) => expect(told(text)).toEqual(expected));

  it.each([
    ["the answer, and a FIN that is not there", `${lost} s FIN ACK lost\n c ACK`, 201],
    ["the answer before a FIN that is", `${asked} s len=200 lost\n s FIN ACK\n c ACK`, 200],
    ["the answer", lost, 200],
    ["the end of a body", `${asked} ${RESPONSE.replace("2\\r", "99\\r")}\n s len=97 lost\n c ACK`, 97],
    ["nothing: it was swapped with its acknowledgement", `${asked} c seq=28 ack=41\n ${RESPONSE}\n c ACK`, 0],
  ])("%s: counted as missing", (_, text, bytes) => expect(missing(text)).toBe(bytes));
});

describe("what is no lost answer", () => {
  it.each([
    ["a FIN that is not there", `${asked} s FIN ACK lost\n c ACK\n +1000 c FIN ACK`, ["unanswered client"]],
    ["…and the client resets", `${asked} s FIN ACK lost\n c ACK\n +1000 c RST ACK`, ["unanswered client"]],
    ["…and the capture ends", `${asked} s FIN ACK lost\n c ACK`, ["pending"]],
    ["a FIN that is there", `${asked} s FIN ACK\n c ACK\n +1000 c RST ACK`, ["unanswered server"]],
    [
      "keepalives of the server",
      `${asked} +9000 s seq=0 len=1\n c ACK\n +9000 s seq=0\n c ACK\n c FIN ACK`,
      ["unanswered client"],
    ],
    [
      "keepalives of the client",
      `${asked} +9000 c seq=27 len=1\n s ACK\n +9000 c seq=27\n s ACK\n c RST ACK`,
      ["unanswered client"],
    ],
    [
      "a byte of a zero-window probe",
      `${asked} c ACK win=0\n +200 s len=1 lost\n c ACK win=0\n +200 c RST ACK`,
      ["unanswered client"],
    ],
    [
      "an acknowledgement outside every window",
      `${asked} c ack=1500000000\n +1000 c FIN ACK ack=1`,
      ["unanswered client"],
    ],
    ["an answer behind its acknowledgement", `${asked} c seq=28 ack=41\n ${RESPONSE}\n c ACK`, ["answered"]],
    [
      "bytes of the request that are not there",
      `${asked} c len=50 lost\n s ACK\n +1000 c FIN ACK`,
      ["unanswered client"],
    ],
  ])("%s", (_, text, expected) => expect(told(text)).toEqual(expected));
});

// ── real captures ──

interface Frame {
  number: number;
  from: string;
  to: string;
  seq: number;
  ack: number;
  payload: number;
  flags: number;
  /** Where its record is in the file. */
  record: [number, number];
}
const ACK = 16;
const ETHERNET = 14;

/** The frames of a classic little-endian pcap file of Ethernet and IPv4. */
function framesOf(file: Uint8Array): Frame[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const out: Frame[] = [];
  for (let at = 24, number = 1; at < file.length; number++) {
    const end = at + 16 + view.getUint32(at + 8, true);
    const ip = at + 16 + ETHERNET;
    const tcp = ip + (file[ip]! & 15) * 4;
    const address = (i: number): string => file.subarray(i, i + 4).join(".");
    if (view.getUint16(ip - 2) === 0x0800 && file[ip + 9] === 6) {
      out.push({
        number,
        from: `${address(ip + 12)}:${view.getUint16(tcp)}`,
        to: `${address(ip + 16)}:${view.getUint16(tcp + 2)}`,
        seq: view.getUint32(tcp + 4),
        ack: view.getUint32(tcp + 8),
        payload: view.getUint16(ip + 2) - (tcp - ip) - (file[tcp + 12]! >> 4) * 4,
        flags: file[tcp + 13]!,
        record: [at, end],
      });
    }
    at = end;
  }
  return out;
}

const end = (x: { address: string; port: number }): string => `${x.address}:${x.port}`;
const ahead = (a: number, b: number): number => (a - b) | 0;

/**
 * Of every connection, all that the server sent from the last answer on is taken out of the capture. Returns the rest, and by
 * request (its flow and frame) whether the answer was acknowledged: by an ACK number behind its first segment, of a frame that stays.
 */
async function withoutLastAnswers(file: Uint8Array) {
  const frames = framesOf(file);
  const whole = await analyze([file], { detail: true, redact: "none" });
  const dropped = new Set<number>();
  const cut = new Map<ReportExchange, boolean>();
  for (const flow of whole.flows!) {
    const last = whole.exchanges!.filter((e) => e.flow === flow.flow && e.response !== null).at(-1);
    if (last === undefined || last.request === null || last.outcome !== "answered") continue;
    const [server, client] = [end(flow.server), end(flow.client)];
    const isOf = (f: Frame, from: string, to: string): boolean =>
      f.from === from && f.to === to && f.number >= flow.first_frame && f.number <= flow.last_frame;
    const answer = frames.find((f) => f.number === last.response!.frame)!;
    if (!isOf(answer, server, client)) continue;
    for (const f of frames) if (isOf(f, server, client) && f.number >= answer.number) dropped.add(f.number);
    const acked = frames.some(
      (f) => isOf(f, client, server) && (f.flags & ACK) !== 0 && ahead(f.ack, answer.seq) >= answer.payload,
    );
    cut.set(last, acked);
  }
  const kept = frames.filter((f) => dropped.has(f.number)).map((f) => f.record);
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const [a, b] of kept) {
    parts.push(file.subarray(from, a));
    from = b;
  }
  parts.push(file.subarray(from));
  return { whole, cut, rest: Uint8Array.from(Buffer.concat(parts)), dropped };
}

const real = samples.filter((s) =>
  /^(healthy-(pool|service|pool-postgres)|rate-limited|locked-table|hung-service)$/.test(s.name),
);

describe.each(real)("$name without the last answer of each connection", ({ capture }) => {
  it("says unknown of those that were acknowledged, and the same as before of all others", async () => {
    const packed = readFileSync(capture);
    const file = capture.endsWith(".gz") ? gunzipSync(packed) : packed;
    const { whole, cut, rest } = await withoutLastAnswers(new Uint8Array(file));
    const report = await analyze([rest], { detail: true, redact: "none" });
    const key = (e: ReportExchange): string => `${e.flow} ${e.request?.time} ${e.request?.method} ${e.request?.target}`;
    const now = new Map(report.exchanges!.map((e) => [key(e), e]));
    const acked = [...cut].filter(([, isAcked]) => isAcked).map(([e]) => e);
    expect(acked.length).toBeGreaterThan(0);
    const wrong = acked.map((e) => now.get(key(e))!).filter((e) => e.outcome !== "unknown" || e.doubt !== "gap");
    expect(wrong).toEqual([]);
    const others = whole.exchanges!.filter((e) => !cut.has(e));
    expect(others.map((e) => `${key(e)} ${now.get(key(e))?.outcome}`)).toEqual(
      others.map((e) => `${key(e)} ${e.outcome}`),
    );
  });
});
