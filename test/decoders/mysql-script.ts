// MySQL packets by hand, after "MySQL Internals": a length, a sequence, a payload.

import type { Side } from "../../src/core/stream-decoder.ts";
import type { Step } from "./recorder.ts";

const text = (s: string): number[] => [...s].map((c) => c.charCodeAt(0));
const u16 = (n: number): number[] => [n & 255, n >> 8];
const u32 = (n: number): number[] => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];

export const packet = (sequence: number, payload: number[]): number[] => [
  payload.length & 255,
  (payload.length >> 8) & 255,
  payload.length >> 16,
  sequence,
  ...payload,
];

export const DEPRECATE_EOF = 1 << 24;
const COMPRESS = 1 << 5;
const PROTOCOL_41 = 1 << 9;
const SSL = 1 << 11;
const SECURE = 1 << 15;
const WITH_DB = 1 << 3;

export const greeting = (flags = DEPRECATE_EOF): number[] => {
  const caps = (PROTOCOL_41 | SECURE | WITH_DB | SSL | flags) >>> 0;
  return packet(0, [
    10,
    ...text("8.0.36-example"),
    0,
    ...u32(77),
    ...text("abcdefgh"),
    0,
    ...u16(caps & 0xffff),
    33,
    ...u16(2),
    ...u16(caps >>> 16),
    21,
    ...Array(10).fill(0),
    ...text("ijklmnopqrst"),
    0,
    ...text("mysql_native_password"),
    0,
  ]);
};
export const login = (flags = DEPRECATE_EOF): number[] =>
  packet(1, [
    ...u32((PROTOCOL_41 | SECURE | WITH_DB | flags) >>> 0),
    ...u32(0x1000000),
    33,
    ...Array(23).fill(0),
    ...text("app"),
    0,
    20,
    ...Array(20).fill(0x5a),
    ...text("orders"),
    0,
  ]);
export const sslRequest = (): number[] =>
  packet(1, [...u32(PROTOCOL_41 | SECURE | SSL), ...u32(0x1000000), 33, ...Array(23).fill(0)]);
export const compressedLogin = (): number[] => login(DEPRECATE_EOF | COMPRESS);
export const greetingWithCompression = (): number[] => greeting(DEPRECATE_EOF | COMPRESS);

export const query = (sql: string): number[] => packet(0, [3, ...text(sql)]);
export const prepare = (sql: string): number[] => packet(0, [0x16, ...text(sql)]);
export const execute = (id: number): number[] => packet(0, [0x17, ...u32(id), 0, ...u32(1)]);
export const closeStatement = (id: number): number[] => packet(0, [0x19, ...u32(id)]);
export const command = (code: number, name = ""): number[] => packet(0, [code, ...text(name)]);

export const IN_TRANSACTION = 1;
export const AUTOCOMMIT = 2;
export const MORE = 8;
export const CURSOR = 0x40;
export const ok = (sequence = 1, status = AUTOCOMMIT): number[] => packet(sequence, [0, 0, 0, ...u16(status), 0, 0]);
export const err = (sequence: number, code: number, message: string): number[] =>
  packet(sequence, [0xff, ...u16(code), ...text(`#42000${message}`)]);
export const bareErr = (code: number, message: string): number[] => packet(0, [0xff, ...u16(code), ...text(message)]);
export const eof = (sequence: number, status = AUTOCOMMIT): number[] => packet(sequence, [0xfe, 0, 0, ...u16(status)]);
export const okEof = (sequence: number, status = AUTOCOMMIT): number[] =>
  packet(sequence, [0xfe, 0, 0, ...u16(status), 0, 0]);
export const count = (sequence: number, n: number): number[] => packet(sequence, [n]);
export const definition = (sequence: number): number[] => packet(sequence, [3, ...text("def"), ...Array(20).fill(1)]);
export const row = (sequence: number, value = "1"): number[] => packet(sequence, [value.length, ...text(value)]);
/** Statement id, columns, parameters. */
export const prepared = (id: number, columns: number, parameters: number): number[] =>
  packet(1, [0, ...u32(id), ...u16(columns), ...u16(parameters), 0, 0, 0]);

export const from = (side: Side, ...packets: number[][]): Step => ({ side, bytes: Uint8Array.from(packets.flat()) });
export const c = (...packets: number[][]): Step => from(0, ...packets);
export const s = (...packets: number[][]): Step => from(1, ...packets);
