// Who reads what is being said on one flow? Hands its decoder both directions in order, once recognition.ts has found it; what
// becomes of the exchanges is in flow-exchanges.ts. One object per flow that carries payload, dropped when its streams have ended.

import type { Nanos } from "../core/clock.ts";
import type { FrameRef } from "../core/frame.ts";
import { seqDiff } from "../core/seq.ts";
import type {
  BrokenMessage,
  ExchangeSink,
  Label,
  Protocol,
  Remark,
  Side,
  StreamDecoder,
  StreamSession,
} from "../core/stream-decoder.ts";
import { FlowExchanges } from "./flow-exchanges.ts";
import type { HeldSegments } from "./held-segments.ts";
import { knownAtOnce, Recognition } from "./recognition.ts";
import type { StreamRoom } from "./stream-room.ts";

/** The peer has acknowledged more of a side than came: up to which number, and when it said so last. */
export interface AckedUnseen {
  upTo: number;
  time: Nanos;
}

export class FlowStream extends FlowExchanges implements ExchangeSink {
  readonly held: [HeldSegments | null, HeldSegments | null] = [null, null];
  /** By side. It may come yet, and then this says nothing. */
  readonly ackedUnseen: [AckedUnseen | null, AckedUnseen | null] = [null, null];
  private session: StreamSession | null = null;
  /** A protocol was found; what may follow within it does not make it another. */
  private isKnown = false;
  /** Null when the protocol is known, or will not be; and before the first bytes, which tell it nearly always. */
  private recognition: Recognition | null = null;
  private claimed = false;
  /** Bytes were cut off or missing before the first that could be read. */
  private startMissed = false;
  private patient: boolean;
  /** No protocol was recognised, or the flow became something else: payload is of no use. */
  deaf = false;

  /** `patient`: the flow was joined midway, so a message may begin at any later segment. */
  constructor(flow: number, room: StreamRoom, patient: boolean) {
    super(flow, room);
    this.patient = patient;
  }

  // ── bytes in ──

  /** hot: are the next `length` bytes of a side of no interest to anybody? Then they are counted, and need not be handed over. */
  passes(side: Side, length: number): boolean {
    return this.session?.passes?.(side, length) === true;
  }

  /** hot: the next bytes of a side, in order. */
  data(side: Side, bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos, behind = 0): void {
    if (this.session !== null) this.session.data(side, bytes, start, end, frame, time, behind);
    else if (!this.deaf && end > start) this.recognise(side, bytes, start, end, frame, time, behind);
  }

  /** `askedBefore`: what is missing was acknowledged at this moment, so it answers no request that was sent later. */
  gap(side: Side, length: number, reason: "missing" | "snap", askedBefore: Nanos = Number.POSITIVE_INFINITY): void {
    const decoder = this.recognition?.cut(side, reason);
    if (decoder) this.begin(decoder);
    this.doubtOnly(side, askedBefore);
    this.session?.gap(side, length, reason);
    this.doubtOnly(side, Number.POSITIVE_INFINITY);
    if (!this.claimed) this.startMissed = true;
  }

  /** The peer of `side` acknowledged bytes of it that have not come. */
  peerHas(side: Side, upTo: number, time: Nanos): void {
    const known = this.ackedUnseen[side];
    if (known === null) this.ackedUnseen[side] = { upTo, time };
    else {
      const more = seqDiff(upTo, known.upTo);
      if (more > 0) known.upTo = upTo;
      // One number more is the FIN's, and answers nothing.
      if (more > 1) known.time = time;
    }
  }

  /** The direction is over. With a reset, both are. */
  end(side: Side, how: "fin" | "reset" | "capture"): void {
    this.session?.end(side, how);
    this.ended(side, how);
  }

  private recognise(
    side: Side,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: FrameRef,
    time: Nanos,
    behind: number,
  ): void {
    if (!this.claimed && this.claim()) {
      this.session?.data(side, bytes, start, end, frame, time, behind);
      return;
    }
    const { decoders } = this.room;
    const { recognition } = this;
    let decoder: StreamDecoder | null;
    if (recognition !== null) decoder = recognition.look(side, bytes, start, end, frame, time, behind);
    else {
      decoder = knownAtOnce(decoders, bytes, start, end);
      if (decoder === null) {
        this.recognition = new Recognition(decoders, this.patient);
        this.recognition.look(side, bytes, start, end, frame, time, behind);
      }
    }
    if (decoder !== null) {
      this.begin(decoder);
      this.data(side, bytes, start, end, frame, time, behind);
    } else if (this.recognition!.isOver) {
      this.deaf = true;
      this.recognition = null;
    }
  }

  /** Do the ports tell, by what was said on the command line? */
  private claim(): boolean {
    const { room, flow } = this;
    this.claimed = true;
    for (const decoder of room.decoders) {
      if (decoder.claim === undefined) continue;
      const ports = [room.port(flow, 0), room.port(flow, 1)] as const;
      this.session = decoder.claim(this, {
        ports,
        fromStart: !this.patient && !this.startMissed && !room.hasGap(flow),
      });
      if (this.session === null) continue;
      this.recognition = null;
      this.isKnown = true;
      this.speaks(decoder.protocol);
      room.noteProtocol(flow, decoder);
      return true;
    }
    return false;
  }

  /** The protocol is known: its session gets what came before. */
  private begin(decoder: StreamDecoder): void {
    const { recognition } = this;
    this.turnInto(decoder);
    for (const side of [0, 1] as const) {
      for (const p of recognition?.beginningOf(side) ?? []) {
        this.data(side, p.bytes, 0, p.bytes.length, p.frame, p.time, p.behind);
      }
    }
  }

  private turnInto(decoder: StreamDecoder): void {
    this.recognition = null;
    this.session = decoder.open(this);
    // What came before keeps its name: a database behind TLS is still that database.
    if (this.isKnown && decoder.protocol === "tls") return;
    this.isKnown = true;
    this.speaks(decoder.protocol);
    this.room.noteProtocol(this.flow, decoder);
  }

  // ── what the decoder says, beside exchanges ──

  remark(remark: Remark): void {
    this.room.notes(this.flow).remark(remark);
  }

  label(name: Label, value: string): void {
    this.room.notes(this.flow).label(name, value);
  }

  intact(side: Side): void {
    this.room.notes(this.flow).intact[side]++;
  }

  broken(message: BrokenMessage): void {
    this.room.notes(this.flow).broke(message);
  }

  upgraded(to?: Protocol): StreamSession | null {
    this.session = null;
    if (to === "unknown") {
      this.recognition = new Recognition(
        this.room.decoders.filter((d) => d.protocol === "tls"),
        false,
      );
      return this;
    }
    const decoder = this.room.decoders.find((d) => d.protocol === to);
    this.deaf = decoder === undefined;
    if (decoder !== undefined) this.turnInto(decoder);
    return this.session;
  }
}
