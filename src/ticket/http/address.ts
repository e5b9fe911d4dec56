// Is this text a web address, of which server, and how is it shown without what may be secret in it?

import { visible } from "../../core/escape.ts";

/** Null: it is none, or of another scheme. */
export function addressOf(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url : null;
}

/** Scheme, host and port; null where the text is no web address. */
export const originOf = (text: string): string | null => addressOf(text)?.origin ?? null;

/** RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3. */
export const isLoopback = ({ hostname }: URL): boolean =>
  /^(?:localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);

const SHOWN = 200;

/** Origin and path; a query may hold secrets, and the path of a webhook is one: these are dots. */
export function shownAddress(url: URL, { hidePath = false }: { hidePath?: boolean | undefined } = {}): string {
  if (hidePath) return `${url.origin}/…`;
  const path = visible(url.pathname);
  return `${url.origin}${path.length > SHOWN ? `${path.slice(0, SHOWN)}…` : path}${url.search === "" ? "" : "?…"}`;
}
