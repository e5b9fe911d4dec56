// What of a request target may leave? What the report shows of it: the same judgement (redactTarget), at the same length.
//
// The judge replaces secrets by a word of its own; what it replaced is found by laying its words beside the target. Where that can be
// done in two ways, all that either takes for secret is filled. The fill is chosen so that the judge takes it for secret again, and
// a report of the slice shows the same target as a report of the capture.

import { redactTarget } from "../../core/redact-target.ts";
import { REDACTED } from "../../core/redaction.ts";
import type { RedactionPolicy } from "../stream-redactor.ts";
import { type Count, latin1, type Veiled } from "./veiled.ts";

/** Of a longer target the rest is filled: decoders keep a quarter of this (MAX_TEXT), and servers take 8 KiB. */
const MAX_TARGET = 8_192;

/** Changes `veiled.bytes` where they are changed already, so that they meet a condition on the whole (HPACK: its coded length). */
export type Fit = (veiled: Veiled) => void;
const noFit: Fit = () => {};

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Fills what is secret in a target, and with `strict` gives its hosts their pseudonyms. */
export function veilTarget(veiled: Veiled, policy: RedactionPolicy, count: Count, adjust: Fit = noFit): void {
  const { length } = veiled.bytes;
  if (length > MAX_TARGET) veiled.fill(MAX_TARGET, length);
  veilHosts(veiled, policy, count);
  const text = latin1(veiled.bytes, 0, Math.min(length, MAX_TARGET));
  const wanted = redactTarget(text);
  const spans = secretsOf(text, wanted);
  if (spans.length > 0) count("target secrets", spans.length);
  let first: Veiled | null = null;
  for (const filled of spans.length > 0 ? FILLERS : []) {
    const trial = veiled.copy();
    for (const { from, to } of spans) trial.put(from, filled(text.slice(from, to)));
    adjust(trial);
    first ??= trial;
    if (redactTarget(latin1(trial.bytes, 0, text.length)) !== wanted) continue;
    first = trial;
    break;
  }
  if (first !== null) {
    veiled.bytes.set(first.bytes);
    veiled.changed.set(first.changed);
  } else adjust(veiled);
}

/** With `strict`: names and addresses of hosts within a text become pseudonyms of the same length; where they cannot, fill. */
export function veilHosts(veiled: Veiled, policy: RedactionPolicy, count: Count, whole = false): void {
  const { pseudonyms } = policy;
  if (policy.level !== "strict" || pseudonyms === null) return;
  const { text } = veiled;
  const other = whole ? pseudonyms.hostName(text) : pseudonyms.within(text);
  if (other === text) return;
  count("host names");
  if (other.length !== text.length || !ASCII.test(other)) veiled.fill(0, text.length);
  else {
    for (let i = 0; i < text.length; i++) if (other[i] !== text[i]) veiled.put(i, other[i]!);
  }
}

const ASCII = /^[\x21-\x7e]*(?:[ \t]+[\x21-\x7e]+)*[ \t]*$/;

/** Where `redacted` has its word in the place of something of `text`. */
export function secretsOf(text: string, redacted: string): readonly Span[] {
  if (redacted === text) return [];
  const words = redacted.split(REDACTED);
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const [k, word] of words.entries()) {
    const found = k === 0 ? (text.startsWith(word) ? 0 : -1) : text.indexOf(word, at);
    if (found < 0) return everything(text);
    at = found + word.length;
    starts.push(at);
  }
  at = text.length;
  for (let k = words.length - 1; k >= 0; k--) {
    const word = words[k]!;
    const found =
      k === words.length - 1 ? (text.endsWith(word) ? at - word.length : -1) : text.lastIndexOf(word, at - word.length);
    if (found < 0) return everything(text);
    at = found;
    ends[k] = at;
  }
  const spans: Span[] = [];
  for (let k = 0; k + 1 < words.length; k++) spans.push({ from: starts[k]!, to: ends[k + 1]! });
  return spans.filter(({ from, to }) => from < to);
}

/** The judge did more than put its word in the place of others: nothing but the beginning may leave. */
const everything = (text: string): readonly Span[] => [{ from: text.startsWith("/") ? 1 : 0, to: text.length }];

/** What stands for a secret. The second keeps the look of one, for a judge who goes by looks (redact-secrets.ts). */
type Filler = (secret: string) => string;
const plain: Filler = (secret) => "x".repeat(secret.length);
/** The least that is taken for a JSON Web Token, by its beginning; for `basic` and a word; for an address of mail or a database. */
const TOKEN_START = "eyJ";
const MIN_TOKEN = 11;
const SCHEME = "basic+";
const shaped: Filler = (secret) => {
  if (/@|%40/i.test(secret)) return secret.replace(/%40|[^@.:/]/gi, (c) => (c.length > 1 ? c : "x"));
  const start = secret.length >= MIN_TOKEN ? TOKEN_START : secret.length > SCHEME.length ? SCHEME : "";
  return start + "x".repeat(secret.length - start.length);
};
const FILLERS: readonly Filler[] = [plain, shaped];
