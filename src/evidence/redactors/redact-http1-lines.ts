// Which bytes of a line of an HTTP/1 message may leave? (RFC 9112 §3, §4, §5, §7.1)
//
// Each function is given a line with its end, and returns as many bytes: what may stay, and fill.

import { type How, Start, StartLine } from "../../../decoders/http1-start-line.ts";
import { FILL, type RedactionPolicy } from "../stream-redactor.ts";
import { isPlainName, veilValue } from "./redact-headers.ts";
import { veilHosts, veilTarget } from "./redact-target.ts";
import { bytesOf, type Count, latin1, Veiled } from "./veiled.ts";

const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HT = 0x09;
const DEL = 0x7f;
const COLON = 0x3a;
const SEMICOLON = 0x3b;
const isBlank = (c: number): boolean => c === SP || c === HT;
export const isLineEnd = (c: number): boolean => c === CR || c === LF;

/** A line of fill with the line's end. */
function veil(line: Uint8Array): Uint8Array {
  const out = new Uint8Array(line.length).fill(FILL);
  const end = lengthWithoutEnd(line);
  out.set(line.subarray(end), end);
  return out;
}

function lengthWithoutEnd(line: Uint8Array): number {
  let end = line.length;
  if (end > 0 && line[end - 1] === LF) end--;
  while (end > 0 && line[end - 1] === CR) end--;
  return end;
}

const startLine = new StartLine();
/** All that are registered look so; a word that does not may be the end of something else. */
const METHOD = /^[A-Z][A-Z_-]{0,23}$/;

/** A start line; null when it is none. */
export function veilStartLine(line: Uint8Array, how: How, policy: RedactionPolicy, count: Count): Uint8Array | null {
  const end = lengthWithoutEnd(line);
  const kind = startLine.read(line, 0, end, how);
  const out = veil(line);
  if (kind === Start.response) {
    out.set(bytesOf(veilStatus(latin1(line, 0, end))));
    return out;
  }
  if (kind !== Start.request) return null;
  const { method, targetStart, targetEnd } = startLine;
  out.set(line.subarray(0, targetStart));
  if (!METHOD.test(method)) {
    out.fill(FILL, 0, method.length);
    count("header values");
  }
  const target = new Veiled(line.subarray(targetStart, targetEnd));
  if (method === "CONNECT") veilHosts(target, policy, count, true);
  else veilTarget(target, policy, count);
  out.set(target.bytes, targetStart);
  veilBehindTarget(out, line, targetEnd, end);
  return out;
}

/** The version, and the blanks before it; words between (a target with blanks) may be anything. */
function veilBehindTarget(out: Uint8Array, line: Uint8Array, from: number, end: number): void {
  for (let i = from; i < end; i++) if (isBlank(line[i]!)) out[i] = line[i]!;
  const version = /(?<=[ \t])HTTP\/[0-9](?:\.[0-9])?(?=[^ \t]*[ \t]*$)/.exec(
    latin1(line, Math.max(from, end - MAX_VERSION), end),
  );
  if (version === null) return;
  const at = Math.max(from, end - MAX_VERSION) + version.index;
  out.set(line.subarray(at, at + version[0].length), at);
}

/** A version and the blanks around it stand in the last bytes of a line. */
const MAX_VERSION = 64;

/** Version and status. The reason phrase is a server's words: only those of RFC 9110 §15 and its kin stay. */
function veilStatus(text: string): string {
  const version = /^(?:HTTP\/[0-9.]{1,8}|ICY)/.exec(text)?.[0] ?? "";
  let i = version.length;
  // Some servers write another control character than a blank: that tells that this is a status line, and one without a status.
  while (i < text.length && (text.charCodeAt(i) <= SP || text.charCodeAt(i) === DEL)) i++;
  const [status = ""] = /^[1-9][0-9][0-9]/.exec(text.slice(i)) ?? [];
  i += status.length;
  while (status !== "" && i < text.length && isBlank(text.charCodeAt(i))) i++;
  const reason = text.slice(i);
  return text.slice(0, i) + (status !== "" && REASONS.has(reason.toLowerCase()) ? reason : "x".repeat(reason.length));
}

// biome-ignore format: a class a line
const REASONS = new Set([
  "continue", "switching protocols", "processing", "early hints", "connection established",
  "ok", "created", "accepted", "non-authoritative information", "no content", "reset content", "partial content", "multi-status",
  "multiple choices", "moved permanently", "found", "moved temporarily", "see other", "not modified", "temporary redirect",
  "permanent redirect",
  "bad request", "unauthorized", "payment required", "forbidden", "not found", "method not allowed", "not acceptable",
  "proxy authentication required", "request timeout", "request time-out", "conflict", "gone", "length required",
  "precondition failed", "payload too large", "request entity too large", "content too large", "uri too long",
  "unsupported media type", "range not satisfiable", "expectation failed", "misdirected request", "unprocessable entity",
  "unprocessable content", "locked", "failed dependency", "too early", "upgrade required", "precondition required",
  "too many requests", "request header fields too large", "unavailable for legal reasons", "client closed request",
  "internal server error", "not implemented", "bad gateway", "service unavailable", "gateway timeout", "gateway time-out",
  "http version not supported", "insufficient storage", "loop detected", "network authentication required",
]);

export interface FieldLine {
  readonly out: Uint8Array;
  /** The name that a folded line behind it continues, in lower case; null when there is none that may be known. */
  readonly name: string | null;
}

/** A line of a head or a trailer. `before`: the field that a folded line (RFC 9112 §5.2) goes on with. */
export function veilField(line: Uint8Array, before: string | null, policy: RedactionPolicy, count: Count): FieldLine {
  const end = lengthWithoutEnd(line);
  const out = veil(line);
  if (end === 0) return { out, name: null };
  let from = 0;
  let name = before;
  if (!isBlank(line[0]!)) {
    const colon = line.subarray(0, end).indexOf(COLON);
    const written = colon > 0 ? latin1(line, 0, Math.min(colon, MAX_LOOK)) : "";
    if (!isPlainName(written)) {
      count("header values");
      return { out, name: null };
    }
    name = written.toLowerCase();
    out.set(line.subarray(0, colon + 1));
    from = colon + 1;
  }
  let to = end;
  while (from < to && isBlank(line[from]!)) from = keepByte(out, line, from) + 1;
  while (to > from && isBlank(line[to - 1]!)) to = keepByte(out, line, to - 1);
  out.set(veilValue(name, line.subarray(from, to), policy, count).bytes, from);
  return { out, name };
}

/** Longer than any name that may stay. */
const MAX_LOOK = 64;

function keepByte(out: Uint8Array, line: Uint8Array, i: number): number {
  out[i] = line[i]!;
  return i;
}

/** A part of a line with a chunk's size; `sizeIsOver`: its digits came before. Extensions (RFC 9112 §7.1.1) are filled. */
export function veilChunkLine(part: Uint8Array, sizeIsOver: boolean): Uint8Array {
  const out = new Uint8Array(part.length).fill(FILL);
  let i = 0;
  while (!sizeIsOver && i < part.length && (isHex(part[i]!) || isBlank(part[i]!))) keepByte(out, part, i++);
  for (; i < part.length; i++) {
    const c = part[i]!;
    if (isBlank(c) || isLineEnd(c) || c === SEMICOLON) out[i] = c;
  }
  return out;
}

function isHex(c: number): boolean {
  const lower = c | 0x20;
  return (c >= 0x30 && c <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}
