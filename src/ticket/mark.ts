// By what is our comment known again, and does it still say what it should? A mark of the incident, and short digests of what was written.

import { formatNumber } from "../core/format.ts";
import type { Report } from "../core/report.ts";
import type { OwnComment } from "./tracker.ts";

/** Hexadecimal digits of SHA-256: 64 bits for a mark, of which a ticket holds few; 48 to see that something changed. */
const MARK_DIGITS = 16;
const DIGEST_DIGITS = 12;

async function sha256(bytes: Uint8Array<ArrayBuffer>, digits: number): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash.subarray(0, digits / 2)].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** The first twelve digits of SHA-256. */
export const digestOf = (bytes: Uint8Array): Promise<string> => sha256(bytes as Uint8Array<ArrayBuffer>, DIGEST_DIGITS);

export const digestOfText = (text: string): Promise<string> => digestOf(new TextEncoder().encode(text));

/**
 * `halfclose-` and 16 hexadecimal digits, always: no mark is the beginning of another, and none needs an escape anywhere. By the capture that
 * begins first, so that a later report on the same captures, or on a rotated set that has grown, updates the comment; another incident's
 * adds its own. `as`: a name that somebody chose instead. With `strict` a capture's name is another each time, and does not count.
 */
export async function markOf(report: Report, as: string | null): Promise<string> {
  const words = as === null ? ["capture", ...firstCapture(report)] : ["as", as];
  return `halfclose-${await sha256(new TextEncoder().encode(JSON.stringify(words)), MARK_DIGITS)}`;
}

function firstCapture({ captures, redaction }: Report): (string | null)[] {
  const timed = captures.map(({ path, first_time }) => ({
    name: redaction?.level === "strict" ? "" : baseName(path),
    first_time,
  }));
  // ISO 8601 of one form and zone: in order of time when in order of letters. What has no packet comes last.
  timed.sort((a, b) => compared(a.first_time ?? "~", b.first_time ?? "~") || compared(a.name, b.name));
  return timed.length === 0 ? [] : [timed[0]!.name, timed[0]!.first_time];
}

const compared = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Without folders: who analyses it from elsewhere means the same capture. */
export const baseName = (path: string): string => path.replace(/^.*[/\\]/s, "");

/** How a comment tells of a file: by these words a later run sees what is on the ticket (`110,895 bytes, sha256 0a1b2c3d4e5f`). */
export const contentWords = (bytes: number, digest: string): string => `${formatNumber(bytes)} bytes, sha256 ${digest}`;
/** A tracker may have broken the line anywhere. */
const CONTENT = /([\d,]+)\s+bytes,\s+sha256\s+([0-9a-f]{12})\b/g;

export type FileClaim = "this content" | "another content" | "unknown";

/**
 * What the earlier comment says of a file of so many bytes. Unknown: it speaks of none of that size, so that whatever is on the ticket was put
 * there after it was written, or by somebody else; or the tracker does not show it.
 */
export function claimOf(before: OwnComment | null, bytes: number, digest: string | null): FileClaim {
  const claims = [...(before?.body ?? "").matchAll(CONTENT)].filter(([, size]) => size === formatNumber(bytes));
  if (claims.length === 0) return "unknown";
  return claims.some(([, , told]) => told === digest) ? "this content" : "another content";
}
