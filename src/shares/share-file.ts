// How does a share get from one machine to another? As a file: what was read and how, the events, what is known of the flows, and at last a
// sum over all of it.
//
//   magic      "hcshare" and the format's number
//   sections   kind, packed length, length (u8, u32, u32, little-endian), then the section, deflated (RFC 1950)
//              head    plain data: what was read and how; the first one
//              events  up to which packet (float64), then events as event-format.ts has them
//              blob    the bytes of a typed array of the end
//              end     plain data
//              sum     SHA-256 of everything before this section; the last one
//
// It holds what was said on the wire, as the capture does, whatever a report shows of it.

import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { deflateSync, inflateSync } from "node:zlib";
import { fileError } from "../capture/file-stream.ts";
import { CaptureError } from "../capture/source.ts";
import type { PassChoices } from "../pass-choices.ts";
import { ByteReader, ByteWriter, brokenShare } from "./bytes.ts";
import { readPlain, writePlain } from "./plain-data.ts";
import type { Share } from "./share.ts";
import type { ShareEnd } from "./share-end.ts";

const MAGIC = new Uint8Array([0x68, 0x63, 0x73, 0x68, 0x61, 0x72, 0x65, 2]);
const SECTION_HEADER = 9;
const SUM_BYTES = 32;
const Section = { head: 1, events: 2, blob: 3, end: 4, sum: 5 } as const;
/** Nearly all is zeros or repeats: more effort gains little. */
const LEVEL = 1;
/** Larger sections are none of ours: the longest column of 200 million flows. */
const MAX_SECTION = 2 ** 31 - 1;

/** What was read, and how: shares that belong together say the same. */
export interface ShareHead {
  /** The program that made it. */
  readonly version: string;
  readonly share: Share;
  readonly captures: readonly { readonly path: string; readonly size: number | undefined }[];
  readonly choices: PassChoices;
  /** With pseudonyms, what they make of a known name: the same with the same key. Null without. */
  readonly pseudonyms: string | null;
}

/** Makes the pieces of a share's file, in order. */
export class ShareFileWriter {
  private readonly sum: Hash = createHash("sha256");

  begin(head: ShareHead): Uint8Array[] {
    this.sum.update(MAGIC);
    const w = new ByteWriter();
    writePlain(w, head, noBlobs);
    return [MAGIC, ...this.section(Section.head, w.take())];
  }

  events(piece: Uint8Array, upTo: number): Uint8Array[] {
    const bytes = new Uint8Array(8 + piece.length);
    new DataView(bytes.buffer).setFloat64(0, upTo, true);
    bytes.set(piece, 8);
    return this.section(Section.events, bytes);
  }

  *end(end: ShareEnd): Iterable<Uint8Array> {
    const w = new ByteWriter();
    const blobs: Uint8Array[] = [];
    writePlain(w, end, (bytes) => blobs.push(bytes) - 1);
    for (const blob of blobs) yield* this.section(Section.blob, blob);
    yield* this.section(Section.end, w.take());
    yield header(Section.sum, SUM_BYTES, SUM_BYTES);
    yield this.sum.digest();
  }

  private section(kind: number, bytes: Uint8Array): Uint8Array[] {
    const packed = deflateSync(bytes, { level: LEVEL });
    const pieces = [header(kind, packed.length, bytes.length), packed];
    for (const piece of pieces) this.sum.update(piece);
    return pieces;
  }
}

const noBlobs = (): number => {
  throw new TypeError("a head has no arrays");
};

function header(kind: number, packed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(SECTION_HEADER);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, packed, true);
  view.setUint32(5, length, true);
  return bytes;
}

/** A share's file, read from its beginning to its end. Errors say which file, and where. */
export class ShareFile {
  readonly path: string;
  private readonly file: FileHandle;
  private readonly sum = createHash("sha256");
  private readonly blobs: Uint8Array[] = [];
  private offset = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  static async open(path: string): Promise<{ file: ShareFile; head: ShareHead }> {
    let handle: FileHandle;
    try {
      handle = await open(path, "r");
    } catch (error) {
      throw sayPath(fileError(error, path), path);
    }
    const file = new ShareFile(path, handle);
    try {
      return { file, head: await file.head() };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The next events; or the end, when there are none. */
  async next(): Promise<{ piece: Uint8Array; upTo: number } | { end: ShareEnd }> {
    for (;;) {
      const { kind, bytes } = await this.section();
      if (kind === Section.events && bytes.length >= 8) {
        const upTo = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
        return { piece: bytes.subarray(8), upTo };
      }
      if (kind === Section.blob) this.blobs.push(bytes);
      else if (kind === Section.end) return { end: await this.end(bytes) };
      else throw this.damaged();
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  /** Whatever goes wrong with its data is damage: the sum at the end would say so too. */
  within<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof CaptureError && error.path === "") throw this.damaged();
      throw error;
    }
  }

  private async head(): Promise<ShareHead> {
    const magic = await this.bytes(MAGIC.length);
    if (MAGIC.some((byte, n) => n < MAGIC.length - 1 && magic[n] !== byte))
      throw this.error("share-unknown", "is no share: halfclose analyze --shard makes them");
    if (magic.at(-1) !== MAGIC.at(-1))
      throw this.error("share-version", "was made by another version of halfclose: make the shares with one version");
    const { kind, bytes } = await this.section();
    if (kind !== Section.head) throw this.damaged();
    return this.within(() => this.plain(bytes)) as ShareHead;
  }

  private async end(bytes: Uint8Array): Promise<ShareEnd> {
    const expected = this.sum.digest();
    const header = await this.bytes(SECTION_HEADER);
    const sum = await this.bytes(SUM_BYTES);
    if (header[0] !== Section.sum || expected.some((byte, n) => byte !== sum[n])) throw this.damaged();
    return this.within(() => this.plain(bytes)) as ShareEnd;
  }

  private plain(bytes: Uint8Array): unknown {
    const r = new ByteReader();
    r.give(bytes);
    return readPlain(r, (number) => {
      const blob = this.blobs[number];
      if (blob === undefined) throw brokenShare();
      return blob;
    });
  }

  private async section(): Promise<{ kind: number; bytes: Uint8Array }> {
    const head = await this.bytes(SECTION_HEADER);
    const view = new DataView(head.buffer, head.byteOffset, SECTION_HEADER);
    const [kind, packedLength, length] = [view.getUint8(0), view.getUint32(1, true), view.getUint32(5, true)];
    if (packedLength > MAX_SECTION || length > MAX_SECTION) throw this.damaged();
    const packed = await this.bytes(packedLength);
    this.sum.update(head);
    this.sum.update(packed);
    try {
      const bytes = inflateSync(packed, { maxOutputLength: Math.max(1, length) });
      if (bytes.length !== length) throw this.damaged();
      return { kind, bytes };
    } catch {
      throw this.damaged();
    }
  }

  private async bytes(count: number): Promise<Uint8Array> {
    const left = (await this.file.stat()).size - this.offset;
    if (left < count) throw this.error("share-cut-short", `is cut short at byte ${this.offset}: make this share again`);
    const into = new Uint8Array(count);
    for (let have = 0; have < count; ) {
      const { bytesRead } = await this.file.read(into, have, count - have, null);
      if (bytesRead === 0) throw this.damaged();
      have += bytesRead;
    }
    // The magic is part of the sum; sections add themselves.
    if (this.offset === 0) this.sum.update(into);
    this.offset += count;
    return into;
  }

  private damaged(): CaptureError {
    return this.error("share-damaged", `is damaged before byte ${this.offset}: make this share again`);
  }

  private error(code: string, message: string): CaptureError {
    return sayPath(new CaptureError(message, { code, path: this.path, offset: this.offset }), this.path);
  }
}

const sayPath = ({ message, code, offset }: CaptureError, path: string): CaptureError =>
  new CaptureError(`${path}: ${message}`, { code, path, offset });
