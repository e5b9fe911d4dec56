// Does a table that forgets know the same of what is left? Against a table that keeps everything, on samples and on random packets.

import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STREAM_DECODERS } from "../../decoders/streams.ts";
import { CaptureSet } from "../../src/capture/capture-set.ts";
import { openCaptures } from "../../src/capture/files.ts";
import { CaptureClock } from "../../src/core/clock.ts";
import { DEFAULT_HOSTS } from "../../src/core/host-settings.ts";
import { Packet } from "../../src/core/packet.ts";
import type { Side } from "../../src/core/stream-decoder.ts";
import { FlowTable } from "../../src/flow/flow-table.ts";
import { Forgetting } from "../../src/flow/forgetting.ts";
import { History } from "../../src/flow/state-history.ts";
import { Pass } from "../../src/pass.ts";
import { fill, OPEN, play, REQUEST, RESPONSE, segments } from "./packet-script.ts";

const emptyTable = (): FlowTable => new FlowTable({ decoders: STREAM_DECODERS, keepExchanges: false, seed: 7 });

/** Every socket at a moment, by address, port, peer and state. */
function socketsAt(table: FlowTable, now: number): string[] {
  const sockets: string[] = [];
  const ends = ([0, 1] as const).map((s) => new History(table, s, { hosts: DEFAULT_HOSTS, horizon: now }));
  for (let f = 0; f < table.count; f++) {
    if (!table.isKnown(f)) continue;
    for (const s of [0, 1] as const) {
      const history = ends[s]!.read(f);
      for (let n = 0; n < history.count; n++) {
        if (history.from(n) > now || history.until(n) <= now) continue;
        const end = (side: Side): string => `${table.address(f, side)}:${table.port(f, side)}`;
        sockets.push(`${history.state(n)} ${end(s)} ${end((s ^ 1) as Side)}`);
      }
    }
  }
  return sockets.sort();
}

describe("over the samples, once a second", () => {
  for (const sample of [
    "port-bursts",
    "healthy-closes",
    "leaking-http-client",
    "stale-pool",
    "refused-and-unanswered",
  ]) {
    it(`${sample}: the same sockets, in fewer rows`, async () => {
      const clock = new CaptureClock();
      const set = new CaptureSet(await openCaptures([join("samples", sample, "capture*.pcap*")]), clock);
      const [keeping, forgetting] = [emptyTable(), emptyTable()];
      const forget = new Forgetting(forgetting, DEFAULT_HOSTS);
      let swept = Number.NEGATIVE_INFINITY;
      let forgotten = 0;
      let last = 0;
      const differing: string[][] = [];
      const look = (now: number): void => {
        forgotten += forget.sweep(now);
        const [all, left] = [socketsAt(keeping, now), socketsAt(forgetting, now)];
        if (all.join("\n") !== left.join("\n")) differing.push(all.filter((x) => !left.includes(x)));
      };
      const both = {
        copies: [],
        set watchCopies(watch: boolean) {
          keeping.watchCopies = watch;
          forgetting.watchCopies = watch;
        },
        update(p: Packet): void {
          keeping.update(p);
          forgetting.update(p);
          last = p.time;
          if (p.time - swept < 1e9) return;
          swept = p.time;
          look(p.time);
        },
      };
      const options = { filter: null, from: null, to: null, verifyChecksums: false, pseudonyms: null };
      await new Pass(set, both, clock, options).run({});
      for (let second = 1; second <= 130; second++) look(last + second * 1e9);
      expect(differing).toEqual([]);
      expect(forgetting.known).toBeLessThan(keeping.known);
      expect(forgetting.known + forgotten).toBeGreaterThanOrEqual(keeping.known);
      keeping.end();
      forgetting.end();
      expect(forgetting.ledger.totals).toEqual(keeping.ledger.totals);
    });
  }
});

/** What a row knows of itself, by its 4-tuple. */
function rowsOf(table: FlowTable): Map<string, unknown> {
  const rows = new Map<string, unknown>();
  const c = table.columns;
  for (let f = 0; f < table.count; f++) {
    if (!table.isKnown(f) || c.successor[f] !== 0) continue;
    const end = (s: Side): unknown[] => {
      const i = f * 2 + s;
      return [c.packets[i], c.bytes[i], c.state[i], c.syns[i], c.fins[i], c.rsts[i], c.retransmissions[i], c.isn[i]];
    };
    const name = ([0, 1] as const).map((s) => `${table.address(f, s)}:${table.port(f, s)}`).join(" ");
    rows.set(name, [
      c.firstFrame[f],
      c.lastFrame[f],
      table.log.time(table.log.change(c.lastChange[f * 2]!)),
      end(0),
      end(1),
    ]);
  }
  return rows;
}

const CLIENTS = 24;
const step = fc.record({
  client: fc.integer({ min: 1, max: CLIENTS }),
  words: fc.constantFrom(OPEN, REQUEST, RESPONSE, "c ACK", "c FIN ACK", "s FIN ACK\n c ACK", "s RST ACK", "c len=40"),
  next: fc.constantFrom("nothing", "nothing", "nothing", "forget", "addresses"),
});

describe("on random packets", () => {
  it("a connection that comes again after it was forgotten is a new one, and all others are as they were", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.constantFrom<4 | 6>(4, 6),
        fc.integer(),
        (steps, family, seed) => {
          const table = new FlowTable({ decoders: STREAM_DECODERS, keepExchanges: false, seed });
          const p = new Packet();
          // One table for each 4-tuple, made anew when it is forgotten: what the big one must know.
          const alone = new Map<number, FlowTable>();
          let frame = 0;
          for (const { client, words, next } of steps) {
            let own = alone.get(client);
            if (own === undefined)
              alone.set(client, (own = new FlowTable({ decoders: STREAM_DECODERS, keepExchanges: false, seed })));
            for (const s of segments(words)) {
              // Clients above and below the server, so that either may come first in a key.
              fill(p, { ...s, client, server: CLIENTS >> 1, port: 40_000 + client, timeMs: ++frame }, frame, family);
              table.update(p);
              own.update(p);
            }
            if (next === "addresses") table.forgetAddresses();
            if (next === "forget") {
              for (let f = 0; f < table.count; f++) {
                const isIt = table.isKnown(f) && ([0, 1] as const).some((s) => table.port(f, s) === 40_000 + client);
                if (isIt && table.columns.successor[f] === 0) table.forget(f);
              }
              alone.delete(client);
            }
          }
          const expected = [...alone.values()].flatMap((t) => [...rowsOf(t)]);
          expect(new Map([...rowsOf(table)].sort())).toEqual(new Map(expected.sort()));
          const live = [...alone.values()].reduce((n, t) => n + t.known, 0);
          expect(table.known).toBe(live);
          table.end();
        },
      ),
      { numRuns: 300 },
    );
  });

  it("uses the rows of what was forgotten again", () => {
    const table = emptyTable();
    const p = new Packet();
    let frame = 0;
    for (let port = 1; port <= 50_000; port++) {
      for (const s of segments(`${OPEN}\n${REQUEST}\n${RESPONSE}\nc FIN ACK\ns FIN ACK\nc ACK`)) {
        fill(p, { ...s, port: 1 + (port % 60_000), timeMs: ++frame }, frame, 4);
        table.update(p);
      }
      for (let f = 0; f < table.count; f++) if (table.isKnown(f)) table.forget(f);
    }
    expect([table.count, table.known, table.columns.capacity]).toEqual([1, 0, 2048]);
    expect(table.ledger.totals.answered).toBe(50_000);
  });
});

describe("too many at once", () => {
  it("lets go of those that were never answered first, then of the most silent, and counts them", () => {
    const { table } = play([
      ...[1, 2, 3, 4].flatMap((n) =>
        segments(`${OPEN}\n+${n * 100} ${REQUEST}\ns ACK`).map((s) => ({ ...s, port: n })),
      ),
      ...[5, 6, 7, 8, 9, 10].flatMap((n) => segments(`+${n * 100} c SYN`).map((s) => ({ ...s, port: n }))),
    ]);
    const forget = new Forgetting(table, DEFAULT_HOSTS, { connections: 5, services: 10 });
    expect(forget.sweep(1.2e9)).toBe(6);
    expect(forget.abandoned).toBe(6);
    const ports: number[] = [];
    for (let f = 0; f < table.count; f++) if (table.isKnown(f)) ports.push(table.port(f, 0));
    expect(ports).toEqual([1, 2, 3, 4]);
  });

  it("lets go of services too, but of none that owes an answer", () => {
    const { table } = play(segments(`${OPEN}\n${REQUEST}\ns ACK`));
    const { ledger } = table;
    const [busy] = ledger.services;
    for (let n = 1; n < 30; n++) ledger.tally(`198.51.100.${n}`, 80, "http");
    new Forgetting(table, DEFAULT_HOSTS, { connections: 5, services: 10 }).sweep(1e9);
    expect(ledger.serviceCount).toBe(9);
    expect(ledger.services).toContain(busy);
    expect(ledger.forgotten.services).toBe(21);
  });
});
