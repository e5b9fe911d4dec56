// Where does a bundle go? Into a ZIP file, or a folder that is whole or not there at all.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { BUNDLE_MARK, type Bundle, bundleTime } from "../bundle.ts";
import { removeLeftovers, temporaryName } from "../capture/leftovers.ts";
import { UsageError } from "../core/errors.ts";
import { visible } from "../core/escape.ts";
import { count, formatBytes } from "../core/format.ts";
import type { Investigation } from "../investigate.ts";
import { checkTarget } from "./file-output.ts";
import type { Io } from "./io.ts";
import { asOutputError, OutputError, openOutput, writeAll } from "./output.ts";
import { filesOf, refuseToOverwrite } from "./overwrite.ts";

export const isZip = (path: string): boolean => /\.zip$/i.test(path);

/** Before anything is read: may a bundle be written there? Throws UsageError. */
export async function checkBundle(path: string, inputs: readonly string[], output?: string): Promise<void> {
  if (path === "" || path === "-") throw new UsageError("--bundle needs a folder, or a file that ends with .zip");
  if (output !== undefined && `${resolve(output)}${sep}`.startsWith(`${resolve(path)}${sep}`))
    throw new UsageError(
      `-o ${output} and --bundle ${path} would be written over each other; name another file with -o`,
    );
  const stats = statOf(path);
  if (isZip(path)) {
    if (stats?.isDirectory()) throw new UsageError(`--bundle ${path} is a folder; name a file that ends with .zip`);
    await refuseToOverwrite(path, inputs);
    return;
  }
  if (stats === undefined) {
    checkTarget(path.replace(/[/\\]+$/, ""));
    return;
  }
  if (!stats.isDirectory())
    throw new UsageError(`--bundle ${path} is a file; name a new folder, or a file that ends with .zip`);
  if (!isEmpty(path) && !isBundle(path))
    throw new UsageError(
      `--bundle ${path} holds something else; name a new or empty folder, or that of an earlier bundle`,
    );
  const folder = realpathSync(path) + sep;
  const within = (await filesOf(inputs)).find((input) => realPathOf(input)?.startsWith(folder));
  if (within !== undefined)
    throw new UsageError(`--bundle ${path} would replace ${within}, which is read; name another folder`);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw asOutputError(error, path);
  }
}

function isEmpty(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch (error) {
    throw asOutputError(error, path);
  }
}

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
  const beside = dirname(target);
  removeLeftovers(beside);
  const temporary = join(beside, temporaryName("tmp", basename(target)));
  const former = join(beside, temporaryName("old", basename(target)));
  const remove = (): void => rmSync(temporary, { recursive: true, force: true });
  const forget = io.interrupts.add(remove);
  try {
    mkdirSync(temporary);
    for (const { name, bytes } of files) {
      const file = join(temporary, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes, { flush: true });
    }
    if (existsSync(target)) replace(temporary, target, former);
    else renameSync(temporary, target);
  } catch (error) {
    try {
      remove();
    } catch {
      // Why it is thrown away is said below; what is left of it, a later run removes.
    }
    throw asOutputError(error, path);
  } finally {
    forget();
  }
}

/** Between the two renames nothing is there: if the second fails, the first is undone; if the program ends there, by a later run. */
function replace(temporary: string, target: string, former: string): void {
  renameSync(target, former);
  try {
    renameSync(temporary, target);
  } catch (error) {
    renameSync(former, target);
    throw error;
  }
  try {
    rmSync(former, { recursive: true, force: true });
  } catch {
    throw new OutputError(`${target}: was written, but the earlier bundle could not be removed; it is now ${former}`);
  }
}
