// Which dumps are of one host, taken by one command, so that the later ones tell what grew?
//
// Dumps say no host name. A host is known by its own addresses: two dumps are of one host when the local address that most
// sockets of the one have is among those of the other. The most frequent one, because many hosts share an address that is no
// name: a bridge of containers (172.17.0.1) has the same address everywhere.

import type { DumpFormat, SocketDump } from "../core/socket-table.ts";

/** Ways to write what one command says. */
const COMMANDS: Partial<Record<DumpFormat, string>> = {
  "powershell-table": "powershell",
  "powershell-list": "powershell",
  "powershell-csv": "powershell",
  "powershell-json": "powershell",
};
/** Local addresses of a dump that are looked at; a host with more is known by these. */
const MAX_ADDRESSES = 4096;

/** No address of a host: any, loopback (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3), link-local (RFC 3927, RFC 4291 §2.5.6), or none. */
const NAMELESS =
  /^(?:\*|0\.0\.0\.0|::|::1|127\.[\d.]+|169\.254\.[\d.]+|fe[89ab][0-9a-f]:.*|localhost.*|ip6-localhost|)$/i;

interface Series {
  dumps: SocketDump[];
}

/** In order of their first dump; the dumps of each in order of time where all of them have one, else as they were given. */
export function seriesOf(dumps: readonly SocketDump[]): SocketDump[][] {
  const all: Series[] = [];
  /** By command and address: the address that names a host, and all that it has. */
  const byMain = new Map<string, Series>();
  const byAny = new Map<string, Series>();
  for (const dump of dumps) {
    const command = `${COMMANDS[dump.format] ?? dump.format}${printsNames(dump) ? " with names" : ""}`;
    const key = (address: string): string => `${command} ${address}`;
    const addresses = addressesOf(dump);
    const main = addresses[0] ?? "";
    let series = byAny.get(key(main));
    for (let i = 0; series === undefined && i < addresses.length; i++) series = byMain.get(key(addresses[i]!));
    if (series === undefined) {
      series = { dumps: [] };
      all.push(series);
    }
    series.dumps.push(dump);
    setIfNew(byMain, key(main), series);
    setIfNew(byAny, key(main), series);
    for (const address of addresses) setIfNew(byAny, key(address), series);
  }
  return all.map((s) => inOrder(s.dumps));
}

/** Without -n the same sockets have other names: then nothing of the one is found in the other. */
function printsNames(dump: SocketDump): boolean {
  for (const { local } of dump.rows()) {
    if (local.address !== "" && local.address !== "*") return !/^[\d.]+$|:/.test(local.address);
  }
  return false;
}

function setIfNew(map: Map<string, Series>, key: string, series: Series): void {
  if (!map.has(key)) map.set(key, series);
}

function inOrder(dumps: readonly SocketDump[]): SocketDump[] {
  if (dumps.some((d) => d.takenAt === null)) return [...dumps];
  return [...dumps].sort((a, b) => a.takenAt! - b.takenAt!);
}

/** The host's own addresses, the most frequent first. */
function addressesOf(dump: SocketDump): string[] {
  const counts = new Map<string, number>();
  for (const { local } of dump.rows()) {
    const { address } = local;
    const n = counts.get(address);
    if (n !== undefined) counts.set(address, n + 1);
    else if (counts.size < MAX_ADDRESSES) counts.set(address, 1);
  }
  return [...counts]
    .filter(([address]) => !NAMELESS.test(address))
    .sort((a, b) => b[1] - a[1])
    .map(([address]) => address);
}
