// Which MySQL commands are there, and how is each answered? (MySQL Internals, "Command Phase"; MariaDB, "Clientserver Protocol")

/** What the server sends back. */
export const Answer = {
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
export type Answer = (typeof Answer)[keyof typeof Answer];

export interface Command {
  name: string;
  answer: Answer;
  /** Its payload is a statement or a name. */
  hasText?: boolean;
}

export const COM_QUIT = 0x01;
export const COM_INIT_DB = 0x02;
export const COM_QUERY = 0x03;
export const COM_STMT_PREPARE = 0x16;
export const COM_STMT_EXECUTE = 0x17;
export const COM_STMT_CLOSE = 0x19;
export const COM_STMT_FETCH = 0x1c;
export const COM_STMT_RESET = 0x1a;
export const COM_STMT_BULK_EXECUTE = 0xfa;

export const COMMANDS = new Map<number, Command>([
  [0x00, { name: "SLEEP", answer: Answer.status }],
  [COM_QUIT, { name: "QUIT", answer: Answer.none }],
  [COM_INIT_DB, { name: "INIT_DB", answer: Answer.status, hasText: true }],
  [COM_QUERY, { name: "QUERY", answer: Answer.result, hasText: true }],
  [0x04, { name: "FIELD_LIST", answer: Answer.rows }],
  [0x05, { name: "CREATE_DB", answer: Answer.status, hasText: true }],
  [0x06, { name: "DROP_DB", answer: Answer.status, hasText: true }],
  [0x07, { name: "REFRESH", answer: Answer.status }],
  [0x08, { name: "SHUTDOWN", answer: Answer.status }],
  [0x09, { name: "STATISTICS", answer: Answer.text }],
  [0x0a, { name: "PROCESS_INFO", answer: Answer.result }],
  [0x0c, { name: "PROCESS_KILL", answer: Answer.status }],
  [0x0d, { name: "DEBUG", answer: Answer.status }],
  [0x0e, { name: "PING", answer: Answer.status }],
  [0x11, { name: "CHANGE_USER", answer: Answer.login }],
  [0x12, { name: "BINLOG_DUMP", answer: Answer.stream }],
  [0x13, { name: "TABLE_DUMP", answer: Answer.stream }],
  [0x15, { name: "REGISTER_SLAVE", answer: Answer.status }],
  [COM_STMT_PREPARE, { name: "PREPARE", answer: Answer.prepared, hasText: true }],
  [COM_STMT_EXECUTE, { name: "EXECUTE", answer: Answer.result }],
  [0x18, { name: "SEND_LONG_DATA", answer: Answer.none }],
  [COM_STMT_CLOSE, { name: "STMT_CLOSE", answer: Answer.none }],
  [COM_STMT_RESET, { name: "STMT_RESET", answer: Answer.status }],
  [0x1b, { name: "SET_OPTION", answer: Answer.status }],
  [COM_STMT_FETCH, { name: "FETCH", answer: Answer.rows }],
  [0x1e, { name: "BINLOG_DUMP_GTID", answer: Answer.stream }],
  [0x1f, { name: "RESET_CONNECTION", answer: Answer.status }],
  [COM_STMT_BULK_EXECUTE, { name: "BULK_EXECUTE", answer: Answer.result }],
]);
