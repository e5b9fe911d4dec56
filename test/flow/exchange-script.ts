// How does a test make exchanges without packets? A request at a second, and what became of it.

import { newExchange } from "../../src/core/new-exchange.ts";
import type { Exchange, Protocol, RequestHead } from "../../src/core/stream-decoder.ts";

const SECOND = 1e9;

export function request(
  at: number,
  target: string,
  over: Partial<RequestHead> & { flow?: number; protocol?: Protocol } = {},
): Exchange {
  const { flow = 0, protocol = "http", ...head } = over;
  return newExchange(flow, protocol, 0, {
    frame: Math.round(at * 1000) + 1,
    time: at * SECOND,
    method: "GET",
    target,
    host: null,
    id: null,
    ...head,
  });
}

export function answer(e: Exchange, at: number): Exchange {
  e.response = { frame: Math.round(at * 1000) + 2, time: at * SECOND, status: 200, error: null };
  e.outcome = "answered";
  e.waited = e.response.time - e.request!.time;
  return e;
}

export function giveUp(e: Exchange, at: number): Exchange {
  e.outcome = "unanswered";
  e.gaveUp = 0;
  e.waited = at * SECOND - e.request!.time;
  return e;
}
