// What is to be done about connections in CLOSE_WAIT? It depends on how far the process got: accepted, read, closed.

import type { HostSystem } from "../../src/core/host-settings.ts";
import { name } from "../grouping.ts";
import { showPorts } from "../socket-commands.ts";
import type { Holding } from "./holders.ts";
import { listAll } from "./host.ts";

interface Queues {
  unread: number;
  read: number;
  neverAccepted: number;
  unknown: number;
}

export function closeWaitAdvice(holding: Holding, queues: Queues, isSeries: boolean, os: HostSystem): string[] {
  const { owner } = holding;
  const who = owner?.process ?? (holding.isRest ? "the process" : name(holding.holder));
  const advice: string[] = [];
  if (queues.neverAccepted * 2 >= holding.count) {
    advice.push(`Find out why ${who} does not accept: blocked, too few threads, paused.`);
  } else if (queues.unread > queues.read && (holding.atService || holding.isRest)) {
    advice.push(
      `Take a stack dump of ${who}: its handlers are blocked before they read the end of file (a pool run dry, a lock, a slow call).`,
    );
  } else if (holding.atService || holding.isRest) {
    advice.push(`Find the code path of ${who} that reads the end of file and does not close: often an error path.`);
  } else {
    advice.push(
      `Find the code path of ${who} that does not close its connections to ${name(holding.peer!)}: an answer that is not read to its end, a client made for each call instead of one for all.`,
    );
  }
  const show = `${showPorts(os, "CLOSE_WAIT", holding.atService || holding.isRest ? null : holding.peer)}`;
  if (!isSeries)
    advice.push(
      `A dump is one moment: take another one a minute later (${os === "linux" ? "as root: " : ""}${show}). The same ports again are held; more of them are a leak, and give its rate.`,
    );
  if (queues.unknown === holding.count && os !== "windows") {
    advice.push(
      `${listAll(os)}: Recv-Q 1 or more says that the process has not read the end of file, 0 that it did and forgot to close.`,
    );
  }
  if (owner === null && queues.neverAccepted * 2 < holding.count) {
    advice.push(
      os === "windows"
        ? "Get-NetTCPConnection -State CloseWait | Group-Object OwningProcess tells which process holds them."
        : `${os === "linux" ? "ss -tanp state close-wait, as root," : "lsof -nP -iTCP -sTCP:CLOSE_WAIT"} tells which process holds them.`,
    );
  }
  return advice;
}
