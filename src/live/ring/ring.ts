// What is kept of a capture under way? A ring of files in one folder: a new one begins when the last is large or old enough, and the
// oldest go when all of them are too large or too old together.
//
// Packets are taken one by one and written between batches, each write in whole blocks. What was in the folder before is never
// touched. Only the files of this run are given up, the oldest first, and never the newest.

import { removeLeftovers } from "../../capture/leftovers.ts";
import type { LiveStatistics } from "../../capture/live/engine.ts";
import type { CaptureClock, Nanos } from "../../core/clock.ts";
import type { Packet } from "../../core/packet.ts";
import { hasRoom } from "./disk-room.ts";
import { EpochHalves } from "./epoch-halves.ts";
import { KeptFiles } from "./kept-files.ts";
import { makeFolder } from "./make-folder.ts";
import { RingDisk } from "./ring-disk.ts";
import { folderError, type RingError, ringError } from "./ring-error.ts";
import { RingFile } from "./ring-file.ts";
import { type RingDescription, type RingLimits, type RingTimes, systemTimes } from "./ring-limits.ts";
import { StatisticsLedger } from "./ring-statistics.ts";

export type { RingDescription, RingLimits, RingTimes };

/** What a file's interface statistics take, with their comment. */
const STATISTICS_BYTES = 256;
/** And an interface: its name has 15 bytes on Linux, 256 on Windows. */
const INTERFACE_BYTES = 320;
/** A full disk is looked at again, and the folder is looked for, so often. */
const LOOK_EVERY_NS = 5e9;

export class Ring {
  /** As they hold: a file has half of all at most, so that a new one does not cost all that went before. */
  readonly limits: RingLimits;
  readonly #folder: string;
  readonly #about: RingDescription;
  readonly #clock: CaptureClock;
  readonly #times: RingTimes;
  readonly #halves: EpochHalves;
  readonly #disk: RingDisk;
  readonly #ledger: StatisticsLedger;
  readonly #kept: KeptFiles;
  /** Ended, but not written to the end. */
  #ended: RingFile[] = [];
  #current: RingFile | null = null;
  #state: "writing" | "full" = "writing";
  #error: RingError | null = null;
  #notWritten = 0;
  #lostSnapshots = 0;
  /** Of the packet taken last, and when it was. */
  #latest: Nanos = Number.NaN;
  #latestAt: Nanos = 0;
  #hasTaken = false;
  #lookedAt: Nanos;
  /** One thing at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    folder: string,
    limits: RingLimits,
    about: RingDescription,
    clock: CaptureClock,
    times: RingTimes,
  ) {
    this.#folder = folder;
    this.limits = { ...limits, fileBytes: Math.min(limits.fileBytes, Math.floor(limits.keepBytes / 2)) };
    this.#kept = new KeptFiles(folder, this.limits, clock);
    this.#about = about;
    this.#clock = clock;
    this.#times = times;
    this.#halves = new EpochHalves(clock);
    this.#disk = new RingDisk(this.#kept, clock);
    this.#ledger = new StatisticsLedger(times.wall());
    this.#lookedAt = times.elapsed();
  }

  /**
   * Makes the folder when it is missing, and begins the first file in it. `clock` is that of the packets. Throws {@link RingError}
   * when it cannot be written.
   */
  static async open(
    folder: string,
    limits: RingLimits,
    about: RingDescription,
    clock: CaptureClock,
    times: RingTimes = systemTimes,
  ): Promise<Ring> {
    const ring = new Ring(folder, limits, about, clock, times);
    try {
      await makeFolder(folder);
      removeLeftovers(folder);
      await ring.#kept.countOn();
      await ring.#kept.create(ring.#begin(), times.wall());
      return ring;
    } catch (error) {
      throw folderError(error, folder);
    }
  }

  /** // hot: Takes one record; its bytes are copied at once. It is written by the next {@link flush}. */
  packet(p: Packet, interfaceName: string): void {
    if (this.#state === "full" || this.#error !== null) {
      this.#notWritten++;
      return;
    }
    const file = this.#fileFor(p);
    let iface = file.interfaceOf(p.linkType, p.tap, interfaceName);
    if (iface < 0) iface = file.describe(p.linkType, p.tap, interfaceName);
    const { time } = p;
    const halves = this.#halves;
    halves.take(time);
    file.writer.record(iface, halves.high, halves.low, p.buf, p.start, p.end, p.origLen);
    file.packets++;
    if (time < file.earliest) file.earliest = time;
    if (time > file.latest) file.latest = time;
    this.#latest = time;
    this.#hasTaken = true;
  }

  /** Writes what was taken, and removes what is too much. Resolves when the kernel has it; rejects with {@link RingError}. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#flush());
  }

  /** Ends the last file. `statistics`: of the whole capture. */
  close(statistics: LiveStatistics): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#current !== null) this.#end(this.#current, statistics);
      await this.#flush();
      await this.#tellAtEnd(statistics);
    });
  }

  /**
   * Keeps a snapshot beside the file of its time; `at`: nanoseconds since 1970. The text says its time itself. A snapshot that
   * cannot be written is counted, and nothing else: whether the disk is well, the packets show.
   */
  snapshot(text: string, at: bigint): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state === "full") {
        this.#lostSnapshots++;
        return;
      }
      const bytes = new TextEncoder().encode(text.endsWith("\n") ? text : `${text}\n`);
      try {
        const file = await this.#fileForSnapshot(at, bytes.length);
        await file.appendSnapshot(bytes, at);
      } catch {
        this.#lostSnapshots++;
      }
    });
  }

  /** Paths of the captures, in order. */
  get files(): readonly string[] {
    return this.#kept.list.map((file) => file.path);
  }

  get snapshots(): readonly string[] {
    return this.#kept.list.filter((file) => file.snapshotBytes > 0).map((file) => file.snapshotPath);
  }

  /** From the earliest to the latest packet that is kept, in nanoseconds since 1970. */
  get covered(): { from: bigint; to: bigint } | null {
    return this.#kept.covered;
  }

  /** full: no room, even with the oldest files given up. Packets are counted then, and it is tried again now and then. */
  get state(): "writing" | "full" {
    return this.#state;
  }

  /** Files given up for the limits or for room, and the packets in them. */
  get removed(): { files: number; packets: number; forRoom: number } {
    return { ...this.#kept.removed, forRoom: this.#kept.removedForRoom };
  }

  /** Packets that reached no file, as the disk was full. */
  get notWritten(): number {
    return this.#notWritten;
  }

  get lostSnapshots(): number {
    return this.#lostSnapshots;
  }

  /** Bytes of all files that are kept. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  // ── which file ──

  // hot:
  #fileFor(p: Packet): RingFile {
    let file = this.#current;
    if (file !== null && file.packets > 0) {
      const size = file.size + (p.end - p.start) + STATISTICS_BYTES + INTERFACE_BYTES;
      if (size > this.limits.fileBytes || Math.abs(p.time - file.first) >= this.limits.fileNs) {
        this.#end(file, null);
        file = null;
      }
    }
    file ??= this.#begin();
    if (file.packets === 0) {
      file.first = p.time;
      file.begunAt = this.#times.elapsed();
    }
    return file;
  }

  #begin(): RingFile {
    const { application, comment } = this.#about;
    this.#current = new RingFile({ application, comment });
    return this.#current;
  }

  /** `total`: what was counted since the capture began, if it is known better than by asking. */
  #end(file: RingFile, total: LiveStatistics | null): void {
    this.#current = null;
    this.#ended.push(file);
    const now = total ?? this.#about.statistics?.() ?? null;
    this.#ledger.end(file, now, this.#times.wall());
  }

  /** The file in whose time an instant lies, or the one before. Snapshots alone fill files too, when nothing is on the wire. */
  async #fileForSnapshot(at: bigint, bytes: number): Promise<RingFile> {
    await this.#kept.keepWithin(bytes);
    const file = this.#kept.at(at);
    const isNewest = file === this.#kept.list.at(-1);
    const isFull = file === null || (file.snapshotBytes > 0 && file.size + bytes > this.limits.fileBytes);
    if (file !== null && !(isFull && isNewest)) return file;
    if (this.#current !== null) this.#end(this.#current, null);
    await this.#flush();
    const next = this.#current ?? this.#begin();
    if (!next.isCreated) await this.#kept.create(next, at);
    await this.#write(next);
    return next;
  }

  // ── onto the disk ──

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (this.#error !== null) throw this.#error;
      try {
        await work();
      } catch (error) {
        this.#error = ringError(error, this.#folder);
        await Promise.allSettled(this.#kept.list.map((file) => file.close()));
        throw this.#error;
      }
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #flush(): Promise<void> {
    const now = this.#times.elapsed();
    if (this.#hasTaken) this.#latestAt = now;
    this.#hasTaken = false;
    const isLookDue = now - this.#lookedAt >= LOOK_EVERY_NS;
    if (isLookDue) {
      this.#lookedAt = now;
      if (this.#state === "full" && (await hasRoom(this.#folder))) this.#state = "writing";
    }
    const idle = this.#current;
    if (idle !== null && now - idle.begunAt >= this.limits.fileNs) this.#end(idle, null);
    while (this.#ended.length > 0) {
      const file = this.#ended.shift()!;
      if (await this.#write(file)) await file.close();
    }
    const current = this.#current;
    if (current !== null && current.packets > 0) await this.#write(current);
    const { keepNs } = this.limits;
    if (keepNs !== null) await this.#kept.forgetBefore(this.#now(now) - BigInt(keepNs));
    if (!isLookDue) return;
    const lost = await this.#kept.lookForNewest();
    if (lost !== null && lost === this.#current) this.#current = null;
  }

  /** False: the disk became full. What is not written is counted then. */
  async #write(file: RingFile): Promise<boolean> {
    if (await this.#disk.write(file)) return true;
    this.#state = "full";
    this.#lookedAt = this.#times.elapsed();
    const dropped = new Set([file, ...this.#ended]);
    if (this.#current !== null) dropped.add(this.#current);
    this.#ended = [];
    this.#current = null;
    for (const one of dropped) this.#notWritten += one.giveUp();
    await file.close();
    if (file.packets === 0) await this.#kept.drop(file);
    return false;
  }

  /** The counts of the whole capture, at the end of the last file, where its own end could not tell them. */
  async #tellAtEnd(statistics: LiveStatistics): Promise<void> {
    const last = this.#kept.list.at(-1);
    if (last === undefined || this.#state === "full" || last.isTold) return;
    if (!this.#ledger.end(last, statistics, this.#times.wall())) return;
    await this.#disk.writeLast(last);
  }

  /** The time of the latest packet, and how long ago that was: the wall's clock may be set while the capture goes on. */
  #now(elapsed: Nanos): bigint {
    if (Number.isNaN(this.#latest)) return this.#times.wall();
    return this.#clock.epoch(this.#latest + (elapsed - this.#latestAt));
  }
}
