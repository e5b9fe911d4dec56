// Which questions are asked of a capture? In the order of the report's clean bill. A new analysis is one line here.

import type { Analysis } from "../src/core/analysis.ts";
import { acceptBacklog } from "./accept-backlog.ts";
import { captureBlindSpots } from "./capture-blind-spots.ts";
import { halfClosedConnections } from "./half-closed-connections.ts";
import { idleTimeouts } from "./idle-timeouts.ts";
import { lateAnswers } from "./late-answers.ts";
import { portExhaustion } from "./port-exhaustion.ts";
import { refusedConnections } from "./refused-connections.ts";
import { resets } from "./resets.ts";
import { staleConnections } from "./stale-connections.ts";
import { timeWaitBuildup } from "./time-wait-buildup.ts";
import { unansweredRequests } from "./unanswered-requests.ts";
import { unbalancedCloses } from "./unbalanced-closes.ts";

export const analyses: readonly Analysis[] = [
  unansweredRequests,
  lateAnswers,
  halfClosedConnections,
  unbalancedCloses,
  staleConnections,
  idleTimeouts,
  resets,
  refusedConnections,
  acceptBacklog,
  timeWaitBuildup,
  portExhaustion,
  captureBlindSpots,
];
