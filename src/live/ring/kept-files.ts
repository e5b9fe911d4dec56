// Which files of a ring are on the disk, and which of them go? The oldest first; the newest never for the limits.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CaptureClock } from "../../core/clock.ts";
import { codeOf } from "./ring-error.ts";
import { isThere, type RingFile } from "./ring-file.ts";
import type { RingLimits } from "./ring-limits.ts";
import { nextNumber, stemOf } from "./ring-names.ts";

/** So many names are tried for a file when others write into the folder too. */
const MAX_NAMES = 1000;

export class KeptFiles {
  /** Files given up for the limits or for room, and the packets in them; files that somebody else removed too. */
  readonly removed = { files: 0, packets: 0 };
  /** Those of them that went because the disk was full. */
  removedForRoom = 0;
  readonly #folder: string;
  readonly #limits: RingLimits;
  readonly #clock: CaptureClock;
  readonly #files: RingFile[] = [];
  #number = 1;

  constructor(folder: string, limits: RingLimits, clock: CaptureClock) {
    this.#folder = folder;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Oldest first. */
  get list(): readonly RingFile[] {
    return this.#files;
  }

  /** With snapshots. */
  get bytes(): number {
    return this.#files.reduce((sum, file) => sum + file.bytes + file.snapshotBytes, 0);
  }

  /** From the earliest to the latest packet, in nanoseconds since 1970. */
  get covered(): { from: bigint; to: bigint } | null {
    const filled = this.#files.filter((file) => file.packets > 0);
    if (filled.length === 0) return null;
    return {
      from: this.#clock.epoch(Math.min(...filled.map((file) => file.earliest))),
      to: this.#clock.epoch(Math.max(...filled.map((file) => file.latest))),
    };
  }

  /** The file in whose time an instant lies, or the one before; null: there is no file. */
  at(epoch: bigint): RingFile | null {
    const time = this.#clock.fromEpoch(epoch);
    const later = this.#files.findIndex((file) => file.packets > 0 && file.first > time);
    return this.#files.at(later < 0 ? -1 : Math.max(0, later - 1)) ?? null;
  }

  /** Numbers go on behind those that the folder has. */
  async countOn(): Promise<void> {
    this.#number = nextNumber(await readdir(this.#folder));
  }

  /** `at`: nanoseconds since 1970, for its name. */
  async create(file: RingFile, at: bigint): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await file.create(join(this.#folder, stemOf(at, this.#number++)), at);
        break;
      } catch (error) {
        if (codeOf(error) !== "EEXIST" || tries === MAX_NAMES) throw error;
      }
    }
    this.#files.push(file);
  }

  /** Gives files up until there is room for so many bytes within the limit. */
  async keepWithin(more: number): Promise<void> {
    while (this.bytes + more > this.#limits.keepBytes) if (!(await this.#removeOlder())) return;
  }

  /** Gives up files all of which is older; what remains covers the time from then on. */
  async forgetBefore(epoch: bigint): Promise<void> {
    while (this.#files.length > 0 && this.#until(this.#files[0]!) < epoch) if (!(await this.#removeOlder())) return;
  }

  /** Makes room for `writing`, which may not be on the disk yet. False: nothing older is left. */
  async removeOldest(writing: RingFile): Promise<boolean> {
    const oldest = this.#files[0];
    if (oldest === undefined || oldest === writing) return false;
    await oldest.remove();
    this.#files.shift();
    this.#count(oldest);
    return true;
  }

  /** Takes a file without packets off the disk, unless it is the only one. */
  async drop(file: RingFile): Promise<void> {
    const at = this.#files.indexOf(file);
    if (at < 0 || this.#files.length === 1) return;
    this.#files.splice(at, 1);
    await file.remove();
  }

  /**
   * A file whose name is gone can still be written, and nobody would ever see it: it is given up. Null: it is there. Rejects with
   * ENOENT when the folder is gone too.
   */
  async lookForNewest(): Promise<RingFile | null> {
    const file = this.#files.at(-1);
    if (file === undefined || (await isThere(file.path))) return null;
    if (!(await isThere(this.#folder))) throw Object.assign(new Error("no such folder"), { code: "ENOENT" });
    this.#files.pop();
    this.#count(file);
    await file.close();
    return file;
  }

  /** All but the newest. */
  async #removeOlder(): Promise<boolean> {
    return this.#files.length > 1 && this.removeOldest(this.#files.at(-1)!);
  }

  #until(file: RingFile): bigint {
    if (file.packets === 0) return file.until;
    const latest = this.#clock.epoch(file.latest);
    return latest > file.until ? latest : file.until;
  }

  #count(file: RingFile): void {
    this.removed.files++;
    this.removed.packets += file.packets;
  }
}
