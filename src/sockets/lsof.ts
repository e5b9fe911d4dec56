// What does `lsof -i` or `lsof -p PID` list? Columns: lsof(8), OUTPUT. Also its field output (`-F`); not with `-F0`.
//
// COMMAND PID [TID TASKCMD] [ZONE] [SECURITY-CONTEXT] [PPID] [PGID] USER FD TYPE DEVICE SIZE/OFF NODE NAME
//
// Columns may be empty and their widths vary, so a row is read around FD and TYPE, which always stand side by side.

import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading, ServicePort } from "./dump-format.ts";
import { beginsFields, FieldSession } from "./lsof-fields.ts";
import { LsofSockets, PROTOCOL, unescaped } from "./lsof-sockets.ts";

/** Descriptors by number, with mode and lock (`3u`, `10rW`, `*012u` from 10,000 on), and those with a name. */
const FD =
  /^(?:\*?\d{1,9}[A-Za-z-]{0,2}|cwd|rtd|pd|jld|txt|ltx|tr|mem|mmap|DEL|err|twd|ctty|NOFD|L\d\d|M[0-9a-f]{2}|m86|v86)$/;
const INTERNET = new Set(["IPv4", "IPv6", "inet"]);
/** In the column NODE of other protocols: UDP, ICMPV6, or a number. */
const PROTOCOL_NAME = /^(?:[A-Z][A-Z0-9-]+|\d{1,3})$/;
const DIGITS = /^\d{1,10}$/;
/** Behind TYPE: FILE-ADDR, FCT, FILE-FLAG, NODE-ID (with `+f`), DEVICE, SIZE/OFF, NLINK; then NODE. */
const MAX_COLUMNS = 8;
/** COMMAND, PID, USER and FD. */
const COLUMNS_BEFORE_TYPE = 4;

export const lsof: DumpReader = {
  format: "lsof",
  system: null,
  begins(line) {
    if (isHeading(line)) return "heading";
    if (beginsFields(line)) return "row";
    if (!line.includes("IPv") && !line.includes(" sock ")) return null;
    const words = wordsOf(line);
    const type = typeAt(words);
    if (type < 0) return null;
    if (words[type] === "sock") return words.includes(PROTOCOL, type) || words.includes("can't", type) ? "row" : null;
    const node = nodeAt(words, type);
    return node > 0 && (words[node + 1]?.includes(":") || words[node + 1] === "no") ? "row" : null;
  },
  open: (servicePort) => new LsofSession(servicePort),
};

/** A table or fields, whichever comes first. */
class LsofSession implements DumpSession {
  private readonly servicePort: ServicePort;
  private session: DumpSession | null = null;

  constructor(servicePort: ServicePort) {
    this.servicePort = servicePort;
  }

  read(line: string, into: DumpBuilder): Reading {
    if (this.session === null) {
      const sockets = new LsofSockets(this.servicePort);
      this.session = beginsFields(line) ? new FieldSession(sockets) : new TableSession(sockets);
    }
    return this.session.read(line, into);
  }

  end(into: DumpBuilder): void {
    this.session?.end(into);
  }
}

class TableSession implements DumpSession {
  private readonly sockets: LsofSockets;
  /** Columns from PID to FD, and how many of them a process that is no thread leaves empty. */
  private pidToFd: number | null = null;
  private threadColumns = 0;

  constructor(sockets: LsofSockets) {
    this.sockets = sockets;
  }

  read(line: string, into: DumpBuilder): Reading {
    if (isHeading(line)) {
      this.heading(line);
      return "part";
    }
    if (line.trim() === "") return "part";
    const words = wordsOf(line);
    const type = typeAt(words);
    if (type < 0) return isOtherFile(words) ? "other" : "foreign";
    const kind = words[type]!;
    if (kind === "sock") return this.unnamed(words, type, into);
    return INTERNET.has(kind) ? this.internet(words, type, into) : "other";
  }

  end(): void {}

  private heading(line: string): void {
    const titles = wordsOf(line);
    this.pidToFd = titles.indexOf("FD") - titles.indexOf("PID");
    this.threadColumns = titles.filter((title) => title === "TID" || title === "TASKCMD").length;
  }

  private unnamed(words: readonly string[], type: number, into: DumpBuilder): Reading {
    const name = words.findIndex((word, i) => i > type && (word === PROTOCOL || word === "can't"));
    if (name < 0) return "other";
    // Its DEVICE is that of all sockets: the inode stands in NODE.
    return this.sockets.unnamed(words.slice(name).join(" "), this.file(words, type, words[name - 1]!), into);
  }

  private internet(words: readonly string[], type: number, into: DumpBuilder): Reading {
    const node = nodeAt(words, type);
    if (node < 0) return "unread";
    if (words[node] !== "TCP") return "other";
    const info = words.findIndex((word, i) => i > node + 1 && word.startsWith("("));
    // With `+E` the processes at the other end stand between the addresses and the state.
    const items = info < 0 ? [] : words.slice(info).join(" ").replaceAll(/[()]/g, "").split(" ");
    const name = words[node + 1] === "no" ? words.slice(node + 1).join(" ") : (words[node + 1] ?? "");
    return this.sockets.tcp(name, items, this.file(words, type, words[type + 1]!), into);
  }

  private file(words: readonly string[], type: number, device: string) {
    const at = this.pidAt(words, type - 1);
    return {
      pid: at === null ? null : Number(words[at]),
      process: at === null ? null : unescaped(words.slice(0, at).join(" ")),
      device,
    };
  }

  private pidAt(words: readonly string[], fd: number): number | null {
    if (this.pidToFd !== null) {
      for (const columns of [this.pidToFd, this.pidToFd - this.threadColumns]) {
        const at = fd - columns;
        if (at > 0 && DIGITS.test(words[at]!)) return at;
      }
    }
    const at = words.findIndex((word, i) => i > 0 && i < fd && DIGITS.test(word));
    return at < 0 ? null : at;
  }
}

function isHeading(line: string): boolean {
  if (!line.includes("COMMAND")) return false;
  const titles = wordsOf(line);
  const fd = titles.indexOf("FD");
  return titles[0] === "COMMAND" && titles.includes("PID") && fd > 0 && titles[fd + 1] === "TYPE";
}

const wordsOf = (line: string): string[] => line.trim().split(/\s+/);

/** Of a row of a socket; -1: it is none. */
function typeAt(words: readonly string[]): number {
  for (let i = COLUMNS_BEFORE_TYPE; i < words.length; i++) {
    if ((words[i] === "sock" || INTERNET.has(words[i]!)) && FD.test(words[i - 1]!)) return i;
  }
  return -1;
}

/** The column NODE of an Internet socket, which names the protocol; -1: the row ends before it. */
function nodeAt(words: readonly string[], type: number): number {
  const until = Math.min(words.length, type + 1 + MAX_COLUMNS);
  const tcp = words.indexOf("TCP", type + 1);
  if (tcp > 0 && tcp < until) return tcp;
  // DEVICE and SIZE/OFF may be numbers too.
  for (let i = type + 3; i < until; i++) if (PROTOCOL_NAME.test(words[i]!)) return i;
  return -1;
}

/** A file that is no Internet socket: a descriptor behind PID and USER, and its type. */
function isOtherFile(words: readonly string[]): boolean {
  const pid = words.findIndex((word, i) => i > 0 && DIGITS.test(word));
  if (pid < 0) return false;
  const fd = words.findIndex((word, i) => i > pid + 1 && FD.test(word));
  return fd > 0 && fd + 1 < words.length;
}
