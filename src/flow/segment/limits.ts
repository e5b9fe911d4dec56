// Which distances and times tell one kind of segment from another?

/** No TCP window reaches further (RFC 7323 §2.3); a sequence number beyond is not of this connection. */
export const MAX_WINDOW = 1 << 30;
/**
 * An ACK that answers a SYN acknowledges it, or a little more when the capture dropped the first packets behind it. Any
 * other number is a challenge (RFC 5961 §4) by a socket from before the capture.
 */
export const FIRST_FLIGHT = 1 << 20;
/** What an end says right before it closes, of its own accord: a TLS alert, an error message, a 408 (none is longer). */
export const LONGEST_LAST_WORDS = 512;
export const LAST_WORDS_NS = 20e6;
/** Less than this does not make a state doubtful: between a socket and the tap lie queues and context switches. */
export const PROMPT_NS = 5e6;
/** No ACK is delayed for longer (Linux: TCP_DELACK_MAX), and a sender with more to send goes on within such a time. */
export const LONGEST_ACK_DELAY_NS = 200e6;
