// Is this JSON a report that can be summed up? A bundle may have come from anybody: what is read of it is looked at first.
//
// The fields that a summary reads, not the whole schema (schema/report.schema.json): what is not read can do no harm.

import { SEVERITIES } from "../../core/analysis.ts";
import { REDACTIONS } from "../../core/redaction.ts";
import { REPORT_SCHEMA, type Report } from "../../core/report.ts";

/** Which field is not what it should be, in words: "findings[3].title is no text". */
export class ReportError extends Error {
  override readonly name = "ReportError";
}

/** Throws {@link ReportError}. */
export function reportOf(json: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ReportError("it is no JSON, or is cut short");
  }
  REPORT(value, "");
  return value as Report;
}

type Check = (value: unknown, at: string) => void;

const wrong = (at: string, what: string): never => {
  throw new ReportError(`${at === "" ? "it" : at} is ${what}`);
};
const text: Check = (value, at) => {
  if (typeof value !== "string") wrong(at, "no text");
};
const number: Check = (value, at) => {
  if (typeof value !== "number") wrong(at, "no number");
};
const orNull =
  (check: Check): Check =>
  (value, at) => {
    if (value !== null) check(value, at);
  };
const oneOf =
  (words: readonly string[]): Check =>
  (value, at) => {
    if (!words.includes(value as string)) wrong(at, `none of ${words.join(", ")}`);
  };
const listOf =
  (check: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return wrong(at, "no list");
    value.forEach((item, i) => {
      check(item, `${at}[${i}]`);
    });
  };
const fieldsOf = (value: unknown, at: string): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : wrong(at, "no object");
/** A name with a question mark may be absent. */
const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    const held = fieldsOf(value, at);
    for (const [field, check] of Object.entries(fields)) {
      const name = field.replace(/\?$/, "");
      if (held[name] === undefined && field.endsWith("?")) continue;
      check(held[name], at === "" ? name : `${at}.${name}`);
    }
  };
const valuesOf =
  (check: Check): Check =>
  (value, at) => {
    for (const [name, held] of Object.entries(fieldsOf(value, at))) check(held, `${at}.${name}`);
  };

const PARTY = object({ address: text, "port?": number });

const REPORT = object({
  schema: (value, at) => {
    if (value !== REPORT_SCHEMA) wrong(at, `not ${REPORT_SCHEMA}`);
  },
  version: text,
  captures: listOf(
    object({
      path: text,
      format: text,
      link_types: listOf(text),
      packets: number,
      first_time: orNull(text),
      last_time: orNull(text),
      duplicates: number,
      dropped_packets: orNull(number),
      problems: listOf(object({ message: text })),
      more_problems: number,
      comments: listOf(text),
    }),
  ),
  totals: object({
    packets: number,
    tcp_segments: number,
    flows: number,
    requests: number,
    answered: number,
    late: number,
    unanswered: number,
    pending: number,
    unknown: number,
    other_packets: valuesOf(number),
  }),
  "redaction?": object({
    level: oneOf(REDACTIONS),
    key: orNull(oneOf(["given", "random"])),
    replaced: valuesOf(number),
  }),
  "analysed?": object({ first_time: text, last_time: text }),
  findings: listOf(
    object({
      id: text,
      analysis: text,
      severity: oneOf(SEVERITIES),
      title: text,
      summary: text,
      subject: object({ holder: PARTY, peer: orNull(PARTY) }),
      count: number,
      onset: orNull(text),
      metrics: object({}),
      evidence: listOf(object({})),
      advice: listOf(text),
    }),
  ),
  clear: listOf(object({ analysis: text, because: text })),
  failed: listOf(object({ analysis: text, error: text })),
  diagnosis: object({
    summary: text,
    confidence: oneOf(["high", "medium", "low"]),
    confidence_because: text,
    chain: listOf(object({ finding: text, role: oneOf(["cause", "mechanism", "symptom"]), at: orNull(text), text })),
    ruled_out: listOf(object({ what: text, because: text })),
    "next?": listOf(text),
  }),
  topology: object({
    links: number,
    calls: listOf(
      object({
        client: text,
        caller: orNull(PARTY),
        service: PARTY,
        protocol: text,
        requests: number,
        basis: orNull(text),
        share: number,
        waited_s: orNull(number),
        waited_p99_s: orNull(number),
      }),
    ),
  }),
});
