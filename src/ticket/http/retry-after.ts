// When may a request be sent again, as the tracker says?
//
// Retry-After (RFC 9110 §10.2.3: seconds, or an HTTP-date); GitHub's x-ratelimit-reset and GitLab's RateLimit-Reset (seconds since 1970, where nothing
// is left: docs.github.com "Rate limits for the REST API", docs.gitlab.com "User and IP rate limits"). A point in time is measured on the
// tracker's own clock (Date), so that a wrong one here does no harm.

type Header = (name: string) => string | null;

/** GitHub: "Otherwise, wait for at least one minute before retrying" after a secondary rate limit without Retry-After. */
const SECONDARY_LIMIT_MS = 60_000;

/** Milliseconds from now; null where the answer does not say. `nowMs`: since 1970. */
export function retryAfterMs(header: Header, text: string, nowMs: number): number | null {
  const there = dateOf(header("date")) ?? nowMs;
  const asked = header("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(asked)) return Number(asked) * 1000;
  const at = dateOf(asked);
  if (at !== null) return Math.max(0, at - there);
  if (nothingLeft(header)) {
    const reset = (header("x-ratelimit-reset") ?? header("ratelimit-reset") ?? "").trim();
    if (/^\d{9,11}$/.test(reset)) return Math.max(0, Number(reset) * 1000 - there);
  }
  return secondaryLimit(text) ? SECONDARY_LIMIT_MS : null;
}

/** GitHub says with 403, too, that there were too many requests, and then nobody lacks a permission. */
export const isRateLimit = (status: number, header: Header, text: string): boolean =>
  status === 429 ||
  (status === 403 &&
    (header("x-ratelimit-remaining") === "0" || header("retry-after") !== null || secondaryLimit(text)));

const nothingLeft = (header: Header): boolean =>
  (header("x-ratelimit-remaining") ?? header("ratelimit-remaining") ?? "0").trim() === "0";

const secondaryLimit = (text: string): boolean => /exceeded a secondary rate limit/i.test(text);

/** IMF-fixdate, the one form that is sent (RFC 9110 §5.6.7); Date.parse would take many others. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

function dateOf(text: string | null): number | null {
  if (text === null || !IMF_FIXDATE.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
