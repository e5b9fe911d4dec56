// For how long is a connection half-closed before that is worth a word? The analyses and the live counts must mean the same by it.

import { NANOS_PER_SECOND } from "./clock.ts";

/** A process that reads the end of file and closes does so within milliseconds; after a second it is held. In nanoseconds. */
export const HELD_NS = NANOS_PER_SECOND;
