// What happens between the start of a capture and its end? Packets go to the files and into the flow table; each second is counted and
// judged; and whatever ends it (Ctrl-C, a trigger, its time, the engine), what was taken is read to the last packet and the files are closed.
//
// Memory grows with the connections that are open, never with time: exchanges are let go of every second, closed connections soon after.

import { CaptureSet } from "../../capture/capture-set.ts";
import { CaptureError } from "../../capture/source.ts";
import type { CaptureClock, Nanos } from "../../core/clock.ts";
import { formatDuration, formatNumber } from "../../core/format.ts";
import type { Hosts } from "../../core/host-settings.ts";
import { Packet } from "../../core/packet.ts";
import { randomSeed } from "../../core/random.ts";
import type { StreamDecoder } from "../../core/stream-decoder.ts";
import { FlowTable } from "../../flow/flow-table.ts";
import { Forgetting } from "../../flow/forgetting.ts";
import { Pass } from "../../pass.ts";
import { RingError } from "../ring/ring-error.ts";
import { Cadence } from "./cadence.ts";
import { SocketCounter } from "./counts.ts";
import { EngineStop } from "./engine-stop.ts";
import { LiveClock } from "./live-clock.ts";
import type { LiveCounts } from "./live-counts.ts";
import { ResetCounter } from "./reset-counter.ts";
import type { EndReason, SessionEnd, SessionEvents, SessionParts, SessionSettings } from "./session-parts.ts";
import { SnapshotTaker } from "./snapshot-taker.ts";
import { TickClock } from "./tick-clock.ts";
import { type Fired, Triggers } from "./triggers.ts";
import { UnansweredNews } from "./unanswered-news.ts";

/** As in {@link Cadence}. */
const TICK_NS = 1e9;
/** How often the clock is looked at. */
const LOOK_MS = 100;
/** Packets between two looks at the clock, when they come without a pause. */
const PACKETS_A_LOOK = 4096;
/** Clocks that jump to and fro are followed so often, and no more: each costs a count. */
const LEAST_BETWEEN_JUMPS_MS = 200;
/** Addresses of this machine come and go. */
const ADDRESSES_EVERY = 10;

export interface ReadingLive {
  readonly hosts: Hosts;
  readonly decoders: readonly StreamDecoder[];
}

export class LiveSession {
  private readonly parts: SessionParts;
  private readonly settings: SessionSettings;
  private readonly events: SessionEvents;
  private readonly clock: CaptureClock;
  private readonly set: CaptureSet;
  private readonly table: FlowTable;
  private readonly taker: ResetCounter;
  private readonly pass: Pass;
  private readonly counter: SocketCounter;
  private readonly forgetting: Forgetting;
  private readonly triggers: Triggers;
  private readonly news: UnansweredNews;
  private readonly ticks: TickClock;
  private readonly cadence = new Cadence();
  private readonly snapshots: SnapshotTaker;
  private readonly time: LiveClock;
  private readonly stop: EngineStop;
  private readonly started: number;
  private readonly names = new Map<number, string>();

  private ticksDone = 0;
  private lastJump = Number.NEGATIVE_INFINITY;
  private saidFull = false;
  private fileProblem: string | null = null;
  private last: LiveCounts | null = null;
  private fired: Fired | null = null;

  constructor(settings: SessionSettings, parts: SessionParts, reading: ReadingLive, events: SessionEvents) {
    this.settings = settings;
    this.parts = parts;
    this.events = events;
    this.started = parts.steadyClock();
    this.clock = parts.clock;
    const { base } = this.clock;
    this.time = new LiveClock(this.clock, parts.wallClock);
    this.stop = new EngineStop(parts.capture, parts.steadyClock);
    this.set = new CaptureSet([parts.capture.source], this.clock);
    this.table = new FlowTable({ decoders: reading.decoders, keepExchanges: false, seed: randomSeed() });
    // Several interfaces see some packets twice.
    this.table.watchCopies = settings.interfaces.length > 1;
    this.taker = new ResetCounter(this.table);
    this.pass = new Pass(this.set, this.taker, this.clock, {
      filter: null,
      from: null,
      to: null,
      verifyChecksums: false,
      pseudonyms: null,
    });
    this.counter = new SocketCounter(this.table, reading.hosts);
    this.forgetting = new Forgetting(this.table, reading.hosts);
    this.news = new UnansweredNews(this.table);
    this.triggers = new Triggers(settings.until);
    this.ticks = new TickClock(TICK_NS, this.clock.fromEpoch(parts.wallClock()), Number(-(base % BigInt(TICK_NS))));
    this.snapshots = new SnapshotTaker(parts, settings.snapshotsEveryNs, (text) => events.notice(text));
  }

  /** Asks for the end; the first reason counts. What was captured until now is still read. */
  end(why: EndReason): void {
    this.stop.ask(why, this.clock.fromEpoch(this.parts.wallClock()));
  }

  /** Until the capture has ended and its files are closed. Throws what cannot be helped, after the files were closed. */
  async run(): Promise<SessionEnd> {
    const { parts, set } = this;
    const look = setInterval(() => this.look(), LOOK_MS);
    let problem: string | null = null;
    try {
      const p = new Packet();
      for (;;) {
        this.takeAll(p);
        this.stop.readUpTo(this.time.lastTime);
        await this.flush();
        if (!(await this.stop.fill(set))) break;
      }
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      problem = error.message;
    } finally {
      clearInterval(look);
      parts.capture.stop();
      await set.close();
      await this.snapshots.finish();
      await parts.ring.close(parts.capture.statistics()).catch((error) => this.noteFileProblem(error));
    }
    return this.ended(problem);
  }

  private ended(thrown: string | null): SessionEnd {
    const { why, behindNs } = this.stop;
    if (behindNs !== null)
      this.events.notice(
        `this program was ${formatDuration(behindNs / 1e9)} behind the wire when it ended: what waited for it then is neither kept nor counted as dropped`,
      );
    if (this.time.lastTime > Number.NEGATIVE_INFINITY || this.last !== null) this.count(this.time.now(), false);
    const { ring, capture } = this.parts;
    const covered = ring.covered;
    const isCut = ring.removed.files > 0 && covered !== null;
    const read = this.set.captures[0]?.problems.at(-1)?.message ?? null;
    return {
      why: why ?? "engine",
      packets: this.pass.packets,
      dropped: capture.statistics().dropped,
      notWritten: ring.notWritten,
      fired: this.fired,
      firedAt: this.fired === null ? null : this.clock.iso(this.fired.at),
      engineProblem: why === null ? engineSaid(thrown ?? read ?? "it ended by itself") : null,
      fileProblem: this.fileProblem,
      olderHalfClosed: isCut ? this.counter.halfClosedBefore(this.clock.fromEpoch(covered.from), this.time.now()) : 0,
      abandoned: this.forgetting.abandoned,
      last: this.last,
      seconds: (this.parts.steadyClock() - this.started) / 1000,
    };
  }

  // ─────────────────────────── packets ───────────────────────────

  /** hot: all that was read. */
  private takeAll(p: Packet): void {
    const { set, pass, ticks, time } = this;
    const { ring } = this.parts;
    let sinceLook = 0;
    let isFirst = true;
    while (set.next(p)) {
      if (isFirst) time.batchFrom(p.time);
      isFirst = false;
      if (ticks.due(p.time)) this.tickBefore(p.time);
      ring.packet(p, this.names.get(p.tap) ?? this.nameOf(p.tap));
      pass.take(p);
      time.lastTime = p.time;
      if (++sinceLook === PACKETS_A_LOOK) {
        sinceLook = 0;
        this.look();
      }
    }
  }

  /** Of the interface that saw a packet: as the engine names it, or else the only one that there is. */
  private nameOf(tap: number): string {
    const named = this.set.captures[0]?.interfaces.find((i) => i.tap === tap)?.name;
    const name = named ?? this.settings.interfaces[0] ?? "";
    this.names.set(tap, name);
    return name;
  }

  private async flush(): Promise<void> {
    if (this.fileProblem !== null) return;
    await this.parts.ring.flush().catch((error) => this.noteFileProblem(error));
    if (this.saidFull || this.parts.ring.state !== "full") return;
    this.saidFull = true;
    this.events.notice(
      "the disk is full: what comes from now on is counted, and not kept; free some space, or write to another place",
    );
  }

  /** What is on the disk stays and is reported on; there is no use in going on. */
  private noteFileProblem(error: unknown): void {
    if (!(error instanceof RingError)) throw error;
    this.fileProblem ??= error.message;
    this.end("files");
  }

  // ─────────────────────────── time ───────────────────────────

  /** Looks at the clocks, whether packets come or not. */
  private look(): void {
    const steady = this.parts.steadyClock();
    const { durationNs } = this.settings;
    if (durationNs !== null && steady - this.started >= durationNs / 1e6) this.end("duration");
    this.stop.look();
    if (this.stop.why === null) this.snapshots.look();
    const now = this.time.now();
    if (this.ticks.due(now)) this.tickBefore(now);
  }

  /** A second is complete: it is `time` now, and no packet of it has been taken yet. */
  private tickBefore(time: Nanos): void {
    const isBack = time < this.ticks.next;
    const steady = this.parts.steadyClock();
    if (isBack && steady - this.lastJump < LEAST_BETWEEN_JUMPS_MS) return;
    if (isBack) this.lastJump = steady;
    this.tick(this.ticks.take(time));
  }

  private tick(at: Nanos): void {
    if (this.ticksDone++ % ADDRESSES_EVERY === 0) this.counter.setOwn(this.parts.ownAddresses());
    const unanswered = this.news.take();
    const counts = this.count(at, true);
    this.events.counted(counts, this.clock.iso(at));
    if (unanswered.length > 0) this.events.unanswered(unanswered, (time) => this.clock.iso(time));
    this.judge(counts);
    this.forgetting.sweep(at);
    // Files end at their time also where nothing comes.
    void this.flush();
  }

  private judge(counts: LiveCounts): void {
    if (this.fired === null) {
      this.fired = this.triggers.judge(counts);
      if (this.fired !== null) this.events.fired(this.fired, this.clock.iso(this.fired.at), this.settings.afterNs);
    }
    if (this.fired !== null && counts.at - this.fired.at >= this.settings.afterNs) this.end("trigger");
  }

  /** Counts; less often, when that takes too much of the time. */
  private count(at: Nanos, isTick: boolean): LiveCounts {
    const before = this.parts.steadyClock();
    const { ledger } = this.table;
    const { answered, late, unanswered, requests } = ledger.totals;
    const { givenUp, ...counted } = this.counter.count(at);
    this.last = {
      at,
      packets: this.pass.packets,
      ...counted,
      totals: {
        requests: requests + counted.waiting + givenUp,
        answered,
        late,
        unanswered: unanswered + givenUp,
        resets: this.taker.resets,
      },
      dropped: this.parts.capture.statistics().dropped,
    };
    const took = this.parts.steadyClock() - before;
    if (isTick && this.cadence.took(took)) {
      const { everyNs } = this.cadence;
      this.ticks.setEvery(everyNs, at);
      const often = everyNs === TICK_NS ? "every second again" : `every ${everyNs / 1e9} s`;
      this.events.notice(
        `counting ${formatNumber(this.table.known)} connections takes ${Math.round(took)} ms: it is done ${often} from now on`,
      );
    }
    return this.last;
  }
}

/** Without what is of use for files: at which byte of them it happened. */
const engineSaid = (problem: string): string =>
  problem.replace(/, at byte \d+ of the capture; what is before was read$/, "");
