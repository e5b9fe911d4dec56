// How was the program called? As the report tells a reader who wants the same figures; without what must not be shown.

import type { Report } from "../core/report.ts";
import { type Reproduction, reproductionOf } from "../report/reproduction.ts";
import type { HostFlags } from "./hosts.ts";
import type { ReadingFlags } from "./reading.ts";

interface Flags extends ReadingFlags, HostFlags {
  only: readonly string[];
  skip: readonly string[];
  sockets?: readonly string[];
  zone?: string;
}

export function asCalled(captures: readonly string[], flags: Flags, report: Report): Reproduction {
  const strict = flags.redact === "strict";
  const reading = [
    ...given("--from", flags.from),
    ...given("--to", flags.to),
    ...(strict ? [] : given("--filter", flags.filter)),
    ...(flags.verifyChecksums === true ? ["--verify-checksums"] : []),
    ...(flags.frame ?? []).flatMap((frame) => ["--frame", frame]),
    ...given("--host-os", flags.hostOs),
    ...given("--time-wait", flags.timeWait),
    ...given("--fin-timeout", flags.finTimeout),
    ...given("--port-range", flags.portRange),
    ...(strict ? [] : (flags.host ?? []).flatMap((host) => ["--host", host])),
    ...(flags.redact === "default" ? [] : ["--redact", flags.redact]),
  ];
  const analyzing = [
    ...(strict || flags.sockets === undefined ? [] : ["--sockets", ...flags.sockets]),
    ...given("--zone", flags.zone),
    ...flags.only.flatMap((id) => ["--only", id]),
    ...flags.skip.flatMap((id) => ["--skip", id]),
  ];
  if (!strict) return { captures, reading, analyzing, note: null };
  const hidden = [
    ...(flags.filter === undefined ? [] : ["--filter"]),
    ...(flags.host === undefined ? [] : ["--host"]),
    ...(flags.sockets === undefined ? [] : ["--sockets"]),
  ];
  const left =
    hidden.length === 0 ? "" : ` It was called with ${hidden.join(" and ")}, too, whose values are not shown.`;
  return {
    ...reproductionOf(report),
    reading,
    analyzing,
    note: `The names of the captures are not theirs.${left} Pseudonyms are the same with the same HALFCLOSE_REDACT_KEY.`,
  };
}

const given = (option: string, value: string | undefined): string[] => (value === undefined ? [] : [option, value]);
