// What kind of request is this? The same words for all that differ in numbers and values only.

import { redactKey } from "./redact-key.ts";
import { looksSecret } from "./redact-secrets.ts";
import { redactSql } from "./redact-sql.ts";
import { REDACTED } from "./redaction.ts";
import type { Exchange } from "./stream-decoder.ts";

const MAX_KIND = 100;

/** A segment of a path that names one thing of many: a number, a UUID, a hash. */
const ONE_OF_MANY = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|.*\d.*\d.*)$/i;

const UNCOUNTED = (): void => {};

/**
 * "GET /orders/*?coupon", "QUERY SELECT percent FROM coupons WHERE code = ?", "GET session:*". The same of a target in which secrets
 * were replaced as of the target as it was sent.
 */
export function kindOf({ request, protocol }: Exchange): string {
  const { method, target } = request!;
  if (protocol === "http" || protocol === "http2") return `${method} ${pathKind(target)}`.slice(0, MAX_KIND);
  if (protocol === "framed") return method;
  if (protocol === "redis" || protocol === "memcached")
    return `${method} ${redactKey(target, UNCOUNTED)}`.trim().slice(0, MAX_KIND);
  const isSql = protocol === "mysql" || protocol === "postgresql";
  const words = isSql ? redactSql(target, protocol).replaceAll(/\s+/g, " ") : target;
  return `${method} ${words}`.trim().slice(0, MAX_KIND);
}

/** Asked for every request: what nearly all targets do not have is not looked through. */
function pathKind(target: string): string {
  const whole = target.startsWith("/") ? target : target.replace(USER, "$1");
  const [path = "", query = ""] = whole.split("#", 1)[0]!.split("?", 2);
  const general = path.split("/").map(segmentKind).join("/");
  if (query === "") return general;
  const names = query
    .split("&")
    .map(nameOf)
    .filter((name) => name !== "");
  return names.length === 0 ? general : `${general}?${[...new Set(names)].join("&")}`;
}

function segmentKind(segment: string): string {
  if (!segment.includes(";")) return namesOne(segment) ? "*" : segment;
  const [name = "", ...parameters] = segment.split(";");
  return [namesOne(name) ? "*" : name, ...parameters.map(nameOf)].join(";");
}

/** `user:password@` of an absolute-form target (RFC 3986 §3.2.1). */
const USER = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i;

/** Of a parameter. A value alone may be a secret. */
function nameOf(pair: string): string {
  const name = pair.split("=")[0]!;
  return name === REDACTED || looksSecret(name) ? "*" : name;
}

const namesOne = (segment: string): boolean =>
  segment !== "" && (segment.includes(REDACTED) || ONE_OF_MANY.test(segment) || looksSecret(segment));
