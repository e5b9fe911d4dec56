// What has been read of one dump so far?

import type { HostSystem } from "../core/host-settings.ts";
import {
  type DumpFormat,
  MAX_UNREAD,
  MAX_UNREAD_TEXT,
  type SocketDump,
  type SocketRow,
  type SocketState,
  type SocketSummary,
  type UnreadLine,
} from "../core/socket-table.ts";
import type { Port, SocketColumns } from "./socket-columns.ts";
import { detached } from "./text-lines.ts";

/** A row that was counted and not kept. */
const NOT_KEPT = -1;

export class DumpBuilder {
  readonly format: DumpFormat;
  /** Of the line that is being read: 1-based. */
  line: number;
  /** A session that learns more than the format says may set it. */
  system: HostSystem | null;
  summary: SocketSummary | null = null;
  /** The session holds rows back until a later line tells what they are: the dump is not empty. */
  isHolding = false;
  readonly unread: UnreadLine[] = [];
  readonly firstLine: number;
  private unreadCount = 0;
  private otherRows = 0;
  private notKept = 0;
  private lastLine: number;
  private readonly counts = new Map<SocketState, number>();
  private readonly columns: SocketColumns;
  private readonly firstRow: number;
  /** Behind its last row: dumps are read one after the other, and finished when all are read. */
  private untilRow: number;
  private row = NOT_KEPT;
  private owned = false;

  constructor(format: DumpFormat, system: HostSystem | null, line: number, columns: SocketColumns) {
    this.format = format;
    this.system = system;
    this.line = line;
    this.firstLine = line;
    this.lastLine = line;
    this.columns = columns;
    this.firstRow = columns.count;
    this.untilRow = columns.count;
  }

  get isEmpty(): boolean {
    return this.counts.size === 0 && this.otherRows === 0 && this.summary === null && !this.isHolding;
  }

  /** Not even a line that could not be read. */
  get isBlank(): boolean {
    return this.isEmpty && this.unreadCount === 0;
  }

  /** Adds a socket; `set…` and `owner` then speak of it. */
  socket(state: SocketState, local: string, localPort: Port, remote: string, remotePort: Port): this {
    this.counts.set(state, (this.counts.get(state) ?? 0) + 1);
    this.lastLine = this.line;
    if (this.columns.isFull) {
      this.notKept++;
      this.row = NOT_KEPT;
    } else {
      this.row = this.columns.add(this.line, state, local, localPort, remote, remotePort);
      this.untilRow = this.row + 1;
    }
    return this;
  }

  /** Bytes, or for LISTEN of ss connections. */
  queues(recv: number, send: number): this {
    if (this.row !== NOT_KEPT) this.columns.setQueues(this.row, recv, send);
    return this;
  }

  owner(pid: number | null, process: string | null): this {
    if (pid !== null || process !== null) {
      this.owned = true;
      if (this.row !== NOT_KEPT) this.columns.setOwner(this.row, pid, process);
    }
    return this;
  }

  /** An address did not fit its column. */
  cut(): this {
    if (this.row !== NOT_KEPT) this.columns.setCut(this.row);
    return this;
  }

  /** The kernel ends this socket in so many seconds (the timer of TIME_WAIT, of an orphan). */
  expiresIn(seconds: number): this {
    if (this.row !== NOT_KEPT) this.columns.setExpiry(this.row, seconds);
    return this;
  }

  /** A row of another protocol. */
  other(): void {
    this.otherRows++;
    this.lastLine = this.line;
  }

  /** A line that could not be read; by default the one that is being read. */
  notRead(text: string, line = this.line): void {
    this.unreadCount++;
    if (this.unread.length < MAX_UNREAD) this.unread.push({ line, text: detached(text.slice(0, MAX_UNREAD_TEXT)) });
  }

  finish(source: string, takenAt: { ms: number; zoneAssumed: boolean } | null): SocketDump {
    const { columns, firstRow, untilRow } = this;
    return {
      source,
      format: this.format,
      system: this.system,
      takenAt: takenAt?.ms ?? null,
      zoneAssumed: takenAt?.zoneAssumed ?? false,
      firstLine: this.firstLine,
      lastLine: this.lastLine,
      rowCount: untilRow - firstRow,
      notKept: this.notKept,
      counts: this.counts,
      otherRows: this.otherRows,
      unreadCount: this.unreadCount,
      unread: this.unread,
      hasOwners: this.owned,
      summary: this.summary,
      rows: (): Iterable<SocketRow> => columns.rows(firstRow, untilRow),
    };
  }
}
