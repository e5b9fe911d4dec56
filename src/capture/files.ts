// Which captures does a command line mean?
//
// Paths, patterns that the shell left alone, and "-" for standard input. A path that cannot be read is not an error yet:
// it becomes a source that fails when it is opened, so that the others are still read.

import { realpath, stat } from "node:fs/promises";
import { decompress } from "./decompress.ts";
import { fileError, openFileStream, openStandardInput, STANDARD_INPUT_PATH } from "./file-stream.ts";
import { expandPattern, isPattern } from "./glob.ts";
import { CaptureError, type CaptureSource } from "./source.ts";

/**
 * The sources of these arguments, in their order; a file that is named twice, by whatever way, is one source.
 * Throws a {@link CaptureError} only when there is no argument. What is wrong with a file, its source says when opened.
 */
export async function openCaptures(args: readonly string[]): Promise<CaptureSource[]> {
  if (args.length === 0) throw new CaptureError("no capture was given", { code: "no-capture", path: "" });
  const sources = new Map<string, CaptureSource>();
  for (const arg of args) {
    for (const path of await pathsOf(arg)) {
      if (path === STANDARD_INPUT_PATH) sources.set(path, standardInput());
      else {
        const { identity, source } = await fileSource(path);
        if (!sources.has(identity)) sources.set(identity, source);
      }
    }
  }
  return [...sources.values()];
}

/** A file whose name looks like a pattern is that file. */
async function pathsOf(arg: string): Promise<string[]> {
  if (!isPattern(arg) || (await exists(arg))) return [arg];
  const matches = await expandPattern(arg);
  return matches.length > 0 ? matches : [arg];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function standardInput(): CaptureSource {
  return { path: STANDARD_INPUT_PATH, size: undefined, once: true, open: openStandardInput, decompress };
}

async function fileSource(path: string): Promise<{ identity: string; source: CaptureSource }> {
  const fail = (error: CaptureError): CaptureSource => ({
    path,
    size: 0,
    open: () => Promise.reject(error),
  });
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) {
      return { identity: path, source: fail(fileError({ code: "EISDIR" }, path)) };
    }
    if (stats.isFile()) {
      const identity = await realpath(path);
      return { identity, source: { path, size: stats.size, open: () => openFileStream(path), decompress } };
    }
    if (stats.isFIFO() || stats.isCharacterDevice()) {
      const source = { path, size: undefined, once: true, open: () => openFileStream(path), decompress };
      return { identity: path, source };
    }
    const message = "is neither a file nor a pipe";
    return { identity: path, source: fail(new CaptureError(message, { code: "not-a-file", path })) };
  } catch (error) {
    const known = fileError(error, path);
    if (known.code !== "no-such-file" || !isPattern(path)) return { identity: path, source: fail(known) };
    const message = "no file matches this pattern";
    return { identity: path, source: fail(new CaptureError(message, { code: "no-such-file", path })) };
  }
}
