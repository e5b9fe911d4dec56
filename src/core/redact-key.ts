// Which part of a cache's key names one thing of many? `session:9f86d081884c7d65` is a session; which one, is nobody's business.

import { looksSecret } from "./redact-secrets.ts";
import type { CountReplaced } from "./redaction.ts";

/** Runs between the marks that keys are built with. */
const PART = /[^\s:/|.#{}@,;()[\]<>"'&?!*_-]+/g;
/** Letters in one case, or capitalised words behind each other: somebody chose it. */
const WORD = /^(?:[A-Z]?[a-z]+|[A-Z]+)(?:[A-Z][a-z]+)*$/;
const LONGEST_WORD = 24;

/** Between the marks that people put between parts: a token may have the others within itself. */
const PIECE = /[^\s:/|{}]+/g;

/** Parts that are no plain word become `*`: "session:*", "{*}.following". */
export const redactKey = (key: string, counted: CountReplaced): string =>
  key.replace(PIECE, (piece) => {
    // `user:jane@example.com`: whoever has a mailbox is no plain word.
    if (piece.includes("@") || looksSecret(piece)) {
      counted("keys");
      return "*";
    }
    return piece.replace(PART, (part) => {
      if (part.length <= LONGEST_WORD && WORD.test(part)) return part;
      counted("keys");
      return "*";
    });
  });
