// How is one word of a key mixed, before the next one comes? Every bit of it into every bit (MurmurHash3's last step).
//
// One multiplication is not enough: it carries bits up only, so that what differs in the first bits of one address can be cancelled by
// the next word, whatever the seed, and √n of n crafted keys share each slot.

/** hot: */
export function mixed(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
