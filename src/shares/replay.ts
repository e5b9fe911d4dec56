// What did the streams of all shares say, in the order of the packets? Joins their events and says them to one book: it hears what it
// would have heard if one program had read everything.

import { newExchange } from "../core/new-exchange.ts";
import type { Exchange } from "../core/stream-decoder.ts";
import type { LedgerBook } from "../flow/exchange-book.ts";
import type { ServiceTallyOf } from "../flow/exchange-ledger.ts";
import { ByteReader, brokenShare } from "./bytes.ts";
import { Event, readChanging, readOutcome, readProtocol, readRequest, readSide } from "./event-format.ts";

/** An exchange that may change yet. */
interface Slot {
  readonly exchange: Exchange;
  readonly client: string;
  readonly service: ServiceTallyOf;
}

/** The events of one share. */
class ShareEvents {
  /** With which packet the next event came; nothing is known of it while there is none at hand. */
  next = 0;
  hasEvents = false;
  /** Of what came with the packets up to this one, all is here. */
  upTo = -1;
  /** The numbers that its flows have in the whole. */
  readonly flows: number[] = [];
  private readonly reader = new ByteReader();
  private readonly pieces: Uint8Array[] = [];
  private readonly services: { tally: ServiceTallyOf; address: string; port: number }[] = [];
  private readonly slots: (Slot | undefined)[] = [];
  private readonly replay: Replay;

  constructor(replay: Replay) {
    this.replay = replay;
  }

  give(piece: Uint8Array, upTo: number): void {
    if (piece.length > 0) this.pieces.push(piece);
    this.upTo = upTo;
    if (!this.hasEvents) this.look();
  }

  /** Pieces that wait. */
  get waiting(): number {
    return this.pieces.length;
  }

  /** Says all that came with one packet. */
  say(): void {
    const { reader } = this;
    while (this.hasEvents) {
      const tag = reader.byte();
      if (tag === Event.at) {
        this.next += reader.count();
        return;
      }
      this.event(tag);
      if (reader.isEmpty) {
        this.look();
        return;
      }
    }
  }

  /** Takes the next piece in hand. */
  private look(): void {
    const { reader } = this;
    const piece = this.pieces.shift();
    this.hasEvents = piece !== undefined;
    if (piece === undefined) return;
    reader.give(piece);
    // A piece that goes on where the one before was cut has no packet of its own.
    if (piece[0] === Event.at) {
      reader.byte();
      this.next += reader.count();
    }
  }

  private event(tag: number): void {
    const { reader: r } = this;
    const { book } = this.replay;
    switch (tag) {
      case Event.flow:
        this.flows.push(this.replay.opened(this));
        return;
      case Event.service:
        this.service(r.count());
        return;
      case Event.asked: {
        const { slot, flow, service, side, protocol, client } = this.opening();
        const exchange = newExchange(flow, protocol, side, readRequest(r));
        this.slots[slot] = { exchange, client, service };
        book.asked(exchange, client, service);
        return;
      }
      case Event.unasked: {
        const { slot, flow, service, side, protocol, client } = this.opening();
        const exchange = newExchange(flow, protocol, side, null);
        readChanging(r, exchange);
        this.slots[slot] = { exchange, client, service };
        book.settled(exchange, client, service);
        return;
      }
      case Event.judged: {
        const { exchange, client, service } = this.slot(r.count());
        readChanging(r, exchange);
        book.settled(exchange, client, service);
        return;
      }
      case Event.amended: {
        const { exchange, service } = this.slot(r.count());
        const before = readOutcome(r);
        readChanging(r, exchange);
        book.amended(exchange, before, service);
        return;
      }
      case Event.cut:
        book.cut(this.slot(r.count()).exchange);
        return;
      case Event.final:
        this.slots[r.count()] = undefined;
        return;
      case Event.finalComplete: {
        const slot = r.count();
        this.slot(slot).exchange.responseComplete = true;
        this.slots[slot] = undefined;
        return;
      }
      case Event.finalChanged: {
        const slot = r.count();
        readChanging(r, this.slot(slot).exchange);
        this.slots[slot] = undefined;
        return;
      }
      default:
        throw brokenShare();
    }
  }

  private slot(number: number): Slot {
    const slot = this.slots[number];
    if (slot === undefined) throw brokenShare();
    return slot;
  }

  private opening() {
    const r = this.reader;
    const slot = r.count();
    const flow = this.flows[r.count()];
    const service = this.services[r.count()]?.tally;
    if (flow === undefined || service === undefined) throw brokenShare();
    return { slot, flow, service, side: readSide(r), protocol: readProtocol(r), client: r.words() };
  }

  private service(number: number): void {
    const r = this.reader;
    const known = this.services[number];
    if (known !== undefined) {
      this.replay.book.service(known.address, known.port, known.tally.protocol);
      return;
    }
    if (number !== this.services.length) throw brokenShare();
    const protocol = readProtocol(r);
    const address = r.words();
    const port = r.count();
    this.services.push({ tally: this.replay.book.service(address, port, protocol), address, port });
  }
}

export class Replay {
  readonly book: LedgerBook;
  private readonly shares: readonly ShareEvents[];
  /** Of which share each flow is, in order of first packet. */
  readonly order: number[] = [];

  constructor(book: LedgerBook, shares: number) {
    this.book = book;
    this.shares = Array.from({ length: shares }, () => new ShareEvents(this));
  }

  /** The next events of a share. `upTo`: of all packets up to this one, there are no others; Infinity: of none. */
  give(share: number, piece: Uint8Array, upTo: number): void {
    this.shares[share]!.give(piece, upTo);
    this.advance();
  }

  /** How many pieces of a share were given and not taken yet: the other shares are behind. */
  waiting(share: number): number {
    return this.shares[share]!.waiting;
  }

  /** The numbers of a share's flows in the whole. */
  flowsOf(share: number): readonly number[] {
    return this.shares[share]!.flows;
  }

  opened(share: ShareEvents): number {
    return this.order.push(this.shares.indexOf(share)) - 1;
  }

  private advance(): void {
    for (;;) {
      let first: ShareEvents | null = null;
      let known = Number.POSITIVE_INFINITY;
      let second = Number.POSITIVE_INFINITY;
      for (const share of this.shares) {
        if (!share.hasEvents) known = Math.min(known, share.upTo);
        else if (first === null || share.next < first.next) {
          second = first?.next ?? second;
          first = share;
        } else if (share.next < second) second = share.next;
      }
      if (first === null || first.next > known) return;
      do first.say();
      while (first.hasEvents && first.next < second && first.next <= known);
    }
  }
}
