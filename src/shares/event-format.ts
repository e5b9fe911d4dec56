// How are the events of a share written? What its streams say to their book (flow/exchange-book.ts), in the order of the packets.
//
//   at        n: what follows came with the n-th packet, as a difference to the one before
//   flow      the next flow was opened
//   service   n: a flow speaks with service n; the first time, protocol, address, port
//   asked     slot, flow, service n, who asks, protocol, the client's address, the request's head
//   unasked   the same without a head, and the exchange: a response without a request was judged
//   judged    slot, the exchange
//   amended   slot, what it had been judged, the exchange
//   cut       slot
//   final     slot, which is free now: nothing has changed of it, but perhaps that its response is complete
//   changed   slot, which is free now, and the exchange
//
// A slot stands for an exchange until nothing changes of it any more.

import type {
  Doubt,
  Exchange,
  Failure,
  Outcome,
  Protocol,
  RequestHead,
  ResponseHead,
  Side,
} from "../core/stream-decoder.ts";
import { type ByteReader, type ByteWriter, brokenShare } from "./bytes.ts";

export const Event = {
  at: 1,
  flow: 2,
  service: 3,
  asked: 4,
  unasked: 5,
  judged: 6,
  amended: 7,
  cut: 8,
  final: 9,
  finalComplete: 10,
  finalChanged: 11,
} as const;

const PROTOCOLS: readonly Protocol[] = [
  "http",
  "http2",
  "mysql",
  "postgresql",
  "redis",
  "memcached",
  "tls",
  "framed",
  "unknown",
];
const OUTCOMES: readonly Outcome[] = ["answered", "late", "unanswered", "pending", "unknown"];
const DOUBTS: readonly (Doubt | null)[] = [null, "gap", "snap", "one-direction", "no-request", "capture-ended"];

const has = (flag: boolean, bit: number): number => (flag ? bit : 0);

function named<T>(list: readonly T[], at: number): T {
  if (at >= list.length) throw brokenShare();
  return list[at]!;
}

export const protocolNumber = (protocol: Protocol): number => PROTOCOLS.indexOf(protocol);
export const writeProtocol = (w: ByteWriter, protocol: Protocol): void => w.byte(protocolNumber(protocol));
export const readProtocol = (r: ByteReader): Protocol => named(PROTOCOLS, r.byte());
export const writeOutcome = (w: ByteWriter, outcome: Outcome): void => w.byte(OUTCOMES.indexOf(outcome));
export const readOutcome = (r: ByteReader): Outcome => named(OUTCOMES, r.byte());

export const writeSide = (w: ByteWriter, side: Side): void => w.byte(side);
export function readSide(r: ByteReader): Side {
  const side = r.byte();
  if (side > 1) throw brokenShare();
  return side as Side;
}

export function writeRequest(w: ByteWriter, head: RequestHead): void {
  w.byte(head.waits === undefined ? 0 : head.waits ? 2 : 1);
  w.number(head.frame);
  w.number(head.time);
  w.text(head.method);
  w.text(head.target);
  w.text(head.host);
  w.text(head.id);
}

export function readRequest(r: ByteReader): RequestHead {
  const waits = r.byte();
  const head: RequestHead = {
    frame: r.number(),
    time: r.number(),
    method: r.words(),
    target: r.words(),
    host: r.text(),
    id: r.text(),
  };
  if (waits > 0) head.waits = waits === 2;
  return head;
}

const Has = {
  requestComplete: 1,
  responseComplete: 2,
  response: 4,
  gaveUp: 8,
  gaveUpBySide1: 16,
  gaveUpAfter: 32,
} as const;
const Response = { status: 1, error: 2, length: 4 } as const;

/** Whatever can change of an exchange once it was asked. */
export function writeChanging(w: ByteWriter, e: Exchange): void {
  const { gaveUp, gaveUpAfter, response, inTransaction } = e;
  w.byte(
    has(e.requestComplete, Has.requestComplete) |
      has(e.responseComplete, Has.responseComplete) |
      has(response !== null, Has.response) |
      has(gaveUp !== null, Has.gaveUp) |
      has(gaveUp === 1, Has.gaveUpBySide1) |
      has(gaveUpAfter !== undefined, Has.gaveUpAfter),
  );
  w.byte(inTransaction === null ? 0 : inTransaction ? 2 : 1);
  w.byte(DOUBTS.indexOf(e.doubt));
  writeOutcome(w, e.outcome);
  w.count(e.interim);
  w.number(e.requestEnd);
  w.number(e.responseBytes);
  w.number(e.waited);
  w.number(e.gaveUpFrame);
  if (gaveUpAfter !== undefined) w.number(gaveUpAfter);
  if (response !== null) writeResponse(w, response);
}

/** What {@link writeChanging} wrote, into an exchange. */
export function readChanging(r: ByteReader, e: Exchange): void {
  const flags = r.byte();
  const inTransaction = r.byte();
  e.requestComplete = (flags & Has.requestComplete) !== 0;
  e.responseComplete = (flags & Has.responseComplete) !== 0;
  e.inTransaction = inTransaction === 0 ? null : inTransaction === 2;
  e.doubt = named(DOUBTS, r.byte());
  e.outcome = readOutcome(r);
  e.interim = r.count();
  e.requestEnd = r.number();
  e.responseBytes = r.number();
  e.waited = r.number();
  e.gaveUpFrame = r.number();
  e.gaveUp = (flags & Has.gaveUp) === 0 ? null : (flags & Has.gaveUpBySide1) !== 0 ? 1 : 0;
  if ((flags & Has.gaveUpAfter) !== 0) e.gaveUpAfter = r.number();
  e.response = (flags & Has.response) === 0 ? null : readResponse(r);
}

function writeResponse(w: ByteWriter, { frame, time, status, error, length }: ResponseHead): void {
  w.byte(
    has(status !== null, Response.status) |
      has(error !== null, Response.error) |
      has(length !== undefined, Response.length),
  );
  w.number(frame);
  w.number(time);
  if (status !== null) w.number(status);
  if (length !== undefined) w.number(length);
  if (error !== null) {
    w.text(error.code);
    w.text(error.text);
  }
}

function readResponse(r: ByteReader): ResponseHead {
  const flags = r.byte();
  const frame = r.number();
  const time = r.number();
  const status = (flags & Response.status) === 0 ? null : r.number();
  const length = (flags & Response.length) === 0 ? null : r.number();
  const error: Failure | null = (flags & Response.error) === 0 ? null : { code: r.words(), text: r.words() };
  return { frame, time, status, error, ...(length === null ? {} : { length }) };
}
