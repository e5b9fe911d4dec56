// What may stand before a packet? Other link layers, tags and tunnels around the same IP packet.

import { etherTypeOf, headerOf, LINK } from "./rewrite.ts";
import { type Frame, mapFrames, type Trace } from "./trace.ts";

const be = (...values: number[]): Uint8Array => Uint8Array.from(values.flatMap((v) => [(v >> 8) & 255, v & 255]));
const joined = (...parts: Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

const MACS = be(0x0200, 0, 1, 0x0200, 0, 2);
const HEADERS: Record<number, (type: number) => Uint8Array> = {
  [LINK.ethernet]: (type) => joined(MACS, be(type)),
  [LINK.sll]: (type) => be(0, 1, 6, 0x0200, 0, 2, 0, type),
  [LINK.sll2]: (type) => be(type, 0, 0, 2, 1, 0x0006, 0x0200, 0, 2, 0),
  [LINK.raw]: () => new Uint8Array(0),
};

/** Everything below IP replaced by these bytes. Null: the frame is left out. */
const under = (trace: Trace, linkType: number, header: (type: number, frame: Frame) => Uint8Array | null): Trace => {
  const before = headerOf(trace);
  const changed = mapFrames(trace, (frame) => {
    const instead = header(etherTypeOf(trace, frame), frame);
    if (instead === null) return null;
    const data = joined(instead, frame.data.subarray(before));
    return { ...frame, data, original: frame.original + instead.length - before };
  });
  return { linkType, frames: changed.frames };
};

const isIp = (type: number): boolean => type === 0x0800 || type === 0x86dd;

/** Raw IP has no room for what is not IP: such frames are left out. */
export const linkedBy = (trace: Trace, linkType: number): Trace =>
  under(trace, linkType, (type) => (linkType === LINK.raw && !isIp(type) ? null : HEADERS[linkType]!(type)));

/** One VLAN tag, or two as in 802.1ad. */
export const tagged = (trace: Trace, double: boolean): Trace =>
  under(trace, LINK.ethernet, (type) =>
    double ? joined(MACS, be(0x88a8, 7, 0x8100, 42, type)) : joined(MACS, be(0x8100, 42, type)),
  );

const OUTER = be(0xc633, 0x6401, 0xc633, 0x6402); // 198.51.100.1 → 198.51.100.2
const IP_IN_IP = 4;
const UDP = 17;
const GRE = 47;
/** A datagram's length field, and what stands before the packet in it, leaves so much for the packet. */
const LONGEST_INNER = 0xffff - 60;

const outerIp = (protocol: number, length: number): Uint8Array =>
  joined(be(0x4500, 20 + length, 0, 0x4000, (64 << 8) | protocol, 0), OUTER);

export type Tunnel = "ipip" | "gre" | "vxlan";

/** Whether every packet fits into a tunnel: offload makes segments as long as a datagram can be. */
export const fitsTunnel = (trace: Trace): boolean =>
  trace.frames.every((frame) => frame.original - headerOf(trace) <= LONGEST_INNER);

/** IPv4 packets go through the tunnel, others beside it. */
export const tunnelled = (trace: Trace, tunnel: Tunnel): Trace =>
  under(trace, LINK.ethernet, (type, frame) => {
    const inner = frame.original - headerOf(trace);
    const ethernet = HEADERS[LINK.ethernet]!;
    if (type !== 0x0800) return ethernet(type);
    if (tunnel === "ipip") return joined(ethernet(0x0800), outerIp(IP_IN_IP, inner));
    if (tunnel === "gre") return joined(ethernet(0x0800), outerIp(GRE, 4 + inner), be(0, 0x0800));
    const udp = 8 + 8 + 14 + inner;
    return joined(
      ethernet(0x0800),
      outerIp(UDP, udp),
      be(50_000, 4789, udp, 0, 0x0800, 0, 0, 0x0500),
      ethernet(0x0800),
    );
  });
