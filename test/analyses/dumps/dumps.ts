// How is a socket dump written in a test? Row by row, without a reader: `dump("ss", (d) => d.row("CLOSE_WAIT", "10.0.0.5:40000", …))`.

import { dumpAnalyses } from "../../../analyses/dumps/index.ts";
import type { DumpFinding, DumpResult } from "../../../src/core/analysis.ts";
import type { DumpView } from "../../../src/core/dump-view.ts";
import { parseHosts } from "../../../src/core/host-options.ts";
import type { HostSystem, Hosts } from "../../../src/core/host-settings.ts";
import type { DumpFormat, SocketDump, SocketState } from "../../../src/core/socket-table.ts";
import { DumpBuilder } from "../../../src/sockets/dump-builder.ts";
import { readEnd } from "../../../src/sockets/endpoint.ts";
import { SocketColumns } from "../../../src/sockets/socket-columns.ts";

export interface RowOptions {
  recvQ?: number;
  sendQ?: number;
  pid?: number;
  process?: string;
}

export interface Rows {
  /** `address:port`, `*:*` for none. Service names: `synapse-nhttp` only. */
  row(state: SocketState, local: string, remote: string, options?: RowOptions): void;
  builder: DumpBuilder;
}

const SYSTEMS: Partial<Record<DumpFormat, HostSystem>> = {
  ss: "linux",
  "ss-summary": "linux",
  "netstat-linux": "linux",
  "proc-net-tcp": "linux",
  "netstat-windows": "windows",
  "powershell-table": "windows",
  "powershell-csv": "windows",
};

const servicePort = (name: string): number | null => (name === "synapse-nhttp" ? 8280 : null);

export interface DumpOptions {
  /** ISO 8601. */
  at?: string;
  source?: string;
}

export function dump(format: DumpFormat, write: (rows: Rows) => void, options: DumpOptions = {}): SocketDump {
  const builder = new DumpBuilder(format, SYSTEMS[format] ?? null, 1, new SocketColumns());
  write({
    builder,
    row(state, local, remote, { recvQ, sendQ, pid, process } = {}) {
      builder.line++;
      const from = readEnd(local, ":", servicePort)!;
      const to = readEnd(remote, ":", servicePort)!;
      builder.socket(state, from.address, from.port, to.address, to.port);
      if (recvQ !== undefined) builder.queues(recvQ, sendQ ?? 0);
      builder.owner(pid ?? null, process ?? null);
    },
  });
  const at = options.at === undefined ? null : { ms: Date.parse(options.at), zoneAssumed: false };
  return builder.finish(options.source ?? "dump.txt", at);
}

export const LINUX: Hosts = parseHosts({});

export function view(dumps: SocketDump | readonly SocketDump[], hosts = LINUX): DumpView {
  const all = Array.isArray(dumps) ? (dumps as readonly SocketDump[]) : [dumps as SocketDump];
  return { dumps: all, latest: all.at(-1)!, hosts };
}

export function ask(id: string, dumps: SocketDump | readonly SocketDump[], hosts = LINUX): DumpResult {
  return dumpAnalyses.find((a) => a.id === id)!.run(view(dumps, hosts));
}

/** The findings; none for a clean bill, an error where the dump cannot tell. */
export function found(id: string, dumps: SocketDump | readonly SocketDump[], hosts = LINUX): DumpFinding[] {
  const result = ask(id, dumps, hosts);
  if (result.kind === "unsure") throw new Error(`unsure: ${result.needs}`);
  return result.kind === "clear" ? [] : result.findings;
}

/** Everything above `info` that any analysis says. */
export function alarms(dumps: SocketDump | readonly SocketDump[], hosts = LINUX): string[] {
  return dumpAnalyses.flatMap((a) => {
    const result = a.run(view(dumps, hosts));
    return result.kind === "found"
      ? result.findings.filter((f) => f.severity !== "info").map((f) => `${a.id}: ${f.title}`)
      : [];
  });
}
