// What does a command need of the world? Streams, environment and interrupts; tests bring their own.

import type { Writable } from "node:stream";
import type { Interrupts } from "./interrupts.ts";

/** A stream that may be a terminal. */
export type Out = Writable & { isTTY?: boolean; columns?: number };

export interface Io {
  stdout: Out;
  stderr: Out;
  env: Readonly<Record<string, string | undefined>>;
  interrupts: Interrupts;
}

/** Exit codes (DESIGN.md §4). */
export const EXIT = {
  ok: 0,
  /** With `--fail-on`: something at or above it was found. */
  found: 1,
  usage: 2,
  /** An input could not be read at all, or the output could not be written. */
  unreadable: 3,
  /** The ticket could not be written. */
  ticket: 4,
  /** A fault of the program (EX_SOFTWARE of sysexits.h). */
  internal: 70,
} as const;
