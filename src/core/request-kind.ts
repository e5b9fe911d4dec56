// What kind of request is this? The same words for all that differ in numbers and values only.

import { redactSql } from "./redact-sql.ts";
import type { Exchange } from "./stream-decoder.ts";

const MAX_KIND = 100;

/** A segment of a path that names one thing of many: a number, a UUID, a hash. */
const ONE_OF_MANY = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|.*\d.*\d.*)$/i;

/** "GET /orders/*?coupon", "QUERY SELECT percent FROM coupons WHERE code = ?", "GET session:1". */
export function kindOf({ request, protocol }: Exchange): string {
  const { method, target } = request!;
  if (protocol === "http" || protocol === "http2") return `${method} ${pathKind(target)}`.slice(0, MAX_KIND);
  if (protocol === "framed") return method;
  const isSql = protocol === "mysql" || protocol === "postgresql";
  return `${method} ${isSql ? redactSql(target).replaceAll(/\s+/g, " ") : target}`.trim().slice(0, MAX_KIND);
}

function pathKind(target: string): string {
  const [path = "", query = ""] = target.split("#")[0]!.split("?", 2);
  const general = path
    .split("/")
    .map((segment) => (ONE_OF_MANY.test(segment) ? "*" : segment))
    .join("/");
  const names = query
    .split("&")
    .map((pair) => pair.split("=")[0]!)
    .filter((name) => name !== "");
  return names.length === 0 ? general : `${general}?${[...new Set(names)].join("&")}`;
}
