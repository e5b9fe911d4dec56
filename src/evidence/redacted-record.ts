// What becomes of one captured record? Its payload is replaced, what lies behind its datagram is zeroed, its checksums follow; with
// `strict` nothing stays of it but the innermost datagram, with other addresses.

import type { Pseudonyms } from "../core/pseudonyms.ts";
import type { RecordedBytes } from "../core/recording.ts";
import { followChecksums, setIpv4Checksum } from "./checksums.ts";
import { mapHeaders } from "./mapped-headers.ts";
import { FILL } from "./stream-redactor.ts";

/** LINKTYPE_RAW: the packet begins with its IP header. */
const RAW_IP = 101;
const IPV4_SOURCE = 12;
const IPV4_DESTINATION = 16;
const IPV6_SOURCE = 8;
const IPV6_DESTINATION = 24;

export interface RedactedRecord {
  readonly bytes: Uint8Array;
  /** Length on the wire, of what `bytes` are the beginning of. */
  readonly original: number;
  readonly linkType: number;
  /** Bytes behind the datagram (padding, a frame check sequence) that were zeroed or dropped. */
  readonly trailer: number;
}

/** The record as it was. */
export function plainRecordOf(record: RecordedBytes): RedactedRecord {
  const bytes = record.isJoined === true ? record.bytes.slice() : record.bytes;
  if (record.isJoined === true) joinedHeader(bytes);
  return { bytes, original: Math.max(record.origLen, bytes.length), linkType: record.linkType, trailer: 0 };
}

/** A datagram put together has a header of its own, with the first fragment's checksum. */
function joinedHeader(bytes: Uint8Array): void {
  if (bytes[0]! >> 4 === 4) setIpv4Checksum(bytes, 0);
}

/** `payload`: what stands in the place of its payload, as many bytes; null where none of it is in the record. */
export function recordOf(
  record: RecordedBytes,
  payload: Uint8Array | null,
  pseudonyms: Pseudonyms | null,
): RedactedRecord {
  const { ipOffset, payloadOffset, family, tcpOffset } = record;
  const before = record.bytes;
  const datagramEnd = Math.min(ipOffset + record.ipLength, before.length);
  const after = before.slice();
  after.fill(FILL, Math.min(payloadOffset, datagramEnd), datagramEnd);
  if (payload !== null) after.set(payload.subarray(0, Math.max(0, datagramEnd - payloadOffset)), payloadOffset);
  after.fill(0, datagramEnd);
  const ofPseudoHeader =
    pseudonyms === null
      ? {
          source: ipOffset + (family === 4 ? IPV4_SOURCE : IPV6_SOURCE),
          destination: ipOffset + (family === 4 ? IPV4_DESTINATION : IPV6_DESTINATION),
        }
      : mapHeaders(after, family, ipOffset, tcpOffset, pseudonyms);
  followChecksums(before, after, { family, ipOffset, ipLength: record.ipLength, tcpOffset, ...ofPseudoHeader });
  const trailer = before.length - datagramEnd;
  if (record.isJoined === true) joinedHeader(after);
  if (pseudonyms === null) {
    return { bytes: after, original: Math.max(record.origLen, after.length), linkType: record.linkType, trailer };
  }
  return {
    bytes: after.subarray(ipOffset, datagramEnd),
    original: record.ipLength,
    linkType: RAW_IP,
    trailer,
  };
}
