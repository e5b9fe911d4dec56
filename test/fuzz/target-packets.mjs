// Does decoding a packet throw, hang, or depend on bytes that are not the packet's?

import { packetOf } from "./grammar-links.mjs";
import { fragments } from "./grammar-packets.mjs";
import { expect } from "./judge.mjs";
import { mutate } from "./mutate.mjs";

/** Around a packet in the read buffer. The second is the more telling one: read as a length it is long. */
const AROUND = [0x00, 0xff];
/** Of the buffer in front of the view, and in the view in front of the packet. */
const OFFSETS = [0, 11];
const BEFORE = 24;
const BEHIND = 192;
/** Packets of one input; more than one lets fragments meet. */
const MAX_PACKETS = 4;

export async function packetTarget(dist, seeds) {
  const { PacketDecoders } = await import(`${dist}/decoders/packet.js`);
  const { Packet } = await import(`${dist}/src/core/packet.js`);
  const slot = new Packet();
  let buffers = makeBuffers(1 << 12);

  function makeBuffers(size) {
    return AROUND.map((_, i) => new Uint8Array(new ArrayBuffer(size + OFFSETS[i]), OFFSETS[i]));
  }

  function make(r) {
    if (r.oneIn(10))
      return {
        packets: fragments(r).map((p) =>
          r.oneIn(10) ? { ...p, bytes: mutate(r, p.bytes), cut: 0 } : { ...p, cut: 0 },
        ),
      };
    const packets = [];
    for (let n = r.oneIn(3) ? r.between(2, MAX_PACKETS) : 1; n > 0; n--) {
      const isSeed = seeds.packets.length > 0 && r.oneIn(4);
      const from = isSeed ? r.pick(seeds.packets) : packetOf(r);
      const bytes = isSeed || r.oneIn(2) ? mutate(r, from.bytes, () => packetOf(r).bytes) : from.bytes;
      packets.push({ linkType: from.linkType, bytes, cut: r.oneIn(4) ? r.turn() : 0 });
    }
    return { packets };
  }

  /** Facts of each packet, as numbers. */
  function facts(input, which) {
    const decoders = new PacketDecoders();
    const all = [];
    for (const { linkType, bytes, cut } of input.packets) {
      const size = BEFORE + bytes.length + BEHIND;
      if (size > buffers[0].length) buffers = makeBuffers(size * 2);
      const buf = buffers[which];
      buf.fill(AROUND[which], 0, size);
      buf.set(bytes, BEFORE);
      const p = slot;
      p.buf = buf;
      p.start = BEFORE;
      p.end = BEFORE + bytes.length;
      p.origLen = bytes.length + cut;
      p.linkType = linkType;
      p.time = 1e6;
      p.tap = 0;
      decoders.decode(p);
      note(p, all);
    }
    return all;
  }

  function note(p, all) {
    all.push(p.verdict, p.depth);
    if (p.fault !== null) {
      const { layer, field, offset, needed, available } = p.fault;
      all.push(layer, field, offset, needed, available);
    }
    if (p.verdict !== 0) {
      all.push(p.other);
      return;
    }
    const { start, end } = p;
    expect(start >= 0 && end <= p.buf.length && start <= end, "the slot's bytes are outside of its buffer");
    const inside = (o) => o >= start && o <= end;
    expect(
      inside(p.ipOffset) && inside(p.tcpOffset),
      () => `headers at ${p.ipOffset}, ${p.tcpOffset} of ${start}–${end}`,
    );
    expect(
      p.payloadCaptured >= 0 && p.payloadCaptured <= p.payloadLength,
      () => `${p.payloadCaptured} bytes of ${p.payloadLength}`,
    );
    if (p.payloadCaptured > 0)
      expect(
        inside(p.payloadOffset) && inside(p.payloadOffset + p.payloadCaptured),
        () => `payload outside: ${p.payloadOffset}`,
      );
    all.push(p.family, p.src, p.dst, p.ipId, p.ipOffset - start, p.ipLength, p.tcpOffset - start, p.srcPort, p.dstPort);
    all.push(p.seq, p.ack, p.flags, p.window, p.payloadOffset - start, p.payloadLength, p.payloadCaptured);
    if (p.family === 6) for (let i = 0; i < 16; i++) all.push(p.buf[p.srcOffset + i], p.buf[p.dstOffset + i]);
    for (let i = 0; i < p.payloadCaptured; i++) all.push(p.buf[p.payloadOffset + i]);
  }

  function run(input) {
    const a = facts(input, 0);
    const b = facts(input, 1);
    for (let i = 0; i < Math.max(a.length, b.length); i++)
      expect(
        Object.is(a[i], b[i]),
        () => `depends on bytes around: fact ${i} is ${a[i]} or ${b[i]} (${a.slice(0, 9)})`,
      );
  }

  /** One packet many times: fragments and tables must not make it slower. */
  function grow(r, bytes) {
    const { packets } = make(r);
    const of = packets.reduce((n, p) => n + p.bytes.length + 64, 0);
    const times = Math.ceil(bytes / of);
    return (n) => ({ packets: Array.from({ length: times * n }, () => packets).flat() });
  }

  return { name: "packets", make, run, grow };
}
