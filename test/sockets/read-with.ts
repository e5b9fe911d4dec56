// What does one reader make of a text? Its lines one by one, as read-dumps.ts hands them out, without the other readers.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { ListedEnd, SocketDump, SocketRow } from "../../src/core/socket-table.ts";
import { DumpBuilder } from "../../src/sockets/dump-builder.ts";
import type { DumpReader } from "../../src/sockets/dump-format.ts";
import { DumpFile } from "../../src/sockets/read-dumps.ts";
import { SocketColumns } from "../../src/sockets/socket-columns.ts";
import { TextLines } from "../../src/sockets/text-lines.ts";

export interface ReadText {
  readonly dump: SocketDump;
  /** Lines on which the reader says that a dump begins. */
  readonly begins: readonly string[];
  readonly foreign: readonly string[];
}

const SERVICES = new Map([["https", 443]]);

export function readWith(reader: DumpReader, bytes: Uint8Array | string): ReadText {
  const into = new DumpBuilder(reader.format, reader.system, 1, new SocketColumns());
  const session = reader.open((name) => SERVICES.get(name) ?? null);
  const begins: string[] = [];
  const foreign: string[] = [];
  let number = 0;
  const take = (line: string, isContinued: boolean): void => {
    if (!isContinued) number++;
    into.line = number;
    if (reader.begins(line) !== null) begins.push(line);
    const reading = session.read(line, into);
    if (reading === "other") into.other();
    if (reading === "unread") into.notRead(line);
    if (reading === "foreign") foreign.push(line);
  };
  const lines = new TextLines();
  lines.feed(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes, take);
  lines.end(take);
  session.end(into);
  return { dump: into.finish("test", null), begins, foreign };
}

/** A file of test/sockets/dumps. */
export function dumpFile(name: string): Uint8Array {
  const bytes = readFileSync(new URL(`dumps/${name}`, import.meta.url));
  return name.endsWith(".gz") ? gunzipSync(bytes) : bytes;
}

export const readFile = (reader: DumpReader, name: string): ReadText => readWith(reader, dumpFile(name));

const end = ({ address, port }: ListedEnd): string => `${address}:${port ?? ""}`;

/** A row in one line: `STATE local remote pid process`, what is not listed as `-`. */
export const brief = (row: SocketRow): string =>
  `${row.state} ${end(row.local)} ${end(row.remote)} ${row.pid ?? "-"} ${row.process ?? "-"}${row.isCut ? " cut" : ""}`;

/** Of every row: `rows()` hands out one view again and again. */
export const ofRows = <T>(dump: SocketDump, of: (row: SocketRow) => T): T[] => Array.from(dump.rows(), of);

export const briefs = (dump: SocketDump): string[] => ofRows(dump, brief);

/** What all readers together make of texts, one behind the other: `format rows+others?unread`, and the lines outside. */
export function readTogether(...texts: Uint8Array[]): { dumps: string[]; otherLines: number } {
  const file = new DumpFile({ source: "test", columns: new SocketColumns(), servicePort: () => null });
  for (const text of texts) {
    // In pieces that end within lines.
    for (let at = 0; at < text.length; at += 4093) file.feed(text.subarray(at, at + 4093));
    file.feed(new TextEncoder().encode("\n"));
  }
  const { dumps, otherLines } = file.end();
  return { dumps: dumps.map((d) => `${d.format} ${d.rowCount}+${d.otherRows}?${d.unreadCount}`), otherLines };
}
