// What did a session report? A sink that keeps it, and ways to cut one dialogue into segments.

import { http1 } from "../../decoders/http1.ts";
import { newExchange } from "../../src/core/new-exchange.ts";
import type {
  BrokenMessage,
  Exchange,
  ExchangeSink,
  Label,
  Protocol,
  Remark,
  RequestHead,
  ResponseHead,
  Side,
  StreamDecoder,
  StreamSession,
} from "../../src/core/stream-decoder.ts";

export interface Recorded extends Exchange {
  doubts: string[];
}

export class Recorder implements ExchangeSink {
  exchanges: Recorded[] = [];
  log: string[] = [];
  isUpgraded = false;
  /** What the flow turned into. */
  upgradedTo: Protocol | null = null;
  remarks: Remark[] = [];
  labels = new Map<Label, string>();
  brokenMessages: BrokenMessage[] = [];
  intactMessages: [number, number] = [0, 0];
  cancelled: { exchange: Exchange; side: Side; frame: number }[] = [];
  late: { exchange: Exchange; side: Side; head: ResponseHead }[] = [];
  private protocol: Protocol;
  private next: StreamSession | null;

  /** `next`: the session that takes over when the flow turns into something else. */
  constructor(protocol: Protocol = "http", next: StreamSession | null = null) {
    this.protocol = protocol;
    this.next = next;
  }

  private exchange(requester: Side): Recorded {
    const exchange: Recorded = { ...newExchange(0, this.protocol, requester, null), doubts: [] };
    this.exchanges.push(exchange);
    return exchange;
  }

  request(side: Side, head: RequestHead): Exchange {
    const exchange = this.exchange(side);
    exchange.request = head;
    this.log.push(`request ${head.method} ${head.target}`);
    return exchange;
  }

  requestBytes(exchange: Exchange, time: number, complete: boolean): void {
    if (exchange.requestComplete) throw new Error("bytes behind the end of a request");
    exchange.requestEnd = time;
    exchange.requestComplete = complete;
    if (complete) this.log.push("request complete");
  }

  response(exchange: Exchange | null, side: Side, head: ResponseHead): Exchange {
    if (exchange?.response) throw new Error("two final responses");
    const answered = exchange ?? this.exchange((side ^ 1) as Side);
    answered.response = head;
    this.log.push(`response ${head.error?.code ?? head.status ?? "ok"}`);
    return answered;
  }

  responseComplete(exchange: Exchange): void {
    if (exchange.responseComplete) throw new Error("complete twice");
    exchange.responseComplete = true;
    this.log.push("response complete");
  }

  interim(exchange: Exchange): void {
    exchange.interim++;
    this.log.push("interim");
  }

  doubt(exchange: Exchange, why: "gap" | "snap"): void {
    (exchange as Recorded).doubts.push(why);
    exchange.doubt ??= why;
    this.log.push(`doubt ${why}`);
  }

  cancel(exchange: Exchange, side: Side, frame: number): void {
    this.cancelled.push({ exchange, side, frame });
    this.log.push("cancelled");
  }

  answeredLate(exchange: Exchange, side: Side, head: ResponseHead): void {
    if (!this.cancelled.some((c) => c.exchange === exchange)) throw new Error("late, and not cancelled");
    if (this.late.some((l) => l.exchange === exchange)) throw new Error("two late responses");
    this.late.push({ exchange, side, head });
    this.log.push(`late ${head.error?.code ?? head.status ?? "ok"}`);
  }

  remark(remark: Remark): void {
    this.remarks.push(remark);
    this.log.push(`${remark.kind}${remark.code === null ? "" : ` ${remark.code}`}`);
  }

  label(name: Label, value: string): void {
    this.labels.set(name, value);
  }

  intact(side: Side): void {
    this.intactMessages[side]++;
  }

  broken(message: BrokenMessage): void {
    this.brokenMessages.push(message);
    this.log.push("broken");
  }

  upgraded(to?: Protocol): StreamSession | null {
    this.isUpgraded = true;
    this.upgradedTo = to ?? null;
    this.log.push(to === undefined ? "upgraded" : `upgraded to ${to}`);
    return this.next;
  }

  /** One line an exchange: what was asked, `.` when complete, and what was answered. */
  lines(): string[] {
    return this.exchanges.map((x) => {
      const asked = x.request
        ? `${x.request.method} ${x.request.target}${x.request.host === null ? "" : ` @${x.request.host}`}${x.requestComplete ? "." : ""}`
        : "?";
      const interim = x.interim > 0 ? ` +${x.interim}` : "";
      const answered = x.response ? `${x.response.status}${x.responseComplete ? "." : ""}` : "-";
      return `${asked}${interim} > ${answered}${x.doubt ? ` (${x.doubt})` : ""}`;
    });
  }
}

/** C: bytes from side 0 (the client in these tests), S: from side 1, each one segment; gaps and ends as events. */
export type Step =
  | { side: Side; bytes: Uint8Array }
  | { side: Side; gap: number; reason: "missing" | "snap" }
  | { side: Side; end: "fin" | "reset" | "capture" };

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
export const C = (text: string): Step => ({ side: 0, bytes: bytesOf(text) });
export const S = (text: string): Step => ({ side: 1, bytes: bytesOf(text) });
export const gap = (side: Side, length: number, reason: "missing" | "snap" = "missing"): Step => ({
  side,
  gap: length,
  reason,
});
export const end = (side: Side, how: "fin" | "reset" | "capture"): Step => ({ side, end: how });

/** How to cut n bytes: the lengths of the pieces, used over and over. */
export type Cut = (n: number) => number[];

/** Runs a dialogue. Segment k (from 1) has frame k and time 1000 k; its pieces share them, or are segments of their own. */
export function play(
  steps: Step[],
  cut: Cut = (n) => [n],
  pieces: "one segment" | "segments" = "one segment",
  decoder: StreamDecoder = http1,
): Recorder {
  const sink = new Recorder(decoder.protocol);
  const session = decoder.open(sink);
  let frame = 0;
  for (const step of steps) {
    if ("gap" in step) session.gap(step.side, step.gap, step.reason);
    else if ("end" in step) session.end(step.side, step.end);
    else {
      frame++;
      const lengths = cut(step.bytes.length);
      for (let at = 0, k = 0; at < step.bytes.length; k++) {
        const n = Math.max(1, lengths[k % lengths.length] ?? 1);
        const stop = Math.min(step.bytes.length, at + n);
        // Another buffer each time, filled with junk around: only bytes[start, end) may be read, and only during the call.
        const buffer = new Uint8Array(stop - at + 6).fill(0x0a);
        buffer.set(step.bytes.subarray(at, stop), 3);
        session.data(step.side, buffer, 3, 3 + stop - at, frame, frame * 1000);
        buffer.fill(0x21);
        at = stop;
        if (pieces === "segments" && at < step.bytes.length) frame++;
      }
    }
  }
  return sink;
}
