// Is this packet of one of a few connections? Asked of every packet of a second pass: most are turned away by their ports.

import type { Packet } from "../core/packet.ts";
import type { AddressTable } from "./address-table.ts";
import type { FlowColumns } from "./columns.ts";

/** The two addresses of a 4-tuple as the flow index holds them, and its family. */
interface Pair {
  a: number;
  b: number;
  family: number;
}

export class ConnectionSet {
  private isPort = new Uint8Array(65_536);
  private byPorts = new Map<number, Pair[]>();
  private addresses: AddressTable;

  /** `flows`: those whose 4-tuples are wanted. An address of IPv6 keeps the number that `addresses` gave it. */
  constructor(columns: FlowColumns, addresses: AddressTable, flows: Iterable<number>) {
    this.addresses = addresses;
    for (const f of flows) {
      const ports = columns.keyPorts[f]!;
      this.isPort[ports >>> 16] = 1;
      this.isPort[ports & 0xffff] = 1;
      const pair = { a: columns.keyA[f]!, b: columns.keyB[f]!, family: columns.family[f]! };
      const same = this.byPorts.get(ports);
      if (same === undefined) this.byPorts.set(ports, [pair]);
      else if (!same.some((o) => o.a === pair.a && o.b === pair.b && o.family === pair.family)) same.push(pair);
    }
  }

  /** hot: by its ports alone, it may be. */
  mayHave(p: Packet): boolean {
    return (this.isPort[p.srcPort]! & this.isPort[p.dstPort]!) === 1;
  }

  has(p: Packet): boolean {
    let a = p.src;
    let b = p.dst;
    if (p.family === 6) {
      a = this.addresses.intern(p.buf, p.srcOffset);
      b = this.addresses.intern(p.buf, p.dstOffset);
    }
    // The order of the index: the smaller address first, of equal ones the smaller port.
    const flipped = a > b || (a === b && p.srcPort > p.dstPort);
    const ports = flipped ? (p.dstPort << 16) | p.srcPort : (p.srcPort << 16) | p.dstPort;
    const [first, second] = flipped ? [b, a] : [a, b];
    const same = this.byPorts.get(ports);
    return same?.some((o) => o.a === first && o.b === second && o.family === p.family) ?? false;
  }
}
