// What went wrong with a ticket? One line: what, where, what to do. Never a secret in it.

export type TicketFailure =
  /** The text names no ticket, or not enough of one. */
  | "unknown-ticket"
  /** No credentials were found, or they are refused (401, 403). */
  | "credentials"
  /** There is no such ticket, or not for this account (404). */
  | "no-ticket"
  /** The tracker refuses what is sent: too large, closed, a field it wants (400, 409, 413, 422). */
  | "refused"
  /** It did not answer in time, cannot be reached, or is out of order, after all tries (429, 5xx). */
  | "unreachable";

export class TicketError extends Error {
  override readonly name = "TicketError";
  readonly failure: TicketFailure;

  constructor(failure: TicketFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}
