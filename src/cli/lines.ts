// How do the commands that list things write what they read? A JSON object a line for programs, a table for people.

import { ascii } from "../core/escape.ts";
import type { ReportCapture } from "../core/report.ts";
import { jsonLinePieces } from "../report/json.ts";
import type { Io } from "./io.ts";
import { openOutput, writeAll } from "./output.ts";
import { refuseToOverwrite } from "./overwrite.ts";
import { sayProblems } from "./reading.ts";
import { type Column, tableLines } from "./table.ts";
import { showsUnicode } from "./terminal.ts";

interface LinesTask<T, R extends { captures: ReportCapture[] }> {
  captures: readonly string[];
  flags: { json?: boolean; output?: string };
  io: Io;
  columns: readonly Column<T>[];
  read: () => Promise<R>;
  rows: (result: R) => Iterable<T>;
}

/** Reads, writes, says what was wrong with the captures; the exit code. */
export async function writeLines<T, R extends { captures: ReportCapture[] }>(task: LinesTask<T, R>): Promise<number> {
  const { captures, flags, io, columns } = task;
  await refuseToOverwrite(flags.output, captures);
  const result = await task.read();
  const rows = task.rows(result);
  return writeRead(result.captures, rows, () => tableLines(columns, rows), flags, io);
}

/** Writes what was read, as objects or as lines for people, and says what was wrong with the captures; the exit code. */
export async function writeRead(
  captures: ReportCapture[],
  objects: Iterable<unknown>,
  lines: () => Iterable<string>,
  flags: { json?: boolean; output?: string },
  io: Io,
): Promise<number> {
  await writeAll(flags.json === true ? jsonLines(objects) : forPeople(lines(), io), openOutput(flags.output, io));
  return sayProblems(captures, io);
}

function* jsonLines(rows: Iterable<unknown>): Iterable<string> {
  for (const row of rows) yield* jsonLinePieces(row as object);
}

function* forPeople(lines: Iterable<string>, io: Io): Iterable<string> {
  const unicode = showsUnicode(io.env);
  for (const line of lines) yield unicode ? line : `${ascii(line.trimEnd())}\n`;
}
