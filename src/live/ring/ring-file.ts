// What is one file of the ring, and how is it written? Whole blocks only: when the disk is full in the midst of a write, the file is
// cut back to the last whole block, so that any reader takes it without complaint.
//
// Nothing is synced to the disk: the files need to survive the end of this program, which the kernel's cache does; syncing would
// stall the capture, and lose packets, for the sake of a power failure.

import { type FileHandle, open, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { temporaryName } from "../../capture/leftovers.ts";
import { PcapngWriter, type SectionInfo, type StatisticsInfo } from "../../capture/pcapng-writer.ts";
import type { Nanos } from "../../core/clock.ts";
import { codeOf, isNoRoom } from "./ring-error.ts";
import { CAPTURE_ENDING, SNAPSHOT_ENDING } from "./ring-names.ts";
import { packetTime, wholeBlocks } from "./whole-blocks.ts";

/** Captures hold secrets: only their owner may read them. */
const OWNER_ONLY = 0o600;

interface Tap {
  readonly linkType: number;
  readonly tap: number;
  readonly name: string;
}

/** Makes room on the disk; false: there is none to be made. */
export type MakeRoom = () => Promise<boolean>;

export const noRoom: MakeRoom = async () => false;

export class RingFile {
  /** Path without its ending; "" until it is created. */
  stem = "";
  /** Bytes of the capture on the disk, and of its snapshots. */
  bytes = 0;
  snapshotBytes = 0;
  /** Packets taken, and of these written. */
  packets = 0;
  written = 0;
  /** Earliest and latest of its packets, and that of its first one. */
  earliest: Nanos = Number.POSITIVE_INFINITY;
  latest: Nanos = Number.NEGATIVE_INFINITY;
  first: Nanos = Number.NaN;
  /** When the first packet was taken, by a clock that never jumps; NaN without one. */
  begunAt: Nanos = Number.NaN;
  /** Of the newest thing in it, also when that is a snapshot or its mere beginning: nanoseconds since 1970. */
  until = 0n;
  /** Its statistics are written. */
  isTold = false;
  readonly writer: PcapngWriter;
  readonly #taps: Tap[] = [];
  readonly #header: Uint8Array;
  /** {@link latest} of what is written. */
  #writtenLatest: Nanos = Number.NEGATIVE_INFINITY;
  #handle: FileHandle | null = null;

  constructor(section: SectionInfo) {
    this.writer = new PcapngWriter(section);
    this.#header = this.writer.bytes();
    this.writer.take();
  }

  get path(): string {
    return this.stem + CAPTURE_ENDING;
  }

  get snapshotPath(): string {
    return this.stem + SNAPSHOT_ENDING;
  }

  /** On the disk, or on its way there. */
  get size(): number {
    return this.writer.size + this.snapshotBytes;
  }

  get isCreated(): boolean {
    return this.stem !== "";
  }

  get hasSeveralInterfaces(): boolean {
    return this.#taps.length > 1;
  }

  /** // hot: The number of an interface in this file; -1: it is not described yet. */
  interfaceOf(linkType: number, tap: number, name: string): number {
    const taps = this.#taps;
    for (let i = 0; i < taps.length; i++) {
      const known = taps[i]!;
      if (known.tap === tap && known.linkType === linkType && known.name === name) return i;
    }
    return -1;
  }

  describe(linkType: number, tap: number, name: string): number {
    this.#taps.push({ linkType, tap, name });
    return this.writer.interface({ linkType, name });
  }

  /** Of all interfaces together; ends the file. */
  statistics(counts: StatisticsInfo): void {
    this.writer.statistics(0, counts);
    this.isTold = true;
  }

  /**
   * Makes the file, with its section header. It gets its name when that is in it, so that no reader ever meets an empty one. Rejects
   * with EEXIST when there is one of this name, and with other errors of the system; nothing is left then.
   */
  async create(stem: string, at: bigint): Promise<void> {
    const path = stem + CAPTURE_ENDING;
    if (await isThere(path)) throw Object.assign(new Error(`${path} is there`), { code: "EEXIST" });
    const unnamed = join(dirname(path), temporaryName("new", basename(path)));
    const handle = await open(unnamed, "wx", OWNER_ONLY);
    try {
      await writeAll(handle, this.#header, 0);
      await rename(unnamed, path);
    } catch (error) {
      await handle.close();
      await unlinkIfThere(unnamed).catch(() => {});
      throw error;
    }
    this.#handle = handle;
    this.bytes = this.#header.length;
    this.stem = stem;
    this.until = at;
  }

  /** Opens it again, at its end. */
  async reopen(): Promise<void> {
    this.#handle ??= await open(this.path, "r+");
  }

  /**
   * Writes what was taken. False: the disk is full, and no room could be made; the file holds as many of the blocks as there was
   * room for. Rejects with any other error of the system.
   */
  async append(makeRoom: MakeRoom, timeOf: (epoch: bigint) => Nanos): Promise<boolean> {
    const handle = this.#handle!;
    // More packets may be taken while these are written.
    const { packets, latest } = this;
    const blocks = this.writer.take();
    let done = 0;
    while (done < blocks.length) {
      try {
        const { bytesWritten } = await handle.write(blocks, done, blocks.length - done, this.bytes + done);
        done += bytesWritten;
      } catch (error) {
        if (isNoRoom(error) && (await makeRoom())) continue;
        await this.#cutBack(blocks, done, timeOf);
        if (!isNoRoom(error)) throw error;
        return false;
      }
    }
    this.bytes += blocks.length;
    this.written = packets;
    this.#writtenLatest = latest;
    return true;
  }

  async #cutBack(blocks: Uint8Array, done: number, timeOf: (epoch: bigint) => Nanos): Promise<void> {
    const whole = wholeBlocks(blocks, done);
    await this.#handle!.truncate(this.bytes + whole.bytes).catch(() => {});
    this.bytes += whole.bytes;
    this.written += whole.packets;
    this.latest = this.#writtenLatest;
    if (whole.lastPacket >= 0) this.latest = Math.max(this.latest, timeOf(packetTime(blocks, whole.lastPacket)));
  }

  /** Adds a snapshot to those of the file's time. Rejects with the system's error; nothing of it is there then. */
  async appendSnapshot(text: Uint8Array, at: bigint): Promise<void> {
    const isFirst = this.snapshotBytes === 0;
    const handle = await open(this.snapshotPath, isFirst ? "wx" : "r+", OWNER_ONLY);
    try {
      await writeAll(handle, text, this.snapshotBytes);
      this.snapshotBytes += text.length;
      if (at > this.until) this.until = at;
    } catch (error) {
      if (isFirst) await unlink(this.snapshotPath).catch(() => {});
      else await handle.truncate(this.snapshotBytes).catch(() => {});
      throw error;
    } finally {
      await handle.close();
    }
  }

  /**
   * No more is written. The packets that were taken for nothing. Counts of the kernel go into the next file: here they might follow an
   * interface that was cut off.
   */
  giveUp(): number {
    const lost = this.packets - this.written;
    this.packets = this.written;
    this.isTold = true;
    return lost;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    this.writer.release();
    await handle?.close();
  }

  /** Takes it, and its snapshots, off the disk. Somebody may have done so before. */
  async remove(): Promise<void> {
    await this.close();
    await unlinkIfThere(this.path);
    if (this.snapshotBytes > 0) await unlinkIfThere(this.snapshotPath);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
}

/** Is there anything of this name? Rejects with the system's error when that cannot be told. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
