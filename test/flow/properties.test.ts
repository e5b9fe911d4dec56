// What holds whatever is on the wire? Properties of the flow room over random conversations and random packets.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { http1 } from "../../decoders/http1.ts";
import { Packet, Verdict } from "../../src/core/packet.ts";
import type { ReportFlow } from "../../src/core/report.ts";
import { FlowTable } from "../../src/flow/flow-table.ts";
import { OPEN, play, REQUEST, RESPONSE, type Segment, segments } from "./packet-script.ts";

const line = fc.constantFrom(
  REQUEST,
  RESPONSE,
  "c ACK",
  "s ACK",
  "c FIN ACK",
  "s FIN ACK",
  "c RST ACK",
  "s RST",
  "c len=40",
  "s len=300",
  "+1000 s ACK",
  "+5 c ACK",
);
const conversation = fc
  .array(line, { minLength: 1, maxLength: 14 })
  .map((lines) => segments(`${OPEN}\n${lines.join("\n")}`));
/** Data and acknowledgements only: what a network may double and swap without changing what was said. */
const talk = fc
  .array(fc.constantFrom(`${REQUEST}\n s ACK`, `${RESPONSE}\n c ACK`), { minLength: 1, maxLength: 8 })
  .map((lines) => segments(`${OPEN}\n${lines.join("\n")}\n c FIN ACK\n s FIN ACK\n c ACK`));

const verdicts = (list: readonly Segment[]) =>
  play(list).exchanges.map((e) => [e.outcome, e.gave_up, e.request?.target, e.response?.status]);

describe("the flow room", () => {
  it("mirrors the verdict when the two ends are swapped", () => {
    const mirror = (f: ReportFlow) => [f.ending, f.closed_first, f.state.client, f.state.server, f.retransmissions];
    fc.assert(
      fc.property(conversation, (list) => {
        // The addresses change places: the other end now sorts first in the key.
        const swapped = list.map((s) => ({ ...s, port: 12 }));
        expect(play(swapped).flows.map(mirror)).toEqual(play(list).flows.map(mirror));
      }),
      { numRuns: 300 },
    );
  });

  it("says the same in all but the addresses when these are exchanged", () => {
    const but = (f: ReportFlow) => ({ ...f, client: null, server: null });
    fc.assert(
      fc.property(conversation, fc.constantFrom<4 | 6>(4, 6), (list, family) => {
        const [as, exchanged] = [play(list, { family }), play(list, { family, swap: true })];
        expect(exchanged.flows.map(but)).toEqual(as.flows.map(but));
        expect(exchanged.exchanges).toEqual(as.exchanges);
        exchanged.flows.forEach((f, n) => {
          expect([f.client, f.server]).toEqual([as.flows[n]!.server, as.flows[n]!.client]);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("does not care where sequence numbers start: past 2³¹ and 2³² included", () => {
    fc.assert(
      fc.property(conversation, fc.integer(), fc.integer(), (list, c, s) => {
        const shifted = list.map((x) => ({
          ...x,
          seq: (x.seq + (x.from === "c" ? c : s)) | 0,
          ack: x.ack === 0 ? 0 : (x.ack + (x.from === "c" ? s : c)) | 0,
        }));
        expect(play(shifted).flows).toEqual(play(list).flows);
        expect(play(shifted).exchanges).toEqual(play(list).exchanges);
      }),
      { numRuns: 300 },
    );
  });

  it("says the same when segments are doubled", () => {
    fc.assert(
      fc.property(talk, fc.array(fc.nat(), { maxLength: 6 }), (list, picks) => {
        const doubled = [...list];
        for (const pick of picks) {
          const at = 3 + (pick % (doubled.length - 3));
          doubled.splice(at, 0, doubled[at]!);
        }
        expect(verdicts(doubled)).toEqual(verdicts(list));
      }),
      { numRuns: 300 },
    );
  });

  it("says the same however the bytes are cut into segments, in whatever order these come", () => {
    fc.assert(
      fc.property(
        talk,
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (list, sizes, reverse) => {
          const cut = list.flatMap((s) => {
            if (s.length === 0) return [s];
            const parts: Segment[] = [];
            for (let at = 0, n = 0; at < s.length; n++) {
              const size = Math.min(sizes[n % sizes.length]!, s.length - at);
              const payload = s.payload.subarray(at, at + size);
              parts.push({ ...s, seq: (s.seq + at) | 0, payload, length: size, captured: size });
              at += size;
            }
            return reverse ? parts.reverse() : parts;
          });
          expect(verdicts(cut)).toEqual(verdicts(list));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("takes arbitrary segments without throwing, and counts every one", () => {
    const segment = fc.record({
      fromClient: fc.boolean(),
      flags: fc.integer({ min: 0, max: 255 }),
      seq: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 300 })),
      ack: fc.oneof(fc.integer(), fc.integer({ min: 0, max: 300 })),
      length: fc.integer({ min: 0, max: 200 }),
      captured: fc.integer({ min: 0, max: 200 }),
      port: fc.integer({ min: 0, max: 3 }),
      wait: fc.oneof(fc.constant(1), fc.integer({ min: -5000, max: 100_000 })),
    });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 60 }), fc.constantFrom<4 | 6>(4, 6), (list, family) => {
        const table = new FlowTable({ decoders: [http1], keepExchanges: true, seed: 1 });
        table.watchCopies = true;
        const p = new Packet();
        p.buf = new Uint8Array(400).fill(0x47);
        let time = 0;
        list.forEach((s, n) => {
          time += s.wait * 1e6;
          const captured = Math.min(s.captured, s.length);
          Object.assign(p, {
            verdict: Verdict.tcp,
            family,
            frame: n + 1,
            time,
            origLen: 100 + s.length,
            end: 100 + captured,
            flags: s.flags,
            src: s.fromClient ? 1 : 2,
            dst: s.fromClient ? 2 : 1,
            srcOffset: s.fromClient ? 0 : 16,
            dstOffset: s.fromClient ? 16 : 0,
            srcPort: s.fromClient ? s.port : 80,
            dstPort: s.fromClient ? 80 : s.port,
            seq: s.seq,
            ack: s.ack,
            payloadOffset: 100,
            payloadLength: s.length,
            payloadCaptured: captured,
          });
          table.update(p);
        });
        table.end();
        let packets = 0;
        for (let i = 0; i < table.count * 2; i++) packets += table.columns.packets[i]!;
        expect(packets).toBe(list.length);
        expect(table.ledger.totals.pending).toBeLessThanOrEqual(table.ledger.kept.length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("hostile amounts", () => {
  it("a million pipelined requests on one connection, then their answers, cost linear time", () => {
    const request = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n".repeat(1000));
    const response = new TextEncoder().encode("HTTP/1.1 204 No Content\r\n\r\n".repeat(1000));
    const list: Segment[] = segments(OPEN);
    const base = list[2]!;
    const push = (from: "c" | "s", n: number, payload: Uint8Array) =>
      list.push({
        ...base,
        from,
        timeMs: n,
        seq: ((from === "c" ? 1001 : 5001) + (n % 1000) * payload.length) | 0,
        ack: from === "c" ? 5001 : 1001,
        payload,
        length: payload.length,
        captured: payload.length,
      });
    for (let n = 0; n < 1000; n++) push("c", n, request);
    for (let n = 1000; n < 2000; n++) push("s", n, response);
    const { table } = play(list);
    expect(table.ledger.totals).toMatchObject({ requests: 1_000_000, answered: 1_000_000 });
  });
});
