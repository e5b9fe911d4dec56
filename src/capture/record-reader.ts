// How does a file format deliver its records?

import type { CaptureClock } from "../core/clock.ts";
import type { Packet } from "../core/packet.ts";
import type { CaptureSummary } from "./capture-summary.ts";
import type { StreamBuffer } from "./stream-buffer.ts";

/** Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD and libpcap's MAXIMUM_SNAPLEN: a longer record is damage. */
export const MAX_RECORD = 262_144;

/** An original length beyond this is damage; kept at it, as Wireshark does, so that sums stay exact. */
export const MAX_ORIGINAL = 0x7fffffff;

/** `Packet.linkType` of a record that is counted as a frame and holds no packet: a journal entry, a custom block. */
export const NOT_A_PACKET = -1;

export interface RecordReader {
  /** // hot: Fills the slot with the next record. False: fill the buffer up to `need`, or it has `ended`. */
  next(p: Packet): boolean;
  /** Unparsed bytes wanted in the buffer before `next` can go on. */
  readonly need: number;
  /** Nothing more can be read: the end, or damage that was reported. */
  readonly ended: boolean;
  /** The bytes have ended. Reports what is left over. */
  finish(): void;
}

/** What a reader works with. */
export interface ReaderContext {
  /** Index of the source, for `Packet.file`. */
  file: number;
  buffer: StreamBuffer;
  clock: CaptureClock;
  summary: CaptureSummary;
  /** Hands out the next number for `Packet.tap`. */
  newTap: () => number;
}

export const u16 = (b: Uint8Array, at: number, little: boolean): number =>
  little ? b[at] | (b[at + 1] << 8) : (b[at] << 8) | b[at + 1];

export const u32 = (b: Uint8Array, at: number, little: boolean): number =>
  little
    ? (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0
    : ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
