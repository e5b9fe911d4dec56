// Which protocols are recognised in a stream? Tried in this order on the first bytes of each direction; none takes what is another's.

import type { StreamDecoder } from "../src/core/stream-decoder.ts";
import { http1 } from "./http1.ts";
import { http2 } from "./http2.ts";
import { memcached } from "./memcached.ts";
import { mysql } from "./mysql.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import { tls } from "./tls.ts";

export const STREAM_DECODERS: readonly StreamDecoder[] = [http1, tls, http2, mysql, postgres, redis, memcached];
