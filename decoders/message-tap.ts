// Who else must know which bytes of a stream are which message? Redaction: it may keep only what it knows the meaning of.
//
// A session with a tap tells of its messages as it reads them, so that nobody has to find their places a second time, and
// perhaps elsewhere. Offsets count the bytes of a direction from the first that the session was given, gaps included.

import type { Side } from "../src/core/stream-decoder.ts";

/** Of protocols whose messages are a header with a length, and so many bytes (MySQL, PostgreSQL). */
export interface MessageTap {
  /** A header that fits ends in front of `offset`; its payload follows. */
  header(side: Side, offset: number): void;
  /** bytes[from, to) of the payload, which begin at `offset`. */
  payload(side: Side, bytes: Uint8Array, from: number, to: number, offset: number): void;
  /** The session understood what the message is, all of it or (`cut`) what the capture has of it. Not called when it does not fit. */
  told(side: Side, cut: boolean): void;
  /** One byte that answers a request for encryption (PostgreSQL). */
  reply?(side: Side, offset: number): void;
  /** In a segment that could not be placed, the last `length` bytes, in front of `offset`, were taken for the end of a result (MySQL). */
  ending?(side: Side, length: number, offset: number): void;
  /** Its last byte is behind. */
  done(side: Side): void;
  /** The place is not known any more: the message in hand is given up. */
  lost(side: Side): void;
}
