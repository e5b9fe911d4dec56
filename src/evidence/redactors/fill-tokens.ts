// Is there a token of a known form in a text? It becomes one that says nothing, and is still shown as one (src/core/redact-secrets.ts).

import { KNOWN_TOKEN } from "../../core/redact-secrets.ts";
import { isDigit, isLetter } from "./fill.ts";
import { latin1 } from "./veiled.ts";

const ZERO = 0x30;
/** What tells whose token it is. */
const FORM = /^(?:eyJ|A[KS]IA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|[rsp]k_(?:live|test)_|AIza|npm_)/;

/** Redacts b[from, to) in place. Returns how many were found. */
export function fillTokens(b: Uint8Array, from: number, to: number): number {
  let found = 0;
  for (const m of latin1(b, from, to).matchAll(KNOWN_TOKEN)) {
    found++;
    const end = from + m.index + m[0].length;
    for (let i = from + m.index + (FORM.exec(m[0])?.[0].length ?? 0); i < end; i++) {
      if (isLetter(b[i]!) || isDigit(b[i]!)) b[i] = ZERO;
    }
  }
  return found;
}
