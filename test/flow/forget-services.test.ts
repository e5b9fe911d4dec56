// What is left when services are let go of? The sums, whatever is asked and answered in between.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Exchange, Outcome } from "../../src/core/stream-decoder.ts";
import { ExchangeLedger, type ServiceTallyOf } from "../../src/flow/exchange-ledger.ts";
import { forgetServices } from "../../src/flow/forget-services.ts";
import { answer, giveUp, request } from "./exchange-script.ts";

const CLIENT = "10.0.0.9";
const OUTCOMES: readonly Outcome[] = ["answered", "late", "unanswered", "pending", "unknown"];

const serviceAt = (ledger: ExchangeLedger, host: number): ServiceTallyOf => ledger.tally(`10.0.0.${host}`, 80, "http");
const names = (ledger: ExchangeLedger): string[] => ledger.services.map(({ service }) => service.address);

/** A request at this second, and its answer so much later. */
function served(ledger: ExchangeLedger, host: number, at: number, after = 0.01): void {
  const e = request(at, "/a");
  const tally = serviceAt(ledger, host);
  ledger.asked(e, CLIENT, tally);
  ledger.settle(answer(e, at + after), CLIENT, tally);
}

describe("of services that are let go of", () => {
  it("those go first that answered everything soon, the quietest of them first", () => {
    const ledger = new ExchangeLedger(false);
    served(ledger, 1, 1, 0.15);
    served(ledger, 2, 2);
    served(ledger, 3, 3);
    served(ledger, 4, 4);
    served(ledger, 2, 5);
    forgetServices(ledger, 2);
    expect(names(ledger)).toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(ledger.forgotten).toMatchObject({ services: 2, exchanges: { answered: 2 } });
    forgetServices(ledger, 1);
    expect(names(ledger)).toEqual(["10.0.0.1"]);
  });

  it("none is busy, and of none a faulty exchange is kept", () => {
    const ledger = new ExchangeLedger(false);
    ledger.asked(request(1, "/a"), CLIENT, serviceAt(ledger, 1));
    const e = request(2, "/a");
    ledger.asked(e, CLIENT, serviceAt(ledger, 2));
    ledger.settle(giveUp(e, 3), CLIENT, serviceAt(ledger, 2));
    served(ledger, 3, 4);
    forgetServices(ledger, 0);
    expect(names(ledger)).toEqual(["10.0.0.1", "10.0.0.2"]);
  });

  it("who calls, and who is called, goes after those that are not linked; the votes go with them", () => {
    const ledger = new ExchangeLedger(false);
    const [proxy, database] = [serviceAt(ledger, 1), serviceAt(ledger, 2)];
    const [outer, inner] = [request(1, "/a"), request(1.01, "/b")];
    ledger.asked(outer, CLIENT, proxy);
    ledger.asked(inner, "10.0.0.1", database);
    ledger.settle(answer(inner, 1.02), "10.0.0.1", database);
    ledger.settle(answer(outer, 1.03), CLIENT, proxy);
    served(ledger, 3, 2);
    expect([...ledger.legs.linked()]).toEqual([proxy, database]);
    forgetServices(ledger, 2);
    expect(names(ledger)).toEqual(["10.0.0.1", "10.0.0.2"]);
    ledger.forget([proxy]);
    expect([...ledger.legs.linked()]).toEqual([]);
    expect(ledger.legs.edges.map(({ client, service }) => [client, service.service.address])).toEqual([
      ["10.0.0.1", "10.0.0.2"],
    ]);
  });

  it("one that is asked again begins anew, though its connection knew the old one", () => {
    const ledger = new ExchangeLedger(false);
    const known = serviceAt(ledger, 1);
    served(ledger, 1, 1);
    forgetServices(ledger, 0);
    const e = request(2, "/a");
    ledger.asked(e, CLIENT, known);
    ledger.settle(answer(e, 2.1), CLIENT, known);
    expect(ledger.services.map(({ answered, flows }) => [answered, flows])).toEqual([[1, 1]]);
    expect(ledger.totals.answered).toBe(2);
  });

  it("an answer that comes late is late in the sum", () => {
    const ledger = new ExchangeLedger(false);
    ledger.limit(0);
    const tally = serviceAt(ledger, 1);
    const e = request(1, "/a");
    ledger.asked(e, CLIENT, tally);
    ledger.settle(giveUp(e, 2), CLIENT, tally);
    forgetServices(ledger, 0);
    expect(ledger.services).toEqual([]);
    answer(e, 3).outcome = "late";
    ledger.amend(e, "unanswered", tally);
    expect(ledger.forgotten).toEqual({
      services: 1,
      exchanges: { answered: 0, late: 1, unanswered: 0, pending: 0, unknown: 0 },
    });
    expect(ledger.totals).toMatchObject({ late: 1, unanswered: 0 });
  });

  it("the sums stay those of all, whenever they go", () => {
    const steps = fc.array(
      fc.record({ host: fc.nat(6), what: fc.constantFrom("ask", "answer", "give up", "answer late", "forget") }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.nat(3), fc.nat(4), (list, most, kept) => {
        const [whole, short] = [new ExchangeLedger(false), new ExchangeLedger(false)];
        short.limit(kept);
        const sums = [whole, short].map((ledger) => {
          const open: [Exchange, ServiceTallyOf][] = [];
          const gaveUp: [Exchange, ServiceTallyOf][] = [];
          list.forEach(({ host, what }, at) => {
            if (what === "ask") {
              const tally = serviceAt(ledger, host);
              const e = request(at, "/a");
              ledger.asked(e, CLIENT, tally);
              open.push([e, tally]);
            } else if (what === "answer" && open.length > 0) {
              const [e, tally] = open.shift()!;
              ledger.settle(answer(e, at), CLIENT, tally);
            } else if (what === "give up" && open.length > 0) {
              const [e, tally] = open.pop()!;
              ledger.settle(giveUp(e, at), CLIENT, tally);
              gaveUp.push([e, tally]);
            } else if (what === "answer late" && gaveUp.length > 0) {
              const [e, tally] = gaveUp.pop()!;
              answer(e, at).outcome = "late";
              ledger.amend(e, "unanswered", tally);
            } else if (what === "forget" && ledger === short) {
              forgetServices(ledger, most);
              expect(open.every(([, tally]) => !tally.isForgotten)).toBe(true);
            }
          });
          const { forgotten, services, totals } = ledger;
          for (const o of OUTCOMES) {
            expect(services.reduce((n, tally) => n + tally[o], forgotten.exchanges[o])).toBe(totals[o]);
          }
          return totals;
        });
        expect(sums[1]).toEqual(sums[0]);
      }),
      { numRuns: 1000 },
    );
  });
});
