// Where does a bundle go? Into a ZIP file, or a folder that is whole or not there at all.

import { randomUUID } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { BUNDLE_MARK, type Bundle, bundleTime } from "../bundle.ts";
import { UsageError } from "../core/errors.ts";
import { visible } from "../core/escape.ts";
import { count, formatBytes } from "../core/format.ts";
import type { Investigation } from "../investigate.ts";
import type { Io } from "./io.ts";
import { asOutputError, openOutput, writeAll } from "./output.ts";
import { refuseToOverwrite } from "./overwrite.ts";

export const isZip = (path: string): boolean => /\.zip$/i.test(path);

/** Before anything is read: may a bundle be written there? Throws UsageError. */
export function checkBundle(path: string, inputs: readonly string[]): void {
  if (path === "" || path === "-") throw new UsageError("--bundle needs a folder, or a file that ends with .zip");
  const stats = statSync(path, { throwIfNoEntry: false });
  if (isZip(path)) {
    if (stats?.isDirectory()) throw new UsageError(`--bundle ${path} is a folder; name a file that ends with .zip`);
    refuseToOverwrite(path, inputs);
    return;
  }
  if (stats === undefined) return;
  if (!stats.isDirectory())
    throw new UsageError(`--bundle ${path} is a file; name a new folder, or a file that ends with .zip`);
  if (!isEmpty(path) && !isBundle(path))
    throw new UsageError(
      `--bundle ${path} holds something else; name a new or empty folder, or that of an earlier bundle`,
    );
  const folder = realpathSync(path) + sep;
  const within = inputs.find((input) => realPathOf(input)?.startsWith(folder));
  if (within !== undefined)
    throw new UsageError(`--bundle ${path} would replace ${within}, which is read; name another folder`);
}

const isEmpty = (path: string): boolean => readdirSync(path).length === 0;

const OWN = /^(?:README\.txt|report\.(?:html|md|json)|evidence\.pcapng)$/;

/** Made by this program, and nothing was put beside. */
function isBundle(path: string): boolean {
  try {
    if (!readFileSync(join(path, "README.txt"), "utf8").startsWith(`${BUNDLE_MARK}\n`)) return false;
    return readdirSync(path, { withFileTypes: true }).every((entry) =>
      entry.isDirectory()
        ? entry.name === "pictures" && readdirSync(join(path, entry.name)).every((name) => name.endsWith(".svg"))
        : OWN.test(entry.name),
    );
  } catch {
    return false;
  }
}

function realPathOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    // A pattern, or standard input.
    return null;
  }
}

export async function writeBundle(path: string, bundle: Bundle, from: Investigation, io: Io): Promise<void> {
  if (!isZip(path)) return writeFolder(path, bundle, io);
  const { zipped } = await import("../zip.ts");
  await writeAll([zipped(bundle.files, bundleTime(from))], openOutput(path, io));
}

/** On standard error: standard output has the report. `path`: null where it was not written. */
export function sayBundle(path: string | null, { files, bytes, notes }: Bundle, io: Io): void {
  const lines = path === null ? notes : [`${path}: ${count(files.length, "file")}, ${formatBytes(bytes)}`, ...notes];
  for (const line of lines) io.stderr.write(`halfclose: ${visible(line)}\n`);
}

/** A temporary folder beside the target, renamed when it is whole; an earlier bundle goes when the new one is in its place. */
function writeFolder(path: string, { files }: Bundle, io: Io): void {
  const there = realPathOf(path);
  const target = there ?? path.replace(/[/\\]+$/, "");
  const beside = join(dirname(target), `.${basename(target).slice(0, 100)}.${randomUUID()}`);
  const [temporary, former] = [`${beside}.tmp`, `${beside}.old`];
  const remove = (): void => rmSync(temporary, { recursive: true, force: true });
  const forget = io.interrupts.add(remove);
  try {
    mkdirSync(temporary);
    for (const { name, bytes } of files) {
      const file = join(temporary, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes, { flush: true });
    }
    if (there === null) renameSync(temporary, target);
    else replace(temporary, target, former);
  } catch (error) {
    remove();
    throw asOutputError(error, path);
  } finally {
    forget();
  }
}

/** Between the two renames nothing is there: if the second fails, the first is undone. */
function replace(temporary: string, target: string, former: string): void {
  renameSync(target, former);
  try {
    renameSync(temporary, target);
  } catch (error) {
    renameSync(former, target);
    throw error;
  }
  rmSync(former, { recursive: true, force: true });
}
