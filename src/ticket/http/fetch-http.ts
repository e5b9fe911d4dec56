// How do requests reach a tracker over the network? Through the platform's fetch, with tries, redirects and the secrets.
//
// Tried again are: 429, 503 and connections that never came about, for they say that nothing was done; other 5xx, time-outs and broken
// connections where the request is repeatable. The wait is what the tracker asks for, else twice as long each time.
// Secrets go to one server: that of the first request, which is made of the ticket's address; no answer can name another.

import type { Credentials } from "../credentials/credentials.ts";
import { TicketError } from "../ticket-error.ts";
import { addressOf, isLoopback, shownAddress } from "./address.ts";
import { bodyBytes, type WrittenBody } from "./body-bytes.ts";
import type { Answer, Ask, Http } from "./http.ts";
import { exchangeOnce, type Heard } from "./one-exchange.ts";
import { adviceFor, failureOf, trackerWords } from "./refusal.ts";
import { isRateLimit, retryAfterMs } from "./retry-after.ts";
import { concealing, hidingPath } from "./secrets.ts";

export interface FetchHttpOptions {
  readonly credentials: Credentials | null;
  /** `halfclose/0.1.0`: GitHub refuses requests without one. */
  readonly userAgent: string;
  /** For an answer, without the time that the body needs at MIN_BYTES_PER_S. */
  readonly timeoutMs?: number;
  /** In all, the first one among them. */
  readonly tries?: number;
  /** HALFCLOSE_INSECURE_HTTP=1: http:// to other hosts than this one. */
  readonly insecureHttp?: boolean;
  /** Said where the server cannot be reached: what may be the reason here. */
  readonly unreachableHint?: string | null;
  /** Aborts what is under way; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** One line when a try is waited for: "503, waiting 4 s". */
  readonly onWait?: (line: string) => void;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** 0 to 1, for the jitter. */
  readonly random?: () => number;
  readonly fetch?: typeof fetch;
}

const TIMEOUT_MS = 30_000;
/** A line slower than 0.5 Mbit/s is taken for a hanging one. */
const MIN_BYTES_PER_S = 62_500;
const TRIES = 5;
const MAX_REDIRECTS = 5;
/** 1, 2, 4, 8 s, each times 0.5 to 1, so that those who failed together do not come back together. */
const FIRST_WAIT_MS = 1000;
/** Nobody sits before a terminal for longer: then it says when to come back. */
const MAX_WAIT_MS = 120_000;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

type Conceal = (text: string) => string;

/** What came of one try: the answer, or an error, and whether and when to try again. */
type Outcome =
  | { readonly answer: Answer }
  | { readonly error: TicketError; readonly again: boolean; readonly waitMs: number | null; readonly why: string };

export function fetchHttp(options: FetchHttpOptions): Http {
  const { credentials, timeoutMs = TIMEOUT_MS, tries = TRIES, insecureHttp = false, signal } = options;
  const { sleep = sleepFor, now = Date.now, random = Math.random, fetch: fetcher = fetch } = options;
  const concealed = concealing(credentials);
  let home: string | null = null;

  checkHeaders(credentials);
  return { ask };

  async function ask(request: Ask): Promise<Answer> {
    const url = addressOf(request.url);
    if (url === null) throw new TicketError("unknown-ticket", "the ticket's address is no web address");
    home ??= url.origin;
    if (request.method !== "GET" && url.origin !== home)
      throw new TicketError(
        "refused",
        `${shownAddress(url, request)} is another server than ${home}: nothing is sent there`,
      );
    const body = request.body === undefined ? null : bodyBytes(request.body);
    for (let attempt = 1; ; attempt++) {
      const outcome = await attemptOf(request, url, body);
      if ("answer" in outcome) return outcome.answer;
      if (!outcome.again) throw outcome.error;
      if (attempt >= tries) throw attempt === 1 ? outcome.error : tried(outcome.error, attempt);
      const waitMs = outcome.waitMs || FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + random() / 2);
      if (waitMs > MAX_WAIT_MS) throw later(outcome.error, now() + waitMs);
      options.onWait?.(`${url.host}: ${outcome.why}; waiting ${Math.ceil(waitMs / 1000)} s`);
      await sleep(waitMs, signal);
      signal?.throwIfAborted();
    }
  }

  /** One try, redirects followed. */
  async function attemptOf(request: Ask, first: URL, body: WrittenBody | null): Promise<Outcome> {
    let url = first;
    const conceal = request.hidePath ? hidingPath(first, concealed) : concealed;
    for (let hops = 0; ; hops++) {
      checkAddress(url, request, insecureHttp);
      const what = `${request.method} ${conceal(shownAddress(url, request))}`;
      const bytes = body?.bytes ?? null;
      const headers = headersFor(url, request, body);
      const time = timeoutMs + Math.ceil(((bytes?.length ?? 0) * 1000) / MIN_BYTES_PER_S);
      const heard = await exchangeOnce(
        { method: request.method, url, headers, bytes, timeoutMs: time, signal },
        fetcher,
      );
      if (heard.kind === "failed") {
        const again = heard.passing && (heard.unsent || isRepeatable(request));
        const doubt = again || heard.unsent || isRepeatable(request) ? "" : "; whether it was carried out is not known";
        const hint = heard.unsent && options.unreachableHint ? `; ${options.unreachableHint}` : "";
        const error = new TicketError("unreachable", `${what}: ${heard.why}${doubt}${hint}`);
        return { error, again, waitMs: null, why: heard.why };
      }
      const location = heard.headers.get("location");
      if (!REDIRECTS.has(heard.status) || location === null || request.expects?.includes(heard.status))
        return outcomeOf(heard, request, what, conceal);
      url = redirected(location, url, request, what, conceal);
      if (hops === MAX_REDIRECTS) throw new TicketError("refused", `${what}: more than ${MAX_REDIRECTS} redirects`);
    }
  }

  function headersFor(url: URL, request: Ask, body: WrittenBody | null): Record<string, string> {
    const own = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
    const foreign = url.origin !== home;
    return {
      accept: "application/json",
      "user-agent": options.userAgent,
      ...(body !== null && { "content-type": body.type }),
      ...Object.fromEntries(foreign ? own.filter(([name]) => name === "accept") : own),
      ...(foreign ? {} : lowerCase(credentials?.headers ?? {})),
    };
  }

  function redirected(location: string, from: URL, request: Ask, what: string, conceal: Conceal): URL {
    const to = URL.canParse(location, from) ? addressOf(new URL(location, from).href) : null;
    if (to === null) throw new TicketError("refused", `${what}: redirects to what is no web address`);
    const shown = conceal(shownAddress(to, request));
    if (request.method !== "GET") throw new TicketError("refused", `${what}: redirects to ${shown}; give that address`);
    if (from.protocol === "https:" && to.protocol === "http:")
      throw new TicketError("refused", `${what}: redirects to ${shown}, which is not encrypted`);
    return to;
  }

  function outcomeOf({ status, headers, text }: Heard, request: Ask, what: string, conceal: Conceal): Outcome {
    const header = (name: string): string | null => headers.get(name);
    const limited = isRateLimit(status, header, text);
    if (!limited && ((status >= 200 && status < 300) || request.expects?.includes(status)))
      return { answer: answerOf(status, header, text, what, conceal) };
    const words = trackerWords(text, conceal);
    const advice = limited ? "too many requests" : adviceFor(status, credentials?.source ?? null);
    const why = [`${status}`, advice].filter((part) => part !== "").join(", ");
    const error = new TicketError(
      limited ? "unreachable" : failureOf(status),
      `${what}: ${why}${words && `: ${words}`}`,
    );
    // 501 and 505 say that it can never be done.
    const passing = status >= 500 && status !== 501 && status !== 505;
    const again = limited || status === 503 || (passing && isRepeatable(request));
    return { error, again, waitMs: retryAfterMs(header, text, now()), why };
  }

  function answerOf(status: number, header: Answer["header"], text: string, what: string, conceal: Conceal): Answer {
    const json = (): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        const words = trackerWords(text, conceal);
        throw new TicketError(
          "unreachable",
          `${what}: answers with no JSON; is this the tracker, and not a proxy or a page to sign in?${words && ` It says: ${words}`}`,
        );
      }
    };
    return { status, header, text, json };
  }
}

const isRepeatable = (request: Ask): boolean =>
  request.repeatable ?? (request.method === "GET" || request.method === "PUT" || request.method === "DELETE");

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** fetch would put what it refuses into its message. */
function checkHeaders(credentials: Credentials | null): void {
  const bad = Object.values(credentials?.headers ?? {}).some((value) => !/^[!-~]([ -~]*[!-~])?$/.test(value));
  if (bad) throw new TicketError("credentials", `${credentials?.source} holds what no header can bear`);
}

function checkAddress(url: URL, request: Ask, insecureHttp: boolean): void {
  if (url.username !== "" || url.password !== "")
    throw new TicketError(
      "unknown-ticket",
      `the address of ${url.host} holds a login or password; these come from the environment or ~/.netrc`,
    );
  if (url.protocol === "http:" && !insecureHttp && !isLoopback(url))
    throw new TicketError(
      "refused",
      `${shownAddress(url, request)} is not encrypted; use https://, or set HALFCLOSE_INSECURE_HTTP=1 if the network is safe`,
    );
}

const tried = (error: TicketError, tries: number): TicketError =>
  new TicketError(error.failure, `${error.message} (tried ${tries} times)`);

const later = (error: TicketError, atMs: number): TicketError =>
  new TicketError(
    error.failure,
    `${error.message}; try again after ${new Date(atMs).toISOString().replace("T", " ").slice(0, 19)} UTC`,
  );

function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
