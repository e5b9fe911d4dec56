// What does an exchange hold when it begins? Nothing of it has been judged yet.

import type { Exchange, Protocol, RequestHead, Side } from "./stream-decoder.ts";

/** `request`: null for a response whose request was not captured. */
export const newExchange = (
  flow: number,
  protocol: Protocol,
  requester: Side,
  request: RequestHead | null,
): Exchange => ({
  flow,
  protocol,
  requester,
  request,
  requestEnd: request?.time ?? 0,
  requestComplete: false,
  response: null,
  responseComplete: false,
  interim: 0,
  responseBytes: 0,
  inTransaction: null,
  doubt: null,
  outcome: "pending",
  waited: 0,
  gaveUp: null,
  gaveUpFrame: 0,
  onBehalfOf: null,
  waitsBehind: null,
  waitsBefore: null,
  slot: 0,
});
