// How does a result go to standard output, a pipe or a device? At the pace of its reader, and without waiting for it in a way that no
// signal could end.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Out } from "./io.ts";
import type { Output } from "./output.ts";
import { asOutputError } from "./output-error.ts";

/** Pieces are joined to about this many characters before they are written: a line a write would be slow. */
const BATCH = 64 * 1024;

/** A device or a named pipe. `flags`: "w", or "a" where what is there already must stay. */
export function pathOutput(path: string, flags: "w" | "a"): Output {
  // Opening a pipe waits for its reader; Node does that in a thread, so that Ctrl-C is heard meanwhile.
  const stream = createWriteStream(path, { flags });
  return new StreamOutput(stream, path, async () => {
    if (stream.destroyed) return;
    stream.end();
    await once(stream, "close");
  });
}

export class StreamOutput implements Output {
  private batch = "";
  private failure: Error | null = null;
  private readonly stream: Out;
  private readonly name: string;
  private readonly close: () => Promise<void>;

  /** `close`: what is to be done at the end; nothing for standard output, which is not ours. */
  constructor(stream: Out, name: string, close: () => Promise<void> = async () => {}) {
    this.stream = stream;
    this.name = name;
    this.close = close;
    stream.once("error", this.onError);
  }

  private onError = (error: Error): void => {
    this.failure ??= asOutputError(error, this.name);
  };

  write(piece: string | Uint8Array): void | Promise<void> {
    if (typeof piece !== "string") return this.flush(piece);
    this.batch += piece;
    if (this.batch.length >= BATCH) return this.flush();
  }

  /** What was batched, and then `bytes`. */
  private async flush(bytes?: Uint8Array): Promise<void> {
    const text = this.batch;
    this.batch = "";
    if (text !== "") await this.send(text);
    if (bytes !== undefined) await this.send(bytes);
    if (this.failure !== null) throw this.failure;
  }

  private async send(piece: string | Uint8Array): Promise<void> {
    if (this.failure === null) {
      // The callback tells of failure before the event does, and of success when the system has taken the bytes.
      await new Promise<void>((resolve) => {
        this.stream.write(piece, (error) => {
          if (error) this.failure ??= asOutputError(error, this.name);
          resolve();
        });
      });
      if (this.stream.writableNeedDrain && this.failure === null) {
        await Promise.race([once(this.stream, "drain"), once(this.stream, "close")]).catch(() => {});
      }
    }
  }

  async finish(): Promise<void> {
    if (this.batch !== "" || this.failure !== null) await this.flush();
    try {
      await this.close();
    } catch (error) {
      throw asOutputError(error, this.name);
    }
    this.stream.off("error", this.onError);
  }

  abandon(): void {
    this.batch = "";
  }
}
