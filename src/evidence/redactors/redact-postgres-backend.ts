// What of a PostgreSQL server's message may leave? How many columns and rows, how long, which error; no name of a column, no value.

import type { RedactionPolicy, RedactionSink } from "../stream-redactor.ts";
import { redactErrorText } from "./redact-error-text.ts";
import { PostgresFields } from "./redact-postgres-fields.ts";
import { redactParameter } from "./redact-postgres-frontend.ts";
import { redactStatement } from "./redact-statement.ts";

/** Process, of a notification; code, of a request to prove an identity. */
const NUMBER = 4;
/** Of a column, behind its name: table, number, type, size, modifier, format. */
const COLUMN = 18;
/** Messages that hold nothing but numbers and fixed words: completions, states, formats, types of parameters, versions. */
const PLAIN = "CZ123nsIcGHWtv";
/** Fields of an error that name its kind and place: severity, code, position, the server's file, line and routine; schema, table, … */
const PLAIN_FIELDS = "SVCPpFLRstcdn";
/** Texts; `q` is a statement. */
const STATEMENT_FIELD = "q";

export function redactPostgresBackend(
  type: string,
  b: Uint8Array,
  policy: RedactionPolicy,
  sink: RedactionSink | null,
): void {
  if (PLAIN.includes(type)) return;
  const f = new PostgresFields(b);
  switch (type) {
    case "R":
      f.stay(NUMBER);
      if (b.length > NUMBER) sink?.count("credentials");
      return;
    case "K":
      sink?.count("credentials");
      return;
    case "S": {
      const end = f.textEnd;
      f.text();
      redactParameter(f, end > 64 ? "" : String.fromCharCode(...f.original.subarray(0, end)), policy, sink);
      return;
    }
    case "T":
      for (let n = f.short(); n > 0 && !f.isOver; n--) {
        f.filledText();
        f.stay(COLUMN);
      }
      break;
    case "D":
      f.values();
      break;
    case "V":
      f.value();
      break;
    case "A":
      f.stay(NUMBER);
      f.filledText();
      f.filledText();
      break;
    case "E":
    case "N":
      report(f, policy, sink);
      return;
    default:
  }
  sink?.count("payload bytes", f.filled);
}

/** A letter and a text each. */
function report(f: PostgresFields, policy: RedactionPolicy, sink: RedactionSink | null): void {
  while (!f.isOver && f.original[f.at] !== 0) {
    const field = String.fromCharCode(f.original[f.at]!);
    f.stay(1);
    const from = f.at;
    const end = f.textEnd;
    f.text();
    if (field === STATEMENT_FIELD) redactStatement(f.b, from, end, "postgresql", true, sink);
    else if (!PLAIN_FIELDS.includes(field)) redactErrorText(f.b, from, end, policy.level === "strict", sink);
  }
  f.stay(1);
}
