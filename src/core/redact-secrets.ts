// Does this word open a door, or name a person? Values that look like secrets, whatever their name is.
//
// A token is told by its known form (JWT, keys of cloud services), or because it is long and random: words that people choose are
// made of runs of letters, random ones change between letters, digits and cases all the time. UUIDs and numbers name things; they
// open nothing by themselves, and stay.

import { REDACTED } from "./redaction.ts";

/**
 * Forms that are documented: JSON Web Tokens (RFC 7519 §3: the header begins with `{"`), AWS access keys, GitHub, GitLab, Slack,
 * Stripe, Google and npm tokens.
 */
export const KNOWN_TOKEN =
  /eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\b[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}|\bAIza[0-9A-Za-z_-]{35}|\bnpm_[A-Za-z0-9]{30,}/g;
/** RFC 6750 §2.1, RFC 7617 §2; a space may be written as + or %20. */
const SCHEME = /^(?:bearer|basic|token|negotiate)(?:\s|\+|%20)+\S/i;
/** `scheme://user:password@host` within a value. */
const WITH_USER = /:\/\/[^/?#@\s]{1,256}@/;
const EMAIL = /^[^@\s/]{1,64}@[^@\s/]{1,255}\.[A-Za-z]{2,24}$/;
const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi;
const HEX = /^[0-9a-f]+$/i;
/** 128 bits as hexadecimal digits: the shortest that is thought safe for a session (OWASP). */
const LONG_HEX = 32;
/** 16 characters of base 64 are 96 bits; with fewer, a version or an article number looks the same. */
const LONG = 20;
const LONG_MIXED = 16;
/** Runs of digits between letters: in words that people choose there are one or two. */
const MIXED_RUNS = 3;
/** Letters of one run, on average: of random base 64 about two, of words four and more. */
const RANDOM_RUN = 2.6;
const TOKEN = /^[A-Za-z0-9+/=_~-]+$/;
/** Longer values are told by their beginning. */
const MAX_LOOKED_AT = 512;

/** The whole of a value: of a parameter, of a segment of a path, of a part of a key. */
export function looksSecret(value: string): boolean {
  if (value.length < SHORTEST || PLAIN.test(value)) return false;
  const text = decoded(value.slice(0, MAX_LOOKED_AT));
  if (text.search(KNOWN_TOKEN) >= 0 || SCHEME.test(text) || WITH_USER.test(text) || EMAIL.test(text)) return true;
  return isCard(text) || text.split(/[.,:;|@$!\s]/).some(isRandom);
}

/** What nearly all segments and names are, told at once: letters, too few for a token, and not the beginning of one; or a short number. */
const PLAIN = /^(?:(?!ey|xox)[A-Za-z_-]{1,15}|\d{1,11})$/;
/** `a@b.co`: nothing shorter can be one of these. */
const SHORTEST = 6;

/** The tokens of known form in a text of words. */
export const redactTokens = (text: string, count: () => void): string =>
  text.replace(KNOWN_TOKEN, () => {
    count();
    return REDACTED;
  });

function isRandom(whole: string): boolean {
  if (whole.length < LONG_MIXED) return false;
  const text = whole.replace(UUID, "");
  if (text.length < LONG_MIXED || !TOKEN.test(text)) return false;
  if (HEX.test(text) && text.length >= LONG_HEX && /[a-f]/i.test(text)) return true;
  if ((text.match(/[A-Za-z]\d+(?=[A-Za-z])/g)?.length ?? 0) >= MIXED_RUNS) return true;
  if (text.length < LONG) return false;
  const runs = text.match(/[A-Z]?[a-z]+|[A-Z]+|\d+/g) ?? [];
  const letters = text.replace(/[^A-Za-z]+/g, "").length;
  return 3 * letters >= text.length && text.length / Math.max(1, runs.length) <= RANDOM_RUN;
}

/** Numbers of payment cards: the ranges that are issued (ISO/IEC 7812), and the check digit of Luhn. */
const CARD =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12})$/;

function isCard(text: string): boolean {
  const digits = text.replace(/[ +-]/g, "");
  if (!CARD.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 0 ? digit : 2 * digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** A percent-encoded text is the same text to the server. */
export function decoded(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
