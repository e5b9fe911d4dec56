// A program that writes a ring at full speed until it is killed: `node ring-at-full-speed.ts FOLDER BYTES`. Run by ring-killed.test.ts.

import { CaptureClock } from "../../src/core/clock.ts";
import { Packet } from "../../src/core/packet.ts";
import { Ring } from "../../src/live/ring/ring.ts";

const [folder, length] = [process.argv[2]!, Number(process.argv[3])];
const clock = new CaptureClock();
clock.start(1_772_390_045_000_000_000n);
/** Small files, so that many are begun and given up. */
const limits = { fileBytes: 2e6, fileNs: 1e12, keepBytes: 6e6, keepNs: null };
const ring = await Ring.open(folder, limits, { application: "halfclose 0.0.0", comment: "" }, clock);
const p = new Packet();
p.buf = new Uint8Array(1 << 20);
p.linkType = 1;
process.stdout.write("begun\n");
for (let n = 0; ; ) {
  // A batch is a read of the engine's pipe: up to a megabyte.
  for (let bytes = 0; bytes < p.buf.length; bytes += length) {
    p.start = bytes % 4096;
    p.end = p.start + (n % 7 === 0 ? length * 3 : length);
    p.origLen = p.end - p.start;
    p.time = n++ * 1000;
    ring.packet(p, "lo");
  }
  await ring.flush();
}
