// Which words of a request must not leave the machine? Reports go into tickets that many people read, so the values of
// secrets in a request target are replaced, unless somebody asks for them.

import { redactSql } from "../core/redact-sql.ts";
import type { Protocol } from "../core/stream-decoder.ts";

export const REDACTIONS = ["default", "none"] as const;
export type Redaction = (typeof REDACTIONS)[number];

export const REDACTED = "REDACTED";

/** Names of parameters whose value opens a door (RFC 6750 §2.3 access_token, signed URLs, session ids, one-time codes). */
const SECRET_NAME =
  /(?:token|secret|passw(?:or)?d|passwd|pwd|auth|session|sess_?id|sid|jwt|assertion|credential|signature|sig|api[-_.]?key|apikey|access[-_.]?key|private[-_.]?key|otp|pin|code|cookie|^key$|^pass$)/i;

/** `user:password@` of an absolute-form target. */
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i;

/** What was asked, without what may be secret in it: literals of a statement, secret parameters of a URL. */
export function redactTarget(target: string, protocol: Protocol = "http"): string {
  return protocol === "mysql" || protocol === "postgresql" ? redactSql(target) : redactUrl(target);
}

/** The target with the values of secret parameters, and any user information, replaced. */
function redactUrl(target: string): string {
  const whole = target.replace(USER_INFO, `$1${REDACTED}@`);
  const question = whole.search(/[?#]/);
  const path = question < 0 ? whole : whole.slice(0, question);
  const query = question < 0 ? "" : whole.slice(question);
  return path.replace(PATH_PARAMETER, replaceSecret) + query.replace(QUERY_PARAMETER, replaceSecret);
}

/** `;jsessionid=…` (RFC 3986 §3.3), and `name=value` in query and fragment. */
const PATH_PARAMETER = /(;)([^=;/]*)=([^;/]*)/g;
const QUERY_PARAMETER = /([?&;#])([^=&;#]*)=([^&;#]*)/g;

const replaceSecret = (pair: string, mark: string, name: string, value: string): string =>
  value !== "" && SECRET_NAME.test(decoded(name)) ? `${mark}${name}=${REDACTED}` : pair;

/** A percent-encoded name is the same name to the server. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
