// What of an HTTP/2 header block may leave? (RFC 7541) Each literal is judged where it stands; indexed fields say what was said before,
// and that was judged where it entered the table.

import { FILL, type RedactionPolicy } from "../stream-redactor.ts";
import { fitOctets, huffmanEncode } from "./hpack-fit.ts";
import type { HpackWalk, Literal } from "./hpack-walk.ts";
import { isPlainName, veilValue } from "./redact-headers.ts";
import { type Count, latin1, Veiled } from "./veiled.ts";

/** An indexed field with index 0, which is an error (§6.1): a block that could not be read to its end cannot be read in the slice. */
const NO_FIELD = 0x80;

/** As many bytes as the block has. False in `isWhole`: it was cut, or is none; what cannot be read is filled. */
export function veilBlock(
  block: Uint8Array,
  walk: HpackWalk,
  policy: RedactionPolicy,
  count: Count,
): { out: Uint8Array; isWhole: boolean } {
  const out = block.slice();
  const stop = walk.walk(block, (literal) => veilLiteral(out, literal, policy, count));
  if (stop < block.length) {
    out.fill(FILL, stop);
    out[stop] = NO_FIELD;
  }
  return { out, isWhole: stop === block.length };
}

function veilLiteral(out: Uint8Array, literal: Literal, policy: RedactionPolicy, count: Count): void {
  const { from, to, isHuffman, decoded } = literal;
  if (decoded === null) {
    out.fill(FILL, from, to);
    count("header values");
    return;
  }
  const adjust = (veiled: Veiled): void => {
    if (isHuffman) fitOctets(veiled, to - from);
  };
  const veiled = literal.isName
    ? veilName(decoded, count, adjust)
    : veilValue(literal.field, decoded, policy, count, adjust);
  if (!veiled.changed.includes(1)) return;
  out.set(isHuffman ? huffmanEncode(veiled.bytes, to - from) : veiled.bytes, from);
}

function veilName(name: Uint8Array, count: Count, adjust: (veiled: Veiled) => void): Veiled {
  const veiled = new Veiled(name);
  if (isPlainName(latin1(name))) return veiled;
  veiled.fill(0, name.length);
  adjust(veiled);
  count("header values");
  return veiled;
}
