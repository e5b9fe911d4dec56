// How much of what was on the wire may a report show, and what was replaced in it?

/**
 * default: values that are secret are replaced (redact-target.ts, redact-key.ts, redact-error.ts). strict: so is whatever names a
 * host, a person, a database or a file (pseudonyms.ts). none: everything is shown as it was sent.
 */
export const REDACTIONS = ["default", "strict", "none"] as const;
export type Redaction = (typeof REDACTIONS)[number];

/** What stands where a secret was. */
export const REDACTED = "REDACTED";

/** What can be replaced in a report, in the order in which it is told. */
export const REPLACED = [
  "target secrets",
  "credentials",
  "statement literals",
  "keys",
  "error texts",
  "host names",
  "names of databases and users",
  "addresses",
  "paths",
  "comments",
  "unread lines",
] as const;
export type Replaced = (typeof REPLACED)[number];

/** Told of a replacement. */
export type CountReplaced = (what: Replaced, n?: number) => void;

/** How often what was replaced; what never was is left out. */
export class ReplacedCounts {
  private readonly counts = new Map<Replaced, number>();

  readonly count: CountReplaced = (what, n = 1) => {
    if (n > 0) this.counts.set(what, (this.counts.get(what) ?? 0) + n);
  };

  /** The number of `what` is `n`: of things that are counted once each, elsewhere. */
  set(what: Replaced, n: number): void {
    if (n > 0) this.counts.set(what, n);
  }

  object(): Partial<Record<Replaced, number>> {
    return Object.fromEntries(
      REPLACED.flatMap((what) => (this.counts.has(what) ? [[what, this.counts.get(what)!]] : [])),
    );
  }
}

/** What a report says of its own redaction. */
export interface ReportRedaction {
  level: Redaction;
  /** Pseudonyms were made with a key that was given, or with one of this run: names of two reports then do not compare. */
  key: "given" | "random" | null;
  replaced: Partial<Record<Replaced, number>>;
}
