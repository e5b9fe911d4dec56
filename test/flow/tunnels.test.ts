// What is said in a tunnel behind CONNECT? TLS is read for its names and alerts; nothing in a tunnel is an exchange with the proxy.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { get, ok, PREFACE } from "../decoders/http2-wire.ts";
import { CLIENT_12, SERVER_12 } from "../decoders/tls-bytes.ts";
import { OPEN, script } from "./packet-script.ts";

/** A segment's payload, byte for byte. */
const raw = (bytes: Iterable<number>): string =>
  `'${Array.from(bytes, (b) => `\\x${b.toString(16).padStart(2, "0")}`).join("")}'`;
const CONNECT = String.raw`CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n`;
const OPENED = String.raw`HTTP/1.1 200 Connection established\r\n\r\n`;
const REFUSED = String.raw`HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno`;
const GET = String.raw`GET /a HTTP/1.1\r\nHost: shop.example\r\n\r\n`;
const OK = String.raw`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`;
const tunnel = `${OPEN} c '${CONNECT}'\n s '${OPENED}'\n c ACK\n`;

function told(text: string) {
  const { exchanges, flows, view } = script(text);
  return {
    exchanges: exchanges.map((e) => `${e.request?.method} ${e.request?.target} ${e.response?.status} ${e.outcome}`),
    protocol: flows[0]!.protocol,
    labels: Object.fromEntries(view.row(0).notes?.labels ?? []),
    remarks: view.row(0).notes?.remarks.map((r) => `${r.kind} ${r.text}`) ?? [],
  };
}
const opened = "CONNECT shop.example:443 200 answered";
/** By tshark: see tls-bytes.ts. */
const labels = { sni: "shop.example", version: "TLS 1.2", alpn: "http/1.1" };
const tls = { exchanges: [opened], protocol: "http", labels, remarks: [] };

describe("TLS in a tunnel", () => {
  it("has its names; the connection stays HTTP's", () => {
    expect(told(`${tunnel} c ${raw(CLIENT_12)}\n s ${raw(SERVER_12)}`)).toEqual(tls);
  });
  it("in any segments", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (a, b) => {
        const cut = (from: "c" | "s", bytes: Uint8Array, n: number): string => {
          let text = "";
          for (let at = 0; at < bytes.length; at += n) text += ` ${from} ${raw(bytes.subarray(at, at + n))}\n`;
          return text;
        };
        expect(told(`${tunnel} ${cut("c", CLIENT_12, a)} ${cut("s", SERVER_12, b)}`)).toEqual(tls);
      }),
      { numRuns: 40 },
    );
  });
  it("said before the proxy had answered, with the CONNECT or behind it", () => {
    const both = `${CONNECT}${raw(CLIENT_12).slice(1, -1)}`;
    expect(told(`${OPEN} c '${both}'\n s '${OPENED}'\n s ${raw(SERVER_12)}`)).toEqual(tls);
    const behind = `${OPEN} c '${CONNECT}'\n c ${raw(CLIENT_12)}\n s '${OPENED}'\n s ${raw(SERVER_12)}`;
    expect(told(behind)).toEqual(tls);
  });
  it("its alerts are remarks of the connection", () => {
    const alert = raw([21, 3, 3, 0, 2, 2, 48]);
    expect(told(`${tunnel} c ${raw(CLIENT_12)}\n s ${raw(SERVER_12)}\n c ${alert}`).remarks).toEqual([
      "refusal TLS alert unknown_ca",
    ]);
  });
});

describe("something else in a tunnel", () => {
  const greeting =
    "\\x4a\\x00\\x00\\x00\\x0a8.0.36\\x00\\x08\\x00\\x00\\x00abcdefgh\\x00\\xff\\xf7\\xff\\x02\\x00\\xff\\xdf\\x15" +
    `${"\\x00".repeat(10)}ijklmnopqrst\\x00caching_sha2_password\\x00`;
  it.each([
    ["HTTP", `${tunnel} c '${GET}'\n s '${OK}'\n c ACK`],
    ["HTTP that is never answered", `${tunnel} c '${GET}'\n s ACK\n +1000 c FIN ACK`],
    ["HTTP, said before the proxy had answered", `${OPEN} c '${CONNECT}${GET}'\n s '${OPENED}'\n s '${OK}'`],
    ["a second proxy", `${tunnel} c '${CONNECT}'\n s '${OPENED}'\n c '${GET}'\n s '${OK}'`],
    ["a server that speaks first", `${OPEN} c '${CONNECT}'\n s '${OPENED}${greeting}'\n c ACK`],
    ["HTTP/2", `${tunnel} c ${raw(PREFACE)}\n c ${raw(get(1, "/"))}\n s ${raw(ok(1))}`],
  ])("%s is no exchange with the proxy", (_, text) =>
    expect(told(text)).toEqual({ exchanges: [opened], protocol: "http", labels: {}, remarks: [] }),
  );
  it("bytes of no protocol make no exchange, however many", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ minLength: 1, maxLength: 80 })), { maxLength: 40 }),
        (list) => {
          // The first bit set: no letter, so nothing that a text protocol begins with.
          const said = list.map(([isClient, bytes]) => ` ${isClient ? "c" : "s"} ${raw(bytes.map((b) => b | 0x80))}\n`);
          expect(told(`${tunnel}${said.join("")}`).exchanges).toEqual([opened]);
        },
      ),
      { numRuns: 100 },
    );
  });
  it("a tunnel of which nobody knows the protocol is left alone after a while", () => {
    const noise = ` c ${raw(Array(30).fill(0xee))}\n`;
    const sni = (times: number) => told(`${tunnel}${noise.repeat(times)} c ${raw(CLIENT_12)}`).labels.sni;
    expect([sni(63), sni(64)]).toEqual(["shop.example", undefined]);
  });
});

describe("no tunnel", () => {
  it("what was said into one that is refused is HTTP, if it is", () => {
    const refused = "CONNECT shop.example:443 407 answered";
    expect(told(`${OPEN} c '${CONNECT}'\n c '${GET}'\n s '${REFUSED}'\n s '${OK}'`).exchanges).toEqual([
      refused,
      "GET /a 200 answered",
    ]);
    const hello = `${OPEN} c '${CONNECT}'\n c ${raw(CLIENT_12)}\n s '${REFUSED}'\n c ACK\n c '${GET}'\n s '${OK}'`;
    expect(told(hello)).toMatchObject({ exchanges: [refused, "GET /a 200 answered"], labels: {} });
  });
  it("what was said into one that is opened is no request", () => {
    expect(told(`${OPEN} c '${CONNECT}${GET}'\n +1000 c FIN ACK`).exchanges).toEqual([
      "CONNECT shop.example:443 undefined unanswered",
    ]);
  });
  it("where the answer to CONNECT is missing, requests are requests again", () => {
    const text = `${OPEN} c '${CONNECT}'\n s len=90 lost\n c ACK\n c '${GET}'\n s '${OK}'\n c ACK`;
    expect(told(text).exchanges).toEqual(["CONNECT shop.example:443 undefined unknown", "GET /a 200 answered"]);
  });
});
