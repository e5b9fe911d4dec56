// How is `netstat` of macOS and FreeBSD read? `-an`, `-anp tcp`, `-anv`, `-x`, `-W`, `-A`, `-L`.
//
// netstat(1) of macOS and of FreeBSD. A row is `tcp4  Recv-Q  Send-Q  address.port  address.port  STATE`, the port behind a dot.
// macOS -v adds columns, of which the heading tells the order: `rhiwat shiwat pid epid …`, today
// `rxbytes txbytes rhiwat shiwat process:pid …`. -L lists the accept queues: `waiting/incomplete/limit` and the local end. Without
// -W (macOS: -l) addresses are cut at 16 characters.

import type { HostSystem } from "../core/host-settings.ts";
import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading, ServicePort } from "./dump-format.ts";
import { type ReadEnd, readEnd, readPort } from "./endpoint.ts";
import { stateOf } from "./state-words.ts";

/** `tcp46` listens for both; OpenBSD and NetBSD write `tcp` and `tcp6`. */
const TCP = /^tcp(?:4|6|46|64)?$/;
/** What else netstat lists with a protocol in front, and macOS's kernel sockets. */
const OTHER = /^(?:udp|udpl|icm|icmp|ip|ipv|div|sctp|raw|mptcp|kctl|kevt|vsock|unix|ng|ctrl|data)(?:4|6|46|64)?$/;
const UNIX_TYPE = /^(?:stream|dgram|seqpac|seqpacket|rdm|raw|\?)$/;
const HEX = /^[0-9a-f]{1,16}$/i;
const DIGITS = /^\d{1,10}$/;
const QUEUE = /^(\d{1,10})\/\d{1,10}\/(\d{1,10})$/;
/** `inet_ntop` output beyond this is cut: `%.*s` with 16 in inetprint() of netstat's inet.c. */
const CUT_AT = 16;
/** -x of FreeBSD has 24 columns, -v of macOS 18, and names of processes have blanks. */
const MAX_FIELDS = 40;
/** Titles of the sections; those of Linux go on ("(w/o servers)"). */
const TITLES = new Map<string, HostSystem | null>([
  ["Active Internet connections", null],
  ["Active Internet connections (including servers)", null],
  ["Current listen queue sizes (qlen/incqlen/maxqlen)", null],
]);
const SECTIONS = new Map<string, HostSystem | null>([
  ["Active LOCAL (UNIX) domain sockets", "macos"],
  ["Active Multipath Internet connections", "macos"],
  ["Registered kernel control modules", "macos"],
  ["Active kernel event sockets", "macos"],
  ["Active kernel control sockets", "macos"],
  ["Active UNIX domain sockets", null],
  ["Netgraph sockets", "freebsd"],
]);

export const netstatBsd: DumpReader = {
  format: "netstat-bsd",
  system: null,
  begins(line) {
    if (TITLES.has(line.trimEnd()) || isHeading(line)) return "heading";
    if (!line.startsWith("tcp")) return null;
    const [proto, recv, send, local, remote] = line.split(BLANKS, 5);
    if (local === undefined || !TCP.test(proto!)) return null;
    if (!DIGITS.test(recv!) || !DIGITS.test(send!) || remote === undefined) return null;
    return hasDottedPort(local) && hasDottedPort(remote) ? "row" : null;
  },
  open: (servicePort) => new Session(servicePort),
};

class Session implements DumpSession {
  private readonly servicePort: ServicePort;
  /** Of the columns behind the state: where the PID stands, and whether the process's name stands before it. */
  private pidAt = -1;
  private isNamed = false;

  constructor(servicePort: ServicePort) {
    this.servicePort = servicePort;
  }

  read(line: string, into: DumpBuilder): Reading {
    const text = line.trimEnd();
    if (text === "") return "part";
    if (TITLES.has(text)) return "part";
    const section = SECTIONS.get(text);
    if (section !== undefined) {
      into.system ??= section;
      return "part";
    }
    if (isHeading(line)) return this.heading(line, into);
    const fields = fieldsOf(line);
    // -A puts the address of the control block in front, and macOS the hash of the flow behind it.
    const at = fields.slice(0, 3).findIndex((f) => TCP.test(f) || OTHER.test(f));
    if (at >= 0 && fields.slice(0, at).every((f) => HEX.test(f))) {
      if (!TCP.test(fields[at]!)) return "other";
      return QUEUE.test(fields[at + 1] ?? "")
        ? this.queue(fields.slice(at + 1), into)
        : this.row(line, fields.slice(at), into);
    }
    const queue = fields.findIndex((f) => QUEUE.test(f));
    if (queue >= 0 && fields.slice(0, queue).every((f) => HEX.test(f))) return this.queue(fields.slice(queue), into);
    return isOther(fields) ? "other" : isColumnNames(fields) ? "part" : "foreign";
  }

  end(): void {}

  private heading(line: string, into: DumpBuilder): Reading {
    const behind = line
      .slice(line.indexOf("(state)") + "(state)".length)
      .trim()
      .split(/\s+/);
    this.isNamed = behind.includes("process:pid");
    this.pidAt = this.isNamed ? behind.indexOf("process:pid") : behind.indexOf("pid");
    if (behind.includes("rhiwat")) into.system ??= "macos";
    if (behind.includes("R-MBUF") || behind.includes("Rexmit")) into.system ??= "freebsd";
    return "part";
  }

  private row(line: string, fields: string[], into: DumpBuilder): Reading {
    const [proto, recv, send, localText, remoteText, word = "", ...rest] = fields;
    if (remoteText === undefined || !DIGITS.test(recv!) || !DIGITS.test(send!)) return "unread";
    const local = this.address(localText!);
    const remote = this.address(remoteText);
    // A socket that is neither bound nor connected has no state column on some systems: it is CLOSED there too.
    // -x and -T list buffers, timers and counts in the place of the state.
    const state = word === "" ? "CLOSED" : /^\d/.test(word) ? "UNKNOWN" : stateOf(word);
    if (local === null || remote === null || state === null) return "unread";
    into.system ??= systemOf(line, proto!);
    into.socket(state, local.address, local.port, remote.address, remote.port);
    // These queues are bytes; of a listening socket they say nothing about connections that wait.
    if (state !== "LISTEN") into.queues(Number(recv), Number(send));
    if (local.isCut || remote.isCut) into.cut();
    this.owner(rest, into);
    return "row";
  }

  private owner(rest: string[], into: DumpBuilder): void {
    if (this.pidAt >= 0 && !this.isNamed) {
      const pid = rest[this.pidAt] ?? "";
      if (DIGITS.test(pid) && pid !== "0") into.owner(Number(pid), null);
      return;
    }
    // `Brave Browser He:855`: the name may hold blanks; the column that holds it ends in a colon and the PID. Where the heading was
    // cut off, the four columns before it are numbers.
    const from = this.pidAt >= 0 ? this.pidAt : 4;
    if (this.pidAt < 0 && !rest.slice(0, from).every((f) => DIGITS.test(f))) return;
    const until = rest.findIndex((f, n) => n >= from && /:\d{1,10}$/.test(f));
    if (until < 0) return;
    const text = rest.slice(from, until + 1).join(" ");
    const colon = text.lastIndexOf(":");
    const pid = Number(text.slice(colon + 1));
    if (pid > 0) into.owner(pid, text.slice(0, colon) || null);
  }

  /** -L: connections that wait to be accepted, and how many may. */
  private queue(fields: string[], into: DumpBuilder): Reading {
    const [, waiting, limit] = QUEUE.exec(fields[0]!)!;
    if (fields[1] === undefined || fields[1].startsWith("/")) return "other";
    const local = this.address(fields[1]);
    if (local === null) return "unread";
    into.socket("LISTEN", local.address, local.port, "*", null).queues(Number(waiting), Number(limit));
    if (local.isCut) into.cut();
    return "row";
  }

  private address(text: string): (ReadEnd & { isCut: boolean }) | null {
    const dot = text.lastIndexOf(".");
    const address = text.slice(0, dot);
    // Exactly that long it may be whole: that cannot be told, so it does not count as whole.
    const mayBeCut = address.length === CUT_AT && /[:A-Za-z]/.test(address);
    const end = readEnd(text, ".", this.servicePort);
    if (end !== null) return { ...end, isCut: mayBeCut };
    if (!mayBeCut || !/^[0-9a-fA-F:.%A-Za-z-]+$/.test(address)) return null;
    const port = readPort(text.slice(dot + 1), this.servicePort);
    return port === undefined ? null : { address: address.toLowerCase(), port, isCut: true };
  }
}

/**
 * macOS leaves two blanks between Send-Q and the address, FreeBSD one; others write `tcp`, not `tcp4`. Where blanks were
 * collapsed, nothing can be told.
 */
function systemOf(line: string, proto: string): HostSystem | null {
  if (!/^tcp(?:4|46)$/.test(proto)) return null;
  const blanks = /^tcp\d+ {2,}\d+ +\d+( +)\S/.exec(line)?.[1];
  return blanks === undefined || blanks.length > 2 ? null : blanks.length === 2 ? "macos" : "freebsd";
}

const BLANKS = /\s+/;

const fieldsOf = (line: string): string[] => line.trim().split(BLANKS, MAX_FIELDS);

/** `address.port`, and no colon behind the last dot, as Linux and Windows write ports. */
function hasDottedPort(text: string): boolean {
  const dot = text.lastIndexOf(".");
  return dot > 0 && /^(?:\*|[A-Za-z0-9_+-]+)$/.test(text.slice(dot + 1));
}

/** Linux writes `State`, these `(state)`, OpenBSD `TCP-State`; -x and -T of FreeBSD have columns of their own. */
const HEADING = /\(state\)|TCP-State|R-MBUF|Rexmit/;

const isHeading = (line: string): boolean =>
  line.length < 1000 &&
  line.includes("Local Address") &&
  ((line.includes("Recv-Q") && HEADING.test(line)) || /^(?:\S+ +){0,3}Listen +Local Address\s*$/.test(line));

/** A row of UNIX-domain sockets, or of macOS's kernel controls (`1  com.apple.flow-divert`). */
const isOther = (fields: string[]): boolean =>
  HEX.test(fields[0]!) && fields.length > 1 && (UNIX_TYPE.test(fields[1]!) || /^com\.[\w.-]+$/.test(fields.at(-1)!));

/** The headings of the other sections: `Address Type Recv-Q …`, `Proto Recv-Q Send-Q unit id name`, `id flags pcbcount …`. */
const isColumnNames = (fields: string[]): boolean =>
  (fields[0] === "Address" && fields[1] === "Type") ||
  (fields[0] === "id" && fields.at(-1) === "name") ||
  (/^(?:Proto|Proto\/ID|Type|Socket|kctlref|pcb)$/.test(fields[0]!) && fields.length > 2);
