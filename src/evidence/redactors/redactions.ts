// Which protocols' streams can leave with something in them? Of all others, every byte is filled.

import type { FrameFormat } from "../../core/frame-option.ts";
import type { StreamRedaction } from "../stream-redactor.ts";
import { redactFramed } from "./redact-framed.ts";
import { redactHttp1 } from "./redact-http1.ts";
import { redactHttp2 } from "./redact-http2.ts";
import { redactMemcached } from "./redact-memcached.ts";
import { redactMysql } from "./redact-mysql.ts";
import { redactPostgres } from "./redact-postgres.ts";
import { redactRedis } from "./redact-redis.ts";
import { redactTls } from "./redact-tls.ts";

/** `formats`: of frames that were described (`--frame`). */
export const redactionsFor = (formats: readonly FrameFormat[]): readonly StreamRedaction[] => [
  redactHttp1,
  redactHttp2,
  redactTls,
  redactMysql,
  redactPostgres,
  redactRedis,
  redactMemcached,
  ...(formats.length > 0 ? [redactFramed(formats)] : []),
];
