// How is a tracker spoken to? Requests with time-outs, retries that do no harm twice, and answers that are bounded.

/** Parts of a `multipart/form-data` body (RFC 7578). */
export interface FormPart {
  readonly name: string;
  readonly value: string | { readonly filename: string; readonly type: string; readonly bytes: Uint8Array };
}

export type Body =
  | { readonly json: unknown }
  | { readonly form: readonly FormPart[] }
  /** application/x-www-form-urlencoded */
  | { readonly fields: Readonly<Record<string, string>> }
  | { readonly bytes: Uint8Array; readonly type: string };

export interface Ask {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /**
   * May be sent again after a failure that leaves open whether it was carried out (a time-out, 502, 504): GET, PUT and DELETE may, unless
   * told; POST and PATCH may not. 429 and 503 say that it was not carried out: these are sent again in any case.
   */
  readonly repeatable?: boolean;
  /** Statuses beside 2xx that the caller wants to see; others throw a TicketError. */
  readonly expects?: readonly number[];
  /** The path is a secret (webhooks): errors show the server alone. */
  readonly hidePath?: boolean;
}

export interface Answer {
  readonly status: number;
  /** Null when there is none. */
  header(name: string): string | null;
  /** UTF-8; at most 10 MB are read, more is a TicketError. */
  readonly text: string;
  /** Throws a TicketError where it is none. */
  json(): unknown;
}

export interface Http {
  /** Throws a TicketError: refused, unreachable after all tries, or an unexpected status with what the tracker says of it. */
  ask(request: Ask): Promise<Answer>;
}
