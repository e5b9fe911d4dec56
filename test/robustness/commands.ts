// Which commands write something? A further one is one line here: every test of this folder then tries it.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { sample } from "../cli/samples.ts";

export const SICK = sample("leaked-pool");
/** Little to read, and some files in its bundle: for tests of a hundred runs. */
export const SMALL = sample("broken-framing");
const DUMP = fileURLToPath(new URL("../sockets/dumps/linux-busybox-netstat-tan.txt", import.meta.url));

export interface Writing {
  readonly name: string;
  /** Its ending says the format to some commands. */
  readonly output: string;
  readonly input: string;
  /** Reads `input` and writes `output`. */
  readonly argv: (input: string, output: string) => string[];
}

const line =
  (...words: readonly string[]) =>
  (input: string, output: string): string[] =>
    words.map((word) => (word === "IN" ? input : word === "OUT" ? output : word));

export const WRITING: readonly Writing[] = [
  { name: "analyze", output: "out.txt", input: SICK, argv: line("analyze", "IN", "-o", "OUT") },
  { name: "analyze, page", output: "out.html", input: SICK, argv: line("analyze", "IN", "-o", "OUT") },
  {
    name: "analyze, JSON",
    output: "out.json",
    input: SICK,
    argv: line("analyze", "IN", "--json", "--detail", "-o", "OUT"),
  },
  {
    name: "analyze, a share",
    output: "out.share",
    input: SICK,
    argv: line("analyze", "IN", "--shard", "1/2", "-o", "OUT"),
  },
  { name: "bundle, ZIP", output: "out.zip", input: SMALL, argv: line("analyze", "IN", "--bundle", "OUT") },
  { name: "bundle, folder", output: "out", input: SMALL, argv: line("analyze", "IN", "--bundle", "OUT") },
  { name: "flows", output: "out.txt", input: SICK, argv: line("flows", "IN", "-o", "OUT") },
  { name: "exchanges", output: "out.json", input: SICK, argv: line("exchanges", "IN", "--json", "-o", "OUT") },
  { name: "states", output: "out.txt", input: SICK, argv: line("states", "IN", "--at", "end", "-o", "OUT") },
  { name: "diagram", output: "out.svg", input: SICK, argv: line("diagram", "ladder", "IN", "-o", "OUT") },
  { name: "extract", output: "out.pcapng", input: SICK, argv: line("extract", "IN", "--flow", "3", "-o", "OUT") },
  { name: "sockets", output: "out.txt", input: DUMP, argv: line("sockets", "IN", "-o", "OUT") },
];

export const writing = (name: string): Writing => WRITING.find((w) => w.name === name)!;

/** The capture as it is before gzip: what `-` gets. */
export const capture = (): Buffer => gunzipSync(readFileSync(SICK));

/** What is at a path: the bytes of a file, or those of all files of a folder with their names; null: nothing is there. */
export function contentOf(path: string): Buffer | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (!stats.isDirectory()) return readFileSync(path);
  const names = (readdirSync(path, { recursive: true }) as string[]).sort();
  return Buffer.concat(
    names.map((name) =>
      Buffer.concat([
        Buffer.from(`\n${name}\n`),
        statSync(join(path, name)).isDirectory() ? Buffer.from("") : readFileSync(join(path, name)),
      ]),
    ),
  );
}

/** Names beside a path, hidden ones too. */
export const beside = (path: string): string[] => readdirSync(dirname(path)).filter((name) => name !== basename(path));
