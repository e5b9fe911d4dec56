// Whatever the packets are, and by however many they are read: is the result the same?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STREAM_DECODERS } from "../../decoders/streams.ts";
import { sourceFromBytes } from "../../src/capture/source.ts";
import { DEFAULT_HOSTS } from "../../src/core/host-settings.ts";
import { firstPass } from "../../src/first-pass.ts";
import { captureView } from "../../src/flow/capture-view.ts";
import { LedgerBook } from "../../src/flow/exchange-book.ts";
import type { PassResult } from "../../src/pass.ts";
import { passParts } from "../../src/pass-choices.ts";
import { exchangeObject, flowObject } from "../../src/report/objects.ts";
import { ShareJoin } from "../../src/shares/join-shares.ts";
import { readShare } from "../../src/shares/read-share.ts";
import type { ShareEnd } from "../../src/shares/share-end.ts";
import { pcap, type Segment, segments } from "../flow/packet-script.ts";

const parts = passParts({}, null);

/** All that is known of flows and exchanges. */
function known(result: PassResult) {
  const { table, clock, firstTime, lastTime, quality } = result;
  const view = captureView(table, { clock, hosts: DEFAULT_HOSTS, firstTime, lastTime, quality });
  return {
    packets: result.packets,
    quality,
    captures: result.captures.map(({ packets, problems }) => ({ packets, problems })),
    flows: Array.from(view.flows(), (flow) => ({
      ...flowObject(flow, clock, ["file"], lastTime),
      answersOf: flow.answersOf,
      notes: flow.notes,
    })),
    exchanges: table.ledger.kept.map((e) => exchangeObject(e, view.row(e.flow), clock, ["file"])),
    services: table.ledger.services.map(({ activity, ...tally }) => ({ ...tally, silences: activity.silences })),
    totals: table.ledger.totals,
  };
}

async function inShares(bytes: Uint8Array, of: number) {
  const join = new ShareJoin(of, parts.decoders, true);
  const ends: ShareEnd[] = [];
  for (let index = 0; index < of; index++) {
    const give = (piece: Uint8Array, upTo: number): undefined => join.replay.give(index, piece, upTo) as undefined;
    ends.push(await readShare([sourceFromBytes("file", bytes)], parts, { index, of }, give, {}));
  }
  return known(join.end(ends[0]!, ends));
}

const inOne = async (bytes: Uint8Array) => known(await firstPass([sourceFromBytes("file", bytes)], parts, true, {}));

/** Several connections at once, mended and broken. */
const packets = fc
  .array(
    fc.record({
      line: fc.constantFrom(
        "c SYN",
        "s SYN ACK",
        "c ACK",
        "s ACK",
        "c 'GET /a HTTP/1.1\\r\\nHost: a\\r\\nX-Request-Id: 7\\r\\n\\r\\n'",
        "s 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok'",
        "s 'HTTP/1.1 500 Oh\\r\\nContent-Length: 90\\r\\n\\r\\n'",
        "s 'HTTP/1.1 100 Continue\\r\\n\\r\\n'",
        "s '50 no number\\r\\n' lost",
        "c '*1\\r\\n$4\\r\\nPING\\r\\n'",
        "s '+PONG\\r\\n'",
        "c 'GET /b HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n' lost",
        "c FIN ACK",
        "s FIN ACK",
        "c RST",
        "s RST ACK",
        "c SYN isn=9000000",
      ),
      wait: fc.constantFrom("", "+30 ", "+400 ", "+2000 "),
      port: fc.constantFrom(40_000, 40_001, 40_002, 51_000, 70, 75),
    }),
    { maxLength: 80 },
  )
  .map((lines) => lines.map(({ line, wait, port }) => `${wait}${line} port=${port}`).join("\n"));

describe("any packets", () => {
  it("mean the same in any number of shares", async () => {
    await fc.assert(
      fc.asyncProperty(packets, fc.integer({ min: 1, max: 16 }), async (script, of) => {
        const bytes = pcap(segments(script));
        expect(await inShares(bytes, of)).toEqual(await inOne(bytes));
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});

describe("what a server says after its FIN", () => {
  it.each([
    "c '*1\\r\\n$4\\r\\nPING\\r\\n'\ns FIN ACK\ns 'HTTP/1.1 500 Oh\\r\\nContent-Length: 90\\r\\n\\r\\n'",
    "c 'GET /a HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\ns FIN ACK\ns 'HTTP/1.1 100 Continue\\r\\n\\r\\n'",
  ])("changes nothing of the request that was judged at it", async (script) => {
    const bytes = pcap(segments(script));
    expect(await inShares(bytes, 1)).toEqual(await inOne(bytes));
  });
});

/** NAT REDIRECT: what the server says comes from 10.0.0.9:15001, which the client had not called. */
function redirected(list: readonly Segment[]): Uint8Array {
  const bytes = pcap(list);
  const view = new DataView(bytes.buffer);
  let at = 24;
  for (const s of list) {
    if (s.from === "s") {
      view.setUint32(at + 16 + 12, 0x0a000009);
      view.setUint16(at + 16 + 20, 15_001);
    }
    at += 16 + view.getUint32(at + 8, true);
  }
  return bytes;
}

describe("a redirected connection", () => {
  // Above, between and below the ports that it calls and is answered from.
  it.each([40_000, 9_000, 60])("is one, with the client's port %i", async (port) => {
    const others = Array.from({ length: 40 }, (_, n) => `c SYN port=${100 + n * 977}`).join("\n");
    const script = `
      ${others}
      c SYN port=${port}
      s SYN ACK port=${port}
      c ACK port=${port}
      c 'GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' port=${port}
      s 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok' port=${port}
      c FIN ACK port=${port}
      s FIN ACK port=${port}
      c ACK port=${port}`;
    const bytes = redirected(segments(script));
    const whole = await inOne(bytes);
    expect(whole.totals.answered).toBe(1);
    expect(whole.flows.filter(({ answersOf }) => answersOf !== null)).toHaveLength(1);
    for (const of of [2, 3, 16]) expect(await inShares(bytes, of)).toEqual(whole);
  });
});

describe("a share's events", () => {
  it("are waited for: whoever is ahead says nothing before the others have come as far", () => {
    const book = new LedgerBook(true);
    const join = new ShareJoin(2, STREAM_DECODERS, true);
    join.replay.give(0, Uint8Array.of(1, 5, 2), 10);
    expect(join.replay.order).toEqual([]);
    expect(join.replay.waiting(0)).toBe(0);
    join.replay.give(0, Uint8Array.of(1, 20, 2), 30);
    expect(join.replay.waiting(0)).toBe(1);
    join.replay.give(1, Uint8Array.of(1, 3, 2), 5);
    expect(join.replay.order).toEqual([1, 0]);
    join.replay.give(1, new Uint8Array(0), Number.POSITIVE_INFINITY);
    expect(join.replay.order).toEqual([1, 0, 0]);
    expect(book.ledger.totals.requests).toBe(0);
  });
});
