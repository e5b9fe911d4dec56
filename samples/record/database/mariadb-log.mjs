// Which commands did MariaDB log, on which connection? Reads its general log, which has a line for each when it arrives.

import { readFileSync } from "node:fs";

const LINE = /^(?:\d+\s+\d+:\d+:\d+)?\t+\s*(\d+) (\w+)\t(.*)$/;

/** `{port, sql}` in order of arrival. The log knows threads; the service's journal says whose port each of them has. */
export function readCommands(work, service) {
  const portOf = new Map(
    service.filter((entry) => entry.event === "query").map(({ backend, port }) => [backend, port]),
  );
  const commands = [];
  for (const line of readFileSync(`${work}/data/general.log`, "utf8").split("\n")) {
    const [, thread, command, sql] = LINE.exec(line) ?? [];
    if (command === "Query" && portOf.has(Number(thread))) commands.push({ port: portOf.get(Number(thread)), sql });
  }
  return commands;
}
