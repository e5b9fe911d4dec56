// How is a text shown in which a tracker may have put our own secrets back? With dots in their place.

import type { Credentials } from "../credentials/credentials.ts";

/** Shorter ones would blot out words that only look the same. */
const MIN_CHARACTERS = 4;
/** Pieces of a path may be words, as "hooks" or "services", and those are no secret. */
const MIN_PIECE = 9;

/** Replaces what the headers hold, whole and in parts: the token behind its scheme, login and password behind Basic. */
export function concealing(credentials: Credentials | null): (text: string) => string {
  const secrets = new Set<string>();
  for (const value of Object.values(credentials?.headers ?? {})) {
    secrets.add(value);
    const [, scheme, token] = /^(\S+)\s+(\S.*)$/.exec(value) ?? [];
    if (token !== undefined) secrets.add(token);
    if (scheme?.toLowerCase() === "basic") secrets.add(passwordOf(token!));
  }
  const longest = [...secrets].filter((s) => s.length >= MIN_CHARACTERS).sort((a, b) => b.length - a.length);
  return (text) => longest.reduce((rest, secret) => rest.replaceAll(secret, "…"), text);
}

function passwordOf(basic: string): string {
  try {
    const bytes = Uint8Array.from(atob(basic), (char) => char.charCodeAt(0));
    return new TextDecoder().decode(bytes).replace(/^[^:]*:/, "");
  } catch {
    return "";
  }
}

/** The same, and the path of this address: who is asked for what they do not know says it ("Cannot POST /…"). */
export function hidingPath(url: URL, conceal: (text: string) => string): (text: string) => string {
  const pieces = url.pathname.split("/").filter((piece) => piece.length >= MIN_PIECE);
  const whole = [url.href, `${url.pathname}${url.search}`, url.pathname].filter(
    (text) => text.length >= MIN_CHARACTERS,
  );
  const hidden = [...whole, ...url.searchParams.values(), ...pieces].filter((text) => text.length >= MIN_CHARACTERS);
  return (text) => hidden.reduce((rest, piece) => rest.replaceAll(piece, "…"), conceal(text));
}
