// What do the generators of packet layers share? The choices of the packet in hand, and how deep it may go.

import { Writer } from "./writer.mjs";

export const w = new Writer();
/** Tunnels in tunnels: deeper than any limit of the decoders, now and then. */
const DEEP = 80;
/** A field that says something else than what follows it. */
const LIES = 24;

export let r;
let left;

/** A packet begins. */
export function begin(random) {
  r = random;
  left = r.oneIn(200) ? DEEP : r.between(4, 14);
  w.at = 0;
}

/** There are layers enough: one less is left. */
export const isDeep = () => --left <= 0;

export function next(layers) {
  if (isDeep()) junk();
  else r.pick(layers)();
}

export function behind(bytes, layer) {
  return () => {
    w.bytes(r.oneIn(2) ? r.bytes(bytes) : new Uint8Array(bytes));
    layer();
  };
}

/** The truth, or now and then something else. */
export const said = (truth) => (r.oneIn(LIES) ? (r.oneIn(2) ? r.turn() : truth + r.between(-9, 9)) : truth);

export function junk() {
  w.bytes(r.bytes(r.small(60)));
}
