// How are PostgreSQL messages written down in a test? One function a message, after the documentation's "Message Formats".

import { postgres } from "../../decoders/postgres.ts";
import { type Cut, play, type Recorder, type Step } from "./recorder.ts";

type Piece = number | string | Uint8Array;

/** Numbers are bytes; texts are one byte a character. */
export function bytes(...pieces: readonly Piece[]): Uint8Array {
  return Uint8Array.from(
    pieces.flatMap((p) =>
      typeof p === "number" ? [p] : typeof p === "string" ? [...p].map((c) => c.charCodeAt(0)) : [...p],
    ),
  );
}

export const i16 = (n: number): Uint8Array => Uint8Array.of((n >> 8) & 255, n & 255);
export const i32 = (n: number): Uint8Array => Uint8Array.of((n >>> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255);
export const message = (type: string, ...body: readonly Piece[]): Uint8Array => {
  const b = bytes(...body);
  return bytes(type, i32(b.length + 4), b);
};

/** A packet without a type. */
const packet = (code: number, ...body: readonly Piece[]): Uint8Array => {
  const b = bytes(...body);
  return bytes(i32(b.length + 8), i32(code), b);
};

export const startup = (parameters: Record<string, string> = { user: "app", database: "shop" }): Uint8Array =>
  packet(0x30000, ...Object.entries(parameters).map(([k, v]) => `${k}\0${v}\0`), 0);
export const sslRequest = packet(80877103);
export const gssRequest = packet(80877104);
export const cancelRequest = packet(80877102, i32(4711), i32(99));

export const f = {
  query: (sql: string) => message("Q", sql, 0),
  parse: (name: string, sql: string) => message("P", name, 0, sql, 0, i16(0)),
  bind: (portal: string, name: string, ...values: string[]) =>
    message("B", portal, 0, name, 0, i16(0), i16(values.length), ...values.flatMap((v) => [i32(v.length), v]), i16(0)),
  describe: (kind: "S" | "P", name = "") => message("D", kind, name, 0),
  execute: (portal = "", rows = 0) => message("E", portal, 0, i32(rows)),
  close: (kind: "S" | "P", name: string) => message("C", kind, name, 0),
  sync: message("S"),
  flush: message("H"),
  terminate: message("X"),
  password: (text: string) => message("p", text, 0),
  call: (oid: number) => message("F", i32(oid), i16(0), i16(0), i16(0)),
  data: (text: string) => message("d", text),
  copyDone: message("c"),
  copyFail: (why: string) => message("f", why, 0),
};

export const b = {
  authOk: message("R", i32(0)),
  authMd5: message("R", i32(5), i32(0x01020304)),
  setting: (name: string, value: string) => message("S", name, 0, value, 0),
  key: message("K", i32(4711), i32(99)),
  ready: (status: "I" | "T" | "E" = "I") => message("Z", status),
  row: (...values: (string | null)[]) =>
    message("D", i16(values.length), ...values.flatMap((v) => (v === null ? [i32(-1)] : [i32(v.length), v]))),
  columns: (...names: string[]) =>
    message("T", i16(names.length), ...names.flatMap((n) => [n, 0, i32(0), i16(0), i32(25), i16(-1), i32(-1), i16(0)])),
  tag: (tag: string) => message("C", tag, 0),
  error: (code: string, text: string, severity = "ERROR") =>
    message("E", `S${severity}\0V${severity}\0C${code}\0M${text}\0`, 0),
  notice: (text: string) => message("N", `SNOTICE\0VNOTICE\0C00000\0M${text}\0`, 0),
  notify: (channel: string) => message("A", i32(7), channel, 0, "", 0),
  parsed: message("1"),
  bound: message("2"),
  closed: message("3"),
  noData: message("n"),
  suspended: message("s"),
  empty: message("I"),
  parameters: (...oids: number[]) => message("t", i16(oids.length), ...oids.map(i32)),
  copyIn: message("G", 0, i16(1), i16(0)),
  copyOut: message("H", 0, i16(1), i16(0)),
  copyBoth: message("W", 0, i16(0)),
  data: (text: string) => message("d", text),
  copyDone: message("c"),
  value: (text: string) => message("V", i32(text.length), text),
};

/** One segment of the client, of the server. */
export const c = (...messages: Uint8Array[]): Step => ({ side: 0, bytes: bytes(...messages) });
export const s = (...messages: Uint8Array[]): Step => ({ side: 1, bytes: bytes(...messages) });

/** Two segments: a connection is opened, and the server is ready. */
export const opened: Step[] = [c(startup()), s(b.authOk, b.setting("server_version", "15.3"), b.key, b.ready())];

export const run = (steps: Step[], cut?: Cut, pieces?: "one segment" | "segments"): Recorder =>
  play(steps, cut, pieces, postgres);

/** One line an exchange: method, target, its frame, `.` when complete; the answer's frame and error; what is known of the transaction. */
export function lines(recorder: Recorder): string[] {
  return recorder.exchanges.map((x) => {
    const asked = x.request
      ? `${x.request.method} ${x.request.target} #${x.request.frame}${x.requestComplete ? "." : ""}`
      : "?";
    const error = x.response?.error ? ` ${x.response.error.code}` : "";
    const answered = x.response ? `#${x.response.frame}${error}${x.responseComplete ? "." : ""}` : "-";
    const transaction = x.inTransaction === null ? "" : x.inTransaction ? " in transaction" : " idle";
    return `${asked} > ${answered}${transaction}${x.doubt ? ` (${x.doubt})` : ""}`;
  });
}
