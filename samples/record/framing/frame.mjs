// What does a frame look like? The length of its body as u32be, an id of four bytes, then the body: JSON.

export const HEADER = 8;
/** A length above this is not one. */
export const LIMIT = 65_536;

export function frame(id, body) {
  const head = Buffer.alloc(HEADER);
  head.writeUInt32BE(body.length, 0);
  head.writeUInt32BE(id, 4);
  return Buffer.concat([head, body]);
}

/** JSON of about `bytes` bytes. */
export function body(id, bytes) {
  return Buffer.from(JSON.stringify({ order: id, note: "x".repeat(Math.max(0, bytes - 26)) }));
}
