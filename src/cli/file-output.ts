// How is a file written so that it is whole or not there at all? Under a temporary name beside it, renamed when all of it is on the disk
// (rename is atomic within a file system). Whatever was there before stays until then.

import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { removeLeftovers, temporaryName } from "../capture/leftovers.ts";
import type { Io } from "./io.ts";
import type { Output } from "./output.ts";
import { asOutputError, OutputError } from "./output-error.ts";

/** Pieces are joined to about this many characters before they are written: a line a write would be slow. */
const BATCH = 64 * 1024;
/** So often a signal is listened to while much is written. */
const LISTEN_EVERY_MS = 100;
/** As the system follows them at most (Linux). */
const MAX_LINKS = 40;

/** Where the file is; the file there now, if there is one. */
interface Target {
  readonly path: string;
  readonly before: Stats | undefined;
}

/** Throws {@link OutputError} where it can be told before the work that a file cannot be written. */
export function checkTarget(path: string): Target {
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    if (before?.isDirectory()) throw new OutputError(`${path}: is a directory; name a file in it`);
    if (before !== undefined && !before.isFile()) return { path, before };
    const target = behindLinks(path);
    const folder = dirname(target);
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error(folder), { code: "ENOTDIR" });
    // A file that may not be written may not be replaced either, though the system would allow it.
    if (before !== undefined) closeSync(openSync(target, "r+"));
    accessSync(folder, constants.W_OK | constants.X_OK);
    return { path: target, before };
  } catch (error) {
    throw asOutputError(error, path);
  }
}

/** A link stays a link: what it leads to is written, also when that is not there yet. */
function behindLinks(path: string): string {
  let target = resolve(path);
  for (let links = 0; lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink(); links++) {
    if (links === MAX_LINKS) throw Object.assign(new Error(path), { code: "ELOOP" });
    target = resolve(dirname(target), readlinkSync(target));
  }
  return target;
}

export class FileOutput implements Output {
  private fd: number;
  private batch = "";
  private readonly shown: string;
  private readonly target: string;
  private temporary: string | null;
  private forget: () => void;
  private listened = performance.now();

  constructor(path: string, io: Io) {
    this.shown = path;
    const { path: target, before } = checkTarget(path);
    this.target = target;
    removeLeftovers(dirname(target));
    const temporary = join(dirname(target), temporaryName("tmp", basename(target)));
    try {
      this.fd = openSync(temporary, "wx", before === undefined ? 0o666 : 0o600);
    } catch (error) {
      throw asOutputError(error, path);
    }
    this.temporary = temporary;
    this.forget = io.interrupts.add(() => this.removeTemporary());
    if (before !== undefined) this.belongAs(before);
  }

  /** To the same owner, for the same readers; where the owner cannot be kept, the file is ours. */
  private belongAs({ uid, gid, mode }: Stats): void {
    try {
      fchownSync(this.fd, uid, gid);
    } catch {
      // Only root gives files away.
    }
    try {
      fchmodSync(this.fd, mode & 0o777);
    } catch {
      // A file system without permissions.
    }
  }

  write(piece: string | Uint8Array): void | Promise<void> {
    if (typeof piece === "string") {
      this.batch += piece;
      if (this.batch.length < BATCH) return;
      this.flush();
    } else {
      this.flush();
      this.put(piece);
    }
    if (performance.now() - this.listened > LISTEN_EVERY_MS) return this.listen();
  }

  private async listen(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.listened = performance.now();
  }

  private flush(): void {
    const bytes = Buffer.from(this.batch);
    this.batch = "";
    this.put(bytes);
  }

  private put(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      throw asOutputError(error, this.shown);
    }
  }

  async finish(): Promise<void> {
    this.flush();
    try {
      fsyncSync(this.fd);
      const fd = this.fd;
      this.fd = -1;
      closeSync(fd);
      renameSync(this.temporary!, this.target);
      this.temporary = null;
      this.forget();
    } catch (error) {
      throw asOutputError(error, this.shown);
    }
  }

  abandon(): void {
    if (this.fd >= 0) {
      const fd = this.fd;
      this.fd = -1;
      try {
        closeSync(fd);
      } catch {
        // It is being thrown away; why, has been said.
      }
    }
    this.removeTemporary();
    this.forget();
  }

  private removeTemporary(): void {
    if (this.temporary === null) return;
    try {
      unlinkSync(this.temporary);
    } catch {
      // Gone already.
    }
    this.temporary = null;
  }
}
