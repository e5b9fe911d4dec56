// What does `ss -H -tlne` know of a listening socket that /proc/net/tcp does not? The interface to which it is bound, and whether
// a socket of IPv6 takes IPv4 too (ss(8): `ino:`, `v6only:`, and `%NAME` behind the address).

export interface SocketExtras {
  /** SO_BINDTODEVICE. */
  readonly device: string | null;
  /** IPV6_V6ONLY; null for a socket of IPv4, and where an old ss does not say. */
  readonly v6only: boolean | null;
}

/** Sockets that are read. */
const MAX_SOCKETS = 50_000;
/** Longer lines are no lines of ss. */
const MAX_LINE = 4096;

/** By inode. A line that is none is passed over: it only adds to what /proc says. */
export function readSsExtras(text: string): Map<number, SocketExtras> {
  const found = new Map<number, SocketExtras>();
  for (const line of text.split("\n")) {
    if (found.size === MAX_SOCKETS) break;
    if (!line.startsWith("LISTEN") || line.length > MAX_LINE) continue;
    const words = line.trim().split(/\s+/);
    const inode = words.find((w) => /^ino:\d{1,15}$/.test(w));
    if (inode === undefined) continue;
    const v6only = words.find((w) => /^v6only:[01]$/.test(w));
    found.set(Number(inode.slice("ino:".length)), {
      device: deviceOf(words[3] ?? ""),
      v6only: v6only === undefined ? null : v6only.endsWith("1"),
    });
  }
  return found;
}

/** `0.0.0.0%br0:8080`, `[fe80::1]%eth0:80`. */
function deviceOf(local: string): string | null {
  const m = /%([^\s%]{1,15}):\d{1,5}$/.exec(local);
  return m === null ? null : m[1]!;
}
