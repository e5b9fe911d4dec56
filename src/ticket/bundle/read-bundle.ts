// Which bundle lies at this path? A folder or a ZIP file that `halfclose analyze --bundle` wrote; nothing else is read.

import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { BUNDLE_MARK, type BundleFile } from "../../bundle.ts";
import { formatBytes } from "../../core/format.ts";
import { BundleError, isBundleFile, type StoredBundle, storedBundle } from "./stored-bundle.ts";
import { unzipped, ZipError } from "./unzip.ts";

/** A bundle has at most 10 MB, or more by its report.json alone: `--detail` lists every connection. Memory holds it twice. */
export const MAX_BYTES = 200_000_000;
/** A bundle has about fifteen; somebody may have put notes beside. */
const MAX_ENTRIES = 1_000;

/** Throws BundleError. */
export async function readBundle(path: string): Promise<StoredBundle> {
  try {
    const files = (await stat(path)).isDirectory() ? await inFolder(path) : await inZip(path);
    const readme = files.find((f) => f.name === "README.txt");
    const mark = readme === undefined ? "" : new TextDecoder().decode(readme.bytes.subarray(0, BUNDLE_MARK.length + 1));
    // A checkout of a repository may have changed the end of the line.
    if (mark !== `${BUNDLE_MARK}\n` && mark !== `${BUNDLE_MARK}\r`)
      throw new BundleError(`${path}: is no bundle that halfclose wrote; halfclose analyze CAPTURE --bundle PATH does`);
    return storedBundle(path, files);
  } catch (error) {
    if (error instanceof BundleError) throw error;
    if (error instanceof ZipError) throw new BundleError(`${path}: ${error.message}`);
    const { code, message } = error as NodeJS.ErrnoException;
    throw new BundleError(`${path}: ${REASONS[code ?? ""] ?? `cannot be read (${code ?? message})`}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  ENOTDIR: "no such file or folder",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
};

async function inZip(path: string): Promise<BundleFile[]> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw new BundleError(`${path}: has ${formatBytes(size)}, more than any bundle`);
  return unzipped(await readFile(path), isBundleFile, { entries: MAX_ENTRIES, bytes: MAX_BYTES });
}

/** Files only: a link could lead to what nobody wants on a ticket. */
async function inFolder(path: string): Promise<BundleFile[]> {
  const names = (await listed(path)).filter(isBundleFile);
  const pictures = (await lstat(join(path, "pictures")).catch(() => null))?.isDirectory()
    ? (await listed(join(path, "pictures"))).map((name) => `pictures/${name}`).filter(isBundleFile)
    : [];
  const files: BundleFile[] = [];
  let room = MAX_BYTES;
  for (const name of [...names, ...pictures]) {
    const file = join(path, name);
    const stats = await lstat(file);
    if (!stats.isFile())
      throw new BundleError(`${path}: ${name} is no file of its own but a link, a folder or a device`);
    room -= stats.size;
    if (room < 0) throw new BundleError(`${path}: has more than ${formatBytes(MAX_BYTES)}, more than any bundle`);
    files.push({ name, bytes: await readFile(file) });
  }
  return files;
}

async function listed(path: string): Promise<string[]> {
  const names = await readdir(path);
  if (names.length > MAX_ENTRIES) throw new BundleError(`${path}: has ${names.length} files, more than a bundle`);
  return names;
}
