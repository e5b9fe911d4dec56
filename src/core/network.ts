// Which addresses does a person mean? One address, or a prefix of them: `10.0.0.5`, `10.0.0.0/8`, `2001:db8::/32`.

/** Addresses that agree with `words` in the bits of `masks`. */
export interface Network {
  family: 4 | 6;
  /** Four 32-bit words; one for IPv4. */
  words: number[];
  masks: number[];
  /** How many bits must agree. */
  prefix: number;
}

/** Null for a text that is neither. */
export function readNetwork(text: string): Network | null {
  const [address, prefix] = text.split("/") as [string, string | undefined];
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return null;
  const words = readIpv4(address) ?? readIpv6(address);
  if (words === null) return null;
  const bits = words.length * 32;
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return null;
  const masks = words.map((_, i) => maskOf(Math.min(32, Math.max(0, length - i * 32))));
  return { family: words.length === 1 ? 4 : 6, words, masks, prefix: length };
}

const maskOf = (bits: number): number => (bits === 0 ? 0 : -1 << (32 - bits));

function readIpv4(text: string): number[] | null {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (m === null) return null;
  const parts = m.slice(1).map(Number);
  if (parts.some((n) => n > 255)) return null;
  return [(parts[0]! << 24) | (parts[1]! << 16) | (parts[2]! << 8) | parts[3]!];
}

function readIpv6(text: string): number[] | null {
  if (!text.includes(":")) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const groups = (half: string): number[] | null => {
    if (half === "") return [];
    const out: number[] = [];
    for (const part of half.split(":")) {
      const v4 = readIpv4(part);
      if (v4 !== null) out.push(v4[0]! >>> 16, v4[0]! & 0xffff);
      else if (/^[0-9a-f]{1,4}$/i.test(part)) out.push(Number.parseInt(part, 16));
      else return null;
    }
    return out;
  };
  const head = groups(halves[0]!);
  const tail = halves.length === 2 ? groups(halves[1]!) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return [0, 2, 4, 6].map((i) => (all[i]! << 16) | all[i + 1]!);
}

/** The words of an IPv4-mapped prefix, ::ffff:0:0/96 (RFC 4291 §2.5.5.2). */
const isMapped = (n: Network): boolean =>
  n.family === 6 && n.prefix >= 96 && n.words[0] === 0 && n.words[1] === 0 && n.words[2] === 0xffff;

/** An IPv4 address written as IPv6 is that IPv4 address. */
export const unmapped = (n: Network): Network =>
  isMapped(n) ? { family: 4, words: [n.words[3]!], masks: [n.masks[3]!], prefix: n.prefix - 96 } : n;

/** Is `inner`, an address, among those of `outer`? */
export const includes = (outer: Network, inner: Network): boolean =>
  outer.family === inner.family && outer.words.every((word, i) => ((word ^ inner.words[i]!) & outer.masks[i]!) === 0);
