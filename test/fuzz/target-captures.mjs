// Are the records of a capture the same however its bytes come in, and is damage said and never thrown?

import { gzipSync } from "node:zlib";
import { captureOf } from "./grammar-captures.mjs";
import { expect, expectSame } from "./judge.mjs";
import { mutate, mutateList } from "./mutate.mjs";
import { joined } from "./writer.mjs";

/** Bytes a read in one piece; and in many, a record does not fit in one. */
const WHOLE_CHUNK = 1 << 15;
const SMALL_CHUNK = 512;
/** Reads of one capture, about: each is a turn of the event loop. */
const READS = 60;
/** Below it, byte by byte now and then; of a compressed capture, each byte is a turn of a thread as well. */
const SINGLY = 300;
/** A reader that gives more records than there are bytes does not end. */
const MAX_RECORDS = 1 << 20;
const MAX_TURNS = 1 << 20;

export function captureBytes(r, seeds) {
  if (seeds.captures.length > 0 && r.oneIn(5)) return mutate(r, r.pick(seeds.captures), () => r.pick(seeds.captures));
  const parts = captureOf(r);
  const bytes = joined(r.oneIn(2) ? mutateList(r, parts, (b) => mutate(r, b)) : parts);
  return r.oneIn(3) ? mutate(r, bytes) : bytes;
}

/** Zstandard by hand (RFC 8878 §3.1.1): blocks that are raw, or one byte many times. */
function zstd(r, bytes) {
  const out = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58)];
  for (let at = 0; at <= bytes.length; ) {
    const part = bytes.subarray(at, at + 1 + r.int(500));
    at += Math.max(1, part.length);
    const isLast = at >= bytes.length;
    const isRun = r.oneIn(20);
    const size = (isRun ? r.int(3000) : part.length) * 8 + (isRun ? 2 : 0) + (isLast ? 1 : 0);
    out.push(Uint8Array.of(size, size >> 8, size >> 16), isRun ? Uint8Array.of(7) : part);
    if (isLast) break;
  }
  return joined(out);
}

export async function captureTargets(dist, seeds) {
  const { CaptureSet } = await import(`${dist}/src/capture/capture-set.js`);
  const { CaptureError } = await import(`${dist}/src/capture/source.js`);
  const { decompress } = await import(`${dist}/src/capture/decompress.js`);
  const { CaptureClock } = await import(`${dist}/src/core/clock.js`);
  const { Packet } = await import(`${dist}/src/core/packet.js`);

  const sourceOf = (path, bytes, sizes) => ({
    path,
    size: bytes.length,
    decompress,
    open() {
      let at = 0;
      let turn = 0;
      return {
        read(into, offset, length) {
          const n = Math.min(length, bytes.length - at, sizes.length === 0 ? length : sizes[turn++ % sizes.length]);
          into.set(bytes.subarray(at, at + n), offset);
          at += n;
          return n;
        },
        close() {},
      };
    },
  });

  async function records(files, sizes, chunkBytes) {
    if (sizes.length === 0) chunkBytes = Math.min(chunkBytes, 64 + files.reduce((n, b) => Math.max(n, b.length), 0));
    const clock = new CaptureClock();
    const set = new CaptureSet(
      files.map((b, i) => sourceOf(`file ${i}`, b, sizes)),
      clock,
      { chunkBytes },
    );
    const p = new Packet();
    const lines = [];
    let count = 0;
    let error = "";
    try {
      for (let turn = 0; ; turn++) {
        while (set.next(p)) {
          expect(p.start <= p.end && p.end <= p.buf.length && p.start >= 0, "a record outside of its buffer");
          let hash = 0;
          for (let i = p.start; i < p.end; i++) hash = (Math.imul(hash, 31) + p.buf[i]) | 0;
          if (lines.length < 5000)
            lines.push(`${p.file} ${p.frame} ${p.time} ${p.end - p.start} ${p.origLen} ${p.linkType} ${p.tap} ${hash}`);
          expect(++count < MAX_RECORDS, "records without end");
        }
        if (!(await set.fill())) break;
        expect(turn < MAX_TURNS, "reads without end");
      }
    } catch (thrown) {
      if (!(thrown instanceof CaptureError)) throw thrown;
      error = `${thrown.code} ${thrown.offset} ${thrown.message}`;
    } finally {
      await set.close();
    }
    return {
      lines,
      error,
      all: `${lines.join("\n")}\n${error}\n${count} ${clock.base}\n${JSON.stringify(set.captures)}`,
    };
  }

  async function run({ files, sizes }) {
    if (files.length === 0) return;
    const a = await records(files, [], WHOLE_CHUNK);
    const b = await records(files, sizes, SMALL_CHUNK);
    // What a file is that is no capture is told from as many bytes as come along: the words may differ.
    if (a.error !== "" && b.error !== "") return;
    expectSame(a.all, b.all, "read in pieces");
  }

  /** How much comes out in front of damage is the decompressor's to say: up to there, records are the same. */
  async function runCompressed({ files, sizes }) {
    if (files.length === 0) return;
    const a = await records(files, [], WHOLE_CHUNK);
    const b = await records(files, sizes, SMALL_CHUNK);
    const n = Math.min(a.lines.length, b.lines.length);
    expectSame(a.lines.slice(0, n).join("\n"), b.lines.slice(0, n).join("\n"), "read in pieces");
  }

  function sizesOf(r, files) {
    const bytes = files.reduce((n, b) => n + b.length, 0);
    if (bytes < SINGLY && r.oneIn(10)) return [1];
    return Array.from({ length: r.between(1, 4) }, () => 1 + Math.floor(bytes / READS) + r.small(100));
  }

  function make(r) {
    const files = [];
    for (let n = r.oneIn(5) ? r.between(2, 3) : 1; n > 0; n--) files.push(captureBytes(r, seeds));
    return { files, sizes: sizesOf(r, files) };
  }

  function makeCompressed(r) {
    const bytes = captureBytes(r, seeds);
    let packed = r.oneIn(2) ? new Uint8Array(gzipSync(bytes, { level: 1 })) : zstd(r, bytes);
    if (r.oneIn(8)) packed = new Uint8Array(gzipSync(packed, { level: 1 }));
    if (r.oneIn(6)) packed = joined([packed, packed]);
    const files = [r.oneIn(3) ? packed : mutate(r, packed)];
    return { files, sizes: sizesOf(r, files) };
  }

  /** Records over and over behind the header. */
  function grow(r, bytes) {
    const parts = captureOf(r);
    const [header, ...rest] = parts;
    const part = r.oneIn(2) || rest.length === 0 ? rest : [r.pick(rest)];
    const of = part.reduce((n, p) => n + p.length, 1);
    return (n) => ({
      files: [joined([header, ...Array.from({ length: Math.ceil((bytes * n) / of) }, () => part).flat()])],
      sizes: [1448],
    });
  }

  return [
    { name: "captures", make, run, grow },
    // A thread and a file's worth of work for each.
    { name: "compressed", make: makeCompressed, run: runCompressed, slowness: 4 },
  ];
}
