// Do the recorded conversations over HTTP/1, HTTP/2 and TLS say the same when they leave? Every session of every sample.

import { describe, expect, it } from "vitest";
import { http1 } from "../../decoders/http1.ts";
import { http2 } from "../../decoders/http2.ts";
import { tls } from "../../decoders/tls.ts";
import { analyze } from "../../src/analyze.ts";
import { redactTarget } from "../../src/core/redact-target.ts";
import type { StreamDecoder, StreamSession } from "../../src/core/stream-decoder.ts";
import { redactHttp1 } from "../../src/evidence/redactors/redact-http1.ts";
import { redactHttp2 } from "../../src/evidence/redactors/redact-http2.ts";
import { redactTls } from "../../src/evidence/redactors/redact-tls.ts";
import type { StreamRedaction } from "../../src/evidence/stream-redactor.ts";
import type { Recorded, Step } from "../decoders/recorder.ts";
import { samples } from "../samples/samples.ts";
import { expectSame, twice } from "./redacted-stream.ts";

/** Sessions of one sample that are compared: the first ones. A leak's twelve thousand are alike. */
const MAX_SESSIONS = 300;

/** A decoder that writes down what its sessions are given. */
function recording(decoder: StreamDecoder, sessions: Step[][]): StreamDecoder {
  return {
    protocol: decoder.protocol,
    probe: (bytes, start, end) => decoder.probe(bytes, start, end),
    open: (sink) => {
      const session = decoder.open(sink);
      const steps: Step[] = [];
      if (sessions.length < MAX_SESSIONS) sessions.push(steps);
      const recorded: StreamSession = {
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
      return recorded;
    },
  };
}

const reported = (x: Recorded): Recorded => ({
  ...x,
  request: x.request && { ...x.request, target: redactTarget(x.request.target) },
  response: x.response && { ...x.response, error: x.response.error && { ...x.response.error, text: "" } },
});

const redactions: [StreamDecoder, StreamRedaction][] = [
  [http1, redactHttp1],
  [tls, redactTls],
  [http2, redactHttp2],
];
const known = new Map<string, number>();

describe.each(samples)("$name", ({ capture }) => {
  it("says the same", { timeout: 60_000 }, async () => {
    const sessions = redactions.map((): Step[][] => []);
    const decoders = redactions.map(([decoder], k) => recording(decoder, sessions[k]!));
    await analyze([capture], { decoders, redact: "none" });
    for (const [k, [decoder, redaction]] of redactions.entries()) {
      for (const steps of sessions[k]!) {
        const result = twice(steps, decoder, redaction);
        expectSame(result, reported);
        known.set(decoder.protocol, (known.get(decoder.protocol) ?? 0) + result.before.exchanges.length);
      }
    }
  });
});

it("the samples have conversations of HTTP/1 and HTTP/2", () => {
  expect(known.get("http")).toBeGreaterThan(1_000);
  expect(known.get("http2")).toBeGreaterThan(100);
});
