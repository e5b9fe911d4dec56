// How is an input spoilt? Bits, bytes, numbers where lengths may stand, parts cut, repeated, moved, and parts of another input.

import { joined } from "./writer.mjs";

/** A part that is repeated or moved: longer ones are rare in what is to be found. */
const MAX_PART = 64;
/** So that repeating does not make inputs that are slow for their size alone. */
const MAX_LENGTH = 1 << 16;

/** `other`: gives another input to take parts of. */
export function mutate(r, bytes, other = () => bytes) {
  let b = bytes.slice();
  for (let n = 1 + r.small(4); n > 0; n--) b = once(r, b, other);
  return b;
}

function once(r, b, other) {
  const at = r.int(b.length + 1);
  const part = 1 + r.small(MAX_PART);
  switch (b.length === 0 ? 9 : r.int(12)) {
    case 0:
      b[at % b.length] ^= 1 << r.int(8);
      return b;
    case 1:
      b[at % b.length] = r.pick([0, 1, 10, 13, 32, 48, 127, 128, 255, r.int(256)]);
      return b;
    case 2:
    case 3:
      return number(r, b, at);
    case 4:
      return b.slice(0, at);
    case 5:
      return joined([b.subarray(0, at), b.subarray(at + part)]);
    case 6: // a part once more
      return b.length > MAX_LENGTH ? b : joined([b.subarray(0, at + part), b.subarray(at)]);
    case 7: {
      const [from, to] = [r.int(b.length), r.int(b.length)];
      b.copyWithin(to, from, from + part);
      return b;
    }
    case 8:
    case 9: {
      const o = other();
      const from = r.int(o.length + 1);
      return b.length > MAX_LENGTH
        ? b
        : joined([b.subarray(0, at), o.subarray(from, from + part * 4), b.subarray(at + r.small(part))]);
    }
    case 10: // the beginning of one, the end of another
      return joined([b.subarray(0, at), other().subarray(at)]).slice(0, MAX_LENGTH);
    default:
      return joined([b.subarray(0, at), r.bytes(r.small(16)), b.subarray(at)]);
  }
}

/** A number of one to four bytes, in either order, that is at a turn, or beside what stands there. */
function number(r, b, at) {
  const size = r.between(1, 4);
  const from = Math.min(at, Math.max(0, b.length - size));
  const big = r.oneIn(2);
  const place = (i) => from + (big ? size - 1 - i : i);
  let value = 0;
  for (let i = 0; i < size; i++) value += (b[place(i)] ?? 0) * 2 ** (8 * i);
  value = r.oneIn(2) ? r.turn() : value + r.between(-4, 4);
  for (let i = 0; i < size; i++) if (place(i) < b.length) b[place(i)] = Math.floor(value / 2 ** (8 * i));
  return b;
}

/** A list of messages or records: some left out, twice, changed places, or spoilt by `spoil`. */
export function mutateList(r, list, spoil) {
  const out = [...list];
  for (let n = r.small(3); n > 0 && out.length > 0; n--) {
    const at = r.int(out.length);
    const choice = r.int(4);
    if (choice === 0) out.splice(at, 1);
    else if (choice === 1) out.splice(r.int(out.length + 1), 0, out[at]);
    else if (choice === 2) {
      const to = r.int(out.length);
      [out[at], out[to]] = [out[to], out[at]];
    } else out[at] = spoil(out[at]);
  }
  return out;
}
