// Is each request judged as DESIGN says: answered, late, unanswered, pending, or unknown with its reason?

import { describe, expect, it } from "vitest";
import { OPEN, REQUEST, RESPONSE, script } from "./packet-script.ts";

const outcomes = (text: string): string[] =>
  script(text).exchanges.map(
    (e) =>
      `${e.outcome}${e.gave_up ? ` ${e.gave_up}` : ""}${e.waited_s === null ? "" : ` ${e.waited_s.toFixed(3)}`}${e.doubt ? ` ${e.doubt}` : ""}`,
  );
const asked = `${OPEN} ${REQUEST}\n s ACK\n`;

describe("outcomes", () => {
  it.each([
    ["answered", `${asked} +250 ${RESPONSE}\n c ACK`, ["answered 0.250"]],
    ["the client gives up by FIN", `${asked} +1000 c FIN ACK\n s ACK`, ["unanswered client 1.000"]],
    ["the client gives up by RST", `${asked} +500 c RST ACK`, ["unanswered client 0.500"]],
    ["the server closes without an answer", `${asked} +300 s FIN ACK\n c FIN ACK\n s ACK`, ["unanswered server 0.300"]],
    ["the server dies", `${asked} +300 s RST ACK`, ["unanswered server 0.300"]],
    ["still waiting", `${asked} +9000 s ACK`, ["pending"]],
    [
      "late: FIN, then the response meets RST",
      `${asked} +1000 c FIN ACK\n s ACK\n +1000 ${RESPONSE}\n c RST`,
      ["late client 2.000"],
    ],
    ["late: RST came before the response", `${asked} +1000 c RST ACK\n +1000 ${RESPONSE}`, ["late client 2.000"]],
    [
      "a half-close on purpose, answered late and read",
      `${OPEN} ${REQUEST}\n +1 c FIN ACK\n s ACK\n +1500 ${RESPONSE}\n c ACK\n s FIN ACK\n c ACK`,
      ["answered 1.501"],
    ],
    ["a half-close on purpose, still in work", `${OPEN} ${REQUEST}\n +1 c FIN ACK\n s ACK\n +1500 s ACK`, ["pending"]],
    [
      "a half-close on purpose that nobody answers",
      `${OPEN} ${REQUEST}\n +1 c FIN ACK\n s ACK\n +1500 s FIN ACK\n c ACK`,
      ["unanswered server 1.501"],
    ],
    [
      "gave up, and read the answer all the same",
      `${asked} +1000 c FIN ACK\n s ACK\n +1000 ${RESPONSE}\n c ACK`,
      ["answered 2.000"],
    ],
    [
      "the answer's direction is not captured",
      `c SYN\n c ACK\n ${REQUEST}\n +1000 c FIN ACK`,
      ["unknown one-direction"],
    ],
    [
      "the answer is lost from the capture",
      `${asked} s len=200 lost\n c ACK\n +1000 c FIN ACK\n s FIN ACK\n c ACK`,
      ["unknown gap"],
    ],
    [
      "a response without its request",
      `${OPEN} s 'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n'`,
      ["unknown no-request"],
    ],
    [
      "a request sent in two segments",
      `${OPEN} c 'GET / HT'\n c 'TP/1.1\\r\\nHost: a\\r\\n\\r\\n'\n ${RESPONSE}\n c ACK`,
      ["answered 0.000"],
    ],
    [
      "a request cut by the snap length",
      `${OPEN} c cap=20 'GET /long/target HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\n s ACK\n ${RESPONSE}\n c ACK`,
      ["answered 0.000"],
    ],
    [
      "two in a row",
      `${asked} ${RESPONSE}\n c ACK\n ${REQUEST}\n ${RESPONSE}\n c ACK`,
      ["answered 0.000", "answered 0.000"],
    ],
    [
      "pipelined, one answered",
      `${OPEN} ${REQUEST}\n ${REQUEST}\n ${RESPONSE}\n +1000 c FIN ACK`,
      ["answered 0.000", "unanswered client 1.000"],
    ],
    [
      "late: two pipelined requests, both answered after the RST",
      `${OPEN} ${REQUEST}\n ${REQUEST}\n s ACK\n +500 c RST ACK\n ${RESPONSE}\n ${RESPONSE}`,
      ["late client 0.500", "late client 0.500"],
    ],
    [
      "reset while waiting, and the responder resets too",
      `${asked} +500 c RST ACK\n s RST ACK\n ${RESPONSE}`,
      ["unanswered client 0.500"],
    ],
    [
      "reset in the middle of the answer: it had begun",
      `${asked} s 'HTTP/1.1 200 OK\\r\\nContent-Length: 20\\r\\n\\r\\nok'\n c ACK\n +100 c RST ACK`,
      ["answered 0.000"],
    ],
    [
      "the answer had left before the FIN came, and met RST",
      `${asked} +1000 c FIN ACK\n ${RESPONSE.replace("s '", "s ack=28 '")}\n c RST`,
      ["late client 1.000"],
    ],
    [
      "given up, late close of the service meets RST 90 s later: no answer",
      `${asked} +1000 c FIN ACK\n s ACK\n +90000 s FIN ACK\n c RST`,
      ["unanswered client 1.000"],
    ],
    [
      "FIN ahead, the answer's reception not captured",
      `${asked} +1000 c FIN ACK\n s ACK\n +1000 ${RESPONSE}`,
      ["unknown capture-ended"],
    ],
    [
      "a RST outside every window is nobody's giving up",
      `${asked} s RST seq=90000000\n +250 ${RESPONSE}\n c ACK`,
      ["answered 0.250"],
    ],
    [
      "keepalives while waiting are no data",
      `${asked} +15000 s seq=0 len=0\n c ACK\n +15000 s seq=0 len=1\n c ACK\n +1000 ${RESPONSE}\n c ACK`,
      ["answered 31.000"],
    ],
    [
      "the request is sent again",
      `${OPEN} ${REQUEST}\n +200 ${REQUEST.replace("c '", "c seq=1 '")}\n s ACK\n ${RESPONSE}\n c ACK`,
      ["answered 0.200"],
    ],
    [
      "the answer is cut within its head",
      `${asked} ${RESPONSE.replace("s '", "s cap=10 '")}\n c ACK\n +1000 c FIN ACK\n s FIN ACK\n c ACK`,
      ["unknown snap"],
    ],
    [
      "a hole in the body of the answer harms nothing",
      `${asked} s 'HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\n'\n s len=100 lost\n c ACK\n ${REQUEST}\n ${RESPONSE}\n c ACK`,
      ["answered 0.000", "answered 0.000"],
    ],
    ["both reset before anything was asked", `${OPEN} c RST ACK\n s RST`, []],
    ["nothing asked", `${OPEN} +2000 c FIN ACK\n s FIN ACK\n c ACK`, []],
  ])("%s", (_, text, expected) => expect(outcomes(text)).toEqual(expected));

  it("cites the first frame of request and response", () => {
    const [e] = script(
      `${OPEN} c 'GET / HT'\n c 'TP/1.1\\r\\n\\r\\n'\n s ACK\n s 'HTTP/1.1 2'\n s '00 OK\\r\\nContent-Length: 0\\r\\n\\r\\n'`,
    ).exchanges;
    expect([e!.request!.frame, e!.response!.frame]).toEqual([4, 7]);
  });

  it("keeps the request's id", () => {
    const [e] = script(
      `${OPEN} c 'GET / HTTP/1.1\\r\\nTraceparent: 00-a-b-01\\r\\nX-Request-Id: order-7\\r\\n\\r\\n'`,
    ).exchanges;
    expect(e!.request!.id).toBe("order-7");
  });
});
