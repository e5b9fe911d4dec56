// How does a test write a capture of one connection down? Segments with relative numbers, as frames with right checksums.

import { pcap } from "../capture/build.ts";
import { eth, hex, ipv4, tcp } from "../decoders/frames.ts";
import { summed } from "./checksummed.ts";

export interface Said {
  from: "c" | "s";
  /** Relative to the initial number: the first byte of payload is 1. */
  seq: number;
  payload?: Uint8Array;
  /** ACK and PSH unless told. */
  flags?: number;
  /** Captured bytes of the frame. */
  snap?: number;
  /** Microseconds after the one before; 100 unless told. */
  after?: number;
  port?: number;
}

const ISN = { c: 0xfffffff0, s: 0x7fffffff } as const;
const CLIENT = hex("c0000201");
const SERVER = hex("c0000202");
const PORT = 8280;

/** 2026-03-01T15:30:11Z. */
const START = 1_772_379_011;

export function handshake(port?: number): Said[] {
  const at = port === undefined ? {} : { port };
  return [
    { from: "c", seq: 0, flags: 0x02, ...at },
    { from: "s", seq: 0, flags: 0x12, ...at },
    { from: "c", seq: 1, flags: 0x10, ...at },
  ];
}

/** A classic capture of Ethernet frames; each acknowledges all that the other said before. */
export function captureOf(said: readonly Said[]): Uint8Array {
  let micros = 0;
  const ends = new Map<string, number>();
  return pcap(
    said.map((s, n) => {
      micros += s.after ?? 100;
      const port = s.port ?? 40_000;
      const other = s.from === "c" ? "s" : "c";
      const flags = s.flags ?? 0x18;
      const length = (s.payload?.length ?? 0) + ((flags & 3) !== 0 ? 1 : 0);
      const end = s.seq + length;
      ends.set(`${s.from}${port}`, Math.max(end, ends.get(`${s.from}${port}`) ?? 0));
      const ack = ends.get(`${other}${port}`) ?? 0;
      const segment = tcp({
        srcPort: s.from === "c" ? port : PORT,
        dstPort: s.from === "c" ? PORT : port,
        seq: (ISN[s.from] + s.seq) >>> 0,
        ack: (flags & 0x10) === 0 ? 0 : (ISN[other] + ack) >>> 0,
        flags,
        ...(s.payload === undefined ? {} : { payload: s.payload }),
      });
      const [src, dst] = s.from === "c" ? [CLIENT, SERVER] : [SERVER, CLIENT];
      const frame = eth(summed(ipv4(segment, { src, dst, id: n + 1 })));
      return {
        seconds: START + Math.floor(micros / 1e6),
        fraction: micros % 1e6,
        data: frame.subarray(0, s.snap ?? frame.length),
        original: frame.length,
      };
    }),
  );
}
