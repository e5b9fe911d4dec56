// Is the machine RFC 9293's? Every state and event once more, from §3.3.2 and §3.10 by hand.

import { describe, expect, it } from "vitest";
import { EVENT_NAMES, Event, nextState, STATE_NAMES, State } from "../../src/flow/states.ts";

const ALL = Object.values(State);

/** Only what moves; every other pair stays where it is. */
const MOVES: Record<string, Partial<Record<keyof typeof Event, keyof typeof State>>> = {
  closed: { sendsSyn: "synSent", sendsSynAck: "synReceived" },
  unseen: {
    sendsSyn: "synSent",
    sendsSynAck: "synReceived",
    synAcked: "established",
    sendsOther: "established",
    sendsFin: "finWait1",
    finAcked: "finWait2",
    acksPeerFin: "closeWait",
  },
  synSent: {
    sendsSynAck: "synReceived",
    synAcked: "established",
    sendsOther: "established",
    sendsFin: "finWait1",
    finAcked: "finWait2",
    acksPeerFin: "closeWait",
  },
  synReceived: {
    synAcked: "established",
    sendsOther: "established",
    sendsFin: "finWait1",
    finAcked: "finWait2",
    acksPeerFin: "closeWait",
  },
  established: { sendsFin: "finWait1", finAcked: "finWait2", acksPeerFin: "closeWait" },
  finWait1: { finAcked: "finWait2", acksPeerFin: "closing" },
  finWait2: { acksPeerFin: "timeWait" },
  closeWait: { sendsFin: "lastAck" },
  closing: { finAcked: "timeWait" },
  lastAck: { finAcked: "closed" },
};

describe("every pair of state and event", () => {
  for (const [stateName, state] of Object.entries(State)) {
    for (const [eventName, event] of Object.entries(Event)) {
      const isReset = event === Event.sendsRst || event === Event.receivesRst;
      const to = isReset ? "closed" : (MOVES[stateName]?.[eventName as keyof typeof Event] ?? stateName);
      it(`${stateName}, ${EVENT_NAMES[event]}: ${to}`, () => {
        expect(nextState(state, event)).toBe(State[to as keyof typeof State]);
      });
    }
  }

  it("has a name for each", () => {
    expect(STATE_NAMES).toHaveLength(ALL.length);
  });
});
