// Which commands did PostgreSQL log, on which connection, and how long did each take? Reads its JSON log.
//
// log_min_duration_statement=0 writes a line for each step when it has ended; the last step of a bound statement is its
// "execute". A statement that fails has an ERROR instead.

import { readFileSync } from "node:fs";

const ENDED = /^duration: ([\d.]+) ms {2}(?:execute [^:]*|statement): (.*)$/s;

const entries = (work) =>
  readFileSync(`${work}/pg/log.json`, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .filter((entry) => entry.remote_host === "127.0.0.1")
    .map((entry) => ({ ...entry, at: `${entry.timestamp.replace(" ", "T").replace(" UTC", "")}000000Z` }));

/** `{port, at, code}` of the connections that the server ended. */
export function readEndings(work) {
  return entries(work)
    .filter((entry) => entry.error_severity === "FATAL")
    .map(({ remote_port, at, state_code }) => ({ port: remote_port, at, code: state_code }));
}

/** `{port, sql, duration_s, error, ended_at}` in order of ending, of clients over TCP only. */
export function readCommands(work) {
  const commands = [];
  for (const entry of entries(work)) {
    const { at: ended_at, remote_port: port } = entry;
    if (entry.error_severity === "ERROR") {
      commands.push({ port, sql: entry.statement, duration_s: null, error: entry.state_code, ended_at });
      continue;
    }
    const ended = ENDED.exec(entry.message);
    if (ended === null) continue;
    commands.push({ port, sql: ended[2], duration_s: Number(ended[1]) / 1000, error: null, ended_at });
  }
  return commands;
}
