// How are messages framed that no decoder knows? Said by the person on call: `port=7000,length=u32be,header=8`.
//
// A frame is a header and a payload. The header holds the length of the payload (or of the whole frame), perhaps behind
// magic bytes, and perhaps an id by which an answer names its question.

import { UsageError } from "./errors.ts";
import type { PortRange } from "./host-settings.ts";

export const FIELD_TYPES = ["u8", "u16be", "u16le", "u24be", "u24le", "u32be", "u32le", "u64be", "u64le"] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

/** A number that stands in the frame, `offset` bytes behind its start. */
export interface FrameField {
  offset: number;
  type: FieldType;
}

export interface FrameFormat {
  /** As it was written. */
  text: string;
  /** The service's port. */
  ports: PortRange;
  /** A varint is protobuf's (base 128, the lowest group first). */
  length: { offset: number; type: FieldType | "varint" };
  /** Bytes of the header; null: it ends with the varint. */
  header: number | null;
  /** What the length counts. */
  includes: "payload" | "all";
  /** Largest length that one of these frames may say. */
  max: number;
  magic: Uint8Array;
  id: FrameField | null;
  type: FrameField | null;
  /** Every frame of a client is answered by one frame, in order. */
  reply: boolean;
}

/** Kafka takes 100 MiB, gRPC 4 MiB: a length above this is more often a damaged one. `max=` says otherwise. */
const DEFAULT_MAX = 16 << 20;
/** The longest header, and the farthest end of an id: so much of a frame is kept while it comes in. */
const MAX_HEADER = 1024;
const MAX_MAGIC = 16;
/** A varint of 64 bits (protobuf encoding guide). */
export const MAX_VARINT = 10;

/** How the text on a frame begins that the end of its stream cut: no fault of the framing, perhaps. */
export const CUT_BY_FIN = "the stream ended";
export const CUT_BY_RESET = "the connection was reset";

const KEYS = ["port", "length", "offset", "header", "includes", "max", "magic", "id", "type", "reply"] as const;
type Key = (typeof KEYS)[number];
const UNITS = new Map([
  ["", 1],
  ["k", 1 << 10],
  ["m", 1 << 20],
  ["g", 1 << 30],
]);

export const fieldSize = (type: FieldType): number => Number.parseInt(type.slice(1), 10) / 8;

/** Throws {@link UsageError} that names the option. */
export function parseFrames(texts: readonly string[]): FrameFormat[] {
  const formats: FrameFormat[] = [];
  for (const text of texts) {
    const format = readFormat(text);
    const twin = formats.find((f) => f.ports.first <= format.ports.last && format.ports.first <= f.ports.last);
    if (twin !== undefined) {
      throw new UsageError(`${option(text)}: shares a port with ${JSON.stringify(twin.text)}; a port has one framing`);
    }
    formats.push(format);
  }
  return formats;
}

const option = (text: string): string => `--frame ${JSON.stringify(text)}`;

function readFormat(text: string): FrameFormat {
  const wrong = (what: string): never => {
    throw new UsageError(`${option(text)}: ${what}`);
  };
  const said = readKeys(text, wrong);
  const ports = readPorts(said.get("port") ?? wrong("no port; write for example port=7000,length=u32be"), wrong);
  const magic = readMagic(said.get("magic") ?? "", wrong);
  const length = said.get("length") ?? wrong(`no length; one of ${FIELD_TYPES.join(", ")}, varint`);
  const lengthType = length === "varint" ? length : readType(length, "length", wrong, ", varint");
  const offset = readNumber(said.get("offset") ?? String(magic.length), "offset", MAX_HEADER, wrong);
  if (offset < magic.length) wrong(`offset=${offset} puts the length into the ${magic.length} bytes of the magic`);
  const header = readHeader(said.get("header"), offset, lengthType, wrong);
  const id = readField(said.get("id"), "id", wrong);
  const type = readField(said.get("type"), "type", wrong);
  for (const [key, field] of [
    ["id", id],
    ["type", type],
  ] as const) {
    if (field === null) continue;
    const end = field.offset + fieldSize(field.type);
    if (end > MAX_HEADER) wrong(`${key} ends ${end} bytes into the frame; at most ${MAX_HEADER} are looked at`);
    if (header === null && end > offset) wrong(`${key} must stand before the varint, whose size changes`);
  }
  const includes = said.get("includes") ?? "payload";
  if (includes !== "payload" && includes !== "all") return wrong("includes is payload or all (header and payload)");
  const reply = said.get("reply") ?? "no";
  if (reply !== "yes" && reply !== "no") wrong("reply is yes or no");
  if (id !== null && said.has("reply")) wrong("reply= pairs by order and id= by number; take one of them");
  return {
    text,
    ports,
    length: { offset, type: lengthType },
    header,
    includes,
    max: readMax(said.get("max"), wrong),
    magic,
    id,
    type,
    reply: reply === "yes",
  };
}

type Wrong = (what: string) => never;

function readKeys(text: string, wrong: Wrong): Map<Key, string> {
  const said = new Map<Key, string>();
  for (const part of text.split(",")) {
    const equals = part.indexOf("=");
    const word = part.slice(0, equals < 0 ? undefined : equals).trim();
    const key = KEYS.find((k) => k === word.toLowerCase());
    if (key === undefined || equals < 0) {
      return wrong(`${JSON.stringify(part.trim())} is no setting; there are ${KEYS.map((k) => `${k}=`).join(" ")}`);
    }
    if (said.has(key)) wrong(`${key}= is said twice`);
    said.set(
      key,
      part
        .slice(equals + 1)
        .trim()
        .toLowerCase(),
    );
  }
  return said;
}

function readPorts(text: string, wrong: Wrong): PortRange {
  const parts = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(parts?.[1]);
  const last = Number(parts?.[2] ?? parts?.[1]);
  if (!(first >= 1 && last <= 65_535 && first <= last)) return wrong("port is one port or a range: 7000, 7000-7009");
  return { first, last };
}

function readMagic(text: string, wrong: Wrong): Uint8Array {
  const hex = text.replace(/^0x/, "");
  if (!/^(?:[0-9a-f]{2})*$/.test(hex)) wrong("magic is written in hex: magic=cafebabe");
  if (hex.length / 2 > MAX_MAGIC) wrong(`magic is longer than ${MAX_MAGIC} bytes`);
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
}

function readType(text: string, key: string, wrong: Wrong, more = ""): FieldType {
  const type = FIELD_TYPES.find((t) => t === text);
  return type ?? wrong(`${key} ${JSON.stringify(text)} is no type; there are ${FIELD_TYPES.join(", ")}${more}`);
}

function readField(text: string | undefined, key: string, wrong: Wrong): FrameField | null {
  if (text === undefined) return null;
  const [at, type] = text.split(":", 2);
  if (type === undefined) return wrong(`${key} is an offset and a type: ${key}=4:u32be`);
  return { offset: readNumber(at!, key, MAX_HEADER, wrong), type: readType(type, key, wrong) };
}

function readHeader(text: string | undefined, offset: number, type: FieldType | "varint", wrong: Wrong): number | null {
  if (type === "varint") {
    return text === undefined ? null : wrong("the header ends with the varint, whose size changes; leave header= out");
  }
  const end = offset + fieldSize(type);
  const header = text === undefined ? end : readNumber(text, "header", MAX_HEADER, wrong);
  if (header < end) wrong(`header=${header} ends before the length field, which ends at ${end}`);
  return header;
}

function readNumber(text: string, key: string, max: number, wrong: Wrong): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  return value <= max ? value : wrong(`${key} ${JSON.stringify(text)} is not a number of bytes up to ${max}`);
}

/** `65536`, `64KiB`, `16M`: units are powers of two. */
function readMax(text: string | undefined, wrong: Wrong): number {
  if (text === undefined) return DEFAULT_MAX;
  const parts = /^(\d{1,12})\s*([kmg]?)(?:i?b)?$/.exec(text);
  const max = Number(parts?.[1]) * (UNITS.get(parts?.[2] ?? "") ?? Number.NaN);
  return max >= 1 && max <= Number.MAX_SAFE_INTEGER ? max : wrong("max is a number of bytes: 65536, 64KiB, 16MiB");
}
