// What does the second pass bring back? The packets of the connections that are cited, one by one.
//
// The first pass keeps facts about flows and lets packets go. A ladder and an evidence slice need packets: a second pass over the
// same captures keeps those of a few flows, within a limit that says what it left out.

import type { Nanos } from "./clock.ts";
import type { FlowRow } from "./flow-view.ts";
import type { FrameRef } from "./frame.ts";
import type { Exchange, Side } from "./stream-decoder.ts";

/** One TCP segment, as captured. */
export interface RecordedPacket {
  readonly frame: FrameRef;
  readonly time: Nanos;
  /** Who sent it: a side of its flow, as in {@link FlowRow.end}. */
  readonly side: Side;
  /** Bits of the TCP header, as in core/packet.ts `Flag`. */
  readonly flags: number;
  /** As on the wire: signed 32-bit integers. */
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  /** Payload on the wire, and how much of it is in the capture. */
  readonly length: number;
  readonly captured: number;
  /** Seen by another tap already. */
  readonly isCopy: boolean;
  /** The flow counted it as sent again. */
  readonly isRetransmission: boolean;
  /** Null where only facts were asked for, or the limit was reached. */
  readonly record: RecordedBytes | null;
}

/** A captured record, or the datagram that was put together of its fragments (then it begins with its IP header). */
export interface RecordedBytes {
  readonly bytes: Uint8Array;
  /** Length on the wire. */
  readonly origLen: number;
  /** LINKTYPE_ number; 101 (raw IP) for a datagram put together. */
  readonly linkType: number;
  /** Which tap saw it, as the capture reader numbers them: packets of one tap have one number. */
  readonly tap: number;
  /** 4 or 6: of the innermost IP header. */
  readonly family: number;
  /** Offsets in `bytes`. The IP datagram is bytes[ipOffset, ipOffset + ipLength), cut where the snap length cut it. */
  readonly ipOffset: number;
  readonly ipLength: number;
  readonly tcpOffset: number;
  readonly payloadOffset: number;
  /** `bytes` was cut behind the TCP header by the limit: `captured` bytes were there. */
  readonly isCut: boolean;
  /** It is a datagram put together: the lengths in the IP header at its start were made for it, its checksum was not. */
  readonly isJoined?: boolean;
}

/** One connection of the first pass, packet by packet. */
export interface RecordedFlow {
  /** As the first pass numbered it, and its row there. */
  readonly flow: number;
  readonly row: FlowRow;
  /** In the order of the capture. */
  readonly packets: readonly RecordedPacket[];
  /** Of this connection, in order of request. */
  readonly exchanges: readonly Exchange[];
  /** Packets that the limit left out, and their payload bytes on the wire. Of those kept, how many were cut behind their headers. */
  readonly omitted: { readonly packets: number; readonly bytes: number; readonly cut: number };
  /** Where they lay, in order. Absent where nothing was left out. */
  readonly holes?: readonly RecordedHole[];
}

/** Packets that the limit left out, one after the other. */
export interface RecordedHole {
  /** They came before `packets[before]`, or at the end. */
  readonly before: number;
  readonly packets: number;
  /** Payload on the wire. */
  readonly bytes: number;
  /** Of the first and the last. */
  readonly from: Nanos;
  readonly until: Nanos;
}

export interface RecordingRequest {
  /** Flows of the first pass. */
  readonly flows: readonly number[];
  /** Frames that must be kept whatever the limit, with their neighbours where there is room. */
  readonly cited: ReadonlySet<FrameRef>;
  /** Keep the bytes, or facts only. */
  readonly bytes: boolean;
  /** Bytes of records kept at most, over all flows. */
  readonly maxBytes: number;
  /** Packets kept at most, over all flows. */
  readonly maxPackets: number;
}
