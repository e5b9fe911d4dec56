// How is the packet in the slot kept beyond its moment? As facts, and as a copy of its bytes with the places of its headers.

import type { FrameRef } from "../core/frame.ts";
import type { Packet } from "../core/packet.ts";
import type { RecordedBytes, RecordedPacket } from "../core/recording.ts";
import type { Side } from "../core/stream-decoder.ts";

/** LINKTYPE_RAW: the packet begins with its IP header. */
const RAW_IP = 101;

/** What is known of a packet beside its bytes. */
export type PacketFacts = Omit<RecordedPacket, "record">;

export const factsOf = (
  p: Packet,
  frame: FrameRef,
  side: Side,
  isCopy: boolean,
  isRetransmission: boolean,
): PacketFacts => ({
  frame,
  time: p.time,
  side,
  flags: p.flags,
  seq: p.seq,
  ack: p.ack,
  window: p.window,
  length: p.payloadLength,
  captured: p.payloadCaptured,
  isCopy,
  isRetransmission,
});

/** A copy of the record in the slot: the slot's buffer is used again. `isCut`: without what is behind the headers. */
export function bytesOf(p: Packet, isCut: boolean): RecordedBytes {
  // A record has its header before it in the buffer; only a datagram put together of fragments begins its own.
  const isDatagram = p.start === 0;
  const end = isCut ? Math.min(p.end, p.payloadOffset) : p.end;
  return {
    bytes: p.buf.slice(p.start, end),
    origLen: isDatagram ? p.end : p.origLen,
    linkType: isDatagram ? RAW_IP : p.linkType,
    tap: p.tap,
    family: p.family,
    ipOffset: p.ipOffset - p.start,
    ipLength: p.ipLength,
    tcpOffset: p.tcpOffset - p.start,
    payloadOffset: p.payloadOffset - p.start,
    isCut: isCut && end < p.end,
    ...(isDatagram ? { isJoined: true } : {}),
  };
}

/** Without what is behind the headers. */
export const cutBytes = (record: RecordedBytes): RecordedBytes => ({
  ...record,
  bytes: record.bytes.slice(0, record.payloadOffset),
  isCut: true,
});
