// How is a token, or a login and password, said in a header? (RFC 6750 §2.1, RFC 7617)

import { TicketError } from "../ticket-error.ts";
import type { Credentials } from "./credentials.ts";

/** Printable ASCII without spaces: what every tracker's tokens are made of. Anything else would be an error that shows the value. */
const TOKEN = /^[!-~]+$/;

/**
 * A token as a header takes it. White space around it goes: a token that was read from a file often ends with a line break.
 * Throws a TicketError, which names the source and not the token, where there is none or it cannot be one.
 */
export function tokenOf(value: string, source: string): string {
  const token = value.trim();
  if (!TOKEN.test(token))
    throw new TicketError("credentials", `${source} holds no token: it is empty, or has spaces or line breaks within`);
  return token;
}

/** `Authorization: Bearer …`; other schemes by name: GitHub and RT take `token`. */
export const bearer = (token: string, source: string, scheme = "Bearer"): Credentials => ({
  headers: { Authorization: `${scheme} ${tokenOf(token, source)}` },
  source,
});

/** A header of the tracker's own that bears the token alone: `PRIVATE-TOKEN`, `X-Redmine-API-Key`. */
export const tokenHeader = (name: string, token: string, source: string): Credentials => ({
  headers: { [name]: tokenOf(token, source) },
  source,
});

/** `Authorization: Basic …`, in UTF-8. A login has no colon: where it ends, the password begins (RFC 7617 §2). */
export function basicFrom(login: string, password: string, source: string): Credentials {
  if (login === "" || /[:\p{Cc}]/u.test(login) || /\p{Cc}/u.test(password))
    throw new TicketError(
      "credentials",
      `${source} holds no login and password: a login has no colon, neither has line breaks`,
    );
  const bytes = new TextEncoder().encode(`${login}:${password}`);
  return { headers: { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }, source };
}
