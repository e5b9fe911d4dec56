// What do the streams of a share say? Written down as they say it, for the ledger of all flows (event-format.ts).

import type { Nanos } from "../core/clock.ts";
import type { Exchange, Outcome, Protocol } from "../core/stream-decoder.ts";
import type { ExchangeBook, ServiceHandle } from "../flow/exchange-book.ts";
import { ByteWriter } from "./bytes.ts";
import {
  Event,
  protocolNumber,
  writeChanging,
  writeOutcome,
  writeProtocol,
  writeRequest,
  writeSide,
} from "./event-format.ts";

/** Behind every packet: what is said when the capture has ended. */
export const AFTER_ALL = 2 ** 50;
/** None. Slots begin with 1. */
const NO_SLOT = 0;

interface Service extends ServiceHandle {
  readonly number: number;
}

/** An exchange that may change yet. */
interface Tracked {
  readonly exchange: Exchange;
  isJudged: boolean;
  isComplete: boolean;
  /** Of the same flow: the slot of the one that was asked before, and after. */
  before: number;
  after: number;
  /** As they were written last. */
  response: Exchange["response"];
  error: unknown;
  inTransaction: boolean | null;
  responseBytes: number;
  requestEnd: Nanos;
  requestComplete: boolean;
}

export class EventWriter implements ExchangeBook<Service> {
  private readonly writer = new ByteWriter();
  /** The packet in hand, of all shares. */
  private packet = 0;
  private written = 0;
  /** By flow: with which packet it began. */
  private readonly born: number[] = [];
  /** By address, then by port and protocol. */
  private readonly services = new Map<string, Map<number, Service>>();
  private serviceCount = 0;
  private readonly tracked: (Tracked | null)[] = [null];
  private readonly freeSlots: number[] = [];
  /** By flow: the slot of its newest exchange; of the last one whose answer is complete, and of the one before that. */
  private readonly newest: number[] = [];
  private readonly completeLast: number[] = [];
  private readonly completeBefore: number[] = [];

  /** hot: what follows comes with the next packet. */
  nextPacket(): void {
    this.packet++;
  }

  /** hot: what follows comes with the n-th packet, where not every one is told of. */
  atPacket(n: number): void {
    this.packet = n;
  }

  get packets(): number {
    return this.packet;
  }

  /** Bytes that wait to be taken. */
  get pending(): number {
    return this.writer.length;
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.writer.take();
  }

  private event(tag: number): ByteWriter {
    const w = this.writer;
    if (this.packet !== this.written) {
      w.byte(Event.at);
      w.count(this.packet - this.written);
      this.written = this.packet;
    }
    w.byte(tag);
    return w;
  }

  opened(flow: number): void {
    this.born[flow] = this.packet;
    this.newest[flow] = NO_SLOT;
    this.completeLast[flow] = NO_SLOT;
    this.completeBefore[flow] = NO_SLOT;
    this.event(Event.flow);
  }

  closing(flow: number): void {
    this.packet = AFTER_ALL + this.born[flow]!;
  }

  service(address: string, port: number, protocol: Protocol): Service {
    let ofAddress = this.services.get(address);
    if (ofAddress === undefined) {
      ofAddress = new Map();
      this.services.set(address, ofAddress);
    }
    const key = port * 256 + protocolNumber(protocol);
    const known = ofAddress.get(key);
    const service = known ?? { protocol, number: this.serviceCount++ };
    const w = this.event(Event.service);
    w.count(service.number);
    if (known !== undefined) return known;
    ofAddress.set(key, service);
    writeProtocol(w, protocol);
    w.text(address);
    w.count(port);
    return service;
  }

  asked(e: Exchange, client: string, service: Service): void {
    this.begin(Event.asked, e, client, service);
    writeRequest(this.writer, e.request!);
  }

  settled(e: Exchange, client: string, service: Service): void {
    if (e.slot === NO_SLOT) {
      const tracked = this.begin(Event.unasked, e, client, service);
      this.change(tracked);
      tracked.isJudged = true;
      return;
    }
    const tracked = this.tracked[e.slot]!;
    this.event(Event.judged).count(e.slot);
    this.change(tracked);
    tracked.isJudged = true;
    if (e.responseComplete) this.complete(e);
  }

  amended(e: Exchange, before: Outcome): void {
    const w = this.event(Event.amended);
    w.count(e.slot);
    writeOutcome(w, before);
    this.change(this.tracked[e.slot]!);
  }

  cut(e: Exchange): void {
    if (e.slot !== NO_SLOT) this.event(Event.cut).count(e.slot);
  }

  /** Decoders may still say more of an exchange whose answer is complete (a transaction's state, an error), until two others are. */
  complete(e: Exchange): void {
    const tracked = this.tracked[e.slot];
    if (tracked == null || !tracked.isJudged || tracked.isComplete) return;
    tracked.isComplete = true;
    const oldest = this.completeBefore[e.flow]!;
    this.completeBefore[e.flow] = this.completeLast[e.flow]!;
    this.completeLast[e.flow] = e.slot;
    if (oldest !== NO_SLOT) this.finish(oldest);
  }

  ended(flow: number): void {
    while (this.newest[flow] !== NO_SLOT) this.finish(this.newest[flow]!);
    this.completeLast[flow] = NO_SLOT;
    this.completeBefore[flow] = NO_SLOT;
  }

  private begin(tag: number, e: Exchange, client: string, service: Service): Tracked {
    const slot = this.freeSlots.pop() ?? this.tracked.length;
    e.slot = slot;
    const { response, inTransaction, responseBytes, requestEnd, requestComplete } = e;
    const before = this.newest[e.flow]!;
    const tracked: Tracked = {
      exchange: e,
      isJudged: false,
      isComplete: false,
      before,
      after: NO_SLOT,
      response,
      error: response?.error ?? null,
      inTransaction,
      responseBytes,
      requestEnd,
      requestComplete,
    };
    this.tracked[slot] = tracked;
    if (before !== NO_SLOT) this.tracked[before]!.after = slot;
    this.newest[e.flow] = slot;
    const w = this.event(tag);
    w.count(slot);
    w.count(e.flow);
    w.count(service.number);
    writeSide(w, e.requester);
    writeProtocol(w, e.protocol);
    w.text(client);
    return tracked;
  }

  private change(tracked: Tracked): void {
    const { exchange: e } = tracked;
    writeChanging(this.writer, e);
    tracked.response = e.response;
    tracked.error = e.response?.error ?? null;
    tracked.inTransaction = e.inTransaction;
    tracked.responseBytes = e.responseBytes;
    tracked.requestEnd = e.requestEnd;
    tracked.requestComplete = e.requestComplete;
  }

  /** Nothing changes of it any more. */
  private finish(slot: number): void {
    const tracked = this.tracked[slot]!;
    const { exchange: e, before, after } = tracked;
    if (before !== NO_SLOT) this.tracked[before]!.after = after;
    if (after !== NO_SLOT) this.tracked[after]!.before = before;
    else this.newest[e.flow] = before;
    const hasChanged =
      e.response !== tracked.response ||
      (e.response?.error ?? null) !== tracked.error ||
      e.inTransaction !== tracked.inTransaction ||
      e.responseBytes !== tracked.responseBytes ||
      e.requestEnd !== tracked.requestEnd ||
      e.requestComplete !== tracked.requestComplete;
    const unchanged = e.responseComplete ? Event.finalComplete : Event.final;
    this.event(hasChanged ? Event.finalChanged : unchanged).count(slot);
    if (hasChanged) writeChanging(this.writer, e);
    e.slot = NO_SLOT;
    this.tracked[slot] = null;
    this.freeSlots.push(slot);
  }
}
