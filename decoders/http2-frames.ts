// Is this the header of an HTTP/2 frame, and what may follow it? (RFC 9113 §4.1, §6)

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const Flag = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

export const HEADER = 9;
/** Octets of the fields for priority within HEADERS, and of the stream promised within PUSH_PROMISE. */
export const PRIORITY_LENGTH = 5;
export const PROMISE_LENGTH = 4;

/** What a client says first (§3.4). */
export const PREFACE = Uint8Array.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (c) => c.charCodeAt(0));

/** The largest frame that may be sent unless the receiver asked for larger ones (§6.5.2). Few do. */
const USUAL_MAX_LENGTH = 16_384;

/** Flags that are defined for each type; senders leave the others unset (§4.1). */
export const DEFINED_FLAGS = [0x09, 0x2d, 0, 0, 0x01, 0x0c, 0x01, 0, 0, 0x04];
/** The length of types that have one length only; 0: any. */
const LENGTHS = [0, 0, 5, 4, 0, 0, 8, 0, 4, 0];
/** Types that belong to a stream (1), to the connection (0), to either (2). */
const OF_STREAM = [1, 1, 1, 1, 0, 1, 0, 0, 2, 1];

const ERRORS = [
  ...["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED"],
  ...["FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"],
  ...["INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"],
];
export const NO_ERROR = 0;
/** The name of an error code (§7); its number when it has none. */
export const errorName = (code: number): string => ERRORS[code] ?? String(code);

export const u32 = (bytes: Uint8Array, i: number): number =>
  bytes[i]! * 0x1000000 + ((bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!);
/** A stream's number, the reserved bit left aside. */
export const streamOf = (bytes: Uint8Array, i: number): number => u32(bytes, i) & 0x7fffffff;
export const lengthOf = (bytes: Uint8Array, i: number): number =>
  (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;

/**
 * May this be a frame's header? Where the place in the stream is known, what the standard allows is believed: types that it does
 * not define (§5.5), long frames. Where it is not, only what senders really send.
 */
// hot: per frame.
export function isHeader(bytes: Uint8Array, i: number, sure: boolean): boolean {
  const length = lengthOf(bytes, i);
  const type = bytes[i + 3]!;
  const flags = bytes[i + 4]!;
  const stream = streamOf(bytes, i + 5);
  if (!sure && length > USUAL_MAX_LENGTH) return false;
  if (type > FrameType.continuation) return sure && length <= USUAL_MAX_LENGTH;
  const exact = LENGTHS[type]!;
  if (exact !== 0 && length !== exact) return false;
  const ofStream = OF_STREAM[type]!;
  if (ofStream !== 2 && (ofStream === 1) !== (stream !== 0)) return false;
  if (type === FrameType.settings) {
    if (length % 6 !== 0 || ((flags & Flag.ack) !== 0 && length > 0)) return false;
  } else if (type === FrameType.goaway && length < 8) return false;
  else if (type === FrameType.pushPromise && length < PROMISE_LENGTH) return false;
  return sure || ((flags & ~DEFINED_FLAGS[type]!) === 0 && bytes[i + 5]! < 0x80);
}

/** Does what is here of a frame's payload agree with its type? `i` is where the frame begins. */
function isPayload(bytes: Uint8Array, i: number, end: number): boolean {
  const at = i + HEADER;
  const length = lengthOf(bytes, i);
  const here = Math.min(length, end - at);
  const flags = bytes[i + 4]!;
  switch (bytes[i + 3]) {
    case FrameType.data:
    case FrameType.headers: {
      let least = 0;
      if ((flags & Flag.padded) !== 0) least = here > 0 ? 1 + bytes[at]! : 1;
      if ((flags & Flag.priority) !== 0) least += PRIORITY_LENGTH;
      return least <= length;
    }
    case FrameType.rstStream:
      return here < 4 || u32(bytes, at) < ERRORS.length;
    case FrameType.settings:
      return settingsAgree(bytes, at, at + here);
    case FrameType.goaway:
      return here < 8 || (bytes[at]! < 0x80 && u32(bytes, at + 4) < ERRORS.length);
    case FrameType.windowUpdate:
      return here < 4 || (bytes[at]! < 0x80 && u32(bytes, at) !== 0);
    default:
      return true;
  }
}

/** Values within the limits of §6.5.2; settings that are not defined there may have any. */
function settingsAgree(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i + 6 <= to; i += 6) {
    const id = (bytes[i]! << 8) | bytes[i + 1]!;
    const value = u32(bytes, i + 2);
    if (id === 0) return false;
    if ((id === 2 || id === 8) && value > 1) return false;
    if (id === 4 && value > 0x7fffffff) return false;
    if (id === 5 && (value < 16_384 || value > 0xffffff)) return false;
  }
  return true;
}

/** Frames that follow one another from `start` on. One slot a decoder, reused. */
export class Chain {
  /** Frame headers, each where the frame before it ends. */
  frames = 0;
  /** The last one ends with the bytes. */
  exact = false;
  /** The first frame is the SETTINGS that every connection begins with, and names at least one setting of RFC 9113 or 8441. */
  settings = false;

  /** Follows the frames in bytes[start, end). What breaks the chain leaves no frames. */
  read(bytes: Uint8Array, start: number, end: number): void {
    this.frames = 0;
    this.exact = false;
    this.settings = false;
    let i = start;
    while (i + HEADER <= end) {
      if (!isHeader(bytes, i, false) || !isPayload(bytes, i, end)) {
        this.frames = 0;
        return;
      }
      if (i === start && bytes[i + 3] === FrameType.settings) {
        const first = i + HEADER + 6 <= end && lengthOf(bytes, i) > 0 ? (bytes[i + 9]! << 8) | bytes[i + 10]! : 0;
        this.settings = first >= 1 && first <= 9;
      }
      this.frames++;
      i += HEADER + lengthOf(bytes, i);
    }
    this.exact = this.frames > 0 && i === end;
  }
}

/** How far bytes[start, end) agree with the preface: all of it, as far as they go, or not. */
export function prefaceAt(bytes: Uint8Array, start: number, end: number): "whole" | "begun" | "no" {
  const n = Math.min(PREFACE.length, end - start);
  for (let i = 0; i < n; i++) if (bytes[start + i] !== PREFACE[i]) return "no";
  return n === PREFACE.length ? "whole" : "begun";
}
