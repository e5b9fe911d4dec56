// How is `netstat` of Windows read? `-an`, `-ano`, `-anob`, `-anoq`, `-f`, `-t`, in any language.
//
// Microsoft Learn, "netstat". A row is `TCP  local  foreign  STATE  [PID]  [offload state]`; headings and states are in the language
// of the system, so a row is known by its shape. With `-b` lines follow a row: components (`  RpcSs`), the program
// (` [svchost.exe]`), or that it cannot be told. With `-q` ports that are bound and neither connected nor listening are listed.

import type { SocketState } from "../core/socket-table.ts";
import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading, ServicePort } from "./dump-format.ts";
import { ANY, type ReadEnd, readEnd } from "./endpoint.ts";
import { windowsStateOf } from "./windows-state-words.ts";

/** The line above the headings, in the languages of which an output was seen; others are told by the headings' shape. */
const TITLES = new Set(["Active Connections", "Aktive Verbindungen", "Connexions actives", "活动连接", "活動連線"]);
/** Ten digits: a PID has 32 bits. */
const PID = /^\d{1,10}$/;
/** `  Proto  Lokale Adresse         Remoteadresse          Status`: columns that are at least two blanks apart. */
const HEADING_START = /^ {0,2}\S{2,8} {2,}\S/;
/** The first of them, in most languages; in others the last one tells, where there is one (`-o`). */
const FIRST_HEADING = /^Proto\b/;
const LAST_HEADING = "PID";
const HEADING_MAX = 200;
/** What no heading holds, and rows do. */
const NOT_IN_HEADING = /[0-9:[\]_/\\]/;
const HEADING_COLUMNS = 4;
/** A line of `-b` is a name or a short sentence. */
const MAX_OWNER_LINE = 160;
const EXECUTABLE = /^\[([^[\]]+)\]$/;
const BLANKS = /[ \t]+/;
/** How an end of a row ends; whether it is one is asked when the row is read. */
const PORT = /:(?:\d{1,5}|\*|[A-Za-z][\w.+-]*)$/;
/** `-x` lists NetworkDirect (RDMA) endpoints, which are not of TCP: mode, number of the interface, kind, ends. */
const NETWORK_DIRECT = /^ *(?:Kernel|User) {1,20}\d{1,10} {1,20}[A-Za-z]{4,20} {1,40}\S{1,100}:\d/;
/** Tokens of a row that are looked at; a state may be some words in a language that we do not know. */
const MAX_FIELDS = 12;

export const netstatWindows: DumpReader = {
  format: "netstat-windows",
  system: "windows",
  begins(line) {
    if (isHeading(line)) return "heading";
    if (!isRow(line)) return null;
    const [, local, remote] = line.trim().split(BLANKS, 3);
    return remote !== undefined && PORT.test(local!) && PORT.test(remote) ? "row" : null;
  },
  open: (servicePort) => new Session(servicePort),
};

class Session implements DumpSession {
  private readonly servicePort: ServicePort;
  /** The row that lines of `-b` would speak of: a TCP row's PID, "other" for UDP, null when no row came just before. */
  private before: { pid: number | null } | "other" | null = null;
  /** The word of a language that we do not know that was taken for LISTEN. */
  private listenWord: string | null = null;
  private sawListen = false;

  constructor(servicePort: ServicePort) {
    this.servicePort = servicePort;
  }

  read(line: string, into: DumpBuilder): Reading {
    if (isRow(line)) return this.row(fieldsOf(line), into);
    if (NETWORK_DIRECT.test(line)) return "other";
    const before = this.before;
    if (before !== null && isOwnerLine(line)) {
      const program = EXECUTABLE.exec(line.trim())?.[1];
      if (program !== undefined && before !== "other") into.owner(before.pid, program);
      return "part";
    }
    this.before = null;
    return line.trim() === "" || isHeading(line) ? "part" : "foreign";
  }

  end(): void {}

  private row(fields: string[], into: DumpBuilder): Reading {
    this.before = null;
    if (fields[0] === "UDP") {
      this.before = "other";
      return "other";
    }
    const local = fields[1] === undefined ? null : readEnd(fields[1], ":", this.servicePort);
    const remote = fields[2] === undefined ? null : readEnd(fields[2], ":", this.servicePort);
    if (local === null || remote === null) return "unread";
    const rest = fields.slice(3);
    const pidAt = rest.findIndex((field) => PID.test(field));
    // Without a PID the offload state (`-t`) stands right behind the state.
    const words = pidAt >= 0 ? rest.slice(0, pidAt) : rest;
    const state = this.state(words, remote);
    if (state === null) return "unread";
    // PID 0 is nobody: the process of a TIME_WAIT is gone.
    const pid = pidAt >= 0 && Number(rest[pidAt]) > 0 ? Number(rest[pidAt]) : null;
    // Without `-n` port 0 stands behind the host's own name: `PC-7:0` is no peer either.
    const peer = remote.port === null ? ANY : remote.address;
    into.socket(state, local.address, local.port, peer, remote.port).owner(pid, null);
    this.before = { pid };
    return "row";
  }

  /**
   * Only LISTEN and BOUND have no peer. A word of another language, where there is no peer, is LISTEN if it is the first such
   * word (port 135 listens on every Windows, and stands at the top), and BOUND if another one stands for LISTEN already.
   */
  private state(words: string[], remote: ReadEnd): SocketState | null {
    const first = words[0];
    if (first === undefined) return null;
    const state = windowsStateOf(first);
    if (state !== null) {
      if (state === "LISTEN") this.sawListen = true;
      return state;
    }
    if (remote.port !== null) return null;
    const word = words.join(" ");
    if (this.listenWord === word) return "LISTEN";
    if (this.sawListen || this.listenWord !== null) return "BOUND";
    this.listenWord = word;
    return "LISTEN";
  }
}

/** `  TCP    …` and `  UDP    …`, in upper case; every other netstat writes lower case. */
function isRow(line: string): boolean {
  let at = 0;
  while (at < line.length && isBlank(line.charCodeAt(at))) at++;
  return (line.startsWith("TCP", at) || line.startsWith("UDP", at)) && isBlank(line.charCodeAt(at + 3));
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

const fieldsOf = (line: string): string[] => line.trim().split(BLANKS, MAX_FIELDS);

function isHeading(line: string): boolean {
  if (line.length > HEADING_MAX || NOT_IN_HEADING.test(line)) return false;
  if (TITLES.has(line.trim())) return true;
  if (!HEADING_START.test(line)) return false;
  const names = line.trim().split(/ {2,}/);
  return names.length >= HEADING_COLUMNS && (FIRST_HEADING.test(names[0]!) || names.at(-1) === LAST_HEADING);
}

/** Indented, and one name, or a sentence without figures ("Can not obtain ownership information", in any language). */
function isOwnerLine(line: string): boolean {
  if (line.length > MAX_OWNER_LINE || !isBlank(line.charCodeAt(0))) return false;
  const text = line.trim();
  if (text === "" || isHeading(line)) return false;
  return EXECUTABLE.test(text) || !/[ \t]/.test(text) || !/[0-9:]/.test(text);
}
