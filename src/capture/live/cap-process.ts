// The program that captures with cap: packets on standard output as pcap, counts and complaints on standard error.
//
// A process of its own, for two reasons. cap aborts the process that it is in when its interface goes down (an assertion in binding.cc,
// cb_packets). And a packet is stamped when it is handed over: beside an analysis it would wait for that. It ends at SIGTERM, or when
// nobody reads any more.
//
// cap hands over packets as long as there are any, without a turn of the event loop; so what must go on, writing and reporting, is done from
// the packet as well as from a timer, and writing never waits.

import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { CAP_SNAP_LENGTH, type CapDevice, loadCap } from "./cap-module.ts";
import { fileHeader, linkTypeOf, monotonicZero, originalLength, PacketTime } from "./cap-records.ts";
import { RecordQueue } from "./record-queue.ts";

const OUTPUT = 1;
const COMPLAINTS = 2;
/** Packets that the reader has not taken yet. They cannot wait in the kernel's buffer instead: they would be stamped too late. */
const QUEUE_BYTES = 64 << 20;
/** So much is written at once, at most. */
const WRITE_BYTES = 1 << 16;
/** What waits is written, and a slow reader tried again, after so long. */
const WRITE_EVERY_MS = 5;
const REPORT_EVERY_MS = 1000;
/** The last packets wait so long for a reader. */
const FAREWELL_MS = 3000;
/** cap takes a 32-bit number with a sign. */
const MAX_KERNEL_BUFFER = 1 << 30;

/** The only argument, as JSON. */
export interface CapArguments {
  readonly device: string;
  readonly filter: string;
  readonly snapLength: number;
  readonly bufferBytes: number;
}

class CapProcess {
  readonly #device: CapDevice;
  readonly #packet = new Uint8Array(CAP_SNAP_LENGTH + 1);
  readonly #queue = new RecordQueue(QUEUE_BYTES);
  readonly #time = new PacketTime(monotonicZero());
  readonly #snapLength: number;
  #linkType = 0;
  #tried = 0;
  #reported = 0;
  #lastReport = "";
  #farewell: number | null = null;

  constructor(device: CapDevice, { snapLength }: CapArguments) {
    this.#device = device;
    this.#snapLength = Math.min(snapLength, CAP_SNAP_LENGTH);
  }

  open({ device, filter, bufferBytes }: CapArguments): void {
    const buffer = Buffer.from(this.#packet.buffer);
    const answer = this.#device.open(device, filter, Math.min(bufferBytes, MAX_KERNEL_BUFFER), buffer);
    const linkType = linkTypeOf(answer);
    if (linkType === null) throw new Error(`cap does not tell the link type of ${device}: ${answer}`);
    this.#linkType = linkType;
    // Makes the descriptor one that does not block.
    new Socket({ fd: OUTPUT, readable: false, writable: true }).on("error", () => {});
    this.#queue.add(fileHeader(linkType, this.#snapLength));
    this.#device.on("packet", (captured) => this.#take(captured));
    setInterval(() => this.#goOn(performance.now()), WRITE_EVERY_MS);
    process.on("SIGTERM", () => {
      this.#farewell ??= performance.now();
      this.#device.close();
    });
    this.#goOn(performance.now());
  }

  // hot:
  #take(captured: number): void {
    const now = performance.now();
    this.#time.set(now);
    const original = originalLength(this.#linkType, this.#packet, captured);
    this.#queue.record(this.#time, this.#packet, Math.min(captured, this.#snapLength), original);
    if (this.#queue.waiting >= WRITE_BYTES || now - this.#tried >= WRITE_EVERY_MS) this.#goOn(now);
  }

  #goOn(now: number): void {
    // A reader that took nothing a moment ago is not asked at every packet.
    if (this.#queue.waiting > 0 && (now - this.#tried >= WRITE_EVERY_MS || !this.#blocked)) this.#write(now);
    if (now - this.#reported >= REPORT_EVERY_MS) this.#report(now);
    const leave = this.#farewell;
    if (leave !== null && (this.#queue.waiting === 0 || now - leave > FAREWELL_MS)) {
      this.#report(now);
      process.exit(0);
    }
  }

  #blocked = false;

  #write(now: number): void {
    const queue = this.#queue;
    this.#tried = now;
    try {
      while (queue.waiting > 0) queue.shift(writeSync(OUTPUT, queue.front.subarray(0, WRITE_BYTES)));
      this.#blocked = false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") process.exit(0);
      this.#blocked = true;
    }
  }

  #report(now: number): void {
    this.#reported = now;
    const report = `${this.#queue.taken + this.#queue.dropped} packets captured, ${this.#queue.dropped} packets dropped\n`;
    if (report === this.#lastReport) return;
    this.#lastReport = report;
    try {
      writeSync(COMPLAINTS, report);
    } catch {
      // Nobody listens; the next count is due in a second.
    }
  }
}

async function main(): Promise<void> {
  try {
    const given = JSON.parse(process.argv[2]) as CapArguments;
    const { Cap } = await loadCap();
    new CapProcess(new Cap(), given).open(given);
  } catch (error) {
    writeSync(COMPLAINTS, `cap: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}\n`);
    process.exit(1);
  }
}

void main();
