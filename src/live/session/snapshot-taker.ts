// When are the sockets of this machine listed beside the packets? At a cadence, one at a time, and once more at the end.

import type { Nanos } from "../../core/clock.ts";
import type { SessionParts } from "./session-parts.ts";

/** What takes longer is not waited for at the end. */
const PATIENCE_MS = 5000;

export class SnapshotTaker {
  private readonly parts: Pick<SessionParts, "takeSnapshot" | "ring" | "wallClock" | "steadyClock">;
  private readonly everyMs: number | null;
  private readonly notice: (text: string) => void;
  private next: number;
  private underWay: Promise<void> | null = null;
  private saidFailure = false;

  constructor(parts: SnapshotTaker["parts"], everyNs: Nanos | null, notice: (text: string) => void) {
    this.parts = parts;
    this.everyMs = everyNs === null ? null : everyNs / 1e6;
    this.notice = notice;
    this.next = parts.steadyClock();
  }

  /** Takes one when its time has come. */
  look(): void {
    if (this.everyMs === null || this.underWay !== null) return;
    const now = this.parts.steadyClock();
    if (now < this.next) return;
    this.next = now + this.everyMs;
    this.begin();
  }

  /** The last one; waits for it, but not for long. */
  async finish(): Promise<void> {
    if (this.everyMs === null) return;
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    const last = async (): Promise<void> => {
      await this.underWay;
      await this.begin();
    };
    await Promise.race([last(), enough]);
    clearTimeout(timer);
  }

  private begin(): Promise<void> {
    this.underWay = this.take().finally(() => {
      this.underWay = null;
    });
    return this.underWay;
  }

  private async take(): Promise<void> {
    const at = this.parts.wallClock();
    try {
      await this.parts.ring.snapshot(await this.parts.takeSnapshot(), at);
    } catch (error) {
      if (this.saidFailure) return;
      this.saidFailure = true;
      this.notice(`the sockets of this machine cannot be listed: ${error instanceof Error ? error.message : error}`);
    }
  }
}
