// By which name does a user or a database leave? By its own; with `strict` by a pseudonym of the same length.

import type { RedactionPolicy, RedactionSink } from "../stream-redactor.ts";
import { fillText } from "./fill.ts";

const latin = (b: Uint8Array): string => String.fromCharCode(...b);

/** A name is 64 characters at most, with room for UTF-8; a longer one is filled. */
const MAX_NAME = 512;

/** Puts what may leave in the place of b[from, to). */
export function redactName(
  b: Uint8Array,
  from: number,
  to: number,
  policy: RedactionPolicy,
  sink: RedactionSink | null,
): void {
  if (policy.level !== "strict" || from >= to) return;
  const name = to - from <= MAX_NAME ? latin(b.subarray(from, to)) : "";
  const other = policy.pseudonyms?.hostName(name) ?? "";
  sink?.count("host names");
  if (other.length !== to - from || other === name) fillText(b, from, to);
  else for (let i = from; i < to; i++) b[i] = other.charCodeAt(i - from) & 0xff;
}
