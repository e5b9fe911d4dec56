// Is a protocol's farewell told from a request? The bytes are those of RFC 8446, of the MySQL and PostgreSQL protocols, and of
// recordings with OpenSSL 3.

import { describe, expect, it } from "vitest";
import { isFarewell, tellingBytes } from "../../src/flow/farewell.ts";
import { findings } from "../analyses/timeline.ts";
import { script } from "./packet-script.ts";

const bytes = (...parts: (number[] | string | number)[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((p) =>
      typeof p === "string" ? [...new TextEncoder().encode(p)] : typeof p === "number" ? new Array(p).fill(0xaa) : p,
    ),
  );
const is = (b: Uint8Array): boolean => isFarewell(b, 0, b.length);

describe("isFarewell", () => {
  it.each([
    ["a TLS 1.2 alert, encrypted", bytes([21, 3, 3, 0, 26], 26)],
    ["a TLS alert in clear: close_notify", bytes([21, 3, 3, 0, 2, 1, 0])],
    ["a TLS 1.3 alert, hidden in a data record", bytes([23, 3, 3, 0, 19], 19)],
    ["HTTP/2 GOAWAY in TLS 1.3, then the alert", bytes([23, 3, 3, 0, 34], 34, [23, 3, 3, 0, 19], 19)],
    ["HTTP/2 GOAWAY in clear", bytes([0, 0, 8, 7, 0, 0, 0, 0, 0], 8)],
    ["COM_QUIT", bytes([1, 0, 0, 0, 1])],
    ["COM_PING", bytes([1, 0, 0, 0, 14])],
    ["PostgreSQL Terminate", bytes("X", [0, 0, 0, 4])],
    ["QUIT of SMTP, FTP, POP3, Redis", bytes("QUIT\r\n")],
    ["quit of memcached", bytes("quit\r\n")],
    ["RSET of SMTP", bytes("RSET\r\n")],
    ["LOGOUT of IMAP", bytes("a17 LOGOUT\r\n")],
    ["MQTT DISCONNECT", bytes([0xe0, 0])],
    ["AMQP Connection.Close", bytes([1, 0, 0, 0, 0, 0, 11, 0, 10, 0, 50, 0, 200, 0, 0, 0, 0, 0, 0xce])],
    ["LDAP unbind", bytes([0x30, 5, 2, 1, 3, 0x42, 0])],
    ["STOMP DISCONNECT", bytes("DISCONNECT\n\n", [0])],
    ["QUIT of Redis", bytes("*1\r\n$4\r\nQUIT\r\n")],
  ])("yes: %s", (_, b) => expect(is(b)).toBe(true));

  it.each([
    ["nothing", bytes()],
    ["a request in TLS", bytes([23, 3, 3, 0, 90], 90)],
    ["a request and an alert in TLS", bytes([23, 3, 3, 0, 90], 90, [21, 3, 3, 0, 26], 26)],
    ["a short record alone, which may be a command", bytes([23, 3, 3, 0, 34], 34)],
    ["a record cut in the middle", bytes([23, 3, 3, 0, 19], 7)],
    ["SELECT 1", bytes([9, 0, 0, 0, 3], "SELECT 1")],
    ["AMQP Basic.Publish", bytes([1, 0, 1, 0, 0, 0, 11, 0, 60, 0, 40, 0, 0, 0, 1, 0x61, 0, 0, 0xce])],
    ["an LDAP search", bytes([0x30, 37], 37)],
    ["MAIL of SMTP", bytes("MAIL FROM:<a@shop.example>\r\n")],
    ["HTTP", bytes("GET /quit HTTP/1.1\r\n\r\n")],
    ["HTTP/2 HEADERS", bytes([0, 0, 8, 1, 5, 0, 0, 0, 1], 8)],
    ["a command of Redis", bytes("*2\r\n$3\r\nGET\r\n$1\r\na\r\n")],
  ])("no: %s", (_, b) => expect(is(b)).toBe(false));

  it("reads nothing outside its bounds", () => {
    const b = bytes("GET ", [1, 0, 0, 0, 1], "tail");
    expect(isFarewell(b, 4, 9)).toBe(true);
    expect(isFarewell(b, 4, 10)).toBe(false);
  });
});

describe("the flow table", () => {
  const open = "c SYN\n s SYN ACK\n c ACK\n c len=20\n s len=30\n";
  const ends = (text: string) => {
    const row = script(text).view.row(0);
    return { client: row.client, server: row.server };
  };

  it("counts farewells among the writes onto a closed connection", () => {
    const quit = ends(`${open} +3000 s FIN ACK\n c ACK\n +1500 c 'QUIT\\r\\n'\n s RST`);
    expect(quit.client).toMatchObject({ writesAfterClose: 1, farewellsAfterClose: 1 });
    const asks = ends(`${open} +3000 s FIN ACK\n c ACK\n +1500 c len=20\n s RST`);
    expect(asks.client).toMatchObject({ writesAfterClose: 1, farewellsAfterClose: 0 });
  });

  it("so that closing a stale connection politely is no request", () => {
    const quit = (text: string) =>
      findings("stale-connections", `${open} +3000 s FIN ACK\n c ACK\n +4000 ${text}\n s RST\n +2000 s RST`);
    expect(quit("c 'QUIT\\r\\n'")).toEqual([]);
    expect(quit("c 'QUIT\\r\\n'\n c FIN ACK")).toEqual([]);
    expect(quit("c len=20")).toHaveLength(1);
  });

  it("takes what is short and cut by the snap length for one", () => {
    const cut = (length: number) =>
      ends(`${open} +3000 s FIN ACK\n c ACK\n +1500 c len=${length} cap=4\n s RST`).client;
    expect(cut(31).farewellsAfterClose).toBe(1);
    expect(cut(90).farewellsAfterClose).toBe(0);
  });

  it("leaves aside what an end says with its close, after a pause in which nobody had asked it anything", () => {
    expect(ends(`${open} +3000 s len=24\n s FIN ACK`).server.idleBeforeFin).toBeCloseTo(3000.1e6, -3);
    expect(ends(`${open} +3000 s len=17\n s len=24\n s RST ACK`).server.idleBeforeRst).toBeCloseTo(3000.2e6, -3);
  });

  it("but not an answer, nor what is said long before the close, nor a message", () => {
    expect(ends(`${open} c len=20\n +3000 s len=24\n s FIN ACK`).server.idleBeforeFin).toBeCloseTo(0.1e6, -3);
    expect(ends(`${open} +3000 s len=24\n +500 s FIN ACK`).server.idleBeforeFin).toBeCloseTo(500e6, -3);
    expect(ends(`${open} +3000 s len=900\n s FIN ACK`).server.idleBeforeFin).toBeCloseTo(0.1e6, -3);
    expect(ends(`${open} +3000 s len=24\n c len=20\n s FIN ACK`).server.idleBeforeFin).toBeCloseTo(0.1e6, -3);
    expect(ends("c SYN\n s SYN ACK\n c ACK\n +3000 s len=24\n s FIN ACK").server.idleBeforeFin).toBeCloseTo(0.1e6, -3);
  });
});

it.each([
  ["QUIT\r\n", 6],
  ["a1 LOGOUT\r\n", 11],
  ["DISCONNECT\r\n", 12],
  ["DISCONNECT\nreceipt:77\n\n\0", 11],
  ["\x01\0\0\0\x01", 5],
  ["\x01\0\0\0\0\0\x10\0\x0a\0\x32\0\xc8\x02ok\0\0\0\0\xce", 11],
])("%j is told by its first bytes: %i", (text, telling) => {
  const bytes = Buffer.from(text, "latin1");
  expect(isFarewell(bytes, 0, bytes.length)).toBe(true);
  expect(tellingBytes(bytes, 0, bytes.length)).toBe(telling);
});
