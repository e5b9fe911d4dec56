// One pass over the packets of a capture set: decoded, filtered, handed to the flow table, and counted.

import { tcpChecksumOk } from "../decoders/checksum.ts";
import { PacketDecoders } from "../decoders/packet.ts";
import { type CaptureFacts, type CaptureSummary, droppedBy } from "./capture/capture-summary.ts";
import { linkTypeName } from "./capture/link-type-names.ts";
import type { CaptureClock, Nanos } from "./core/clock.ts";
import { UsageError } from "./core/errors.ts";
import type { CaptureQuality } from "./core/flow-view.ts";
import { Packet, Verdict } from "./core/packet.ts";
import type { PacketFilter } from "./core/packet-filter.ts";
import type { Pseudonyms } from "./core/pseudonyms.ts";
import type { Summarised } from "./core/summarised.ts";
import { resolveTime, type TimeOption } from "./core/time-option.ts";
import type { FlowTable } from "./flow/flow-table.ts";

/** Where packets come from: captures, or another thread that reads them. */
export interface PacketFeed {
  /** hot: moves to the next packet and fills the slot. False: call {@link fill}. */
  next(p: Packet): boolean;
  /** Waits for more; the slot's bytes are no longer valid then. False: there are no more. */
  fill(): Promise<boolean>;
  /** What is known of each file so far. */
  readonly captures: readonly CaptureSummary[];
  readonly bytesRead: number;
  /** Undefined where that is not known. */
  readonly bytesTotal: number | undefined;
}

/** Takes the TCP segments: a flow table, or what records those of a few flows. */
export interface SegmentTaker {
  update(p: Packet): unknown;
  watchCopies: boolean;
  /** Packets recognised as copies, by file. */
  readonly copies: readonly number[];
}

/** Where several share the work: whose packets are whose. */
export interface PassShare {
  /** hot: another share takes this packet, whatever is in it; before it is decoded, so far as that can be told then. */
  isOthers(p: Packet): boolean;
  /** hot: this share takes the decoded segment. */
  takes(p: Packet): boolean;
  /** This share counts the packet in hand, which turned out to be no segment, or none to be taken. */
  countsRest(): boolean;
}

export interface PassOptions {
  filter: PacketFilter | null;
  from: TimeOption | null;
  to: TimeOption | null;
  verifyChecksums: boolean;
  /** By which addresses the segments go to whoever takes them; null: by their own. */
  pseudonyms: Pseudonyms | null;
}

/** How the caller follows the pass, and ends it. */
export interface PassProgress {
  signal?: AbortSignal;
  onProgress?: (done: number, total: number | undefined, packets: number) => void;
  /** Called whenever bytes are used up, and waited for. */
  between?: () => Promise<void> | undefined;
}

/** What a pass over captures came to, whoever shared the work. */
export interface PassResult {
  readonly table: FlowTable;
  readonly clock: CaptureClock;
  readonly packets: number;
  /** Of what was analysed; NaN without a packet. */
  readonly firstTime: Nanos;
  readonly lastTime: Nanos;
  readonly quality: CaptureQuality;
  /** In the order of the sources. */
  readonly captures: readonly CaptureFacts[];
  /** What a memory budget left of flows; null when all are in the table. */
  readonly summarised?: Summarised | null;
}

export class Pass {
  packets = 0;
  firstTime = Number.NaN;
  lastTime = Number.NaN;
  private tcpSegments = 0;
  private truncated = 0;
  private malformed = 0;
  private badChecksums = 0;
  private unknownLinkTypes = new Set<string>();
  private others = new Map<string, number>();
  private start = Number.NEGATIVE_INFINITY;
  private stop = Number.POSITIVE_INFINITY;
  private decoders = new PacketDecoders();
  private feed: PacketFeed;
  private taker: SegmentTaker;
  private clock: CaptureClock;
  private options: PassOptions;
  private share: PassShare | null;

  /** `share`: null for the whole. */
  constructor(
    feed: PacketFeed,
    taker: SegmentTaker,
    clock: CaptureClock,
    options: PassOptions,
    share: PassShare | null = null,
  ) {
    this.feed = feed;
    this.taker = taker;
    this.clock = clock;
    this.options = options;
    this.share = share;
  }

  async run(options: PassProgress): Promise<void> {
    const p = new Packet();
    const { feed } = this;
    for (;;) {
      while (feed.next(p)) this.take(p);
      options.signal?.throwIfAborted();
      options.onProgress?.(feed.bytesRead, feed.bytesTotal, this.packets);
      if (options.between !== undefined) await options.between();
      if (!(await feed.fill())) return;
    }
  }

  /** hot: one packet. Called by {@link run}; by whoever does more with each record, instead of it. */
  take(p: Packet): void {
    if (this.packets++ === 0) this.begin(p);
    if (p.time < this.start || p.time > this.stop) return;
    if (p.time > this.lastTime) this.lastTime = p.time;
    else if (p.time < this.firstTime) this.firstTime = p.time;
    const { share } = this;
    if (share?.isOthers(p)) return;
    this.decoders.decode(p);
    if (p.verdict === Verdict.tcp) {
      if (this.options.filter !== null && !this.options.filter(p)) return;
      if (this.options.verifyChecksums && tcpChecksumOk(p) === false) {
        if (share?.countsRest() !== false) this.badChecksums++;
        return;
      }
      if (share !== null && !share.takes(p)) return;
      this.tcpSegments++;
      if (this.options.pseudonyms !== null) this.options.pseudonyms.packet(p);
      this.taker.update(p);
    } else if (share?.countsRest() === false) {
      return;
    } else if (p.verdict === Verdict.truncated) {
      this.truncated++;
    } else if (p.verdict === Verdict.malformed) {
      this.malformed++;
    } else if (p.verdict !== Verdict.fragment) {
      if (p.verdict === Verdict.unsupported && p.depth === 0) this.unknownLinkType(p);
      this.others.set(p.other, (this.others.get(p.other) ?? 0) + 1);
    }
  }

  /** A link type that is not decoded: said once per file and type, for nothing of those packets can be analysed. */
  private unknownLinkType(p: Packet): void {
    const key = `${p.file} ${p.linkType}`;
    if (this.unknownLinkTypes.has(key) || this.unknownLinkTypes.size >= MAX_LINK_TYPES) return;
    this.unknownLinkTypes.add(key);
    this.feed.captures[p.file]?.problem(
      "unsupported-link-type",
      0,
      `link type ${p.linkType} (${linkTypeName(p.linkType)}) is not decoded, first in frame ${p.frame}: its packets are counted only`,
    );
  }

  private begin(p: Packet): void {
    const { from, to } = this.options;
    this.firstTime = p.time;
    this.lastTime = p.time;
    if (from !== null) {
      if (from.kind === "end") throw new UsageError("--from end leaves nothing to read");
      this.start = resolveTime(from, this.clock, p.time, p.time);
      this.firstTime = Math.max(p.time, this.start);
      this.lastTime = this.firstTime;
    }
    if (to !== null && to.kind !== "end") this.stop = resolveTime(to, this.clock, p.time, p.time);
    // Only what can hold copies is watched for them: cooked captures, several interfaces, several files.
    const cooked = p.linkType === LINUX_SLL || p.linkType === LINUX_SLL2;
    if (cooked || this.feed.captures.some((c) => c.format.startsWith("pcapng"))) this.taker.watchCopies = true;
  }

  quality(): CaptureQuality {
    const summaries = this.feed.captures;
    const withDrops = summaries.filter((s) => s.drops !== null);
    return {
      packets: this.packets,
      tcpSegments: this.tcpSegments,
      dropped: withDrops.length === 0 ? null : withDrops.reduce((n, s) => n + droppedBy(s)!, 0),
      snapped: summaries.reduce((n, s) => n + s.truncatedBySnap, 0),
      truncated: this.truncated,
      malformed: this.malformed,
      badChecksums: this.badChecksums,
      copies: this.taker.copies.reduce((n, c) => n + (c ?? 0), 0),
      damagedFiles: summaries.filter((s) => s.problemCount > 0).length,
      others: this.others,
    };
  }
}

/** Problems said about link types, over all files. */
const MAX_LINK_TYPES = 1000;
const LINUX_SLL = 113;
const LINUX_SLL2 = 276;
