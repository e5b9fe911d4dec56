// Which sockets do /proc/net/tcp and /proc/net/tcp6 list? The kernel's own table, in hexadecimal.
//
// Sources: `get_tcp4_sock`, `get_openreq4` and `get_timewait4_sock` of net/ipv4/tcp_ipv4.c, net/ipv6/tcp_ipv6.c;
// Documentation/networking/proc_net_tcp.rst; states of include/net/tcp_states.h. Addresses are 32-bit words in the byte order
// of the machine, taken for little-endian here, as x86, ARM, RISC-V and POWER (ppc64le) are.

import { formatIpv4, formatIpv6 } from "../core/address.ts";
import type { SocketState } from "../core/socket-table.ts";
import type { DumpBuilder } from "./dump-builder.ts";
import type { DumpReader, DumpSession, Reading } from "./dump-format.ts";
import { ANY } from "./endpoint.ts";

/** By the kernel's number; 12 is a request whose handshake is not complete. */
const STATES: readonly (SocketState | null)[] = [
  null,
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECEIVED",
  "FIN_WAIT_1",
  "FIN_WAIT_2",
  "TIME_WAIT",
  "CLOSED",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "SYN_RECEIVED",
  "BOUND",
];
/** `tr`: 0 none, 1 retransmission, 2 keep-alive, 3 TIME_WAIT, 4 zero window probe. */
const TIMEWAIT_TIMER = 3;
/** `tm->when` counts clock_t: USER_HZ is 100 on all systems that matter (asm-generic/param.h). */
const TICKS_PER_SECOND = 100;

/** A slot, and not what belongs behind it. */
const DAMAGED = /^\s{0,8}\d{1,10}: /;
const SLOT = /^\d{1,10}:$/;
const END = /^(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32}):[0-9A-Fa-f]{4}$/;
const PAIR = /^[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8}$/;
const TIMER = /^[0-9A-Fa-f]{2}:[0-9A-Fa-f]{8,16}$/;
/** Of UDP: `drops` stands last, behind 12 others; TCP has 12 (TIME_WAIT, SYN_RECV) or 17. */
const UDP_COLUMNS = 13;

export const procNetTcp: DumpReader = {
  format: "proc-net-tcp",
  system: "linux",
  begins: (line) => {
    const heading = headingOf(line);
    // tcp6 goes on where tcp ended: `cat /proc/net/tcp /proc/net/tcp6` is one dump.
    if (heading !== null) return heading === "tcp" ? "heading" : "row";
    const words = rowOf(line);
    return words === null || stateOf(words) === null ? null : "row";
  },
  open: () => new ProcSession(),
};

class ProcSession implements DumpSession {
  private isUdp = false;

  read(line: string, into: DumpBuilder): Reading {
    const heading = headingOf(line);
    if (heading !== null) {
      this.isUdp = heading === "udp";
      return "part";
    }
    if (line.trim() === "") return "part";
    const words = rowOf(line);
    if (words === null) return DAMAGED.test(line) ? "unread" : "foreign";
    if (this.isUdp || words.length === UDP_COLUMNS) return "other";
    const state = stateOf(words);
    if (state === null) return "unread";
    const [local, localPort] = endOf(words[1]!);
    const [remote, remotePort] = endOf(words[2]!);
    const [send, recv] = words[4]!.split(":").map((hex) => Number.parseInt(hex, 16)) as [number, number];
    into.socket(state, local, localPort, remote, remotePort).queues(recv, send);
    const [timer, when] = words[5]!.split(":").map((hex) => Number.parseInt(hex, 16)) as [number, number];
    if (timer === TIMEWAIT_TIMER) into.expiresIn(when / TICKS_PER_SECOND);
    return "row";
  }

  end(): void {}
}

/** `sl local_address rem_address st …`, of tcp6 `remote_address`; UDP's has `drops`. */
function headingOf(line: string): "tcp" | "tcp6" | "udp" | null {
  const m = /^\s*sl\s+local_address\s+(rem|remote)_address\s+st\s/.exec(line);
  if (m === null) return null;
  return line.includes(" drops") ? "udp" : m[1] === "rem" ? "tcp" : "tcp6";
}

/** The words of a row; null: not one. */
export function rowOf(line: string): string[] | null {
  const colon = line.indexOf(":");
  if (colon < 0 || colon > 16) return null;
  const words = line.trim().split(/\s+/);
  if (words.length < 6 || !SLOT.test(words[0]!) || !END.test(words[1]!) || !END.test(words[2]!)) return null;
  return /^[0-9A-Fa-f]{2}$/.test(words[3]!) && PAIR.test(words[4]!) && TIMER.test(words[5]!) ? words : null;
}

export const stateOf = (words: readonly string[]): SocketState | null => STATES[Number.parseInt(words[3]!, 16)] ?? null;

/** Address and port; the port stands as a number, most significant digit first. */
export function endOf(text: string): [address: string, port: number | null] {
  const [hex, port] = text.split(":") as [string, string];
  return [addressOf(hex), Number.parseInt(port, 16) || null];
}

function addressOf(hex: string): string {
  if (/^0+$/.test(hex)) return ANY;
  const words: number[] = [];
  for (let i = 0; i < hex.length; i += 8) words.push(swapped(Number.parseInt(hex.slice(i, i + 8), 16)));
  if (words.length === 1) return formatIpv4(words[0]!);
  // IPv4-mapped (RFC 4291 §2.5.5.2) is IPv4; the mapped "any" is any.
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return words[3] === 0 ? ANY : formatIpv4(words[3]!);
  return formatIpv6(words.flatMap((w) => [w >>> 16, w & 0xffff]));
}

const swapped = (w: number): number =>
  (((w & 0xff) << 24) | ((w & 0xff00) << 8) | ((w >>> 8) & 0xff00) | (w >>> 24)) >>> 0;
