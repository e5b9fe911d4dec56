// How is an engine brought to its end? It is asked, then killed, then left alone; what it took until then is read.

import type { CaptureSet } from "../../capture/capture-set.ts";
import type { LiveCapture } from "../../capture/live/engine.ts";
import type { Nanos } from "../../core/clock.ts";
import type { EndReason } from "./session-parts.ts";

/** An engine that was asked to end and has not after so long is killed; one that lives on after as long again is not waited for. */
const PATIENCE_MS = 5000;
/**
 * An engine that ends forgets what waits for it in the kernel's buffer, and no count tells of it (measured: 1.3 s at 80,000 packets a
 * second on a busy machine). So when packets are read late, those from before the moment are waited for first: until one from after it
 * was read, or none has come for a while, and never for longer than this.
 */
const CATCH_UP_MS = 10_000;
const QUIET_MS = 300;

export class EngineStop {
  /** Null while nobody has asked for the end: then the engine ended by itself. */
  why: EndReason | null = null;
  private readonly capture: LiveCapture;
  private readonly steadyClock: () => number;
  /** Set when not all could be waited for: how far the packets read lay behind the moment of the end. */
  behindNs: Nanos | null = null;
  private wanted: Nanos = Number.NaN;
  private askedAt = Number.NaN;
  private upTo: Nanos = Number.NEGATIVE_INFINITY;
  private readAt = Number.NEGATIVE_INFINITY;
  private killAt = Number.POSITIVE_INFINITY;
  private giveUp: () => void = () => {};

  constructor(capture: LiveCapture, steadyClock: () => number) {
    this.capture = capture;
    this.steadyClock = steadyClock;
  }

  /** The first reason counts. `now`: packets up to then are wanted. */
  ask(why: EndReason, now: Nanos): void {
    if (this.why !== null) return;
    this.why = why;
    this.wanted = now;
    this.askedAt = this.steadyClock();
    this.look();
  }

  /** Packets up to this time have been read just now. */
  readUpTo(time: Nanos): void {
    this.upTo = time;
    this.readAt = this.steadyClock();
  }

  /** Called now and then. */
  look(): void {
    if (this.why === null) return;
    const now = this.steadyClock();
    if (this.killAt === Number.POSITIVE_INFINITY) {
      const isBehind = this.upTo < this.wanted && now - this.readAt < QUIET_MS;
      if (isBehind && now - this.askedAt < CATCH_UP_MS) return;
      if (isBehind) this.behindNs = this.wanted - this.upTo;
      this.killAt = now + PATIENCE_MS;
      this.capture.stop();
      return;
    }
    if (now < this.killAt) return;
    this.capture.stop();
    if (now >= this.killAt + PATIENCE_MS) this.giveUp();
  }

  /** As {@link CaptureSet.fill}; false too when the engine does not come to an end. */
  fill(set: CaptureSet): Promise<boolean> {
    // Not a race with one promise for all: each would leave its reaction on it, for as long as the capture lasts.
    return new Promise((resolve, reject) => {
      this.giveUp = () => resolve(false);
      set.fill().then(resolve, reject);
    });
  }
}
