// Which name stands for this one? Of the same length and shape, one to one, label by label, so that hosts of one domain stay together.
//
// A label is enciphered as a word over its own alphabet: a Feistel network in which one half of the letters and digits is shifted by a
// pseudorandom function of the other (the idea of NIST SP 800-38G, FF1; position by position instead of as one number, so that a
// letter becomes a letter and a digit a digit). What is neither stays where it is.

import { isLoopbackName } from "./address.ts";
import type { SipHash } from "./siphash.ts";

/** As FF1 has. */
const ROUNDS = 10;
/** Labels remembered; then it begins anew. */
const MAX_LABELS = 16_384;
/** Characters of a label that is remembered: the longest of DNS (RFC 1035 §2.3.4). */
const MAX_REMEMBERED = 63;

const LETTERS = 26;
const DIGITS = 10;
const A = 97;
const ZERO = 48;

/** Distinguishes the uses of one key. */
const NAME = 0x6e;
const EXPAND = 0x78;

const encoder = new TextEncoder();

export class NamePseudonyms {
  private readonly prf: SipHash;
  private readonly labels = new Map<string, string>();

  constructor(prf: SipHash) {
    this.prf = prf;
  }

  /** A host name. Upper and lower case are one name, written in lower case. */
  name(text: string): string {
    return isLoopbackName(text)
      ? text
      : text
          .split(".")
          .map((label) => this.label(lowerCase(label)))
          .join(".");
  }

  private label(text: string): string {
    let label = this.labels.get(text);
    if (label === undefined) {
      label = this.encipher(text);
      if (text.length <= MAX_REMEMBERED) {
        if (this.labels.size >= MAX_LABELS) this.labels.clear();
        this.labels.set(text, label);
      }
    }
    return label;
  }

  private encipher(text: string): string {
    const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
    const positions = units.flatMap((unit, i) => (radixOf(unit) === 0 ? [] : [i]));
    const radices = positions.map((i) => radixOf(units[i]!));
    const values = positions.map((i, n) => numberOf(units[i]!, radices[n]!));
    const shape = encoder.encode(units.map((unit) => String.fromCharCode(shapeOf(unit))).join(""));
    if (values.length === 1) values[0] = this.alone(values[0]!, radices[0]!, shape);
    const half = values.length >> 1;
    for (let round = 0; values.length > 1 && round < ROUNDS; round++) {
      const [from, to, other, otherTo] =
        round % 2 === 0 ? [0, half, half, values.length] : [half, values.length, 0, half];
      const stream = this.numbers(round, shape, values.slice(other, otherTo));
      for (let i = from; i < to; i++) values[i] = (values[i]! + stream()) % radices[i]!;
    }
    positions.forEach((i, n) => {
      units[i] = values[n]! + (radices[n] === DIGITS ? ZERO : A);
    });
    return units.map((unit) => String.fromCharCode(unit)).join("");
  }

  /** A label with one letter: its place in an alphabet that was shuffled (Fisher and Yates). */
  private alone(value: number, radix: number, shape: Uint8Array): number {
    const alphabet = Array.from({ length: radix }, (_, i) => i);
    const next = this.numbers(ROUNDS, shape, []);
    for (let i = radix - 1; i > 0; i--) {
      const j = next() % (i + 1);
      [alphabet[i], alphabet[j]] = [alphabet[j]!, alphabet[i]!];
    }
    return alphabet[value]!;
  }

  /** Pseudorandom numbers of 0 to 65,535 that depend on the round, the shape and the values, without end. */
  private numbers(round: number, shape: Uint8Array, values: readonly number[]): () => number {
    const { prf } = this;
    const seed = prf.hash(Uint8Array.of(NAME, round, ...words(shape.length), ...shape, ...values));
    const message = Uint8Array.of(EXPAND, ...words(seed.high), ...words(seed.low), 0, 0, 0, 0);
    const counter = new DataView(message.buffer, 9);
    let block = 0;
    const ready: number[] = [];
    return () => {
      if (ready.length === 0) {
        counter.setUint32(0, block++);
        const { high, low } = prf.hash(message);
        ready.push(high >>> 16, high & 0xffff, low >>> 16, low & 0xffff);
      }
      return ready.pop()!;
    };
  }
}

/** Of ASCII alone: other letters may change their length (RFC 4343). */
const lowerCase = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

const words = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

/** What a character may become: 0 for one that stays. A letter beyond ASCII becomes one of a to z, for it may name as well. */
function radixOf(unit: number): number {
  if (unit >= ZERO && unit < ZERO + DIGITS) return DIGITS;
  return (unit >= A && unit < A + LETTERS) || unit > 0x7f ? LETTERS : 0;
}

const numberOf = (unit: number, radix: number): number => (radix === DIGITS ? unit - ZERO : mod(unit - A, LETTERS));
const mod = (n: number, by: number): number => ((n % by) + by) % by;

/** Labels of different shapes never become the same. */
function shapeOf(unit: number): number {
  const radix = radixOf(unit);
  return radix === 0 ? unit : radix === DIGITS ? ZERO : A;
}
