// What did a client say into a tunnel before the proxy had opened it? (RFC 9110 §9.3.6)
//
// It may send without waiting for the answer to CONNECT. Those bytes are the tunnel's when it is opened, and HTTP when it is not.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import type { Side, StreamSession } from "../src/core/stream-decoder.ts";

/** A TLS ClientHello is 300 to 2,000 bytes. Of more than this, and behind a hole, the rest is told as missing. */
const MAX_EARLY = 4096;

export class EarlyBytes {
  private parts: { bytes: Uint8Array; frame: FrameRef; time: Nanos }[] = [];
  private kept = 0;
  private beyond = 0;
  private reason: "missing" | "snap" = "missing";

  keep(bytes: Uint8Array, start: number, end: number, frame: FrameRef, time: Nanos): void {
    const n = this.beyond > 0 ? 0 : Math.min(end - start, MAX_EARLY - this.kept);
    if (n > 0) this.parts.push({ bytes: bytes.slice(start, start + n), frame, time });
    this.kept += n;
    this.beyond += end - start - n;
  }

  skip(length: number, reason: "missing" | "snap"): void {
    if (this.beyond === 0) this.reason = reason;
    this.beyond += length;
  }

  handTo(session: StreamSession, side: Side): void {
    for (const { bytes, frame, time } of this.parts) session.data(side, bytes, 0, bytes.length, frame, time);
    if (this.beyond > 0) session.gap(side, this.beyond, this.reason);
  }
}
