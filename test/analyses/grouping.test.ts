// Are cases told by client while a service has a few, and together when it has many, in the order in which they came?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Groups, joinServices } from "../../analyses/grouping.ts";
import type { EndRow } from "../../src/core/flow-view.ts";

const MOST = 16;
const end = (place: number, host: number): EndRow =>
  ({ place, host, address: `10.0.0.${host}`, port: 80 + place }) as unknown as EndRow;

const cases = fc.array(fc.record({ place: fc.nat(2), host: fc.nat(24), kind: fc.constantFrom("", "server") }), {
  maxLength: 150,
});

describe("groups", () => {
  it("have each case once, by client up to 16 of a service, of all clients beyond", () => {
    fc.assert(
      fc.property(cases, (added) => {
        const groups = new Groups<number>();
        for (const [n, { place, host, kind }] of added.entries()) groups.add(end(place, 0), end(0, host), n, kind);
        const clients = new Map<string, Set<number>>();
        for (const { place, host, kind } of added) {
          const key = `${kind} ${place}`;
          clients.set(key, (clients.get(key) ?? new Set()).add(host));
        }
        const expected = new Map<string, number[]>();
        added.forEach(({ place, host, kind }, n) => {
          const count = clients.get(`${kind} ${place}`)!.size;
          const key = `${kind} ${80 + place} ${count > MOST ? `${count} clients` : `10.0.0.${host}`}`;
          expected.set(key, [...(expected.get(key) ?? []), n]);
        });
        const kindOf = (n: number): string => added[n]!.kind;
        const found = [...groups].map((g) => [`${kindOf(g.items[0]!)} ${g.service.port} ${g.peer.address}`, g.items]);
        expect(found).toEqual([...expected]);
        expect(groups.size).toBe(expected.size);
      }),
      { numRuns: 300 },
    );
  });
});

describe("services of one client", () => {
  const collected = (services: number) => {
    const groups = new Groups<number>();
    for (let place = 0; place < services; place++) {
      groups.add(end(place, 0), end(0, 1), place);
      groups.add(end(place, 0), end(0, 1), 1000 + place);
    }
    groups.add(end(0, 0), end(0, 2), 2000);
    groups.add(end(0, 0), end(0, 1), 3000, "server");
    for (let host = 3; host < 23; host++) groups.add(end(500, 0), end(0, host), 4000 + host);
    return joinServices(groups).map((g) => [g.service.address, g.peer.address, g.services, g.items.length]);
  };
  const others = [
    ["10.0.0.0", "10.0.0.2", 1, 1],
    ["10.0.0.0", "10.0.0.1", 1, 1],
    ["10.0.0.0", "20 clients", 1, 20],
  ];

  it("are told of each up to 64", () => {
    expect(collected(64)).toEqual([...Array.from({ length: 64 }, () => ["10.0.0.0", "10.0.0.1", 1, 2]), ...others]);
  });

  it("are one beyond, of a kind and a client", () => {
    expect(collected(65)).toEqual([["65 services", "10.0.0.1", 65, 130], ...others]);
  });
});
