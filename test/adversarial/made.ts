// How does a test make a capture that nobody could hold? A source that makes its bytes as they are read, and a conversation whose
// sequence numbers jump: what lies between was acknowledged, and is not in the capture.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { decompress } from "../../src/capture/decompress.ts";
import type { CaptureSource } from "../../src/capture/source.ts";
import { pcapHeader, Writer } from "../capture/build.ts";
import { ipv4, join, tcp, text } from "../decoders/frames.ts";

/** Bytes that come piece by piece, whenever they are asked for; `taken` counts them. */
export class MadeSource implements CaptureSource {
  readonly path = "made";
  readonly size = undefined;
  readonly decompress = decompress;
  taken = 0;
  private readonly pieces: () => Iterable<Uint8Array>;

  constructor(pieces: () => Iterable<Uint8Array>) {
    this.pieces = pieces;
  }

  open() {
    const pieces = this.pieces()[Symbol.iterator]();
    let piece: Uint8Array = new Uint8Array(0);
    let at = 0;
    return {
      read: (into: Uint8Array, offset: number, length: number): number => {
        let count = 0;
        while (count < length) {
          if (at === piece.length) {
            const next = pieces.next();
            if (next.done === true) break;
            piece = next.value;
            at = 0;
          }
          const some = piece.subarray(at, at + length - count);
          into.set(some, offset + count);
          at += some.length;
          count += some.length;
        }
        this.taken += count;
        return count;
      },
      close() {},
    };
  }
}

export const LINKTYPE_IPV4 = 228;

/** One record: microseconds since 1970, little-endian. */
export function record(micros: number, data: Uint8Array, original = data.length): Uint8Array {
  const header = new Writer(true);
  header.u32(Math.floor(micros / 1e6)).u32(micros % 1e6);
  return join(header.u32(data.length).u32(original).bytes, data);
}

/** A capture of IPv4 packets. */
export const capture = (records: () => Iterable<Uint8Array>): MadeSource =>
  new MadeSource(function* () {
    yield pcapHeader({ linkType: LINKTYPE_IPV4 });
    yield* records();
  });

export type From = "c" | "s";

const CLIENT = Uint8Array.of(192, 0, 2, 1);
const SERVER = Uint8Array.of(192, 0, 2, 2);
const MILLISECOND = 1000;
const SYN = 2;
const ACK = 16;
const FIN = 1;
/** No window reaches further than 2³⁰; the acknowledgement follows behind. */
const FURTHEST_JUMP = 2 ** 29;

/** One connection; what is written to it becomes records. */
export class Dialogue {
  readonly records: Uint8Array[] = [];
  readonly next: Record<From, number>;
  private micros = 1_700_000_000 * 1e6;
  private readonly port: number;
  private readonly serverPort: number;

  constructor({ isn = { c: 1000, s: 5000 }, port = 40_000, serverPort = 80 } = {}) {
    this.next = { ...isn };
    this.port = port;
    this.serverPort = serverPort;
    this.segment("c", SYN);
    this.segment("s", SYN | ACK);
    this.segment("c", ACK);
  }

  /** `bytes` from one side, acknowledged by the other. */
  say(from: From, bytes: Uint8Array | string): this {
    this.segment(from, ACK, typeof bytes === "string" ? text(bytes) : bytes);
    this.segment(from === "c" ? "s" : "c", ACK);
    return this;
  }

  /** So many bytes that the capture lacks, acknowledged; now and then it has one of them. */
  skip(from: From, count: number): this {
    for (let left = count; left > 0; ) {
      const step = Math.min(left, FURTHEST_JUMP);
      this.next[from] = (this.next[from] + step - 1) | 0;
      left -= step;
      this.segment(from === "c" ? "s" : "c", ACK);
      this.say(from, "x");
    }
    return this;
  }

  close(): this {
    this.segment("c", FIN | ACK);
    this.segment("s", FIN | ACK);
    this.segment("c", ACK);
    return this;
  }

  /** A segment wherever it belongs, by numbers of one's own. */
  segment(from: From, flags: number, payload: Uint8Array = new Uint8Array(0), seq = this.next[from]): void {
    const other = from === "c" ? "s" : "c";
    const ports = from === "c" ? [this.port, this.serverPort] : [this.serverPort, this.port];
    const [src, dst] = from === "c" ? [CLIENT, SERVER] : [SERVER, CLIENT];
    const header = tcp({ srcPort: ports[0]!, dstPort: ports[1]!, seq, ack: flags & ACK ? this.next[other] : 0, flags });
    this.micros += MILLISECOND;
    this.records.push(record(this.micros, ipv4(join(header, payload), { src: src!, dst: dst! })));
    const end = (seq + payload.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)) | 0;
    if (((end - this.next[from]) | 0) > 0) this.next[from] = end;
  }

  get source(): MadeSource {
    return capture(() => this.records);
  }
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is alive in memory, in bytes. */
export function alive(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
