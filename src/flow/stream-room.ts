// What does the stream of one flow need from the room around it?

import type { FrameRef } from "../core/frame.ts";
import type { Exchange, Outcome, Side, StreamDecoder } from "../core/stream-decoder.ts";
import type { ServiceTallyOf } from "./exchange-ledger.ts";
import type { FlowNotes } from "./flow-notes.ts";

export interface StreamRoom {
  readonly decoders: readonly StreamDecoder[];
  /** The first request of a flow tells who is the client, if no SYN did. */
  noteRequest(flow: number, side: Side): void;
  noteResponse(flow: number): void;
  noteProtocol(flow: number, decoder: StreamDecoder): void;
  port(flow: number, side: Side): number;
  /** Bytes of the flow are missing. */
  hasGap(flow: number): boolean;
  /** Sequence number behind the last byte of a side that was delivered or is being delivered; a side's bytes were delivered. */
  deliveredTo(flow: number, side: Side): number;
  packetsFrom(flow: number, side: Side): number;
  /** The side ended the connection by RST. */
  hasReset(flow: number, side: Side): boolean;
  /** Frame and time of the FIN of a side; frame 0 when there was none. */
  finFrame(flow: number, side: Side): FrameRef;
  tally(flow: number, responder: Side, protocol: StreamDecoder["protocol"]): ServiceTallyOf;
  settle(e: Exchange, client: string, tally: ServiceTallyOf): void;
  /** A settled exchange was answered late after all; `before` is what it had been taken for. */
  amend(e: Exchange, before: Outcome, tally: ServiceTallyOf): void;
  /** A reset cut the body of this response. */
  noteCut(e: Exchange): void;
  /** A request was made: what comes into a service, and what it sends out meanwhile. */
  asked(e: Exchange, client: string, tally: ServiceTallyOf): void;
  address(flow: number, side: Side): string;
  notes(flow: number): FlowNotes;
}
