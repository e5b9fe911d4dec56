// HTTP/2 by hand: frames and header blocks for tests, written after RFC 9113 §4.1 and RFC 7541 §6, not after the decoder.

import { http2 } from "../../decoders/http2.ts";
import type { Side } from "../../src/core/stream-decoder.ts";
import { bytesOf, type Cut, play, type Recorder, type Step } from "./recorder.ts";

export const PREFACE = bytesOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITY = 0x20;

export const hex = (text: string): Uint8Array => {
  const digits = text.replace(/\s/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
};
export const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((p) => [...p]));
export const u32 = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

export function frame(type: number, flags: number, stream: number, payload: Uint8Array | readonly number[] = []) {
  const n = payload.length;
  return join([(n >>> 16) & 255, (n >>> 8) & 255, n & 255, type, flags, ...u32(stream)], payload);
}

/** Literals without indexing, new names, no Huffman: nothing depends on any table. */
export const block = (fields: Record<string, string>): Uint8Array =>
  join(...Object.entries(fields).map(([name, value]) => [0, ...literal(name), ...literal(value)]));
function literal(text: string): number[] {
  const bytes = bytesOf(text);
  const n = bytes.length;
  if (n < 127) return [n, ...bytes];
  const length = [127];
  let rest = n - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return [...length, rest, ...bytes];
}

export const headers = (stream: number, fields: Record<string, string>, flags = END_HEADERS): Uint8Array =>
  frame(1, flags | END_HEADERS, stream, block(fields));
export const get = (stream: number, path: string, more: Record<string, string> = {}): Uint8Array =>
  headers(stream, { ":method": "GET", ":scheme": "http", ":path": path, ":authority": "a.example", ...more }, 5);
export const ok = (stream: number, flags = 0): Uint8Array => headers(stream, { ":status": "200" }, flags);
export const data = (stream: number, n: number, flags = 0): Uint8Array =>
  frame(0, flags, stream, new Uint8Array(n).fill(0x78));
export const settings = frame(4, 0, 0, [0, 3, ...u32(100), 0, 4, ...u32(65_535)]);
export const settingsAck = frame(4, 1, 0);
export const rst = (stream: number, code: number): Uint8Array => frame(3, 0, stream, u32(code));
export const goaway = (last: number, code: number, text = ""): Uint8Array =>
  frame(7, 0, 0, join(u32(last), u32(code), bytesOf(text)));
export const windowUpdate = (stream: number, by = 1000): Uint8Array => frame(8, 0, stream, u32(by));

const step =
  (side: Side) =>
  (...parts: readonly (Uint8Array | readonly number[])[]): Step => ({ side, bytes: join(...parts) });
/** A segment of the client, of the server. */
export const C = step(0);
export const S = step(1);
export const hello: readonly Step[] = [C(PREFACE, settings), S(settings, settingsAck), C(settingsAck)];

export const run = (steps: readonly Step[], cut?: Cut, pieces?: "one segment" | "segments"): Recorder =>
  play([...steps], cut, pieces, http2);
/** Byte by byte, every byte a segment of its own. */
export const crumbs = (steps: readonly Step[]): Recorder => run(steps, () => [1], "segments");
