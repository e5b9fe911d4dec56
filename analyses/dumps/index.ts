// Which questions are put to a socket dump? In the order of the report's clean bill. A new one is one line here.

import type { DumpAnalysis } from "../../src/core/dump-view.ts";
import { acceptBacklog } from "./accept-backlog.ts";
import { boundPorts } from "./bound-ports.ts";
import { halfClosedConnections } from "./half-closed-connections.ts";
import { portExhaustion } from "./port-exhaustion.ts";
import { refusedConnections } from "./refused-connections.ts";
import { timeWaitBuildup } from "./time-wait-buildup.ts";
import { unidentifiedSockets } from "./unidentified-sockets.ts";

export const dumpAnalyses: readonly DumpAnalysis[] = [
  halfClosedConnections,
  portExhaustion,
  boundPorts,
  timeWaitBuildup,
  acceptBacklog,
  refusedConnections,
  unidentifiedSockets,
];
