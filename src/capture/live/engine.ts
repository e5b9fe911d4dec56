// Who takes the packets off the wire? The contract of the engines: dumpcap and tcpdump, which are programs of their own, and npm's cap.
//
// An engine is a source like a file: bytes of a pcap or pcapng stream, read by the same readers as every other capture.

import type { CaptureSource } from "../source.ts";

/** What is to be captured. */
export interface LiveRequest {
  /** Names as the system has them: "lo", "any". At least one. */
  readonly interfaces: readonly string[];
  /** In the language of pcap-filter(7); "" takes everything. */
  readonly filter: string;
  /** Bytes kept of a packet. */
  readonly snapLength: number;
  /** Bytes of the kernel's buffer, where the engine can ask for one. */
  readonly bufferBytes: number;
  readonly promiscuous: boolean;
}

/** Packets since the start; null where the engine cannot tell (yet). */
export interface LiveStatistics {
  /** Those that the engine was handed and passed on. */
  readonly received: number | null;
  /** Lost because the buffer of the kernel was full, or further down. */
  readonly dropped: number | null;
}

/** A capture under way. */
export interface LiveCapture {
  /** Of {@link Engine.name}. */
  readonly engine: string;
  /** With its version, as it says: "tcpdump 4.99.5, libpcap 1.10.5". */
  readonly version: string;
  /**
   * kernel: each packet's time is that at which the kernel took it. process: that at which this program was handed it, later by what
   * the event loop and the batches of libpcap take.
   */
  readonly timestamps: "kernel" | "process";
  /** What is to be known of this capture, and goes into its files: how packets are stamped, what is not counted. One sentence each. */
  readonly remarks: readonly string[];
  /** The bytes; opened once. It ends when the capture was stopped, or fails with a CaptureError that says why and what to do. */
  readonly source: CaptureSource;
  /** As far as they are known at this moment. After the end of `source` they are final. */
  statistics(): LiveStatistics;
  /** Asks the engine to end. What it has taken still comes through `source`, which then ends. Calling it again kills. */
  stop(): void;
}

/** Why an engine cannot be used, and what would make it usable: one line each. */
export interface Unusable {
  readonly engine: string;
  readonly reason: string;
  /** A command or a package; null where nothing helps. */
  readonly remedy: string | null;
}

export interface Engine {
  readonly name: "dumpcap" | "tcpdump" | "cap";
  /**
   * Starts it, and waits until it captures: a filter that it does not understand, an interface that is not there and a privilege
   * that is missing show here. Throws {@link CaptureError} for what no other engine would do better (filter, interface: code
   * "bad-filter", "no-such-interface"), and {@link EngineUnusable} otherwise.
   */
  start(request: LiveRequest): Promise<LiveCapture>;
}

export class EngineUnusable extends Error {
  readonly why: Unusable;

  constructor(why: Unusable) {
    super(`${why.engine}: ${why.reason}`);
    this.name = "EngineUnusable";
    this.why = why;
  }
}

/**
 * To be said of a capture whose drops the kernel counts, or none: libpcap leaves out the loopback's outgoing copies after the kernel's buffer,
 * so that both of a packet's may be dropped (seen: 116,274 counted of 58,137 lost).
 */
export const loopbackRemark = (request: LiveRequest): string[] =>
  request.interfaces.some((name) => /^(?:any|lo\d*)$/.test(name))
    ? ["On the loopback the kernel counts a dropped packet twice, going out and coming in."]
    : [];
