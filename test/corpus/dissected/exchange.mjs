// What is an exchange as told from tshark's messages?

/**
 * `request` and `response` are frames, of the first byte each; null: there was none. `code`: the status or error that the response
 * says, null when it says none. Undefined is what tshark cannot tell. `optional`: halfclose may leave it out. `several`: there may be
 * more commands in that frame.
 * @typedef {{request: number | null, response: number | null | undefined, code: string | null | undefined, optional?: boolean,
 *   several?: boolean}} Exchange
 * `from` frame on tshark cannot read a connection any more.
 * @typedef {{stream: number, from: number, ends: readonly [string, string]}} Unread
 * An error that answers no command: too many connections, a login that failed.
 * @typedef {{frame: number, code: string | null}} Refusal
 * @typedef {{exchanges: Exchange[], unread: Unread[], refusals?: Refusal[]}} Told
 */

/** @returns {Exchange} */
export const asked = (request, more = {}) => ({ request, response: null, code: null, ...more });

/** An answer whose request was not captured. @returns {Exchange} */
export const unasked = (response, code) => ({ request: null, response, code });

/** The first frame and the first code count. */
export function answered(exchange, frame, code) {
  exchange.response ??= frame;
  exchange.code ??= code;
}

/** One state per connection, made when its first message comes. */
export class Connections {
  constructor(make) {
    this.make = make;
    this.all = new Map();
  }
  of(message) {
    const { stream } = message;
    if (!this.all.has(stream)) this.all.set(stream, this.make(message));
    return this.all.get(stream);
  }
}
