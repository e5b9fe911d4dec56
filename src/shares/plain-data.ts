// How is what is known of a share written into a file? Plain data: null, booleans, numbers (all of them: NaN and −0 too), bigints, texts,
// lists, objects, maps, sets and typed arrays. Nothing else is read, and nothing is run: what is in the file cannot become more than data.

import { type ByteReader, type ByteWriter, brokenShare } from "./bytes.ts";

const Kind = {
  none: 0,
  undefined: 1,
  false: 2,
  true: 3,
  number: 4,
  text: 5,
  bigint: 6,
  list: 7,
  object: 8,
  map: 9,
  set: 10,
  array: 11,
} as const;

const ARRAYS = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
] as const;
type AnyArray = InstanceType<(typeof ARRAYS)[number]>;

/** Deeper data is not ours. */
const MAX_DEPTH = 32;

/** `blob`: takes the bytes of a typed array, which are written apart; returns their number. */
export function writePlain(w: ByteWriter, value: unknown, blob: (bytes: Uint8Array) => number): void {
  const each = (v: unknown): void => writePlain(w, v, blob);
  if (value === null) w.byte(Kind.none);
  else if (value === undefined) w.byte(Kind.undefined);
  else if (typeof value === "boolean") w.byte(value ? Kind.true : Kind.false);
  else if (typeof value === "number") {
    w.byte(Kind.number);
    w.number(value);
  } else if (typeof value === "string") {
    w.byte(Kind.text);
    w.text(value);
  } else if (typeof value === "bigint") {
    w.byte(Kind.bigint);
    w.text(value.toString());
  } else if (ArrayBuffer.isView(value)) {
    w.byte(Kind.array);
    w.byte(ARRAYS.findIndex((type) => value instanceof type));
    w.count(blob(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)));
  } else if (Array.isArray(value) || value instanceof Set) {
    w.byte(Array.isArray(value) ? Kind.list : Kind.set);
    w.count(Array.isArray(value) ? value.length : value.size);
    // By index: a list may have holes.
    if (Array.isArray(value)) for (let n = 0; n < value.length; n++) each(value[n]);
    else for (const item of value) each(item);
  } else if (value instanceof Map) {
    w.byte(Kind.map);
    w.count(value.size);
    for (const [key, item] of value) {
      each(key);
      each(item);
    }
  } else {
    const entries = Object.entries(value as object);
    w.byte(Kind.object);
    w.count(entries.length);
    for (const [key, item] of entries) {
      w.text(key);
      each(item);
    }
  }
}

/** `blob`: the bytes that were written apart under this number. Throws a CaptureError for what is no such data. */
export function readPlain(r: ByteReader, blob: (number: number) => Uint8Array, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw brokenShare();
  const next = (): unknown => readPlain(r, blob, depth + 1);
  const kind = r.byte();
  switch (kind) {
    case Kind.none:
      return null;
    case Kind.undefined:
      return undefined;
    case Kind.false:
      return false;
    case Kind.true:
      return true;
    case Kind.number:
      return r.number();
    case Kind.text:
      return r.words();
    case Kind.bigint: {
      const digits = r.words();
      if (!/^-?\d{1,30}$/.test(digits)) throw brokenShare();
      return BigInt(digits);
    }
    case Kind.list: {
      const list: unknown[] = [];
      for (let left = r.count(); left > 0; left--) list.push(next());
      return list;
    }
    case Kind.set: {
      const set = new Set<unknown>();
      for (let left = r.count(); left > 0; left--) set.add(next());
      return set;
    }
    case Kind.map: {
      const map = new Map<unknown, unknown>();
      for (let left = r.count(); left > 0; left--) map.set(next(), next());
      return map;
    }
    case Kind.object: {
      const entries: [string, unknown][] = [];
      for (let left = r.count(); left > 0; left--) entries.push([r.words(), next()]);
      return Object.fromEntries(entries);
    }
    case Kind.array:
      return arrayOf(r.byte(), blob(r.count()));
    default:
      throw brokenShare();
  }
}

function arrayOf(type: number, bytes: Uint8Array): AnyArray {
  const Type = ARRAYS[type];
  if (Type === undefined || bytes.length % Type.BYTES_PER_ELEMENT !== 0) throw brokenShare();
  // In memory of its own: a view needs its alignment.
  const own = bytes.slice();
  return new Type(own.buffer, 0, own.length / Type.BYTES_PER_ELEMENT);
}
