// How many commands and answers does tshark see at a PostgreSQL and at a MySQL or MariaDB server?
//
// Used by check-streams.mjs. The recordings' clients send a command when the last one has been answered, so a command
// is answered when data of the server follows it. Signing on, preparing and saying goodbye are no commands.

import { execFileSync } from "node:child_process";

/** What carries a command: PostgreSQL's Execute (of a bound statement) and Query, MySQL's COM_QUERY and COM_STMT_EXECUTE. */
const COMMANDS = {
  postgresql: { dissector: "pgsql", field: "pgsql.type", names: ["Execute", "Simple query"] },
  mysql: { dissector: "mysql", field: "mysql.command", names: ["3", "23"] },
};

function commands(capture, port, { dissector, field, names }) {
  const fields = ["tcp.stream", "tcp.dstport", field].flatMap((name) => ["-e", name]);
  const text = execFileSync(
    "tshark",
    // A segment that repeats bytes would count twice; loopback has none of them.
    [
      ...["-2", "-n", "-r", capture, "-d", `tcp.port==${port},${dissector}`, "-Y", `tcp.port==${port} && tcp.len > 0`],
      ...["-T", "fields", ...fields, "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"],
    ],
    { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] },
  );
  const waiting = new Map();
  let requests = 0;
  let responses = 0;
  for (const line of text.split("\n")) {
    const [stream, toPort, values] = line.split("\t");
    if (values === undefined) continue;
    if (Number(toPort) === port) {
      const count = values.split("|").filter((value) => names.includes(value)).length;
      requests += count;
      if (count > 0) waiting.set(stream, count);
    } else {
      responses += waiting.get(stream) ?? 0;
      waiting.delete(stream);
    }
  }
  return { requests, responses, statuses: {} };
}

export const postgresql = (capture, port) => commands(capture, port, COMMANDS.postgresql);
export const mysql = (capture, port) => commands(capture, port, COMMANDS.mysql);
