// Which socket does a row of lsof mean, in its table as in its field output?
//
// NAME and the states: print_tcptpi() and the dialects' printing of Internet addresses in lsof's sources, and lsof(8), "-T".
// Linux lists a descriptor that no table of the kernel knows as type `sock`: `protocol: TCP`, in older versions `can't identify
// protocol`. macOS and OpenBSD list the same descriptor as `TCP *:* (CLOSED)`, older BSDs as `TCP no PCB`.
// It reads the tables of its own network namespace only: run on the host, it lists every socket of a container that way.

import type { SocketState } from "../core/socket-table.ts";
import type { DumpBuilder } from "./dump-builder.ts";
import type { Reading, ServicePort } from "./dump-format.ts";
import { ANY, type ReadEnd, readEnd } from "./endpoint.ts";
import { stateOf } from "./state-words.ts";

/** A process and one of its descriptors. */
export interface ListedFile {
  pid: number | null;
  process: string | null;
  /** Inode or kernel address of the socket; "" when it is not listed. */
  device: string;
}

export const PROTOCOL = "protocol:";
const UNIDENTIFIED_NAME = "can't identify protocol";
const NO_PCB = "no PCB";
const NO_END: ReadEnd = { address: "", port: null };
const INODE = /^\d+$/;
const ADDRESS = /^0x[0-9a-f]+$/i;
/** Hexadecimal digits that a double holds exactly; what is in front of them is the same for all addresses of one kernel's heap. */
const EXACT_DIGITS = 13;
/** A state that lsof has no name for. */
const UNNAMED_STATE = "UNKNOWN_TCP_STATE_";

/**
 * Adds the sockets of one dump. Descriptors of one socket in one process (`dup`; with `-K` its threads) are one socket; a
 * socket that several processes hold is counted for each, as lsof lists it.
 */
export class LsofSockets {
  private readonly servicePort: ServicePort;
  private pid: number | null = null;
  /** Of the process that is being listed: lsof lists one after the other. */
  private readonly seen = new Set<number>();

  constructor(servicePort: ServicePort) {
    this.servicePort = servicePort;
  }

  /** A row of type `sock`. */
  unnamed(name: string, file: ListedFile, into: DumpBuilder): Reading {
    const isTcp = name === `${PROTOCOL} TCP` || name === `${PROTOCOL} TCPv6`;
    if (!isTcp && name !== UNIDENTIFIED_NAME) return "other";
    into.system ??= "linux";
    return this.add("UNIDENTIFIED", NO_END, NO_END, file, into);
  }

  /** A row of protocol TCP. `info`: what stands in parentheses, split at blanks: `ESTABLISHED`, `QR=0`, `QS=0`. */
  tcp(name: string, info: readonly string[], file: ListedFile, into: DumpBuilder): Reading {
    if (INODE.test(file.device)) into.system ??= "linux";
    if (name.startsWith(NO_PCB)) return this.add("UNIDENTIFIED", NO_END, NO_END, file, into);
    const arrow = name.indexOf("->");
    const local = readEnd(arrow < 0 ? name : name.slice(0, arrow), ":", this.servicePort);
    const remote = arrow < 0 ? NO_END : readEnd(name.slice(arrow + 2), ":", this.servicePort);
    const word = info.find((item) => !item.includes("="));
    const state = word === undefined || word.startsWith(UNNAMED_STATE) ? "UNKNOWN" : stateOf(word);
    if (local === null || remote === null || state === null) return "unread";
    const reading = this.add(state, local, remote, file, into);
    const recv = queue(info, "QR=");
    const send = queue(info, "QS=");
    if (reading === "row" && recv !== null && send !== null) into.queues(recv, send);
    return reading;
  }

  /** A name with addresses and ports. */
  isInternet(name: string): boolean {
    return name.split("->", 2).every((end) => readEnd(end, ":", this.servicePort) !== null);
  }

  private add(state: SocketState, local: ReadEnd, remote: ReadEnd, file: ListedFile, into: DumpBuilder): Reading {
    if (this.isRepeated(file)) return "part";
    if (state === "CLOSED" && remote === NO_END) {
      const isUnbound = local.address === ANY && local.port === null;
      state = isUnbound ? "UNIDENTIFIED" : "BOUND";
      if (isUnbound) local = NO_END;
    }
    into.socket(state, local.address, local.port, remote.address, remote.port).owner(file.pid, file.process);
    return "row";
  }

  private isRepeated({ pid, device }: ListedFile): boolean {
    if (pid !== this.pid) {
      this.pid = pid;
      this.seen.clear();
    }
    const key = INODE.test(device) ? Number(device) : ADDRESS.test(device) ? addressKey(device) : null;
    if (key === null || this.seen.has(key)) return key !== null;
    this.seen.add(key);
    return false;
  }
}

const addressKey = (address: string): number => Number.parseInt(address.slice(2).slice(-EXACT_DIGITS), 16);

function queue(info: readonly string[], label: string): number | null {
  const digits = info.find((item) => item.startsWith(label))?.slice(label.length);
  return digits !== undefined && INODE.test(digits) ? Number(digits) : null;
}

/** lsof(8), OUTPUT: what cannot be printed, and the blank in commands, is written as `\x20`. Of these only ASCII is turned back. */
export function unescaped(command: string): string {
  if (!command.includes("\\x")) return command;
  return command.replaceAll(/\\x([2-7][0-9a-f])/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
