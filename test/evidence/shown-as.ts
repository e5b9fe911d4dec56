// What does a report show of an exchange? Two that are shown alike are the same to whoever reads the report.

import { redactErrorText } from "../../src/core/redact-error.ts";
import { redactTarget } from "../../src/core/redact-target.ts";
import type { Protocol } from "../../src/core/stream-decoder.ts";
import type { Recorded } from "../decoders/recorder.ts";

export const shownAs =
  (protocol: Protocol) =>
  (exchange: Recorded): Recorded => {
    const { request, response } = exchange;
    const error = response?.error ?? null;
    return {
      ...exchange,
      request: request && { ...request, target: redactTarget(request.target, protocol) },
      response: response && {
        ...response,
        error: error && { ...error, text: redactErrorText(error.text, () => {}) },
      },
    };
  };
