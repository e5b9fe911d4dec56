// How does a test write a packet down? One function a header, each wrapping what it carries: eth(ipv4(tcp())).

/** Bytes of hexadecimal text; blanks are for the eye. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const be16 = (n: number): Uint8Array => Uint8Array.of((n >> 8) & 255, n & 255);
export const be32 = (n: number): Uint8Array =>
  Uint8Array.of((n >>> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255);
export const le16 = (n: number): Uint8Array => be16(n).reverse();
export const le32 = (n: number): Uint8Array => be32(n).reverse();
export const zeros = (n: number): Uint8Array => new Uint8Array(n);
export const text = (s: string): Uint8Array => new TextEncoder().encode(s);

// ── link layers ──

const MAC = hex("0200 0000 0001 0200 0000 0002");
export const eth = (carried: Uint8Array, type = 0x0800): Uint8Array => join(MAC, be16(type), carried);
/** An 802.3 frame: the length of what it carries instead of a type, then padding. */
export const eth8023 = (carried: Uint8Array, padding = 0): Uint8Array =>
  join(MAC, be16(carried.length), carried, zeros(padding));
/** Behind a tag's type: priority and id, then the type of what it carries. */
export const tag = (carried: Uint8Array, type = 0x0800, id = 5): Uint8Array => join(be16(id), be16(type), carried);
export const snap = (carried: Uint8Array, type = 0x0800): Uint8Array => join(hex("aaaa03 000000"), be16(type), carried);
export const sll = (carried: Uint8Array, packetType = 0, type = 0x0800, hardware = 1): Uint8Array =>
  join(be16(packetType), be16(hardware), be16(6), zeros(8), be16(type), carried);
export const sll2 = (carried: Uint8Array, packetType = 0, ifIndex = 2, type = 0x0800): Uint8Array =>
  join(be16(type), be16(0), be32(ifIndex), be16(1), Uint8Array.of(packetType, 6), zeros(8), carried);
export const pktap = (carried: Uint8Array, linkType: number): Uint8Array =>
  join(le32(108), le32(1), le32(linkType), text("en0"), zeros(93), carried);
export const nflog = (carried: Uint8Array, family: number, n16: (n: number) => Uint8Array): Uint8Array =>
  join(Uint8Array.of(family, 0, 0, 0), n16(5), n16(10), hex("78 000000"), n16(4 + carried.length), n16(9), carried);

// ── IP ──

export interface Ipv4Fields {
  protocol?: number;
  /** 192.0.2.1 and 192.0.2.2 unless told. */
  src?: Uint8Array;
  dst?: Uint8Array;
  id?: number;
  /** Byte offset of a fragment, and whether more follow. */
  at?: number;
  more?: boolean;
  options?: Uint8Array;
  version?: number;
  /** What the header claims, when that is not the truth. */
  headerWords?: number;
  totalLength?: number;
}

export function ipv4(carried: Uint8Array, f: Ipv4Fields = {}): Uint8Array {
  const options = f.options ?? zeros(0);
  const header = 20 + options.length;
  return join(
    Uint8Array.of(((f.version ?? 4) << 4) | (f.headerWords ?? header / 4), 0),
    be16(f.totalLength ?? header + carried.length),
    be16(f.id ?? 1),
    be16((f.more ? 0x2000 : 0) | ((f.at ?? 0) / 8)),
    Uint8Array.of(64, f.protocol ?? 6, 0, 0),
    f.src ?? hex("c0000201"),
    f.dst ?? hex("c0000202"),
    options,
    carried,
  );
}

export interface Ipv6Fields {
  next?: number;
  payloadLength?: number;
  version?: number;
  src?: Uint8Array;
  dst?: Uint8Array;
}

/** 2001:db8::1 and 2001:db8::2 unless told. */
export const V6_SOURCE = hex("20010db8 00000000 00000000 00000001");
export const V6_DESTINATION = hex("20010db8 00000000 00000000 00000002");

export const ipv6 = (carried: Uint8Array, f: Ipv6Fields = {}): Uint8Array =>
  join(
    Uint8Array.of((f.version ?? 6) << 4, 0, 0, 0),
    be16(f.payloadLength ?? carried.length),
    Uint8Array.of(f.next ?? 6, 64),
    f.src ?? V6_SOURCE,
    f.dst ?? V6_DESTINATION,
    carried,
  );

export const fragmentHeader = (carried: Uint8Array, at: number, more: boolean, id = 7, next = 6): Uint8Array =>
  join(Uint8Array.of(next, 0), be16(at | (more ? 1 : 0)), be32(id), carried);

// ── above IP ──

export interface TcpFields {
  srcPort?: number;
  dstPort?: number;
  seq?: number;
  ack?: number;
  flags?: number;
  window?: number;
  dataOffset?: number;
  checksum?: number;
  options?: Uint8Array;
  payload?: Uint8Array;
}

/** 40000 → 80, SYN, no payload unless told. */
export function tcp(f: TcpFields = {}): Uint8Array {
  const options = f.options ?? zeros(0);
  return join(
    be16(f.srcPort ?? 40000),
    be16(f.dstPort ?? 80),
    be32(f.seq ?? 1000),
    be32(f.ack ?? 0),
    Uint8Array.of((f.dataOffset ?? 5 + options.length / 4) << 4, f.flags ?? 0x02),
    be16(f.window ?? 1024),
    be16(f.checksum ?? 0),
    be16(0),
    options,
    f.payload ?? zeros(0),
  );
}

export const udp = (carried: Uint8Array, dstPort: number, srcPort = 50000, length = 8 + carried.length): Uint8Array =>
  join(be16(srcPort), be16(dstPort), be16(length), be16(0), carried);

/** One label at the bottom of the stack. */
export const mpls = (carried: Uint8Array, label = 16): Uint8Array => join(be32((label << 12) | 0x140), carried);
