// Which states does a person mean? `CLOSE_WAIT`, `close-wait` as ss writes it, `FIN_WAIT1` as netstat does.

import { UsageError } from "./errors.ts";
import type { StateName } from "./flow-view.ts";

/** The states of a socket that is there, in the order in which a connection takes them. */
export const SOCKET_STATES = [
  "SYN_SENT",
  "SYN_RECEIVED",
  "ESTABLISHED",
  "FIN_WAIT_1",
  "FIN_WAIT_2",
  "CLOSE_WAIT",
  "CLOSING",
  "LAST_ACK",
  "TIME_WAIT",
] as const satisfies readonly StateName[];

/** What ss (`estab`, `syn-recv`), netstat on Linux (`SYN_RECV`) and on BSD (`SYN_RCVD`) shorten. */
const SHORT: Record<string, StateName> = { estab: "ESTABLISHED", synrecv: "SYN_RECEIVED", synrcvd: "SYN_RECEIVED" };

const bare = (text: string): string => text.toLowerCase().replace(/[-_ ]/g, "");
const BY_BARE = new Map<string, StateName>([
  ...Object.entries(SHORT),
  ...SOCKET_STATES.map((state): [string, StateName] => [bare(state), state]),
]);

/** Each text may be a list with commas. Throws {@link UsageError}. */
export function parseStates(texts: readonly string[], option: string): ReadonlySet<StateName> {
  const states = new Set<StateName>();
  for (const text of texts.flatMap((t) => t.split(","))) {
    const state = BY_BARE.get(bare(text.trim()));
    if (state === undefined) {
      throw new UsageError(
        `${option} ${JSON.stringify(text)}: no state of a socket; there are ${SOCKET_STATES.join(", ")}`,
      );
    }
    states.add(state);
  }
  return states;
}
