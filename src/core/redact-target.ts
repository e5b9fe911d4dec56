// Which words of a request must not leave the machine? Reports go into tickets that many people read, so the values of
// secrets in a request target are replaced, unless somebody asks for them.

import { redactKey } from "./redact-key.ts";
import { decoded, looksSecret, redactTokens } from "./redact-secrets.ts";
import { redactSql } from "./redact-sql.ts";
import { type CountReplaced, REDACTED } from "./redaction.ts";
import type { Protocol } from "./stream-decoder.ts";

/** Names of parameters whose value opens a door (RFC 6750 §2.3 access_token, signed URLs, session ids, one-time codes), or names a person's account. */
const SECRET_NAME =
  /(?:token|secret|passw(?:or)?d|passwd|pwd|auth|session|sess_?id|sid|jwt|assertion|credential|signature|sig|api[-_.]?key|apikey|access[-_.]?key|private[-_.]?key|otp|pin|code|cookie|^key$|^pass$|^(?:cvv|cvc|ssn|iban|card[-_.]?(?:no|number)?)$)/i;

/** `user:password@` of an absolute-form target, and of an authority. */
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)?[^/?#@]*@/i;

const NOT_COUNTED: CountReplaced = () => {};

/** What was asked, without what may be secret in it: literals of a statement, secret parameters of a URL, names in a key. */
export function redactTarget(
  target: string,
  protocol: Protocol = "http",
  counted: CountReplaced = NOT_COUNTED,
): string {
  if (protocol === "mysql" || protocol === "postgresql") {
    const statement = redactTokens(redactSql(target, protocol), () => counted("target secrets"));
    if (statement !== target) counted("statement literals");
    return statement;
  }
  if (protocol === "redis" || protocol === "memcached") return redactKey(target, counted);
  return protocol === "framed" ? target : redactUrl(target, counted);
}

/** `user@` in front of a host. */
export const redactAuthority = (host: string, counted: CountReplaced = NOT_COUNTED): string =>
  host.includes("@") ? withoutUser(host, counted) : host;

const withoutUser = (text: string, counted: CountReplaced): string =>
  text.replace(USER_INFO, (user, scheme: string = "") => {
    const shown = `${scheme}${REDACTED}@`;
    if (user !== shown) counted("credentials");
    return shown;
  });

/** The target with secrets in parameters and in segments of its path, and any user information, replaced. */
function redactUrl(target: string, counted: CountReplaced): string {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(target) ? withoutUser(target, counted) : target;
  const question = whole.search(/[?#]/);
  const path = question < 0 ? whole : whole.slice(0, question);
  const query = question < 0 ? "" : whole.slice(question);
  const secret = (): string => {
    counted("target secrets");
    return REDACTED;
  };
  const pair = (all: string, mark: string, name: string, equals: string, value: string): string => {
    if (value !== "" && value !== REDACTED && (SECRET_NAME.test(decoded(name)) || looksSecret(value)))
      return `${mark}${looksSecret(name) ? REDACTED : name}${equals}${secret()}`;
    return looksSecret(name) ? `${mark}${secret()}${equals}${value}` : all;
  };
  const segment = (text: string): string => (looksSecret(text) ? secret() : text);
  return path.replace(SEGMENT, segment).replace(PATH_PARAMETER, pair) + query.replace(QUERY_PARAMETER, pair);
}

/** Behind a slash, up to its parameters. */
const SEGMENT = /(?<![^/])[^/;]+/g;
/** `;jsessionid=…` (RFC 3986 §3.3), and `name=value` in query and fragment, or a value alone. */
const PATH_PARAMETER = /(;)([^=;/]*)(=?)([^;/]*)/g;
const QUERY_PARAMETER = /([?&;#])([^=&;#]*)(=?)([^&;#]*)/g;
