// What of a PostgreSQL client's message may leave? Statements without literals, and names of statements; no value, no password.

import { uint32 } from "../../../decoders/bytes.ts";
import { CANCEL_REQUEST } from "../../../decoders/postgres-probe.ts";
import type { RedactionPolicy, RedactionSink } from "../stream-redactor.ts";
import { redactName } from "./redact-name.ts";
import { PostgresFields } from "./redact-postgres-fields.ts";
import { redactStatement } from "./redact-statement.ts";

const CODE = 4;
/** Parameters of a connection that say nothing of anybody; `options`, and what is not known, may. */
export const HARMLESS = new Set(
  (
    "client_encoding DateStyle datestyle TimeZone timezone IntervalStyle extra_float_digits replication server_version server_encoding " +
    "integer_datetimes standard_conforming_strings in_hot_standby default_transaction_read_only is_superuser scram_iterations"
  ).split(" "),
);
const NAMES = new Set(["user", "database", "application_name", "session_authorization"]);

/** StartupMessage, SSLRequest, GSSENCRequest, CancelRequest, behind their length. */
export function redactStartup(b: Uint8Array, policy: RedactionPolicy, sink: RedactionSink | null): void {
  const f = new PostgresFields(b);
  f.stay(CODE);
  if (b.length >= CODE && uint32(f.original, 0) === CANCEL_REQUEST) {
    // Process and key: with both a statement of somebody else's is cancelled.
    sink?.count("credentials");
    return;
  }
  while (!f.isOver && f.original[f.at] !== 0) {
    const name = f.at;
    f.text();
    redactParameter(f, latin(f.original, name, f.at - 1), policy, sink);
  }
  f.stay(1);
}

/** The value at hand, of the parameter of that name. */
export function redactParameter(
  f: PostgresFields,
  name: string,
  policy: RedactionPolicy,
  sink: RedactionSink | null,
): void {
  const from = f.at;
  if (NAMES.has(name)) {
    const end = f.textEnd;
    f.text();
    redactName(f.b, from, end, policy, sink);
  } else if (HARMLESS.has(name)) f.text();
  else {
    f.filledText();
    sink?.count("payload bytes", Math.max(0, f.at - 1 - from));
  }
}

/** Redacts the body b in place. Returns up to where more bytes of it cannot change what leaves. */
export function redactPostgresFrontend(
  type: string,
  b: Uint8Array,
  isWhole: boolean,
  _policy: RedactionPolicy,
  sink: RedactionSink | null,
): number {
  const f = new PostgresFields(b);
  switch (type) {
    case "Q":
      return statement(f, isWhole, sink);
    case "P": {
      f.text();
      const to = statement(f, isWhole, sink);
      if (to < f.at) return to;
      f.stay(b.length);
      return b.length;
    }
    case "B":
      f.text();
      f.text();
      f.formats();
      f.values();
      f.formats();
      break;
    case "F":
      f.stay(4);
      f.formats();
      f.values();
      f.stay(2);
      break;
    case "D":
    case "C":
    case "E":
      f.stay(b.length);
      break;
    case "f":
      f.filledText();
      break;
    default:
  }
  if (type === "p") sink?.count("credentials");
  else if (type === "B" || type === "d" || type === "F" || type === "f") sink?.count("payload bytes", f.filled);
  return b.length;
}

/** The statement at hand, with its NUL. */
function statement(f: PostgresFields, isWhole: boolean, sink: RedactionSink | null): number {
  const from = f.at;
  const end = f.textEnd;
  const isEnded = end < f.b.length;
  f.text();
  const to = redactStatement(f.b, from, end, "postgresql", isEnded || isWhole, sink);
  return isEnded ? f.b.length : to;
}

const latin = (b: Uint8Array, from: number, to: number): string =>
  to - from > 64 ? "" : String.fromCharCode(...b.subarray(from, to));
