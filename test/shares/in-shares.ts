// How does a test read a capture in shares, as several machines would, and join them?

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnalyzeOptions, analyze } from "../../src/analyze.ts";
import { openCaptures } from "../../src/capture/files.ts";
import { TextRedactor } from "../../src/core/text-redactor.ts";
import { choicesOf } from "../../src/pass-choices.ts";
import { writeShare } from "../../src/shares/share-files.ts";

/** Writes the file of one share into a folder; returns its path. */
export async function shareFile(
  folder: string,
  captures: readonly string[],
  options: AnalyzeOptions,
  [index, of]: readonly [number, number],
): Promise<string> {
  const { pseudonyms } = new TextRedactor(options);
  const pieces: Uint8Array[] = [];
  const request = {
    sources: await openCaptures(captures),
    choices: choicesOf(options),
    pseudonyms,
    share: { index, of },
  };
  await writeShare(request, (piece) => void pieces.push(piece), {});
  const path = join(folder, `${index + 1}-of-${of}.share`);
  writeFileSync(path, Buffer.concat(pieces));
  return path;
}

/** The report on captures of which so many shares were read apart. */
export async function analyzeInShares(captures: readonly string[], of: number, options: AnalyzeOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "halfclose-shares-"));
  try {
    const shares: string[] = [];
    for (let index = 0; index < of; index++) shares.push(await shareFile(folder, captures, options, [index, of]));
    return await analyze(captures, { ...options, shares });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
