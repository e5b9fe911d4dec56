// Which login and password does .netrc hold for a host?
//
// The format is that of ftp(1), read as curl reads it (everything.curl.dev/usingcurl/netrc): words with white space between; `machine NAME`
// or `default`, then `login`, `password`, `account` with a value each, in any order; `macdef NAME` with lines up to an empty one.
// A value in double quotes may have spaces, and \" \\ \n \r \t. A word that begins with # where a keyword is due makes the
// rest of the line a comment. The port and the protocol are not looked at; nor is `account`.

import { addressOf } from "../http/address.ts";
import { basicFrom, bearer } from "./authorization.ts";
import type { Credentials, Settings } from "./credentials.ts";

export interface NetrcEntry {
  /** Null: `default`. */
  readonly machine: string | null;
  readonly login: string | null;
  readonly password: string | null;
}

/** As people call it, also where NETRC or _netrc is read in its place. */
export const NETRC = "~/.netrc";

/** The entry that a request to this address would use: the first of the host with a password, else that of `default`; null: none. */
export async function netrcEntry(
  settings: Settings,
  url: string,
): Promise<{ login: string | null; password: string; source: string } | null> {
  const host = hostOf(url);
  const text = (await settings.homeFile(".netrc")) ?? (await settings.homeFile("_netrc"));
  if (text === null || host === null) return null;
  const entries = parseNetrc(text);
  const found =
    entries.find((e) => e.machine?.toLowerCase() === host && e.password) ??
    // `default login anonymous password user@site` is for FTP, and no credential.
    entries.find((e) => e.machine === null && e.password && e.login !== "anonymous");
  if (!found?.password) return null;
  return { login: found.login, password: found.password, source: NETRC };
}

/** The password as a token: for trackers that know who it is from the token alone. */
export async function bearerFromNetrc(settings: Settings, url: string, scheme?: string): Promise<Credentials | null> {
  const entry = await netrcEntry(settings, url);
  return entry === null ? null : bearer(entry.password, entry.source, scheme);
}

/** Null also where the entry has no login. */
export async function basicFromNetrc(settings: Settings, url: string): Promise<Credentials | null> {
  const entry = await netrcEntry(settings, url);
  return entry?.login ? basicFrom(entry.login, entry.password, entry.source) : null;
}

function hostOf(url: string): string | null {
  return addressOf(url)?.hostname.replace(/^\[|\]$/g, "") ?? null;
}

/** Never throws: what it does not know it passes over, as ftp and curl do. */
export function parseNetrc(text: string): NetrcEntry[] {
  const entries: NetrcEntry[] = [];
  let open: { machine: string | null; login: string | null; password: string | null } | null = null;
  const words = new Words(text);
  for (let word = words.keyword(); word !== null; word = words.keyword()) {
    if (word === "machine") {
      const machine = words.value();
      if (machine !== null) entries.push((open = { machine, login: null, password: null }));
    } else if (word === "default") entries.push((open = { machine: null, login: null, password: null }));
    else if (word === "macdef") words.skipMacro();
    else if (word === "login" || word === "password" || word === "account") {
      const value = words.value();
      if (open !== null && word !== "account") open[word] ??= value;
    }
  }
  return entries;
}

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

class Words {
  readonly #text: string;
  #at = 0;
  /** Where the last word begins. */
  #began = 0;

  constructor(text: string) {
    this.#text = text.replace(/^\ufeff/, "");
  }

  /** The next word that is no comment; null at the end. */
  keyword(): string | null {
    for (;;) {
      const word = this.value();
      if (!word?.startsWith("#")) return word;
      const end = this.#text.indexOf("\n", this.#began);
      this.#at = end === -1 ? this.#text.length : end;
    }
  }

  value(): string | null {
    while (this.#at < this.#text.length && this.#text[this.#at]! <= " ") this.#at++;
    if (this.#at >= this.#text.length) return null;
    this.#began = this.#at;
    if (this.#text[this.#at] === '"') return this.#quoted();
    while (this.#at < this.#text.length && this.#text[this.#at]! > " ") this.#at++;
    return this.#text.slice(this.#began, this.#at);
  }

  /** Its name, and lines up to an empty one. */
  skipMacro(): void {
    this.value();
    const rest = /\n[ \t]*\r?\n/.exec(this.#text.slice(this.#at));
    this.#at = rest === null ? this.#text.length : this.#at + rest.index + rest[0].length;
  }

  #quoted(): string {
    let value = "";
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]!;
      if (char === '"') {
        this.#at++;
        break;
      }
      if (char !== "\\") value += char;
      else {
        const escaped = this.#text[++this.#at] ?? "";
        value += ESCAPES[escaped] ?? escaped;
      }
    }
    return value;
  }
}
