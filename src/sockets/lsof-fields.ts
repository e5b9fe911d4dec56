// What does `lsof -F` list? One field a line, its first character says which: lsof(8), OUTPUT FOR OTHER PROGRAMS.
//
// p begins a process, f a descriptor; of the others these count: c command, t type, P protocol, d device, i inode, n name,
// T state and queues. lsof prints p and f always, the others when they were asked for.

import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpSession, Reading } from "./dump-format.ts";
import { type LsofSockets, PROTOCOL } from "./lsof-sockets.ts";

const PROCESS = /^p\d{1,10}$/;
/** What each field may look like: what does not fit is no field, but a prompt or another dump. */
const FIELDS: Readonly<Record<string, RegExp>> = {
  p: /^\d{1,10}$/,
  f: /^(?:\d{1,9}|[A-Za-z0-9]{2,4})$/,
  t: /^[A-Za-z0-9]\S{0,11}$/,
  P: /^[A-Z0-9-]{2,12}$/,
  T: /^[A-Z]{2}=/,
  d: /^(?:0x)?[0-9a-f]+$/i,
  i: /^\d+$/,
  a: /^[-rwu ]?$/,
  l: /^[A-Za-z ]?$/,
  D: /^0x[0-9a-f]+$/i,
  G: /^0x[0-9a-f]+|^[A-Z,;]+$/,
  C: /^\d+$/,
  F: /^0x[0-9a-f]+$/i,
  g: /^-?\d+$/,
  k: /^\d+$/,
  K: /^\d+$/,
  L: /^\S+$/,
  m: /^\d*$/,
  N: /^0x[0-9a-f]+$/i,
  o: /^0[tx][0-9a-f]+$/i,
  r: /^0x[0-9a-f]+$/i,
  R: /^\d+$/,
  s: /^\d+$/,
  S: /^\d+/,
  u: /^\d+$/,
};

export const beginsFields = (line: string): boolean => PROCESS.test(line);

export class FieldSession implements DumpSession {
  private readonly sockets: LsofSockets;
  private pid: number | null = null;
  private process: string | null = null;
  /** The line on which the descriptor began; 0: none is under way. */
  private line = 0;
  private fields = new Map<string, string>();
  private info: string[] = [];

  constructor(sockets: LsofSockets) {
    this.sockets = sockets;
  }

  read(line: string, into: DumpBuilder): Reading {
    const id = line.charAt(0);
    const value = line.slice(1);
    // Names and commands are any text, and have their places.
    const fits = id === "n" ? this.line > 0 : id === "c" || id === "M" ? this.line === 0 : FIELDS[id]?.test(value);
    if (!fits) return "foreign";
    if (id === "p" || id === "f") {
      this.end(into);
      if (id === "f") this.line = into.line;
      else {
        this.pid = Number(value);
        this.process = null;
      }
    } else if (id === "c") this.process = value;
    else if (id === "T") this.info.push(value.startsWith("ST=") ? value.slice(3) : value);
    else if (this.line > 0) this.fields.set(id, value);
    return "part";
  }

  /** Adds the descriptor that was under way. */
  end(into: DumpBuilder): void {
    if (this.line === 0) return;
    const now = into.line;
    into.line = this.line;
    const reading = this.socket(into);
    if (reading === "other") into.other();
    if (reading === "unread") into.notRead(`n${this.fields.get("n") ?? ""}`);
    into.line = now;
    this.line = 0;
    this.fields.clear();
    this.info = [];
  }

  private socket(into: DumpBuilder): Reading {
    const { fields, info, pid, process } = this;
    const name = fields.get("n") ?? "";
    const file = { pid, process, device: fields.get("d") ?? fields.get("i") ?? "" };
    if (name.startsWith(PROTOCOL) || fields.get("t") === "sock") return this.sockets.unnamed(name, file, into);
    const protocol = fields.get("P");
    if (protocol === "TCP") return this.sockets.tcp(name, info, file, into);
    // Without the protocol (`-FP`) nobody can tell TCP from UDP.
    return protocol === undefined && this.sockets.isInternet(name) ? "unread" : "other";
  }
}
