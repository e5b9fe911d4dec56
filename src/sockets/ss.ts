// Which sockets does `ss` list? `ss -tan`, with -p, -o, -e, -i, -H, -r or names, or `ss -tuna`; all versions of iproute2.
//
// `ss -uan` looks like `ss -tan`: without the Netid column nothing says TCP. UNCONN rows are UDP sockets as a rule; since Linux
// 6.8 and iproute2 6.8 they may be TCP sockets that are bound and not connected (ss(8), `bound-inactive`). Rows are held back
// until one shows that the dump is of TCP: a state or a timer that UDP has not. TCP lists its listeners first.

import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading, ServicePort } from "./dump-format.ts";
import { readEnd } from "./endpoint.ts";
import {
  commandOf,
  headingOf,
  ownerOf,
  rowOf,
  type SsCommand,
  type SsHeading,
  type SsRow,
  timerOf,
} from "./ss-line.ts";
import { stateOf } from "./state-words.ts";

/** Rows that are held back, and their characters; then it is decided on what there is. */
const MAX_HELD = 4096;
const MAX_HELD_TEXT = 1 << 20;

/** States that a UDP socket has too: the kernel uses TCP's numbers (`udp_sock` is TCP_CLOSE or TCP_ESTABLISHED). */
const UDP_STATES = new Set(["UNCONN", "ESTAB", "UNKNOWN", "UNDEF"]);

export const ss: DumpReader = {
  format: "ss",
  system: "linux",
  begins: (line) => {
    if (headingOf(line) !== null) return "heading";
    // The command alone is no dump yet.
    if (commandOf(line) !== null) return "row";
    const row = rowOf(line, null);
    return row !== null && isReadable(row) ? "row" : null;
  },
  open: (servicePort) => new SsSession(servicePort),
};

/** Has a row without a heading all that it needs? Rows of other protocols name theirs. */
function isReadable(row: SsRow): boolean {
  if (row.netid !== null && row.netid !== "tcp") return true;
  return row.peer !== null && readEnd(row.local, ":", NO_NAMES) !== null && readEnd(row.peer, ":", NO_NAMES) !== null;
}

const NO_NAMES: ServicePort = () => null;

interface HeldLine {
  line: number;
  text: string;
}

class SsSession implements DumpSession {
  private readonly servicePort: ServicePort;
  private command: SsCommand | null = null;
  private heading: SsHeading | null = null;
  /** Of what kind are rows that do not say it? */
  private kind: "tcp" | "other" | null = null;
  private held: HeldLine[] = [];
  private heldText = 0;
  private holdsUnconnected = false;
  /** A row that goes on in the next line: ss breaks lines that are wider than the terminal. */
  private broken: HeldLine | null = null;
  /** What lines of details would belong to. */
  private last: "tcp" | "other" | null = null;
  private hasRows = false;

  constructor(servicePort: ServicePort) {
    this.servicePort = servicePort;
  }

  read(line: string, into: DumpBuilder): Reading {
    if (line.trim() === "") return "part";
    const heading = headingOf(line);
    if (heading !== null) {
      this.heading = heading;
      return "part";
    }
    if (this.broken !== null) return this.goOn(line, into);
    const row = rowOf(line, this.heading);
    if (row !== null) {
      if (row.peer !== null || (row.netid !== null && row.netid !== "tcp")) return this.take(line, row, into);
      this.broken = { line: into.line, text: line };
      into.isHolding = true;
      return "part";
    }
    const isEmpty = this.heading === null && !this.hasRows;
    const command = isEmpty ? commandOf(line) : null;
    if (command !== null) {
      this.command = command;
      if (command.isOther) this.kind = "other";
      return "part";
    }
    return this.detail(line, into);
  }

  end(into: DumpBuilder): void {
    const { line } = into;
    if (this.broken !== null) into.notRead(this.broken.text, this.broken.line);
    this.broken = null;
    this.release(this.holdsUnconnected ? "other" : "tcp", into);
    into.line = line;
  }

  private goOn(line: string, into: DumpBuilder): Reading {
    const first = this.broken!;
    this.broken = null;
    into.isHolding = this.held.length > 0;
    const text = `${first.text} ${line}`;
    const row = rowOf(text, this.heading);
    if (row?.peer?.includes(":") && rowOf(line, this.heading) === null) {
      return this.take(text, row, into);
    }
    into.notRead(first.text, first.line);
    return this.read(line, into);
  }

  private take(text: string, row: SsRow, into: DumpBuilder): Reading {
    this.hasRows = true;
    if (row.netid !== null) return row.netid === "tcp" ? this.add(text, row, into) : this.other();
    if (this.kind === null) {
      const isTcp = row.state === null || !UDP_STATES.has(row.state) || timerOf(text) !== null;
      if (!isTcp) return this.hold(text, row.state === "UNCONN", into);
      this.release("tcp", into);
    }
    return this.kind === "tcp" ? this.add(text, row, into) : this.other();
  }

  private other(): Reading {
    this.last = "other";
    return "other";
  }

  private hold(text: string, isUnconnected: boolean, into: DumpBuilder): Reading {
    this.held.push({ line: into.line, text });
    this.heldText += text.length;
    if (isUnconnected) this.holdsUnconnected = true;
    into.isHolding = true;
    if (this.held.length >= MAX_HELD || this.heldText >= MAX_HELD_TEXT) {
      this.release(this.holdsUnconnected ? "other" : "tcp", into);
    }
    return "part";
  }

  /** It is known of what kind the rows are. */
  private release(kind: "tcp" | "other", into: DumpBuilder): void {
    if (this.kind === null) this.kind = kind;
    const { held } = this;
    const { line } = into;
    this.held = [];
    this.heldText = 0;
    into.isHolding = false;
    for (const { line, text } of held) {
      into.line = line;
      const row = rowOf(text, this.heading);
      const reading =
        row === null ? this.detail(text, into) : kind === "tcp" ? this.add(text, row, into) : this.other();
      if (reading === "unread") into.notRead(text, line);
      if (reading === "other") into.other();
    }
    into.line = line;
  }

  private add(text: string, row: SsRow, into: DumpBuilder): Reading {
    const local = readEnd(row.local, ":", this.servicePort);
    const peer = readEnd(row.peer!, ":", this.servicePort);
    if (local === null || peer === null) return "unread";
    let state = row.state === null ? (this.command?.state ?? "UNKNOWN") : (stateOf(row.state) ?? "UNKNOWN");
    // A closed socket with a port of its own is bound: closed ones without are in no table that ss reads.
    if (row.state === "UNCONN" && local.port !== null && peer.port === null) state = "BOUND";
    into.socket(state, local.address, local.port, peer.address, peer.port).queues(row.recvQ, row.sendQ);
    this.last = "tcp";
    details(text, into);
    return "row";
  }

  /** What `-i`, `-m` and broken lines put under a row. */
  private detail(line: string, into: DumpBuilder): Reading {
    const isDetail = line.startsWith("\t") || line.startsWith(" ") || /^(?:users|timer|ino|uid|skmem):/.test(line);
    if (!isDetail || !this.hasRows) return isDamaged(line) ? "unread" : "foreign";
    if (this.held.length > 0) {
      // TCP alone has these: `tcp_stats_print` of ss.c.
      const isTcp = line.includes("cwnd:") || line.includes("rto:") || timerOf(line) !== null;
      if (!isTcp) return this.hold(line, false, into);
      this.release("tcp", into);
    }
    if (this.last === "tcp") details(line, into);
    return "part";
  }
}

/** It begins with a state as ss writes them, and is no row. */
function isDamaged(line: string): boolean {
  const word = /^[A-Z0-9-]{5,12}(?=\s)/.exec(line)?.[0];
  return word !== undefined && stateOf(word) !== null;
}

function details(text: string, into: DumpBuilder): void {
  const owner = ownerOf(text);
  if (owner !== null) into.owner(owner.pid, owner.process);
  const timer = timerOf(text);
  if (timer?.name === "timewait" && timer.seconds !== null) into.expiresIn(timer.seconds);
}
