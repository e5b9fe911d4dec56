// What does a PostgreSQL client ask for? Its messages become exchanges, or parts of one.

import type { Nanos } from "../src/core/clock.ts";
import type { FrameRef } from "../src/core/frame.ts";
import type { ExchangeSink, Side } from "../src/core/stream-decoder.ts";
import { uint32 } from "./bytes.ts";
import { type TextCache, textOf } from "./http1-text.ts";
import type { Asker, PostgresBackend } from "./postgres-backend.ts";
import { COPY_DATA } from "./postgres-messages.ts";
import type { Entry, Pairing } from "./postgres-pairing.ts";
import type { MessageReader } from "./postgres-reader.ts";
import { Statements } from "./postgres-statements.ts";
import { nul, STATEMENT_BYTES, statementOf } from "./postgres-text.ts";

/** Names of statements and portals. The server itself makes no difference behind 63 bytes. */
const NAMES_BYTES = 512;
/** The function's OID. */
const OID_BYTES = 4;

const KEEP = new Uint16Array(128);
for (const [type, bytes] of [
  ["Q", STATEMENT_BYTES],
  ["P", STATEMENT_BYTES + NAMES_BYTES],
  ["B", NAMES_BYTES],
  ["D", NAMES_BYTES],
  ["C", NAMES_BYTES],
  ["E", NAMES_BYTES],
  ["F", OID_BYTES],
] as const) {
  KEEP[type.charCodeAt(0)] = bytes;
}

const [PARSE, BIND, DESCRIBE, CLOSE] = ["P", "B", "D", "C"].map((c) => c.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];
/** What a group without Execute is called: by the first of these that it holds. */
const METHODS = [
  [PARSE, "PREPARE"],
  [DESCRIBE, "DESCRIBE"],
  [BIND, "BIND"],
  [CLOSE, "CLOSE"],
] as const;

/** A walsender streams until it is told to stop. */
const STREAMS = /^\s*START_REPLICATION\b/i;

/** A group that is being put together. */
interface Building {
  entry: Entry;
  /** Target by message type, the first of each. */
  targets: Map<number, string>;
  id: string | null;
  /** Nothing was asked before it since the last Sync. */
  isFirst: boolean;
}

/** Executes that wait for their Sync. A server sends on its own whenever its buffer of 8 KiB is full, so beyond this they count as sent. */
const MAX_UNSYNCED = 1 << 16;

export class PostgresFrontend implements Asker {
  side: Side = 0;
  database: string | null = null;
  private readonly statements = new Statements();
  private building: Building | null = null;
  /** Executes that were not followed by Sync or Flush so far: the server may keep their answers back. */
  private unsynced: Entry[] = [];
  /** Something was asked since the last Sync. */
  private inCycle = false;
  /** The query or function call whose bytes are still coming. */
  private current: Entry | null = null;
  private readonly sink: ExchangeSink;
  private readonly pairing: Pairing;
  private readonly backend: PostgresBackend;
  private readonly texts: TextCache;

  constructor(sink: ExchangeSink, pairing: Pairing, backend: PostgresBackend, texts: TextCache) {
    this.sink = sink;
    this.pairing = pairing;
    this.backend = backend;
    this.texts = texts;
  }

  keep(type: number): number {
    return KEEP[type]!;
  }

  /** Bytes of the client are missing: what was being put together ends here. */
  lost(): void {
    const g = this.building;
    if (g?.targets.has(BIND) || g?.targets.has(PARSE)) {
      // As a rule what is bound is executed at once, and what is parsed often: its answer may be a result.
      this.building = null;
      g.entry.executes = true;
      this.report(g, g.targets.has(BIND) ? "EXECUTE" : "PREPARE", (g.targets.get(BIND) ?? g.targets.get(PARSE))!);
    } else this.closeGroup();
    this.over();
    // A Sync that comes next may belong to what is missing.
    this.inCycle = true;
    this.statements.gap();
    this.pairing.requestGap();
  }

  /** The client says nothing more: what it did not finish was never asked. */
  over(): void {
    this.building = null;
    this.current = null;
    this.unsynced = [];
    this.inCycle = false;
  }

  idle(): void {
    this.statements.transactionEnded();
  }

  /** More of a message came that was shown already. */
  goesOn(type: number, time: Nanos): void {
    const e = this.current?.exchange;
    if (e) this.sink.requestBytes(e, time, false);
    else if (type === COPY_DATA) this.backend.copying(time, false);
  }

  // hot: per message.
  message(r: MessageReader): void {
    const { body: b, bodyStart: start, bodyEnd: end, frame, time } = r;
    const type = String.fromCharCode(r.type);
    switch (type) {
      case "Q": {
        const { text, id } = statementOf(this.texts, b, start, nul(b, start, end));
        this.statements.queried();
        this.ask("QUERY", text, id, frame, time);
        return;
      }
      case "F":
        this.ask("FUNCTION", end - start < OID_BYTES ? "function" : `function ${uint32(b, start)}`, null, frame, time);
        return;
      case "P": {
        const nameEnd = nul(b, start, end);
        const statement = statementOf(this.texts, b, Math.min(end, nameEnd + 1), nul(b, nameEnd + 1, end));
        if (nameEnd < end) this.statements.parsed(textOf(b, start, nameEnd), statement.text);
        const g = this.group(PARSE, statement.text, frame, time);
        g.id ??= statement.id;
        return;
      }
      case "B": {
        const portalEnd = nul(b, start, end);
        const nameEnd = nul(b, portalEnd + 1, end);
        const isWhole = nameEnd < end;
        const target = isWhole
          ? this.statements.bound(textOf(b, start, portalEnd), textOf(b, portalEnd + 1, nameEnd))
          : this.statements.statement("");
        this.group(BIND, target, frame, time);
        return;
      }
      case "D":
      case "C": {
        const name = textOf(b, Math.min(end, start + 1), nul(b, start + 1, end));
        const kind = start < end ? String.fromCharCode(b[start]!) : "";
        const target = kind === "P" ? this.statements.portal(name) : this.statements.statement(name);
        this.group(r.type, target, frame, time);
        if (type === "C") this.statements.closed(kind, name);
        return;
      }
      case "E": {
        const g = this.building ?? this.open(frame, time);
        this.building = null;
        g.entry.executes = true;
        this.report(g, "EXECUTE", this.statements.portal(textOf(b, start, nul(b, start, end))));
        return;
      }
      case "H":
        // While it takes COPY data the server overlooks Flush and Sync, which libpq sends before the data.
        if (!this.backend.takesCopy) this.flush(time);
        return;
      case "S":
        if (!this.backend.takesCopy) this.sync(frame, time);
        return;
      case "X":
        this.sink.remark({ side: this.side, frame, time, kind: "farewell", code: null, text: "Terminate" });
        return;
    }
  }

  /** A message has come to its end. */
  // hot: per message.
  ended(type: number, time: Nanos): void {
    switch (String.fromCharCode(type)) {
      case "Q":
      case "F": {
        const e = this.current?.exchange;
        if (e) this.sink.requestBytes(e, time, true);
        this.current = null;
        return;
      }
      case "E": {
        const e = this.unsynced.at(-1)?.exchange;
        if (e) this.sink.requestBytes(e, time, false);
        return;
      }
      case "d":
        this.backend.copying(time, false);
        return;
      case "c":
      case "f":
        // In the extended protocol a Sync follows, in place of the one that was overlooked.
        this.inCycle = true;
        this.backend.copying(time, true);
        return;
    }
  }

  private ask(method: string, target: string, id: string | null, frame: FrameRef, time: Nanos): void {
    this.closeGroup();
    this.inCycle = false;
    const entry = this.pairing.add("query", frame, time);
    const waits = method === "QUERY" && STREAMS.test(target);
    const head = { frame, time, method, target, host: this.database, id };
    entry.exchange = this.sink.request(this.side, waits ? { ...head, waits } : head);
    this.pairing.asked(entry);
    this.current = entry;
  }

  /** What was sent so far is to be answered now. */
  private flush(time: Nanos): void {
    this.closeGroup();
    for (const { exchange } of this.unsynced) {
      if (exchange !== null && !exchange.requestComplete) this.sink.requestBytes(exchange, time, true);
    }
    this.unsynced = [];
  }

  private sync(frame: FrameRef, time: Nanos): void {
    this.flush(time);
    const entry = this.pairing.add("sync", frame, time);
    if (!this.inCycle) {
      // Alone it asks whether the server is there.
      const head = { frame, time, method: "SYNC", target: "", host: this.database, id: null };
      entry.exchange = this.sink.request(this.side, head);
      this.pairing.asked(entry);
      this.sink.requestBytes(entry.exchange, time, true);
    }
    this.inCycle = false;
  }

  private open(frame: FrameRef, time: Nanos): Building {
    const isFirst = !this.inCycle;
    this.inCycle = true;
    return { entry: this.pairing.add("group", frame, time), targets: new Map(), id: null, isFirst };
  }

  private group(type: number, target: string, frame: FrameRef, time: Nanos): Building {
    this.building ??= this.open(frame, time);
    const g = this.building;
    g.entry.acks++;
    if (!g.targets.has(type)) g.targets.set(type, target);
    return g;
  }

  private report(g: Building, method: string, target: string): void {
    const { entry } = g;
    const { frame, time } = entry;
    entry.exchange = this.sink.request(this.side, { frame, time, method, target, host: this.database, id: g.id });
    entry.closed = true;
    this.pairing.asked(entry);
    if (this.unsynced.length >= MAX_UNSYNCED) this.flush(time);
    this.unsynced.push(entry);
    this.backend.closed(entry);
  }

  /** A group without Execute is over. Closing what was used belongs to what was done before, and is none of its own. */
  closeGroup(): void {
    const g = this.building;
    if (g === null) return;
    this.building = null;
    const [type, method] = METHODS.find(([t]) => g.targets.has(t))!;
    if (type !== CLOSE || g.isFirst) this.report(g, method, g.targets.get(type)!);
    else {
      g.entry.closed = true;
      this.backend.closed(g.entry);
    }
  }
}
