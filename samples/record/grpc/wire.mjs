// How does a gRPC message lie in an HTTP/2 stream, and what is in it? A byte, a u32be length, and a protobuf message.
//
// The few lines of it that a recording needs, instead of a package of hundreds: the bytes on the wire are those of any
// client, as tshark's dissector confirms. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md

/** grpc-status values. */
export const OK = "0";
export const NOT_FOUND = "5";
export const UNAVAILABLE = "14";

/** A message with one field, number 1, an unsigned integer: `message { uint32 value = 1; }`. */
export function encode(value) {
  const body = [0x08];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) {
      body.push(rest);
      break;
    }
    body.push((rest & 0x7f) | 0x80);
  }
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

export function decode(message) {
  let value = 0;
  for (let at = 6, shift = 0; at < message.length; at++, shift += 7) value |= (message[at] & 0x7f) << shift;
  return value;
}
