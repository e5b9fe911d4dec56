// Which bytes of which packet may leave? Wraps the stream decoders, so that the reassembly that feeds a decoder feeds the redactor of
// its protocol, and puts what the redactor keeps or replaces back to the packet that it came in.
//
// A session is told how many captured bytes of the segment lie behind those that it is given (none, but where segments out of order
// overlap, and where a session that took over after an upgrade was handed the rest). So a byte is found again by its distance from
// the end of the captured payload, whatever buffer it was read from.

import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import type {
  Exchange,
  ExchangeSink,
  FlowOpening,
  Side,
  StreamDecoder,
  StreamSession,
} from "../core/stream-decoder.ts";
import { type Mark, MarkStore } from "./marks.ts";
import type { Redacted, RedactionPolicy, RedactionSink, StreamRedaction, StreamRedactor } from "./stream-redactor.ts";

/**
 * Bytes of a direction, behind which a redactor may still speak of what it was given. The longest head that a decoder follows is
 * far shorter; what is older and was not kept by then is filled.
 */
const REMEMBERED_BYTES = 4 << 20;
/** And pieces: enough for 4 MiB in segments of 256 bytes. */
const REMEMBERED_PIECES = 16_384;

export interface RedactingDecoders {
  /** To be given to the second pass in the place of those that were wrapped. */
  readonly decoders: readonly StreamDecoder[];
  /** What may stay of the captured payload of a frame: empty when nothing may. */
  marksOf(frame: FrameRef): readonly Mark[];
  /** Bytes of the captured payload of a frame that a redactor saw. */
  seenOf(frame: FrameRef): number;
  /** What was replaced, so far as the redactors count it. */
  readonly counts: ReadonlyMap<Redacted, number>;
}

export function redactingDecoders(
  decoders: readonly StreamDecoder[],
  redactions: readonly StreamRedaction[],
  policy: RedactionPolicy,
  /** Frames whose marks are kept whatever the limit. */
  cited: ReadonlySet<FrameRef> = new Set(),
): RedactingDecoders {
  const marks = new MarkStore(cited);
  const counts = new Map<Redacted, number>();
  const flows = new WeakMap<ExchangeSink, FlowTurns>();
  const turnsOf = (sink: ExchangeSink): FlowTurns => {
    let turns = flows.get(sink);
    if (turns === undefined) flows.set(sink, (turns = { speaker: null, handed: 0, behind: 0 }));
    return turns;
  };
  const count = (what: Redacted, n = 1): void => {
    counts.set(what, (counts.get(what) ?? 0) + n);
  };
  const wrapped = decoders.map((decoder): StreamDecoder => {
    const redaction = redactions.find((r) => r.protocol === decoder.protocol);
    // Of a protocol without a redactor nothing is kept.
    if (redaction === undefined) return decoder;
    const wrap = (session: StreamSession, sink: ExchangeSink, opening?: FlowOpening): StreamSession =>
      new RedactingSession(session, redaction, policy, turnsOf(sink), marks, count, opening);
    return {
      protocol: decoder.protocol,
      probe: (bytes, start, end) => decoder.probe(bytes, start, end),
      ...(decoder.claim === undefined
        ? {}
        : {
            claim(sink: ExchangeSink, opening: FlowOpening): StreamSession | null {
              const session = decoder.claim!(sink, opening);
              return session === null ? null : wrap(session, sink, opening);
            },
          }),
      open: (sink) => wrap(decoder.open(sink), sink),
    };
  });
  return {
    decoders: wrapped,
    marksOf: (frame) => marks.of(frame),
    seenOf: (frame) => marks.seen(frame),
    counts,
  };
}

/** Who reads a flow. A session that hands the rest of its piece on is no longer the speaker when it returns. */
interface FlowTurns {
  speaker: RedactingSession | null;
  /** Bytes of the piece in hand that the next session was given. */
  handed: number;
  /** Captured bytes of the segment behind the piece in hand, whoever reads it. */
  behind: number;
}

/** bytes [at, at + length) of a direction, `behind` bytes before the end of the captured payload of `frame`. */
interface Piece {
  readonly at: number;
  readonly length: number;
  readonly frame: FrameRef;
  readonly behind: number;
}

class RedactingSession implements StreamSession, RedactionSink {
  readonly #session: StreamSession;
  readonly #redactor: StreamRedactor;
  readonly #turns: FlowTurns;
  readonly #marks: MarkStore;
  readonly #sides: readonly [Direction, Direction] = [new Direction(), new Direction()];
  readonly count: (what: Redacted, n?: number) => void;

  constructor(
    session: StreamSession,
    redaction: StreamRedaction,
    policy: RedactionPolicy,
    turns: FlowTurns,
    marks: MarkStore,
    count: (what: Redacted, n?: number) => void,
    opening?: FlowOpening,
  ) {
    this.#session = session;
    this.#turns = turns;
    this.#marks = marks;
    this.count = count;
    this.#redactor = redaction.open(this, policy, opening);
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos, behind?: number): void {
    const turns = this.#turns;
    // A decoder that hands the rest of its piece on does not say: it is the end of the piece in hand.
    if (behind === undefined) behind = turns.behind;
    else turns.behind = behind;
    turns.speaker = this;
    turns.handed = 0;
    this.#session.data(side, bytes, start, end, frame, time, behind);
    const handed = turns.speaker === this ? 0 : Math.min(turns.handed, end - start);
    // Whoever handed the piece to this session gave it this much, whatever became of it here.
    turns.speaker = this;
    turns.handed = end - start;
    const own = end - start - handed;
    if (own <= 0) return;
    const at = this.#sides[side].add(own, frame, behind + handed);
    this.#marks.saw(frame, own);
    this.#redactor.data(side, bytes, start, start + own, at, frame, time);
  }

  gap(side: Side, length: number, reason: "missing" | "snap"): void {
    this.#session.gap(side, length, reason);
    const direction = this.#sides[side];
    const at = direction.next;
    direction.next += length;
    this.#redactor.gap(side, length, at, reason);
  }

  end(side: Side, how: "fin" | "reset" | "capture"): void {
    this.#session.end(side, how);
    this.#redactor.end?.(side, how);
  }

  adopt(exchange: Exchange | null, requester: Side): void {
    this.#session.adopt?.(exchange, requester);
  }

  // ── what the redactor says ──

  keep(side: Side, from: number, to: number): void {
    this.#sides[side].each(from, to, (piece, start, end) => this.#mark(piece, start, end, null));
  }

  replace(side: Side, from: number, bytes: Uint8Array): void {
    this.#sides[side].each(from, from + bytes.length, (piece, start, end) =>
      this.#mark(piece, start, end, bytes.slice(start - from, end - from)),
    );
  }

  #mark(piece: Piece, start: number, end: number, bytes: Uint8Array | null): void {
    this.#marks.add(piece.frame, {
      fromEnd: piece.behind + piece.at + piece.length - start,
      length: end - start,
      bytes,
    });
  }
}

/** The latest pieces of one direction, in order. */
class Direction {
  next = 0;
  #pieces: Piece[] = [];
  /** Those before it have been forgotten; the list is cut when half of it has. */
  #first = 0;

  /** The offset of the first of these bytes. */
  add(length: number, frame: FrameRef, behind: number): number {
    const at = this.next;
    this.#pieces.push({ at, length, frame, behind });
    this.next = at + length;
    while (this.#pieces.length - this.#first > REMEMBERED_PIECES || this.#isOld(this.#pieces[this.#first]!))
      this.#first++;
    if (this.#first > this.#pieces.length >> 1 && this.#first > 64) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
    return at;
  }

  #isOld(piece: Piece): boolean {
    return this.next - (piece.at + piece.length) > REMEMBERED_BYTES;
  }

  /** Each piece that [from, to) lies on, with the part of it that does. */
  each(from: number, to: number, visit: (piece: Piece, start: number, end: number) => void): void {
    for (let i = this.#firstBehind(from); i < this.#pieces.length; i++) {
      const piece = this.#pieces[i]!;
      if (piece.at >= to) return;
      visit(piece, Math.max(from, piece.at), Math.min(to, piece.at + piece.length));
    }
  }

  /** Index of the first remembered piece that ends behind `offset`. */
  #firstBehind(offset: number): number {
    let low = this.#first;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pieces[middle]!.at + this.#pieces[middle]!.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
