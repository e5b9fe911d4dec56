// How long did a service's answers take, when, and to what? A histogram, and samples over time, in bounded memory.

import type { LatencyPoint, Latencies as View } from "../core/flow-view.ts";
import { kindOf } from "../core/request-kind.ts";
import type { Exchange } from "../core/stream-decoder.ts";
import { Histogram } from "./histogram.ts";

/** Points in time kept; beyond, every second one goes and only every other answer is taken from then on. */
const MAX_POINTS = 1024;
const MAX_KINDS = 64;

export class Latencies extends Histogram implements View {
  private kept: LatencyPoint[] = [];
  private firstKind: string | null = null;
  private otherKinds: Set<string> | null = null;
  private stride = 1;

  /** hot: one exchange with its answer. */
  answered(e: Exchange): void {
    if (this.count % this.stride === 0) {
      const { request, response } = e;
      this.kept.push({
        flow: e.flow,
        frame: response!.frame,
        asked: request!.time,
        waited: e.waited,
        kind: this.kind(e),
        status: response!.status,
        length: response!.length ?? null,
      });
      if (this.kept.length >= MAX_POINTS) {
        this.kept = this.kept.filter((_, n) => n % 2 === 0);
        this.stride *= 2;
      }
    }
    this.add(e.waited);
  }

  private kind(e: Exchange): string {
    const kind = kindOf(e);
    this.firstKind ??= kind;
    if (kind === this.firstKind) return kind;
    this.otherKinds ??= new Set();
    if (!this.otherKinds.has(kind)) {
      if (this.otherKinds.size >= MAX_KINDS - 1) return "";
      this.otherKinds.add(kind);
    }
    return kind;
  }

  /** What was asked goes by another name from now on. */
  rename(of: (kind: string) => string): void {
    this.kept = this.kept.map((point) => ({ ...point, kind: of(point.kind) }));
  }

  /** Drops the points of flows that are let go of (1 by number). Returns how many. */
  drop(flows: Uint8Array): number {
    const before = this.kept.length;
    this.kept = this.kept.filter(({ flow }) => flows[flow] !== 1);
    return before - this.kept.length;
  }

  points(): readonly LatencyPoint[] {
    return this.kept;
  }
}
