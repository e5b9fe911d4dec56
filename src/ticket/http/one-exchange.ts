// What becomes of one request over the network: an answer that is read whole, or a failure with its reason? No second try here.

/** Read of an answer at most: more is no answer of a tracker. Counted behind gzip. */
export const MAX_ANSWER_BYTES = 10_000_000;

export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** For all of it: connecting, sending, and reading the answer. Node's fetch itself ends an exchange after 300 s without a word. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface Heard {
  readonly kind: "answer";
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Unheard {
  readonly kind: "failed";
  /** For a person; made of our own words and error codes alone, for an error's message may hold headers. */
  readonly why: string;
  /** Nothing was carried out for certain: no connection came about. */
  readonly unsent: boolean;
  /** Another try may go better. */
  readonly passing: boolean;
}

/** Throws only the signal's reason, where it is aborted. */
export async function exchangeOnce(sent: Sent, fetcher: typeof fetch): Promise<Heard | Unheard> {
  const limit = AbortSignal.timeout(sent.timeoutMs);
  const signal = sent.signal === undefined ? limit : AbortSignal.any([limit, sent.signal]);
  try {
    const response = await fetcher(sent.url, {
      method: sent.method,
      headers: { ...sent.headers },
      redirect: "manual",
      signal,
      ...(sent.bytes !== null && { body: sent.bytes }),
    });
    const text = await boundedText(response);
    if (text === null)
      return failed(`answers with more than ${MAX_ANSWER_BYTES / 1e6} MB`, { passing: false, unsent: false });
    return { kind: "answer", status: response.status, headers: response.headers, text };
  } catch (error) {
    sent.signal?.throwIfAborted();
    if (limit.aborted)
      return failed(`no answer within ${Math.round(sent.timeoutMs / 100) / 10} s`, { passing: true, unsent: false });
    return networkFailure(error);
  }
}

/** Null: too long. */
async function boundedText(response: Response): Promise<string | null> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel().catch(() => {});
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}

const failed = (why: string, how: { passing: boolean; unsent: boolean }): Unheard => ({ kind: "failed", why, ...how });

/** Codes of Node's net, dns and undici for connections that never were. */
const NEVER_CONNECTED: Record<string, string> = {
  ECONNREFUSED: "the server refuses the connection",
  EAI_AGAIN: "the name server does not answer",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  UND_ERR_CONNECT_TIMEOUT: "the server does not take the connection",
};
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_TLS/;

function networkFailure(error: unknown): Unheard {
  const code = codeOf(error);
  if (code === null)
    return failed("it cannot be sent: a header or the address is not valid", { passing: false, unsent: true });
  if (code === "ENOTFOUND") return failed("there is no host of this name", { passing: false, unsent: true });
  const words = NEVER_CONNECTED[code];
  if (words !== undefined) return failed(words, { passing: true, unsent: true });
  if (CERTIFICATE.test(code))
    return failed(
      `its certificate is not trusted (${code}); NODE_EXTRA_CA_CERTS takes the file of an authority of your own`,
      { passing: false, unsent: true },
    );
  return failed(`the connection broke (${code})`, { passing: true, unsent: false });
}

/** undici puts the reason into `cause`; the error itself where the body breaks off. Null: nothing of the network. */
function codeOf(error: unknown): string | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
  }
  return null;
}
