// Do the recorded conversations with databases and caches, and the framed ones, say the same when they leave? Every session of every sample.

import { describe, expect, it } from "vitest";
import { framed } from "../../decoders/framed.ts";
import { memcached } from "../../decoders/memcached.ts";
import { mysql } from "../../decoders/mysql.ts";
import { postgres } from "../../decoders/postgres.ts";
import { redis } from "../../decoders/redis.ts";
import { analyze } from "../../src/analyze.ts";
import { parseFrames } from "../../src/core/frame-option.ts";
import type { FlowOpening, Protocol, StreamDecoder, StreamSession } from "../../src/core/stream-decoder.ts";
import { redactFramed } from "../../src/evidence/redactors/redact-framed.ts";
import { redactMemcached } from "../../src/evidence/redactors/redact-memcached.ts";
import { redactMysql } from "../../src/evidence/redactors/redact-mysql.ts";
import { redactPostgres } from "../../src/evidence/redactors/redact-postgres.ts";
import { redactRedis } from "../../src/evidence/redactors/redact-redis.ts";
import type { StreamRedaction } from "../../src/evidence/stream-redactor.ts";
import type { Step } from "../decoders/recorder.ts";
import { samples } from "../samples/samples.ts";
import { expectSame, STRICT, twice } from "./redacted-stream.ts";
import { shownAs } from "./shown-as.ts";

/** Sessions of one sample that are compared: the first ones. */
const MAX_SESSIONS = 200;

interface Session {
  readonly opening: FlowOpening | null;
  readonly steps: Step[];
}

/** A decoder that writes down what its sessions are given. */
function recording(decoder: StreamDecoder, sessions: Session[]): StreamDecoder {
  const record = (session: StreamSession, opening: FlowOpening | null): StreamSession => {
    const steps: Step[] = [];
    if (sessions.length < MAX_SESSIONS) sessions.push({ opening, steps });
    return {
      data: (side, bytes, start, end, frame, time) => {
        steps.push({ side, bytes: bytes.slice(start, end) });
        session.data(side, bytes, start, end, frame, time);
      },
      gap: (side, length, reason) => {
        steps.push({ side, gap: length, reason });
        session.gap(side, length, reason);
      },
      end: (side, how) => {
        steps.push({ side, end: how });
        session.end(side, how);
      },
    };
  };
  return {
    protocol: decoder.protocol,
    probe: (bytes, start, end) => decoder.probe(bytes, start, end),
    open: (sink) => record(decoder.open(sink), null),
    claim: (sink, opening) => {
      const session = decoder.claim?.(sink, opening) ?? null;
      return session === null ? null : record(session, opening);
    },
  };
}

/** Both for a flow that opens like this. */
const opened = (
  decoder: StreamDecoder,
  redaction: StreamRedaction,
  opening: FlowOpening | null,
): [StreamDecoder, StreamRedaction] =>
  opening === null
    ? [decoder, redaction]
    : [
        { protocol: decoder.protocol, probe: () => "no", open: (sink) => decoder.claim!(sink, opening)! },
        { protocol: decoder.protocol, open: (sink, policy) => redaction.open(sink, policy, opening) },
      ];

const known = new Map<Protocol, number>();

describe.each(samples)("$name", ({ capture, truth }) => {
  it("says the same", { timeout: 120_000 }, async () => {
    const formats = parseFrames(truth.framings?.map((f) => f.option) ?? []);
    const redactions: [StreamDecoder, StreamRedaction][] = [
      [mysql, redactMysql],
      [postgres, redactPostgres],
      [redis, redactRedis],
      [memcached, redactMemcached],
    ];
    if (formats.length > 0) redactions.push([framed(formats), redactFramed(formats)]);
    const sessions = redactions.map((): Session[] => []);
    const decoders = redactions.map(([decoder], k) => recording(decoder, sessions[k]!));
    await analyze([capture], { decoders, redact: "none" });
    for (const [k, [decoder, redaction]] of redactions.entries()) {
      const { protocol } = decoder;
      for (const { opening, steps } of sessions[k]!) {
        const result = twice(steps, ...opened(decoder, redaction, opening));
        expectSame(result, shownAs(protocol));
        expect(result.after.labels).toEqual(result.before.labels);
        known.set(
          protocol,
          (known.get(protocol) ?? 0) + result.before.exchanges.length + result.before.intactMessages[0],
        );
        const strict = twice(steps, ...opened(decoder, redaction, opening), STRICT);
        const outcome = ({ before, after }: typeof strict) =>
          [before, after].map((r) => r.exchanges.map((e) => [e.request?.method, e.response?.error?.code, e.doubt]));
        const [before, after] = outcome(strict);
        expect(after).toEqual(before);
      }
    }
  });
});

it("the samples have conversations of each kind", () => {
  for (const protocol of ["mysql", "postgresql", "redis", "framed"] as const) {
    expect(known.get(protocol), protocol).toBeGreaterThan(100);
  }
});
