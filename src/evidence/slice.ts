// Which packets make the evidence, and in which form do they leave the machine? Payloads as their redactors leave them, headers as they
// were (or, with `strict`, without what names a host), checksums that follow, and on each packet why it is there.
//
// Knows nothing of files: src/extract.ts writes what comes out of here.

import type { CaptureClock } from "../core/clock.ts";
import { count, formatBytes } from "../core/format.ts";
import { type FrameRef, fileOf } from "../core/frame.ts";
import { Flag } from "../core/packet.ts";
import type { Pseudonyms } from "../core/pseudonyms.ts";
import type { RecordedFlow, RecordedPacket } from "../core/recording.ts";
import { commentsOf } from "./comments.ts";
import { type PayloadMarks, redactedPayloads } from "./redacted-payloads.ts";
import { plainRecordOf, type RedactedRecord, recordOf } from "./redacted-record.ts";

export interface SliceOptions {
  /** What may stay of the payloads; null: everything is as it was (`none`). */
  readonly marks: PayloadMarks | null;
  /** With `strict`: the names of hosts. */
  readonly pseudonyms: Pseudonyms | null;
  readonly clock: CaptureClock;
  /** Names of the capture files, as they may be shown. */
  readonly files: readonly string[];
  /** Why cited packets are cited, by frame. */
  readonly cited: ReadonlyMap<FrameRef, readonly string[]>;
  /** Bytes that the packets may take, headers of their blocks and comments included. */
  readonly maxBytes: number;
  /** Bytes that a packet takes beside its own: those of its block, and of its comments. */
  readonly blockSize: (captured: number, comments: readonly string[]) => number;
  /** And of an interface. */
  readonly interfaceSize: number;
}

export interface SlicePacket extends RedactedRecord {
  readonly frame: FrameRef;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** Index in `interfaces`. */
  readonly tap: number;
  readonly comments: readonly string[];
}

/** One for each (file, link type, tap): packets of one tap are told from their copies at another. */
export interface SliceInterface {
  readonly file: number;
  readonly linkType: number;
}

export interface Slice {
  /** In order of time. */
  readonly packets: readonly SlicePacket[];
  readonly interfaces: readonly SliceInterface[];
  /** Connections of which there are packets. */
  readonly flows: readonly number[];
  /** What the limit left out: packets, and their bytes on the wire; packets whose payload was cut off. */
  readonly omitted: { readonly packets: number; readonly bytes: number; readonly cut: number };
  /** Bytes of payload filled in packets that no redactor read, and of frames behind their datagrams. */
  readonly filled: { readonly unread: number; readonly trailers: number };
}

interface Candidate {
  readonly flow: number;
  /** By file, link type and tap. */
  readonly tap: string;
  readonly packet: RecordedPacket;
  readonly record: RedactedRecord;
  readonly comments: readonly string[];
}

export function sliceOf(flows: readonly RecordedFlow[], options: SliceOptions): Slice {
  const { marks, pseudonyms, clock } = options;
  const candidates: Candidate[] = [];
  const filled = { unread: 0, trailers: 0 };
  for (const flow of flows) {
    const payloads = marks === null ? null : redactedPayloads(flow, marks);
    const comments = commentsOf(flow, options);
    filled.unread += payloads?.unread ?? 0;
    for (const packet of flow.packets) {
      if (packet.record === null) continue;
      const record =
        payloads === null
          ? plainRecordOf(packet.record)
          : recordOf(packet.record, payloads.bytes.get(packet) ?? null, pseudonyms);
      filled.trailers += record.trailer;
      const tap = `${fileOf(packet.frame)}/${record.linkType}/${packet.record.tap}`;
      candidates.push({ flow: flow.flow, tap, packet, record, comments: comments(packet) });
    }
  }
  const { kept, left } = fitting(candidates, options);
  kept.sort((a, b) => a.packet.time - b.packet.time || a.packet.frame - b.packet.frame);
  const taps = [...new Set(kept.map((c) => c.tap))];
  const indexes = new Map(taps.map((tap, n) => [tap, n]));
  return {
    packets: kept.map(({ tap, packet, record, comments }) => ({
      ...record,
      frame: packet.frame,
      time: clock.epoch(packet.time),
      tap: indexes.get(tap)!,
      comments,
    })),
    interfaces: taps.map((tap) => {
      const [file, linkType] = tap.split("/").map(Number);
      return { file: file!, linkType: linkType! };
    }),
    flows: [...new Set(kept.map((c) => c.flow))].sort((a, b) => a - b),
    omitted: {
      packets: left.length + flows.reduce((n, f) => n + f.omitted.packets, 0),
      bytes: left.reduce((n, c) => n + c.packet.record!.origLen, 0) + flows.reduce((n, f) => n + f.omitted.bytes, 0),
      cut: kept.reduce((n, c) => n + (c.packet.record!.isCut ? 1 : 0), 0),
    },
    filled,
  };
}

/** Packets behind the first FIN or RST of a connection that go before the others. */
const LAST_PACKETS = 8;

/** Cited packets go first, then openings and ends, then the others in order, as long as there is room. */
function fitting(
  candidates: readonly Candidate[],
  { maxBytes, blockSize, interfaceSize, cited }: SliceOptions,
): { kept: Candidate[]; left: Candidate[] } {
  const ranked: [Candidate[], Candidate[], Candidate[]] = [[], [], []];
  const ending = new Map<number, number>();
  for (const c of candidates) {
    const { frame, flags } = c.packet;
    const isEnd = (flags & (Flag.fin | Flag.rst)) !== 0;
    const since = ending.get(c.flow) ?? 0;
    if (isEnd || since > 0) ending.set(c.flow, since + 1);
    const isEdge = isEnd || (flags & Flag.syn) !== 0 || (since > 0 && since < LAST_PACKETS);
    ranked[cited.has(frame) ? 0 : isEdge ? 1 : 2].push(c);
  }
  const kept: Candidate[] = [];
  const left: Candidate[] = [];
  const taps = new Set<string>();
  let room = maxBytes;
  for (const c of ranked.flat()) {
    const size = blockSize(c.record.bytes.length, c.comments) + (taps.has(c.tap) ? 0 : interfaceSize);
    if (size <= room) {
      room -= size;
      taps.add(c.tap);
      kept.push(c);
    } else left.push(c);
  }
  return { kept, left };
}

/** "3 packets (2.1 MB) were left out, the payload of 12 packets was cut off"; null when all is there. */
export function omittedWords({ packets, bytes, cut }: Slice["omitted"]): string | null {
  const words: string[] = [];
  if (packets > 0)
    words.push(`${count(packets, "packet")} (${formatBytes(bytes)}) ${packets === 1 ? "was" : "were"} left out`);
  if (cut > 0) words.push(`the payload of ${count(cut, "packet")} was cut off`);
  return words.length === 0 ? null : words.join(", ");
}
