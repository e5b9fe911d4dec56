// Which questions are asked of a capture? In the order of the report's clean bill. A new analysis is one line here.

import type { Analysis } from "../src/core/analysis.ts";
import { acceptBacklog } from "./accept-backlog.ts";
import { brokenFraming } from "./broken-framing.ts";
import { captureBlindSpots } from "./capture-blind-spots.ts";
import { halfClosedConnections } from "./half-closed-connections.ts";
import { idleTimeouts } from "./idle-timeouts.ts";
import { lateAnswers } from "./late-answers.ts";
import { lossyPaths } from "./lossy-paths.ts";
import { poolStarvation } from "./pool-starvation.ts";
import { portExhaustion } from "./port-exhaustion.ts";
import { refusedConnections } from "./refused-connections.ts";
import { resets } from "./resets.ts";
import { slowAnswers } from "./slow-answers.ts";
import { staleConnections } from "./stale-connections.ts";
import { stalledReaders } from "./stalled-readers.ts";
import { stalledServices } from "./stalled-services.ts";
import { timeWaitBuildup } from "./time-wait-buildup.ts";
import { unansweredRequests } from "./unanswered-requests.ts";
import { unbalancedCloses } from "./unbalanced-closes.ts";
import { uniformAnswers } from "./uniform-answers.ts";

export const analyses: readonly Analysis[] = [
  unansweredRequests,
  lateAnswers,
  slowAnswers,
  stalledServices,
  poolStarvation,
  halfClosedConnections,
  unbalancedCloses,
  staleConnections,
  idleTimeouts,
  resets,
  refusedConnections,
  acceptBacklog,
  timeWaitBuildup,
  portExhaustion,
  lossyPaths,
  stalledReaders,
  brokenFraming,
  uniformAnswers,
  captureBlindSpots,
];
