// Where do the facts about every flow live? In typed columns, one number a flow (or one a side), so that millions of
// flows cost bytes, not objects, and the hot loop touches no heap. Untouched columns of a flow stay zero and, being
// zero pages, cost nothing: "none" is 0 throughout.

/** Column index of a flow's side. */
export const sideOf = (flow: number, side: number): number => flow * 2 + side;

/** Bits of `marks`: what happened on a flow. */
export const Mark = {
  syn: 1,
  synAck: 2,
  /** The client's ACK of the SYN-ACK: the third step. */
  handshakeAck: 4,
  /** The two FINs crossed: neither acknowledged the other. */
  finsCrossed: 8,
  /** A stream decoder was tried for long enough; no more probing. */
  probed: 16,
  /** The client end is known from SYN or SYN-ACK. */
  clientKnown: 32,
  /** Its streams are done: both directions ended. */
  streamsEnded: 64,
  /** Bytes wait out of order, in one direction or both. */
  held: 128,
  /** The peer acknowledged bytes that are not in the capture, or a gap was declared. */
  gap: 256,
  /** The snap length cut payload. */
  snapped: 512,
  /** Its answers go by another 4-tuple, the partner's (NAT REDIRECT). */
  redirected: 1024,
  /** It holds the answers to a redirected flow, the partner. */
  answers: 2048,
} as const;

/** Bits of `sideMarks`. */
export const SideMark = {
  /** `isn` is known. */
  isn: 1,
  /** `next` is known. */
  sequence: 2,
  /** A segment other than SYN and RST was sent. */
  spoke: 4,
  /** The first RST, or one right behind it, carried ACK: a live socket was aborted. Without it no socket was found (RFC 9293 §3.10.7.1). */
  rstWithAck: 8,
  /** It sent a RST that the peer accepts: neither end has a socket any more, until a SYN opens anew. */
  reset: 16,
  /** `acked` is known. */
  acked: 64,
  /** Its FIN was reached in order: this direction's stream has ended. */
  ended: 32,
  /** It probed or sent again, and has heard nothing of the peer since; it did so twice. */
  calling: 128,
  callingInVain: 256,
  /** A RST was sent to it, which it will not have received: it had answered nothing before. */
  unreached: 512,
  /** Its peer's window was zero, and it has sent no data since. */
  blocked: 1024,
  /** All its data was acknowledged, by a peer that has room for more. */
  quiet: 2048,
  /** Its own window is zero. */
  full: 4096,
} as const;

export class FlowColumns {
  capacity = 1024;

  // ── key: the 4-tuple in canonical order (a < b) ──
  keyA = new Int32Array(1024);
  keyB = new Int32Array(1024);
  /** Port of a in the high half, of b in the low half. */
  keyPorts = new Int32Array(1024);
  family = new Uint8Array(1024);
  /** 1 when the first packet went from b to a: side 0 is b. */
  flipped = new Uint8Array(1024);
  /** Flow that held the 4-tuple before, plus one. */
  previous = new Int32Array(1024);
  /** Flow that took over the 4-tuple, plus one. */
  successor = new Int32Array(1024);

  // ── the flow ──
  marks = new Uint16Array(1024);
  /** Side of the client. */
  client = new Uint8Array(1024);
  /** Index into the list of protocols; 0 is unknown. */
  protocol = new Uint8Array(1024);
  firstFrame = new Float64Array(1024);
  lastFrame = new Float64Array(1024);
  firstTime = new Float64Array(1024);
  lastTime = new Float64Array(1024);
  /** Frame and time of the SYN-ACK. */
  synAckFrame = new Float64Array(1024);
  synAckTime = new Float64Array(1024);
  /** Requests whose head was seen, by either side, and those of them that got a response. */
  requests = new Uint32Array(1024);
  responses = new Uint32Array(1024);

  // ── each side: index flow × 2 + side ──
  sideMarks = new Uint16Array(2048);
  state = new Uint8Array(2048);
  /** Its last entry in the log of states. */
  lastChange = new Uint32Array(2048);
  packets = new Uint32Array(2048);
  bytes = new Float64Array(2048);
  wireBytes = new Float64Array(2048);
  copies = new Uint32Array(2048);
  syns = new Uint32Array(2048);
  synAcks = new Uint32Array(2048);
  fins = new Uint32Array(2048);
  rsts = new Uint32Array(2048);
  retransmissions = new Uint32Array(2048);
  reordered = new Uint32Array(2048);
  probes = new Uint32Array(2048);
  /** Payload bytes that the capture lacks. */
  missing = new Float64Array(2048);
  isn = new Int32Array(2048);
  /** The next sequence number in order: everything before it was delivered or declared missing. */
  next = new Int32Array(2048);
  /** One beyond the highest sequence number sent. */
  highest = new Int32Array(2048);
  /** Highest acknowledgement sent by this side. */
  acked = new Int32Array(2048);
  /** One beyond this side's FIN. */
  finEnd = new Int32Array(2048);
  finFrame = new Float64Array(2048);
  finTime = new Float64Array(2048);
  /** Where the peer acknowledged this side's FIN. */
  finAckFrame = new Float64Array(2048);
  finAckTime = new Float64Array(2048);
  rstFrame = new Float64Array(2048);
  rstTime = new Float64Array(2048);
  firstDataFrame = new Float64Array(2048);
  lastDataFrame = new Float64Array(2048);
  lastDataTime = new Float64Array(2048);
  /** Since when this side may always have had data to send. */
  busySince = new Float64Array(2048);
  /** When this side spoke again, briefly, though it had spoken last; and how long the pause before that had been. */
  lastWordsTime = new Float64Array(2048);
  lastWordsPause = new Float64Array(2048);
  /** How long no payload had moved on the flow when this side sent its first FIN or RST. */
  idleBeforeEnd = new Float64Array(2048);

  /** Grown once before use: engines take a field that was never reassigned for a constant, and throw code away when it is. */
  constructor() {
    this.grow();
  }

  /** Makes a flow's row what it was before its first packet. */
  clear(f: number): void {
    for (const column of Object.values(this)) {
      if (!ArrayBuffer.isView(column)) continue;
      const values = column as Uint8Array;
      if (values.length === this.capacity) values[f] = 0;
      else values.fill(0, f * 2, f * 2 + 2);
    }
  }

  /** Doubles every column. */
  grow(): void {
    this.capacity *= 2;
    const columns = this as unknown as Record<string, unknown>;
    for (const [name, column] of Object.entries(columns)) {
      if (!ArrayBuffer.isView(column)) continue;
      columns[name] = widened(column as Uint8Array);
    }
  }
}

/** A page is the kernel's only when it was written to. */
const PAGE_BYTES = 1 << 16;

/** Twice as long. Pages of zeros are left alone: in a flood of SYNs, nobody has a FIN. */
function widened(old: Uint8Array): Uint8Array {
  const wider = new (old.constructor as Uint8ArrayConstructor)(old.length * 2);
  const from = new Uint8Array(old.buffer);
  const to = new Uint8Array(wider.buffer);
  const words = new Int32Array(old.buffer, 0, old.buffer.byteLength >> 2);
  for (let at = 0; at < from.length; at += PAGE_BYTES) {
    if (hasAny(words, at >> 2, (at + PAGE_BYTES) >> 2)) to.set(from.subarray(at, at + PAGE_BYTES), at);
  }
  return wider;
}

function hasAny(words: Int32Array, from: number, until: number): boolean {
  const end = Math.min(until, words.length);
  for (let n = from; n < end; n++) if (words[n] !== 0) return true;
  return false;
}
