// Which socket dumps are in this text? Each recognised by its content, several in one file, with prompts and prose between them.

import type { DumpFormat, SocketDump } from "../core/socket-table.ts";
import { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, ServicePort } from "./dump-format.ts";
import { type DumpTime, timeInLine, timeInName } from "./dump-times.ts";
import { READERS } from "./readers.ts";
import type { SocketColumns } from "./socket-columns.ts";
import { isCommand, isFence, resemblesRow, unquoted } from "./surroundings.ts";
import { TextLines } from "./text-lines.ts";

/** Dumps of one file; a series of a dump a second for an hour has 3,600. */
const MAX_DUMPS = 20_000;
/** Rows that are held until a dump begins. */
const MAX_STRAYS = 1000;
/** Characters: a prompt with a time and a command fits. A longer line that begins with a time is of a log, and of another moment. */
const MAX_TIME_LINE = 120;
/** Behind a dump only the output of `date` counts, in a frame perhaps. */
const MAX_BARE_TIME = 48;

/** What a text held. */
export interface DumpText {
  readonly dumps: readonly SocketDump[];
  /** Lines outside of every dump. */
  readonly otherLines: number;
  /** Dumps beyond the limit, which were left out. */
  readonly leftOut: number;
}

export interface DumpContext {
  /** The path: named in every dump, and read for a time. */
  readonly source: string;
  readonly columns: SocketColumns;
  readonly servicePort: ServicePort;
  /** In the order in which they are asked; all of them when it is left out. */
  readonly readers?: readonly DumpReader[];
}

/** A dump, and the times that stand around it. */
interface TimedDump {
  readonly into: DumpBuilder;
  readonly before: DumpTime | null;
  after: DumpTime | null;
}

interface OpenDump extends TimedDump {
  readonly reader: DumpReader;
  readonly session: DumpSession;
  readonly isHeaded: boolean;
}

/** Reads one text: {@link feed} its bytes, then {@link end}. */
export class DumpFile {
  private readonly context: DumpContext;
  private readonly readers: readonly DumpReader[];
  private readonly lines = new TextLines();
  private readonly dumps: TimedDump[] = [];
  private line = 0;
  private otherLines = 0;
  private leftOut = 0;
  /** The latest time that the text said, and the formats that had it: `date; netstat; ss` is one moment, two netstats are not. */
  private time: DumpTime | null = null;
  private readonly timed = new Set<DumpFormat>();
  private open: OpenDump | null = null;
  /** Rows without a dump: they count with the next one, and at the end of the text with the one before. */
  private strays: { text: string; line: number }[] = [];

  constructor(context: DumpContext) {
    this.context = context;
    this.readers = context.readers ?? READERS;
  }

  feed(bytes: Uint8Array): void {
    this.lines.feed(bytes, (line, isContinued) => this.take(line, isContinued));
  }

  end(): DumpText {
    this.lines.end((line, isContinued) => this.take(line, isContinued));
    this.close();
    this.giveStrays(this.dumps.at(-1)?.into ?? null);
    return { dumps: this.finished(), otherLines: this.otherLines, leftOut: this.leftOut };
  }

  private take(text: string, isContinued: boolean): void {
    if (!isContinued) this.line++;
    const line = unquoted(text);
    if (this.open === null && line.trim() === "") return;
    if (isFence(line)) {
      this.otherLines++;
      this.close();
    } else if (!this.isTaken(line)) {
      const beginning = this.beginning(line);
      if (beginning === null) this.outside(line);
      else this.begin(line, beginning.reader, beginning.isHeaded);
    }
  }

  /** The open dump may take the line. */
  private isTaken(line: string): boolean {
    const { open } = this;
    if (open === null) return false;
    const { reader, session, into } = open;
    into.line = this.line;
    const isBegun = !into.isBlank;
    const isNext = (): boolean => isBegun && reader.begins(line) === "heading";
    // A row is never a heading, and is not asked: that would read it twice.
    if (into.isHolding && isNext()) return false;
    const reading = session.read(line, into);
    if (reading === "other") into.other();
    if (reading === "row" || reading === "other") return true;
    if (reading === "foreign" || isNext()) return false;
    if (reading === "unread") {
      const beginning = this.beginning(line);
      if (beginning !== null && beginning.reader !== reader) return false;
      into.notRead(line);
    }
    return true;
  }

  /** Who reads the dump that begins with this line? A heading counts more than a row. */
  private beginning(line: string): { reader: DumpReader; isHeaded: boolean } | null {
    let byRow: DumpReader | null = null;
    for (const reader of this.readers) {
      const begins = reader.begins(line);
      if (begins === "heading") return { reader, isHeaded: true };
      if (begins === "row") byRow ??= reader;
    }
    return byRow === null ? null : { reader: byRow, isHeaded: false };
  }

  private begin(line: string, reader: DumpReader, isHeaded: boolean): void {
    this.close();
    // A prompt that says the time, and the command that the reader wants to see.
    if (isCommand(line)) this.takeTime(line);
    const { columns, servicePort } = this.context;
    const into = new DumpBuilder(reader.format, reader.system, this.line, columns);
    const session = reader.open(servicePort);
    const before = this.timed.has(reader.format) ? null : this.time;
    this.timed.add(reader.format);
    this.open = { reader, session, into, before, after: null, isHeaded };
    const reading = session.read(line, into);
    if (reading === "other") into.other();
    else if (reading === "unread" || reading === "foreign") into.notRead(line);
  }

  /** Between two dumps, or in the midst of one: a prompt, a warning, the output of `date`. */
  private outside(line: string): void {
    if (line.trim() === "") return;
    if (this.takeTime(line)) this.otherLines++;
    else if (resemblesRow(line)) this.stray(line);
    else {
      this.otherLines++;
      if (isCommand(line)) this.close();
    }
  }

  /** A time ends a dump, and is that of the next one; unless times turn out to stand behind their dumps. */
  private takeTime(line: string): boolean {
    const time = line.length <= MAX_TIME_LINE ? timeInLine(line) : null;
    if (time === null) return false;
    this.close();
    if (line.length <= MAX_BARE_TIME) {
      for (let i = this.dumps.length - 1; i >= 0 && this.dumps[i]!.after === null; i--) this.dumps[i]!.after = time;
    }
    this.time = time;
    this.timed.clear();
    return true;
  }

  /** A row that nobody reads. */
  private stray(line: string): void {
    if (this.open !== null) this.open.into.notRead(line);
    else this.strays.push({ text: line, line: this.line });
    if (this.strays.length > MAX_STRAYS) this.giveStrays(this.dumps.at(-1)?.into ?? null);
  }

  private giveStrays(into: DumpBuilder | null): void {
    if (into === null) this.otherLines += this.strays.length;
    else for (const { text, line } of this.strays) into.notRead(text, line);
    this.strays = [];
  }

  private close(): void {
    const { open } = this;
    if (open === null) return;
    this.open = null;
    open.session.end(open.into);
    const { into, before, after, isHeaded } = open;
    if (into.isBlank && !isHeaded) {
      this.otherLines++;
      this.timed.delete(into.format);
      return;
    }
    this.giveStrays(into);
    if (this.dumps.length < MAX_DUMPS) this.dumps.push({ into, before, after });
    else this.leftOut++;
  }

  private finished(): SocketDump[] {
    const { dumps } = this;
    const { source } = this.context;
    // `netstat; date` in a loop: the first dump has no time before it, and each has one behind it.
    const isTimeBehind = dumps[0]?.before === null && dumps.every((dump) => dump.after !== null);
    const named = new Set<DumpFormat>();
    return dumps.map(({ into, before, after }, i) => {
      let time = isTimeBehind ? after : before;
      if (time === null && !named.has(into.format)) time = timeInName(source);
      named.add(into.format);
      return into.finish(dumps.length === 1 ? source : `${source}#${i + 1}`, time);
    });
  }
}
