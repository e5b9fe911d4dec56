// Who is it that connects? What is kept of a StartupMessage. (PostgreSQL documentation, "StartupMessage")

import { textOf } from "./http1-text.ts";
import { nul } from "./postgres-text.ts";

export interface Parameters {
  user: string | null;
  /** The user's name when none is given. */
  database: string | null;
  application: string | null;
}

/** Names and values in turn, each up to a NUL. `cut`: more of them may be missing. */
export function parametersOf(b: Uint8Array, start: number, end: number, cut: boolean): Parameters {
  const found: Parameters = { user: null, database: null, application: null };
  for (let at = start; at < end && b[at] !== 0; ) {
    const nameEnd = nul(b, at, end);
    const valueEnd = nul(b, nameEnd + 1, end);
    if (valueEnd >= end) break;
    const name = textOf(b, at, nameEnd);
    const value = valueEnd > nameEnd + 1 ? textOf(b, nameEnd + 1, valueEnd) : null;
    if (name === "user") found.user = value;
    else if (name === "database") found.database = value;
    else if (name === "application_name") found.application = value;
    at = valueEnd + 1;
  }
  if (!cut) found.database ??= found.user;
  return found;
}
