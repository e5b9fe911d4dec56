// How is the first pass to be done? What a command line says of it, and what that means: decoders, filter, times.

import { framed } from "../decoders/framed.ts";
import { STREAM_DECODERS } from "../decoders/streams.ts";
import { parseFrames } from "./core/frame-option.ts";
import { parseFilter } from "./core/packet-filter.ts";
import type { Pseudonyms } from "./core/pseudonyms.ts";
import type { StreamDecoder } from "./core/stream-decoder.ts";
import { parseTime } from "./core/time-option.ts";
import type { PassOptions } from "./pass.ts";

/** Which packets are taken, and how streams are read: plain data, as it comes from a command line. */
export interface PassChoices {
  /** Only packets from this time on, and up to it: ISO 8601, epoch seconds, `+12.5s` from the start, `end`. */
  from?: string;
  to?: string;
  /** Only packets of these addresses and ports: `host 10.0.0.5 and port 8280`. */
  filter?: string;
  /** Leave out segments whose TCP checksum is wrong. Off, because a sending host captures before its card fills it in. */
  verifyChecksums?: boolean;
  /** Framings that no decoder knows, by port: `port=7000,length=u32be,header=8`. Such a port is read as nothing else. */
  frames?: readonly string[];
}

/** Those of options that have more; what is not chosen is not there. */
export function choicesOf({ from, to, filter, verifyChecksums, frames }: PassChoices): PassChoices {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(filter === undefined ? {} : { filter }),
    ...(verifyChecksums === undefined ? {} : { verifyChecksums }),
    ...(frames === undefined ? {} : { frames: [...frames] }),
  };
}

export interface PassParts {
  readonly decoders: readonly StreamDecoder[];
  readonly passOptions: PassOptions;
}

/** `own`: decoders to be tried first. Throws UsageError for choices that mean nothing. */
export function passParts(
  choices: PassChoices,
  pseudonyms: Pseudonyms | null,
  own: readonly StreamDecoder[] = [],
): PassParts {
  const formats = parseFrames(choices.frames ?? []);
  const passOptions: PassOptions = {
    filter: choices.filter === undefined ? null : parseFilter(choices.filter),
    from: choices.from === undefined ? null : parseTime(choices.from, "--from"),
    to: choices.to === undefined ? null : parseTime(choices.to, "--to"),
    verifyChecksums: choices.verifyChecksums === true,
    pseudonyms,
  };
  return { decoders: [...own, ...(formats.length === 0 ? [] : [framed(formats)]), ...STREAM_DECODERS], passOptions };
}
