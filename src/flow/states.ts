// In which RFC 9293 state is one endpoint, given what the wire has shown of it?
//
// Each endpoint is a machine of its own; how a connection ended is derived from the pair (ending.ts). A capture shows
// segments, not sockets, so the events are what the wire proves about an endpoint:
//
//   its own segments    SYN, SYN-ACK, FIN, RST, and any other segment (traffic), which proves that it is synchronised
//   its acknowledgement that it has the peer's FIN (a FIN on the wire may still be lost on its way)
//   the peer's segments that its SYN or its FIN arrived, and the peer's RST
//
// This table is the whole machine. Rows: the state before. Columns: the event. No other file moves a state.

import type { StateName } from "../core/flow-view.ts";

/** RFC 9293 §3.3.2, plus `unseen` for an endpoint that the capture has shown nothing of yet. */
export const State = {
  unseen: 0,
  closed: 1,
  synSent: 2,
  synReceived: 3,
  established: 4,
  finWait1: 5,
  finWait2: 6,
  closeWait: 7,
  closing: 8,
  lastAck: 9,
  timeWait: 10,
} as const;
export type State = (typeof State)[keyof typeof State];

/** What the outputs call them. An endpoint without a socket, seen or not, is CLOSED. */
export const STATE_NAMES: readonly StateName[] = [
  "CLOSED",
  "CLOSED",
  "SYN_SENT",
  "SYN_RECEIVED",
  "ESTABLISHED",
  "FIN_WAIT_1",
  "FIN_WAIT_2",
  "CLOSE_WAIT",
  "CLOSING",
  "LAST_ACK",
  "TIME_WAIT",
];

export const Event = {
  sendsSyn: 0,
  sendsSynAck: 1,
  /** The peer acknowledged our SYN (by SYN-ACK or ACK). */
  synAcked: 2,
  /** Any other segment of ours. */
  sendsOther: 3,
  sendsFin: 4,
  /** The peer acknowledged our FIN. */
  finAcked: 5,
  /** We acknowledged the peer's FIN: so we have it. */
  acksPeerFin: 6,
  sendsRst: 7,
  receivesRst: 8,
} as const;
export type Event = (typeof Event)[keyof typeof Event];

export const EVENT_NAMES = [
  "sends SYN",
  "sends SYN-ACK",
  "SYN acked",
  "sends other",
  "sends FIN",
  "FIN acked",
  "acks peer's FIN",
  "sends RST",
  "receives RST",
] as const;

const { closed, synSent, synReceived, established } = State;
const { finWait1, finWait2, closeWait, closing, lastAck, timeWait } = State;

// biome-ignore format: a table is read by its columns.
const TRANSITIONS: readonly (readonly State[])[] = [
  //               sendsSyn     sendsSynAck  synAcked     sendsOther   sendsFin  finAcked  acksPeerFin  sendsRst  receivesRst
  /* unseen      */ [synSent,     synReceived, established, established, finWait1, finWait2, closeWait,   closed,   closed],
  /* closed      */ [synSent,     synReceived, closed,      closed,      closed,   closed,   closed,      closed,   closed],
  /* synSent     */ [synSent,     synReceived, established, established, finWait1, finWait2, closeWait,   closed,   closed],
  /* synReceived */ [synReceived, synReceived, established, established, finWait1, finWait2, closeWait,   closed,   closed],
  /* established */ [established, established, established, established, finWait1, finWait2, closeWait,   closed,   closed],
  /* finWait1    */ [finWait1,    finWait1,    finWait1,    finWait1,    finWait1, finWait2, closing,     closed,   closed],
  /* finWait2    */ [finWait2,    finWait2,    finWait2,    finWait2,    finWait2, finWait2, timeWait,    closed,   closed],
  /* closeWait   */ [closeWait,   closeWait,   closeWait,   closeWait,   lastAck,  closeWait, closeWait,  closed,   closed],
  /* closing     */ [closing,     closing,     closing,     closing,     closing,  timeWait, closing,     closed,   closed],
  /* lastAck     */ [lastAck,     lastAck,     lastAck,     lastAck,     lastAck,  closed,   lastAck,     closed,   closed],
  /* timeWait    */ [timeWait,    timeWait,    timeWait,    timeWait,    timeWait, timeWait, timeWait,    closed,   closed],
];

export const EVENT_COUNT = EVENT_NAMES.length;

/** The table, flattened for the hot loop: NEXT[state × EVENT_COUNT + event]. */
export const NEXT_STATE = Uint8Array.from(TRANSITIONS.flat());

/** The state after `event` in `state`. */
export const nextState = (state: State, event: Event): State => NEXT_STATE[state * EVENT_COUNT + event] as State;
