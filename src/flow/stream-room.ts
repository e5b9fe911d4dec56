// What does the stream of one flow need from the room around it?

import type { FrameRef } from "../core/frame.ts";
import type { Side, StreamDecoder } from "../core/stream-decoder.ts";
import type { ExchangeBook, ServiceHandle } from "./exchange-book.ts";
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
  /** The flow speaks with this service from now on. */
  service(flow: number, responder: Side, protocol: StreamDecoder["protocol"]): ServiceHandle;
  address(flow: number, side: Side): string;
  notes(flow: number): FlowNotes;
  readonly book: ExchangeBook;
}
