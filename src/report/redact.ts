// Which words of a request must not leave the machine? Reports go into tickets that many people read, so the values of
// secrets in a request target are replaced, unless somebody asks for them.

export type Redaction = "default" | "none";

export const REDACTED = "REDACTED";

/** Names of parameters whose value opens a door (RFC 6750 §2.3 access_token, signed URLs, session ids, one-time codes). */
const SECRET_NAME =
  /(?:token|secret|passw(?:or)?d|passwd|pwd|auth|session|sess_?id|sid|jwt|assertion|credential|signature|sig|api[-_.]?key|apikey|access[-_.]?key|private[-_.]?key|otp|pin|code|cookie|^key$|^pass$)/i;

/** `user:password@` of an absolute-form target. */
const USER_INFO = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i;

/** The target with the values of secret parameters, and any user information, replaced. */
export function redactTarget(target: string): string {
  const whole = target.replace(USER_INFO, `$1${REDACTED}@`);
  const question = whole.search(/[?#;]/);
  if (question < 0) return whole;
  const query = whole.slice(question).replace(/([?&;#])([^=&;#]*)=([^&;#]*)/g, (pair, mark, name, value) => {
    return value !== "" && SECRET_NAME.test(decoded(name)) ? `${mark}${name}=${REDACTED}` : pair;
  });
  return whole.slice(0, question) + query;
}

/** A percent-encoded name is the same name to the server. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
