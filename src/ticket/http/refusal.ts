// What does a tracker say when it does not do as it is asked? One line of its own words, made visible and short.

import { visible } from "../../core/escape.ts";
import type { TicketFailure } from "../ticket-error.ts";

const MAX_CHARACTERS = 300;
/** Of a long answer, what its words can be in; a page's title stands at its beginning. */
const LOOKED_AT = 20_000;
/** Errors of one answer that are told; one that lists more says the same of many fields. */
const MAX_WORDS = 5;
/** Objects in objects: `{"error": {"message": …}}`, `{"errors": [{"message": …}]}`. */
const MAX_DEPTH = 3;

/** Where trackers put words for people: Jira, GitHub, GitLab, Redmine, RT, ServiceNow, OAuth, RFC 9457. */
const WORDS = ["message", "error", "error_description", "errorMessages", "errors", "detail", "title", "field", "code"];

/** Empty where it says nothing. `conceal` takes our own secrets out before anything is cut. */
export function trackerWords(text: string, conceal: (text: string) => string): string {
  const words = wordsOf(text.length > LOOKED_AT ? null : parsed(text), 0);
  const all = words.length > 0 ? [...new Set(words)].slice(0, MAX_WORDS).join("; ") : plainOf(text.slice(0, LOOKED_AT));
  const shown = visible(conceal(all).replace(/\s+/g, " ").trim());
  return shown.length > MAX_CHARACTERS ? `${shown.slice(0, MAX_CHARACTERS)}…` : shown;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function wordsOf(value: unknown, depth: number): string[] {
  if (typeof value === "string") return value.trim() === "" ? [] : [value];
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.slice(0, MAX_WORDS).flatMap((entry) => wordsOf(entry, depth + 1));
  const entries = Object.entries(value);
  const known = WORDS.flatMap((name) => entries.filter(([key]) => key === name));
  if (known.length > 0) return known.flatMap(([, entry]) => wordsOf(entry, depth + 1));
  // Jira's `errors` and GitLab's `message` may be an object of fields: each with its words.
  if (depth === 0) return [];
  return entries.slice(0, MAX_WORDS).flatMap(([key, entry]) => wordsOf(entry, depth + 1).map((w) => `${key}: ${w}`));
}

/** A page's title; else a text that is no page, or a page without its tags. */
function plainOf(text: string): string {
  if (!/^\s*</.test(text)) return /^\s*[[{]/.test(text) ? "" : text;
  return /<title[^>]*>([^<]*)/i.exec(text)?.[1] ?? "";
}

/** For a status that is not expected; 3xx is one that says no more than where else to go. */
export function failureOf(status: number): TicketFailure {
  if (status === 401 || status === 403) return "credentials";
  if (status === 404 || status === 410) return "no-ticket";
  if (status === 408 || status === 429 || status >= 500) return "unreachable";
  return "refused";
}

/** What a person may do about it, where the number alone does not say. */
export function adviceFor(status: number, source: string | null): string {
  if (status === 401) return source === null ? "no credentials were found" : `the credentials of ${source} are refused`;
  if (status === 403) return source === null ? "no credentials were found" : `the account of ${source} may not do this`;
  if (status === 404) return "no such ticket, or not for this account";
  if (status === 410) return "it is no longer there";
  if (status === 413) return "too large for this tracker";
  return "";
}
