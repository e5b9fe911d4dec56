// Which header values may leave? Those of a list, each with its reason; the values of all others are filled.
//
// The names of fields stay: that there was a Cookie is part of the answer, what it said is not. A value of the list that looks like a
// secret is filled too. Shared by HTTP/1 and HTTP/2; names are compared in lower case.

import { looksSecret } from "../../core/redact-secrets.ts";
import type { RedactionPolicy } from "../stream-redactor.ts";
import { type Fit, veilHosts, veilTarget } from "./redact-target.ts";
import { type Count, latin1, Veiled } from "./veiled.ts";

/**
 * What a value is:
 * - number: digits, commas and blanks frame the message or say when to come back; anything else is filled.
 * - word: of a registry, or software's name and version; runs that look like keys are filled.
 * - id: joins the legs of one request (an analysis needs it), so it may look random; a signed token may not pass as one.
 * - host, url: with `strict`, names become pseudonyms.
 * - method, status: what HTTP/2 says in fields.
 */
type Kind = "number" | "word" | "id" | "host" | "url" | "method" | "status";

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  // Framing and the life of the connection (RFC 9112 §6, §9): without them nothing can be decoded.
  ...of("number", "content-length", "age", "max-forwards", "x-forwarded-port", "grpc-status"),
  ...of(
    "word",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
  ),
  // What is sent, in which form, until when (RFC 9110 §8, §12; RFC 9111): it explains lengths and retries, and names no person.
  ...of("word", "content-type", "content-encoding", "accept", "accept-encoding", "accept-language", "accept-charset"),
  ...of("word", "accept-ranges", "allow", "vary", "cache-control", "pragma", "date", "expires", "retry-after"),
  // Who speaks: software and version, not who uses it.
  ...of("word", "user-agent", "server", "via", "x-forwarded-proto", "sec-websocket-version", ":scheme", ":protocol"),
  ...of("word", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding"),
  ...of("id", "x-request-id", "traceparent"),
  ...of("host", "host", ":authority"),
  ...of("url", ":path", "location", "content-location", "referer", "origin"),
  ...of("method", ":method"),
  ...of("status", ":status"),
]);

function of(kind: Kind, ...names: readonly string[]): [string, Kind][] {
  return names.map((name) => [name, kind]);
}

/** Fields whose whole purpose is to let somebody in: counted as credentials. */
const CREDENTIAL = /auth|cookie|token|secret|password|api-?key|session|signature|credential/;

/** Longer names are nobody's, and might say something. The longest registered one has 43 letters. */
const MAX_NAME = 48;
const NAME = /^:?[a-z0-9!#$%&'*+.^_`|~-]+$/i;

/** May the name of this field stay? */
export const isPlainName = (name: string): boolean => name.length <= MAX_NAME && NAME.test(name) && !hasKey(name);

/**
 * A run of 20 letters and digits mixed: keys and tokens have 128 bits, which take 22 letters in base64 and 32 in hex; the words of the
 * list above are shorter, or have no digit. A run that is one of three parts of a JWT begins with eyJ.
 */
const RUN = /[A-Za-z0-9+_=-]{20,}|eyJ[A-Za-z0-9+_=-]+(?:\.[A-Za-z0-9+_=-]*)*/g;
/** `Bearer …`, and `password=…`, wherever somebody put it. */
const NAMED =
  /\b(?:bearer|basic|digest)[ \t]+\S+|(?:token|secret|passw(?:or)?d|pwd|api[-_]?key|session|signature)[ \t]*[=:][ \t]*[^\s;,]+/gi;

const isKey = (run: string): boolean =>
  looksSecret(run) || run.startsWith("eyJ") || (/[0-9]/.test(run) && /[A-Za-z]/.test(run));
const hasKey = (text: string): boolean => (text.match(RUN) ?? []).some(isKey) || text.search(NAMED) >= 0;

const ID = /^[\w.:+/=@-]{1,200}$/;
const NUMBER = /^[0-9, \t]{1,64}$/;
const HOST = /^[\w.:[\]%-]{0,255}$/;
const USER = /^[^/?#@]*@/;
const METHOD = /^[A-Za-z_-]{1,32}$/;
const STATUS = /^[0-9]{3}$/;
const PRINTABLE = /^[\t\x20-\x7e]*$/;
/** Values are judged up to this length; what is behind it is filled. */
const MAX_VALUE = 8_192;

/** The value of a field, as it may leave. `name` is in lower case; null where it is not known. `adjust` as in {@link veilTarget}. */
export function veilValue(
  name: string | null,
  value: Uint8Array,
  policy: RedactionPolicy,
  count: Count,
  adjust: Fit = () => {},
): Veiled {
  const veiled = new Veiled(value);
  const kind = name === null ? undefined : KINDS.get(name);
  if (kind === "url") {
    veilTarget(veiled, policy, count, adjust);
    return veiled;
  }
  if (value.length === 0) return veiled;
  const from = kind === "host" ? veilUser(veiled, count) : 0;
  const text = latin1(value, from, Math.min(value.length, MAX_VALUE));
  if (kind === undefined || value.length > MAX_VALUE || !isOfKind(kind, text)) {
    veiled.fill(0, value.length);
    count(CREDENTIAL.test(name ?? "") ? "credentials" : "header values");
  } else {
    if (kind === "word") veilKeys(veiled, text, count);
    if (kind === "word" || kind === "host") veilHosts(veiled, policy, count, kind === "host");
  }
  adjust(veiled);
  return veiled;
}

/** `user@` in front of a host, as redactAuthority has it; returns where the host begins. */
function veilUser(veiled: Veiled, count: Count): number {
  const user = USER.exec(veiled.text)?.[0].length ?? 0;
  if (user === 0) return 0;
  veiled.fill(0, user - 1);
  count("credentials");
  return user;
}

function isOfKind(kind: Kind, text: string): boolean {
  switch (kind) {
    case "number":
      return NUMBER.test(text);
    case "id":
      return ID.test(text) && !text.includes("eyJ");
    case "host":
      return HOST.test(text);
    case "method":
      return METHOD.test(text);
    case "status":
      return STATUS.test(text);
    case "word":
      return PRINTABLE.test(text);
    case "url":
      return true;
  }
}

function veilKeys(veiled: Veiled, text: string, count: Count): void {
  for (const expression of [RUN, NAMED]) {
    for (const { index, 0: run } of text.matchAll(expression)) {
      if (expression === RUN && !isKey(run)) continue;
      veiled.fill(index, index + run.length);
      count("header values");
    }
  }
}
