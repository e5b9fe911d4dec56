// Which kinds of socket dumps can be read? In the order in which they are asked whether a line is theirs.

import type { DumpReader } from "./dump-format.ts";
import { lsof } from "./lsof.ts";
import { netstatBsd } from "./netstat-bsd.ts";
import { netstatLinux } from "./netstat-linux.ts";
import { netstatWindows } from "./netstat-windows.ts";
import { powershellCsv } from "./powershell-csv.ts";
import { powershellJson } from "./powershell-json.ts";
import { powershellList } from "./powershell-list.ts";
import { powershellTable } from "./powershell-table.ts";
import { procNetTcp } from "./proc-net-tcp.ts";
import { ss } from "./ss.ts";
import { ssSummary } from "./ss-summary.ts";

export const READERS: readonly DumpReader[] = [
  ss,
  ssSummary,
  procNetTcp,
  netstatLinux,
  netstatBsd,
  netstatWindows,
  powershellTable,
  powershellList,
  powershellCsv,
  powershellJson,
  lsof,
];
