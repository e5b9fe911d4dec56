// Does the HTTP/2 decoder agree with a real implementation? (Node's client and server, which are nghttp2, on loopback)
//
// A relay records what passes in either direction; the truth is what the program asked for and was answered. The encoder is
// not ours: it uses Huffman code, both tables and their eviction as it likes.

import { once } from "node:events";
import { type ClientHttp2Session, connect, constants, createServer, type Http2Server } from "node:http2";
import { type AddressInfo, createServer as createRelay, connect as dial, type Server } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "./http2-wire.ts";
import type { Step } from "./recorder.ts";

const steps: (Step & { bytes: Uint8Array })[] = [];
const told: string[] = [];
let server: Http2Server;
let relay: Server;
const WORDS = ["a", "ab", "secret-token", "ÄÖ", "~{}|", "0123456789", "x".repeat(300)];

beforeAll(async () => {
  server = createServer({ settings: { headerTableSize: 512 } });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    const path = headers[":path"]!;
    if (path.startsWith("/never")) return;
    if (path.startsWith("/refused")) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    stream.resume();
    stream.on("end", () => {
      const n = path.length;
      const status = n % 3 === 0 ? 404 : 200;
      stream.respond({
        ":status": status,
        "content-type": "text/plain",
        "x-filler": `${n}`.repeat(n % 50),
        server: "n",
      });
      stream.end(Buffer.alloc(n * 10));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  relay = createRelay((client) => {
    const upstream = dial(port, "127.0.0.1");
    for (const socket of [client, upstream]) socket.on("error", () => {});
    client.on("data", (bytes: Buffer) => {
      steps.push({ side: 0, bytes: new Uint8Array(bytes) });
      upstream.write(bytes);
    });
    upstream.on("data", (bytes: Buffer) => {
      steps.push({ side: 1, bytes: new Uint8Array(bytes) });
      client.write(bytes);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  const session = connect(`http://127.0.0.1:${(relay.address() as AddressInfo).port}`);
  session.on("error", () => {});
  for (let n = 0; n < 120; n++) await ask(session, n);
  session.close();
  await once(session, "close");
}, 20_000);

afterAll(() => {
  relay.close();
  server.close();
});

async function ask(session: ClientHttp2Session, n: number): Promise<void> {
  const kind = n % 20 === 7 ? "/never" : n % 20 === 13 ? "/refused" : "/path";
  const path = `${kind}/${"p".repeat(n % 41)}?n=${n % 9}`;
  const method = n % 4 === 0 ? "POST" : "GET";
  const fields = {
    ":method": method,
    ":path": path,
    ":authority": "shop.example",
    "x-request-id": `id-${n}`,
    cookie: WORDS[n % WORDS.length]!,
    [`x-custom-${n % 23}`]: WORDS[(n * 5) % WORDS.length]!,
  };
  const stream = session.request(fields, { endStream: method === "GET" });
  stream.on("error", () => {});
  if (method === "POST") stream.end("b".repeat(n * 7));
  let answer = "-";
  stream.on("response", (headers) => {
    answer = `${headers[":status"]}`;
  });
  stream.resume();
  if (kind === "/never") setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 15);
  await new Promise((resolve) => stream.once("close", resolve));
  if (kind === "/refused") answer = "null";
  told.push(
    `${method} ${path} @shop.example id-${n} > ${answer}${answer === "-" || answer === "null" ? "" : " complete"}`,
  );
}

const seen = (sink: ReturnType<typeof run>): string[] =>
  sink.exchanges.map((x) => {
    const { method, target, host, id } = x.request!;
    const status = x.response === null ? "-" : `${x.response.status}${x.responseComplete ? " complete" : ""}`;
    return `${method} ${target} @${host} ${id} > ${status}`;
  });

describe("Node's HTTP/2", () => {
  it("every request and answer, in any segments", () => {
    const sink = run(steps);
    expect(seen(sink)).toEqual(told);
    expect(told).toHaveLength(120);
    expect(sink.cancelled).toHaveLength(6);
    expect(sink.exchanges.filter((x) => x.response?.error?.code === "REFUSED_STREAM")).toHaveLength(6);
    expect(seen(run(steps, () => [1], "segments"))).toEqual(told);
    expect(seen(run(steps, () => [7, 1, 40], "segments"))).toEqual(told);
    expect(sink.remarks.every((r) => r.kind === "farewell")).toBe(true);
  });

  it("with a segment missing anywhere, what is said of a request is true or unknown, never wrong", () => {
    const requests = new Map(told.map((line) => [/id-\d+/.exec(line)![0], line]));
    const targets = new Set(told.map((line) => line.split(" ")[1]));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: steps.length - 1 }), (missing) => {
        const script: Step[] = [...steps];
        const { side, bytes } = steps[missing]!;
        script[missing] = { side, gap: bytes.length, reason: "missing" };
        for (const x of run(script).exchanges) {
          const head = x.request;
          if (head === null) continue;
          if (head.target !== "?") expect(targets).toContain(head.target);
          if (head.host !== null) expect(head.host).toBe("shop.example");
          if (head.id === null) continue;
          const truth = requests.get(head.id)!;
          expect(truth).toContain(`${head.method === "?" ? "" : head.method} `);
          if (head.target !== "?") expect(truth).toContain(` ${head.target} `);
          if (x.response?.status) expect(truth).toContain(`> ${x.response.status}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("joined at any segment, the later requests are all there", () => {
    for (let from = 1; from < steps.length; from += 17) {
      const sink = run(steps.slice(from));
      const firstWhole = sink.exchanges.findIndex((x) => x.request !== null);
      // Streams pair: every answer that is there is one that the program was told, in order.
      const statuses = sink.exchanges.slice(Math.max(0, firstWhole)).map((x) => x.response?.status ?? null);
      const truth = told.slice(-statuses.length).map((line) => Number(/> (\d+)/.exec(line)?.[1] ?? Number.NaN));
      statuses.forEach((status, n) => {
        if (status !== null) expect(status).toBe(truth[n]);
      });
    }
  });

  it("keeps no value that is not asked for", () => {
    const sink = run(steps);
    expect(JSON.stringify(sink.exchanges)).not.toContain("secret-token");
  });
});
