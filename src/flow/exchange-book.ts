// To whom do the streams of flows say what was asked and answered? To a ledger, which judges services by it; or, where this program
// reads only a share of the flows, to whoever writes it down for the ledger of all (src/shares).

import type { Exchange, Outcome, Protocol } from "../core/stream-decoder.ts";
import { ExchangeLedger, type ServiceTallyOf } from "./exchange-ledger.ts";
import { NotesByFlow } from "./flow-notes.ts";

/** Requests that a command may have been sent for: more than so many at once tell nothing. */
const MAX_CANDIDATES = 8;

/** A service, as its book knows it. */
export interface ServiceHandle {
  readonly protocol: Protocol;
}

export interface ExchangeBook<Service extends ServiceHandle = ServiceHandle> {
  /** A flow was opened: the next one in order of first packet. */
  opened(flow: number): void;
  /** A flow has begun to speak with this service. */
  service(address: string, port: number, protocol: Protocol): Service;
  /** A request was made from the address `client`. */
  asked(e: Exchange, client: string, service: Service): void;
  /** It was judged. */
  settled(e: Exchange, client: string, service: Service): void;
  /** It had been judged as `before`, and was answered late after all. */
  amended(e: Exchange, before: Outcome, service: Service): void;
  /** A reset cut the body of its response. */
  cut(e: Exchange): void;
  /** Its response is complete. */
  complete(e: Exchange): void;
  /** The streams of the flow have ended: nothing changes of its exchanges any more. */
  ended(flow: number): void;
  /** The capture has ended: what follows is said of this flow. Flows come in order. */
  closing(flow: number): void;
}

/** Keeps the ledger, and on the flows what was being served when they were asked. */
export class LedgerBook implements ExchangeBook<ServiceTallyOf> {
  readonly ledger: ExchangeLedger;
  readonly notes = new NotesByFlow();

  constructor(keepAll: boolean, maxAnswered?: number) {
    this.ledger = new ExchangeLedger(keepAll, maxAnswered);
  }

  opened(): void {}

  service(address: string, port: number, protocol: Protocol): ServiceTallyOf {
    const tally = this.ledger.tally(address, port, protocol);
    tally.flows++;
    return tally;
  }

  asked(e: Exchange, client: string, tally: ServiceTallyOf): void {
    const caller = this.ledger.asked(e, client, tally);
    if (e.protocol === "http") return;
    const notes = this.notes.of(e.flow);
    notes.last = e;
    notes.candidates.length = 0;
    caller?.activity.newestOpen(MAX_CANDIDATES, notes.candidates);
    notes.asked++;
  }

  settled(e: Exchange, client: string, tally: ServiceTallyOf): void {
    this.ledger.settle(e, client, tally);
  }

  amended(e: Exchange, before: Outcome, tally: ServiceTallyOf): void {
    this.ledger.amend(e, before, tally);
  }

  cut(e: Exchange): void {
    this.ledger.noteCut(e);
  }

  complete(): void {}
  ended(): void {}
  closing(): void {}
}
