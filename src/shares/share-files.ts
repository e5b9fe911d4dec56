// One share of captures into a file, and the files of all shares into one result: the work of `analyze --shard` and `merge`.

import { limited } from "../capture/limited-source.ts";
import { CaptureError, type CaptureSource } from "../capture/source.ts";
import { UsageError } from "../core/errors.ts";
import type { Pseudonyms } from "../core/pseudonyms.ts";
import type { StreamDecoder } from "../core/stream-decoder.ts";
import type { PassProgress, PassResult } from "../pass.ts";
import { type PassChoices, passParts } from "../pass-choices.ts";
import { VERSION } from "../version.ts";
import { ShareJoin } from "./join-shares.ts";
import { readShare } from "./read-share.ts";
import type { Share } from "./share.ts";
import type { ShareEnd } from "./share-end.ts";
import { ShareFile, ShareFileWriter, type ShareHead } from "./share-file.ts";

/** Any name will do: what becomes of it tells whether two keys are the same. */
const KNOWN_NAME = "shares.example.com";
const signOf = (pseudonyms: Pseudonyms | null): string | null => pseudonyms?.hostName(KNOWN_NAME) ?? null;

export interface ShareRequest {
  readonly sources: readonly CaptureSource[];
  readonly choices: PassChoices;
  readonly pseudonyms: Pseudonyms | null;
  readonly share: Share;
}

/** Writes the file of one share, piece by piece. Returns what it holds. */
export async function writeShare(
  { sources, choices, pseudonyms, share }: ShareRequest,
  write: (piece: Uint8Array) => void | Promise<void>,
  progress: PassProgress,
): Promise<ShareEnd> {
  const writer = new ShareFileWriter();
  const captures = sources.map(({ path, size }) => ({ path, size }));
  const all = async (pieces: Iterable<Uint8Array>): Promise<void> => {
    for (const piece of pieces) await write(piece);
  };
  await all(writer.begin({ version: VERSION, share, captures, choices, pseudonyms: signOf(pseudonyms) }));
  const end = await readShare(
    sources.map((source) => limited(source, source.size)),
    passParts(choices, pseudonyms),
    share,
    (piece, upTo) => (piece.length === 0 && Number.isFinite(upTo) ? undefined : all(writer.events(piece, upTo))),
    progress,
  );
  await all(writer.end(end));
  return end;
}

/** Shares that belong together and are all there, by index. Throws a UsageError that says which one is missing, or does not belong. */
export async function openShares(paths: readonly string[]): Promise<{ files: ShareFile[]; head: ShareHead }> {
  const opened: { file: ShareFile; head: ShareHead }[] = [];
  try {
    for (const path of paths) opened.push(await ShareFile.open(path));
    const [first] = opened;
    if (first === undefined) throw new UsageError("no share was named");
    const byIndex = new Map<number, ShareFile>();
    for (const { file, head } of opened) {
      const difference = differenceOf(first.head, head);
      if (difference !== null)
        throw new UsageError(`${file.path} does not belong to ${first.file.path}: it has ${difference}`);
      const same = byIndex.get(head.share.index);
      if (same !== undefined)
        throw new UsageError(`${same.path} and ${file.path} are the same share, ${nameOf(head.share)}`);
      byIndex.set(head.share.index, file);
    }
    const { of } = first.head.share;
    const files = Array.from({ length: of }, (_, index) => {
      const file = byIndex.get(index);
      if (file === undefined) throw new UsageError(`share ${nameOf({ index, of })} is missing: name all ${of} of them`);
      return file;
    });
    return { files, head: first.head };
  } catch (error) {
    for (const { file } of opened) await file.close();
    throw error;
  }
}

const nameOf = ({ index, of }: Share): string => `${index + 1}/${of}`;

/** In words; null for shares of the same whole. */
function differenceOf(a: ShareHead, b: ShareHead): string | null {
  if (a.version !== b.version) return `another version of halfclose (${b.version})`;
  if (a.share.of !== b.share.of) return `another number of shares (${b.share.of})`;
  if (capturesOf(a) !== capturesOf(b)) return "other captures, or others by now";
  if (JSON.stringify(a.choices) !== JSON.stringify(b.choices)) return "other options";
  if (a.pseudonyms !== b.pseudonyms) return "other pseudonyms: give all shares one HALFCLOSE_REDACT_KEY";
  return null;
}

/** Where they lie may differ from machine to machine. */
const capturesOf = ({ captures }: ShareHead): string =>
  JSON.stringify(captures.map(({ path, size }) => [path.split(/[/\\]/).at(-1), size]));

export interface MergeRequest {
  readonly shares: readonly string[];
  readonly decoders: readonly StreamDecoder[];
  readonly pseudonyms: Pseudonyms | null;
  readonly keepExchanges: boolean;
}

/** The result is that of one program that reads everything. */
export async function mergeShares({ shares, decoders, pseudonyms, keepExchanges }: MergeRequest): Promise<PassResult> {
  const { files, head } = await openShares(shares);
  try {
    if (signOf(pseudonyms) !== head.pseudonyms) throw new UsageError(otherPseudonyms(head));
    const join = new ShareJoin(files.length, decoders, keepExchanges);
    const ends: (ShareEnd | undefined)[] = files.map(() => undefined);
    while (ends.includes(undefined)) {
      for (const [index, file] of files.entries()) {
        // Whoever is ahead waits for the others.
        if (ends[index] !== undefined || join.replay.waiting(index) > 0) continue;
        const next = await file.next();
        if ("end" in next) ends[index] = next.end;
        else file.within(() => join.replay.give(index, next.piece, next.upTo));
      }
    }
    const [first, ...others] = ends as [ShareEnd, ...ShareEnd[]];
    for (const end of others) if (end.packets !== first.packets || end.base !== first.base) throw changed(first);
    return join.end(first, ends as ShareEnd[]);
  } finally {
    for (const file of files) await file.close();
  }
}

const otherPseudonyms = ({ pseudonyms }: ShareHead): string =>
  pseudonyms === null
    ? "these shares hold the true addresses: make them with --redact strict and HALFCLOSE_REDACT_KEY, or merge without --redact strict"
    : "these shares hold pseudonyms: merge them with --redact strict and the HALFCLOSE_REDACT_KEY that they were made with";

const changed = ({ captures }: ShareEnd): CaptureError => {
  const message = "the captures changed while their shares were read: the shares do not hold the same packets";
  return new CaptureError(message, { code: "changed", path: captures[0]?.path ?? "" });
};
