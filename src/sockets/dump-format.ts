// How is one kind of socket dump read? The contract between `read-dumps.ts`, which has the lines, and the reader of a format.

import type { HostSystem } from "../core/host-settings.ts";
import type { DumpFormat } from "../core/socket-table.ts";
import type { DumpBuilder } from "./dump-builder.ts";

/** What a session made of a line. */
export type Reading =
  /** One socket or more. */
  | "row"
  /** A row of another protocol: UDP, UNIX, a file. */
  | "other"
  /** Part of the dump, and no socket by itself: a heading, a rule, an empty line, one line of a record. */
  | "part"
  /** Meant as a row of this format, and cannot be read. */
  | "unread"
  /** Not of this format: a prompt, a warning, another dump. */
  | "foreign";

/** From the name of a service to its TCP port: null when no list knows it. */
export type ServicePort = (name: string) => number | null;

export interface DumpReader {
  readonly format: DumpFormat;
  readonly system: HostSystem | null;
  /**
   * May a dump of this format begin here? A heading, which also ends a dump of the same format; or a row that no other format
   * writes, for people cut headings off. Cheap, and linear in the length of the line.
   */
  begins(line: string): "heading" | "row" | null;
  open(servicePort: ServicePort): DumpSession;
}

/** Reads one dump, line by line. Lines come without their end, without terminal colours, at most MAX_LINE characters. Never throws. */
export interface DumpSession {
  read(line: string, into: DumpBuilder): Reading;
  /** The dump is over: what was begun and can be read is added. */
  end(into: DumpBuilder): void;
}
