// Which texts were given as socket dumps, which dumps are in them, and what is wrong with the others?

import { IS_CAPTURE, readTextOf } from "./capture/open-text.ts";
import { CaptureError, type CaptureSource, sourceFromBytes } from "./capture/source.ts";
import { REDACTED } from "./core/redaction.ts";
import type { SocketDump } from "./core/socket-table.ts";
import { replacePath, type TextRedactor } from "./core/text-redactor.ts";
import type { ServicePort } from "./sockets/dump-format.ts";
import { DumpFile } from "./sockets/read-dumps.ts";
import { SocketColumns } from "./sockets/socket-columns.ts";

/** A path (or glob, or folder, or "-"), the bytes of a text, or a source of one's own. */
export type DumpInput = string | Uint8Array | CaptureSource;

/** What was wrong with an input. */
export interface DumpProblem {
  path: string;
  /** Kebab-case, stable. */
  code: string;
  /** One line, without the path. */
  message: string;
  /** Nothing of it was read. */
  fatal: boolean;
}

export interface DumpsRead {
  dumps: SocketDump[];
  problems: DumpProblem[];
  /** What was left out, one sentence each. */
  remarks: string[];
}

interface Input {
  source: CaptureSource;
  /** It was not named itself: it is in this folder. */
  folder: string | null;
}

interface Folder {
  path: string;
  files: number;
  dumps: number;
  /** Names of files in which there is no dump, and of captures. */
  others: string[];
  captures: string[];
}

const NO_DUMP = "no-dump";
const EXPECTED = "not one line looks like netstat, ss, lsof, /proc/net/tcp or Get-NetTCPConnection";
/** What a folder may hold beside dumps, and what is a fault in a file that was named. */
const NOT_DUMPS: ReadonlySet<string> = new Set([NO_DUMP, IS_CAPTURE, "empty", "unsupported-format"]);
/** Files that are named in a remark. */
const NAMED = 3;

/** In the order of the inputs. `texts`: what becomes of addresses, names and paths. */
export async function readDumpInputs(
  inputs: readonly DumpInput[],
  servicePort: ServicePort,
  texts: TextRedactor,
  signal?: AbortSignal,
): Promise<DumpsRead> {
  const read: DumpsRead = { dumps: [], problems: [], remarks: [] };
  const { sources, folders } = await openInputs(inputs, read.remarks);
  const columns = new SocketColumns(texts.pseudonyms === null ? null : (address) => texts.address(address));
  for (const { source, folder } of sources) {
    const file = new DumpFile({ source: source.path, columns, servicePort });
    const problem = await readOne(source, file, read, signal);
    const inside = folder === null ? null : folders.get(folder)!;
    if (inside === null) {
      if (problem !== null) read.problems.push(problem);
    } else if (problem === null || !problem.fatal) inside.dumps++;
    else if (problem.code === IS_CAPTURE) inside.captures.push(problem.path);
    else if (NOT_DUMPS.has(problem.code)) inside.others.push(problem.path);
    else read.problems.push(problem);
  }
  for (const folder of folders.values()) tellFolder(folder, read);
  return texts.pseudonyms === null
    ? read
    : withoutPaths(read, [...sources.map((s) => s.source.path), ...folders.keys()], texts);
}

/** With `strict`: files and folders go by their number, and lines that could not be read are not shown. */
function withoutPaths(read: DumpsRead, paths: readonly string[], texts: TextRedactor): DumpsRead {
  const numbers = new Map(paths.map((path) => [path, 0]));
  [...numbers.keys()].forEach((path, n) => {
    numbers.set(path, n);
  });
  const shown = (path: string): string => texts.path(path, "dump", numbers.get(path) ?? 0);
  // The longest first: a path may be the beginning of another.
  const known = [...numbers.keys()].filter((path) => path !== "-").sort((a, b) => b.length - a.length);
  const said = (text: string): string =>
    texts.names(known.reduce((rest, path) => replacePath(rest, path, shown(path)), text));
  return {
    dumps: read.dumps.map((dump) => {
      const number = /#\d+$/.exec(dump.source)?.[0] ?? "";
      const path = numbers.has(dump.source) ? dump.source : dump.source.slice(0, dump.source.length - number.length);
      texts.count("unread lines", dump.unread.length);
      return {
        ...dump,
        source: path === dump.source ? shown(path) : `${shown(path)}${number}`,
        unread: dump.unread.map(({ line }) => ({ line, text: REDACTED })),
      };
    }),
    problems: read.problems.map((p) => ({ ...p, path: shown(p.path), message: said(p.message) })),
    remarks: read.remarks.map(said),
  };
}

async function readOne(
  source: CaptureSource,
  file: DumpFile,
  into: DumpsRead,
  signal: AbortSignal | undefined,
): Promise<DumpProblem | null> {
  const { path } = source;
  let broken: CaptureError | null;
  try {
    broken = await readTextOf(source, (bytes) => file.feed(bytes), signal);
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return { path, code: error.code, message: messageOf(error), fatal: true };
  }
  const { dumps, leftOut } = file.end();
  for (const dump of dumps) into.dumps.push(dump);
  if (leftOut > 0) into.remarks.push(`${path}: ${counted(leftOut, "dump")} beyond the first ${dumps.length} left out`);
  const fatal = dumps.length === 0;
  if (broken !== null) {
    const kept = fatal ? "" : "; the dumps before it were read";
    return { path, code: broken.code, message: `${messageOf(broken)}${kept}`, fatal };
  }
  return fatal ? { path, code: NO_DUMP, message: `no socket dump in it: ${EXPECTED}`, fatal } : null;
}

function tellFolder({ path, files, dumps, others, captures }: Folder, into: DumpsRead): void {
  if (dumps === 0) {
    const message =
      files === 0 ? "no file is in this folder" : `no socket dump in any of its ${counted(files, "file")}`;
    into.problems.push({ path, code: NO_DUMP, message, fatal: true });
  }
  if (captures.length > 0) {
    const they = captures.length === 1 ? "reads it" : "reads them";
    into.remarks.push(
      `${path}: left out ${counted(captures.length, "capture")} (halfclose analyze ${they}): ${named(captures)}`,
    );
  }
  if (others.length > 0 && dumps > 0)
    into.remarks.push(`${path}: left out ${counted(others.length, "file")} without a socket dump: ${named(others)}`);
}

function named(paths: readonly string[]): string {
  const more = paths.length - NAMED;
  return `${paths.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Reasons that are written for captures, in the words of dumps. */
const MESSAGES: Record<string, string> = {
  terminal: "standard input is a terminal; pipe a dump into it: ss -tanp | halfclose sockets -",
  "no-permission": "no permission to read it",
  directory: "this folder cannot be listed (no permission?)",
};

const messageOf = (error: CaptureError): string => MESSAGES[error.code] ?? error.message;

async function openInputs(inputs: readonly DumpInput[], remarks: string[]) {
  const sources: Input[] = [];
  const folders = new Map<string, Folder>();
  const seen = new Set<string>();
  for (const input of inputs) {
    if (input instanceof Uint8Array) {
      sources.push({ source: sourceFromBytes(`dump ${sources.length + 1}`, input), folder: null });
    } else if (typeof input !== "string") sources.push({ source: input, folder: null });
    else {
      // Files are reached only where there are any: a browser hands in bytes.
      const { openDumpFiles } = await import("./capture/dump-files.ts");
      const found = await openDumpFiles(input);
      for (const { folder: path, files, hidden, folders: inner, special } of found.folders) {
        if (folders.has(path)) continue;
        folders.set(path, { path, files, dumps: 0, others: [], captures: [] });
        const left = [
          ...(hidden > 0 ? [counted(hidden, "hidden file")] : []),
          ...(inner > 0 ? [counted(inner, "folder")] : []),
          ...(special > 0 ? [counted(special, "pipe or device", "pipes or devices")] : []),
        ];
        if (left.length > 0) remarks.push(`${path}: left out ${left.join(", ")} in it`);
      }
      for (const file of found.sources) {
        if (seen.has(file.identity)) continue;
        seen.add(file.identity);
        sources.push(file);
      }
    }
  }
  return { sources, folders };
}

const counted = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
