// How do the packets of one file get onto the disk? Within the limit of the ring, and with old files given up where there is no room.

import type { CaptureClock, Nanos } from "../../core/clock.ts";
import type { KeptFiles } from "./kept-files.ts";
import { isNoRoom } from "./ring-error.ts";
import { noRoom, type RingFile } from "./ring-file.ts";

export class RingDisk {
  readonly #kept: KeptFiles;
  readonly #clock: CaptureClock;

  constructor(kept: KeptFiles, clock: CaptureClock) {
    this.#kept = kept;
    this.#clock = clock;
  }

  /** Writes what was taken; the file is made when it is not there. False: the disk is full, and no other file is left to give up. */
  async write(file: RingFile): Promise<boolean> {
    const makeRoom = async (): Promise<boolean> => {
      const isMade = await this.#kept.removeOldest(file);
      if (isMade) this.#kept.removedForRoom++;
      return isMade;
    };
    while (!file.isCreated) {
      try {
        await this.#kept.create(file, this.#clock.epoch(file.first));
      } catch (error) {
        if (!isNoRoom(error)) throw error;
        if (!(await makeRoom())) return false;
      }
    }
    const pending = file.writer.size - file.bytes;
    if (pending === 0) return true;
    await this.#kept.keepWithin(pending);
    return file.append(makeRoom, this.#timeOf);
  }

  /** Adds to a file that was closed. */
  async writeLast(file: RingFile): Promise<void> {
    await file.reopen();
    await file.append(noRoom, this.#timeOf);
    await file.close();
  }

  #timeOf = (epoch: bigint): Nanos => this.#clock.fromEpoch(epoch);
}
