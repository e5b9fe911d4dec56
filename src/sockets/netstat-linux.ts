// Which sockets does `netstat` of Linux list? net-tools with -a, -n, -t, -p, -o, -e, -W or names in any language; busybox.
//
// Without -W, net-tools cuts what does not fit: address, colon and port have 23 characters together, the address gives way to
// the port (`addr_do_one` of netstat.c). busybox pads, and cuts nothing.

import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading, ServicePort } from "./dump-format.ts";
import { type ReadEnd, readEnd, readPort } from "./endpoint.ts";
import { extrasOf, isHeading, isOtherHeading, isOtherRow, type NetstatRow, rowOf } from "./netstat-linux-line.ts";

/** Characters of an address column; Red Hat's older ones have 27, which their heading tells. */
const WIDTH = 23;
/** Between "Local Address" and "Foreign Address": the column and a blank. */
const HEADING = /Local Address( +)Foreign Address/;
/** busybox pads the heading of the last column by one blank more than net-tools. */
const BUSYBOX = /State {7}$/;
/** These are no beginnings of something longer, whatever their length. */
const WHOLE_NAMES = new Set(["localhost", "localhost.localdomain"]);

export const netstatLinux: DumpReader = {
  format: "netstat-linux",
  system: "linux",
  begins: (line) => {
    if (isHeading(line)) return "heading";
    const row = rowOf(line);
    if (row === null || row.state === null) return null;
    const isReadable = readEnd(row.local, ":", NO_NAMES) !== null && readEnd(row.remote, ":", NO_NAMES) !== null;
    return isReadable ? "row" : null;
  },
  open: (servicePort) => new NetstatSession(servicePort),
};

/** The beginning of an address or of a name. */
const CUT_ADDRESS = /^[A-Za-z0-9_.:%-]+$/;
/** Meant as a row, whatever became of the rest. */
const DAMAGED = /^tcp[46]?\s/;
const NO_NAMES: ServicePort = () => null;

class NetstatSession implements DumpSession {
  private readonly servicePort: ServicePort;
  private width = WIDTH;
  /** Nothing is cut: an address was longer than the column (-W), or it is busybox. */
  private isWide = false;

  constructor(servicePort: ServicePort) {
    this.servicePort = servicePort;
  }

  read(line: string, into: DumpBuilder): Reading {
    if (line.trim() === "") return "part";
    const row = rowOf(line);
    if (row !== null) return this.take(row, into);
    if (isOtherRow(line)) return "other";
    if (isHeading(line)) {
      const gap = HEADING.exec(line);
      if (gap !== null) this.width = "Local Address".length + gap[1]!.length - 1;
      if (BUSYBOX.test(line)) this.isWide = true;
      return "part";
    }
    if (isOtherHeading(line)) return "part";
    return DAMAGED.test(line) ? "unread" : "foreign";
  }

  end(): void {}

  private take(row: NetstatRow, into: DumpBuilder): Reading {
    if (row.state === null) return "unread";
    if (row.local.length > this.width || row.remote.length > this.width) this.isWide = true;
    const local = this.endOf(row.local);
    const remote = this.endOf(row.remote);
    if (local === null || remote === null) return "unread";
    into.socket(row.state, local.address, local.port, remote.address, remote.port).queues(row.recvQ, row.sendQ);
    if (local.isCut || remote.isCut) into.cut();
    if (row.rest.length === 0) return "row";
    const { pid, process, timer, seconds } = extrasOf(row.rest);
    into.owner(pid, process);
    if (seconds !== null && (timer === "timewait" || row.state === "TIME_WAIT")) into.expiresIn(seconds);
    return "row";
  }

  private endOf(text: string): (ReadEnd & { isCut: boolean }) | null {
    const end = readEnd(text, ":", this.servicePort);
    const isFull = !this.isWide && text.length === this.width;
    // It fills the column: the last character may be the last, or may not.
    if (end === null) return isFull ? this.cutEnd(text) : null;
    return { address: end.address, port: end.port, isCut: isFull && !WHOLE_NAMES.has(end.address) };
  }

  /** What is left of an address is none by itself: `2001:db8:1234:567:37166`, `2001:db8:1234::http-alt`. */
  private cutEnd(text: string): (ReadEnd & { isCut: boolean }) | null {
    const at = text.lastIndexOf(":");
    const port = readPort(text.slice(at + 1), this.servicePort);
    const address = text.slice(0, at);
    return at <= 0 || port === undefined || !CUT_ADDRESS.test(address) ? null : { address, port, isCut: true };
  }
}
