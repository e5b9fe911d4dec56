// What is in a sample's capture, so that it can be changed? A reader of its own for the one format that samples have (pcap,
// little-endian, microseconds), so that a fault of the product's reader cannot hide in both reports of a comparison.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

export interface Frame {
  /** Since 1970. */
  readonly ns: bigint;
  readonly data: Uint8Array;
  /** Length on the wire. */
  readonly original: number;
  /** Its number in the sample, by which changed reports are read back; 0: it is not of the sample. */
  readonly origin: number;
}

export interface Trace {
  readonly linkType: number;
  readonly frames: readonly Frame[];
}

const MAGIC_MICROS = 0xa1b2c3d4;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

export function readTrace(path: string): Trace {
  const file = readFileSync(path);
  const bytes = path.endsWith(".gz") ? gunzipSync(file) : file;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC_MICROS) throw new Error(`${path} is not a pcap of microseconds`);
  const frames: Frame[] = [];
  for (let at = FILE_HEADER; at < bytes.length; ) {
    const [seconds, micros, length, original] = [0, 4, 8, 12].map((field) => view.getUint32(at + field, true));
    const start = at + RECORD_HEADER;
    frames.push({
      ns: BigInt(seconds!) * 1_000_000_000n + BigInt(micros!) * 1000n,
      // A copy: slices of a Buffer share its bytes.
      data: new Uint8Array(bytes.subarray(start, start + length!)),
      original: original!,
      origin: frames.length + 1,
    });
    at = start + length!;
  }
  return { linkType: view.getUint32(20, true), frames };
}

/** The same trace with every frame changed; null leaves one out. */
export function mapFrames({ linkType, frames }: Trace, change: (frame: Frame) => Frame | null): Trace {
  return { linkType, frames: frames.map(change).filter((frame) => frame !== null) };
}
