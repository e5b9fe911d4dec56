// Which MySQL commands are there, how long are they, and how is each answered? (MySQL Internals, "Command Phase"; MariaDB, "Clientserver Protocol")

import { MAX_PACKET } from "./mysql-packets.ts";

/** What the server sends back. */
export const Reply = {
  /** Nothing, by protocol. */
  none: 0,
  /** OK, ERR or EOF. */
  status: 1,
  /** A status, or a result set, or a request for a local file; perhaps several. */
  result: 2,
  /** A statement's id, then definitions. */
  prepared: 3,
  /** Rows, then EOF. */
  rows: 4,
  /** One packet of text. */
  text: 5,
  /** Packets without end: replication. */
  stream: 6,
  /** As a login. */
  login: 7,
} as const;
export type Reply = (typeof Reply)[keyof typeof Reply];

export interface Command {
  name: string;
  reply: Reply;
  /** Length of its payload, in bytes. */
  least: number;
  most: number;
}

export const COM_QUIT = 0x01;
export const COM_INIT_DB = 0x02;
export const COM_QUERY = 0x03;
export const COM_FIELD_LIST = 0x04;
export const COM_CREATE_DB = 0x05;
export const COM_DROP_DB = 0x06;
export const COM_CHANGE_USER = 0x11;
export const COM_STMT_PREPARE = 0x16;
export const COM_STMT_EXECUTE = 0x17;
export const COM_STMT_SEND_LONG_DATA = 0x18;
export const COM_STMT_CLOSE = 0x19;
export const COM_STMT_RESET = 0x1a;
export const COM_STMT_FETCH = 0x1c;
export const COM_RESET_CONNECTION = 0x1f;
export const COM_STMT_BULK_EXECUTE = 0xfa;

/** A name in UTF-8: 64 characters, with room for a wildcard. */
const MAX_NAME = 520;
/** User, database and attributes, 64 KiB of them at most. */
const MAX_LOGIN = 1 << 17;

const of = (name: string, reply: Reply, least: number, most: number = least): Command => ({ name, reply, least, most });

export const COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [COM_QUIT, of("QUIT", Reply.none, 1)],
  [COM_INIT_DB, of("INIT_DB", Reply.status, 1, MAX_NAME)],
  [COM_QUERY, of("QUERY", Reply.result, 1, MAX_PACKET)],
  [COM_FIELD_LIST, of("FIELD_LIST", Reply.rows, 2, 2 * MAX_NAME)],
  [COM_CREATE_DB, of("CREATE_DB", Reply.status, 2, MAX_NAME)],
  [COM_DROP_DB, of("DROP_DB", Reply.status, 2, MAX_NAME)],
  [0x07, of("REFRESH", Reply.status, 1, 2)],
  [0x08, of("SHUTDOWN", Reply.status, 1, 2)],
  [0x09, of("STATISTICS", Reply.text, 1)],
  [0x0a, of("PROCESS_INFO", Reply.result, 1)],
  [0x0c, of("PROCESS_KILL", Reply.status, 5)],
  [0x0d, of("DEBUG", Reply.status, 1)],
  [0x0e, of("PING", Reply.status, 1)],
  [COM_CHANGE_USER, of("CHANGE_USER", Reply.login, 3, MAX_LOGIN)],
  [0x12, of("BINLOG_DUMP", Reply.stream, 11, MAX_NAME)],
  [0x13, of("TABLE_DUMP", Reply.stream, 3, 2 * MAX_NAME)],
  [0x15, of("REGISTER_SLAVE", Reply.status, 18, 4 * MAX_NAME)],
  [COM_STMT_PREPARE, of("PREPARE", Reply.prepared, 1, MAX_PACKET)],
  [COM_STMT_EXECUTE, of("EXECUTE", Reply.result, 10, MAX_PACKET)],
  [COM_STMT_SEND_LONG_DATA, of("SEND_LONG_DATA", Reply.none, 7, MAX_PACKET)],
  [COM_STMT_CLOSE, of("STMT_CLOSE", Reply.none, 5)],
  [COM_STMT_RESET, of("STMT_RESET", Reply.status, 5)],
  [0x1b, of("SET_OPTION", Reply.status, 3)],
  [COM_STMT_FETCH, of("FETCH", Reply.rows, 9)],
  [0x1e, of("BINLOG_DUMP_GTID", Reply.stream, 11, MAX_LOGIN)],
  [COM_RESET_CONNECTION, of("RESET_CONNECTION", Reply.status, 1)],
  [COM_STMT_BULK_EXECUTE, of("BULK_EXECUTE", Reply.result, 7, MAX_PACKET)],
]);
