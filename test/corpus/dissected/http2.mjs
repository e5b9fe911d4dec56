// Which HTTP/2 requests did tshark see, and with which HEADERS, RST_STREAM or GOAWAY is each answered? (RFC 9113 §5, §6, §8)

import { find, findAll, shown } from "../dissect.mjs";
import { answered, asked, Connections, unasked } from "./exchange.mjs";

const HEADERS = "1";
const RST_STREAM = "3";
const GOAWAY = "7";
const CONTINUATION = "9";
const FIRST_FINAL = 200;
const NO_ERROR = "0";

/** RFC 9113 §7. */
const ERRORS = [
  ...["NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED"],
  ...["FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM"],
  ...["INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"],
];
/** gRPC, "Status codes and their use in gRPC". */
const GRPC = [
  ...["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"],
  ...["PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"],
  ...["INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"],
];

/** "200", "200 UNAVAILABLE", "REFUSED_STREAM": the status, and what failed. */
export const codeOf = (status, error) => [status, error].filter((part) => part !== null).join(" ") || null;

/** @returns {import("./exchange.mjs").Told} */
export function http2(messages) {
  const exchanges = [];
  const connections = new Connections(() => ({
    client: null,
    streams: new Map(),
    ended: new Set(),
    blockAt: new Map(),
  }));
  for (const m of messages) {
    const c = connections.of(m);
    for (const frame of findAll(m.node, "http2.stream")) {
      const type = shown(frame, "http2.type");
      const id = Number(shown(frame, "http2.streamid"));
      if (type === HEADERS && shown(frame, "http2.flags.eh") === "0") c.blockAt.set(id, m.at);
      if (type === HEADERS || type === CONTINUATION) {
        const at = c.blockAt.get(id) ?? m.at;
        if (find(frame, "http2.header") !== null) headers(c, exchanges, { frame, id, at, m });
      }
      if (shown(frame, "http2.flags.end_stream") === "1" && m.from !== c.client) c.ended.add(id);
      if (type === RST_STREAM) reset(c, frame, id, m);
      else if (type === GOAWAY && m.from !== c.client) goaway(c, frame, m.at);
    }
  }
  for (const { streams } of connections.all.values()) {
    for (const s of streams.values()) s.exchange.code = codeOf(s.status, s.error);
  }
  return { exchanges, unread: [] };
}

function headers(c, exchanges, { frame, id, at, m }) {
  const fields = new Map(
    findAll(frame, "http2.header").map((h) => [shown(h, "http2.header.name"), shown(h, "http2.header.value")]),
  );
  c.blockAt.delete(id);
  const known = c.streams.get(id);
  if (fields.has(":method")) {
    if (known !== undefined) return;
    c.client = m.from;
    const exchange = asked(at);
    exchanges.push(exchange);
    c.streams.set(id, { exchange, status: null, error: null });
    return;
  }
  if (m.from === c.client) return;
  const status = fields.get(":status") ?? null;
  if (status !== null && Number(status) < FIRST_FINAL) return;
  const grpc = fields.get("grpc-status");
  const error = grpc === undefined || grpc === "0" ? null : (GRPC[Number(grpc)] ?? grpc);
  if (known === undefined) {
    if (status === null || id % 2 === 0) return;
    const exchange = unasked(at, null);
    exchanges.push(exchange);
    c.streams.set(id, { exchange, status, error });
    return;
  }
  answered(known.exchange, at, null);
  known.status ??= status;
  known.error ??= error;
}

function reset(c, frame, id, m) {
  const known = c.streams.get(id);
  if (known === undefined || m.from === c.client || c.ended.has(id)) return;
  const code = shown(frame, "http2.rst_stream.error");
  if (known.exchange.response !== null && code === NO_ERROR) return;
  answered(known.exchange, m.at, null);
  known.error ??= ERRORS[Number(code)] ?? code;
}

/** Streams above the last one taken are refused (§6.8). */
function goaway(c, frame, at) {
  const last = Number(shown(frame, "http2.goaway.last_stream_id"));
  for (const [id, known] of c.streams) {
    if (id <= last || known.exchange.response !== null) continue;
    answered(known.exchange, at, null);
    known.error = "REFUSED_STREAM";
  }
}
