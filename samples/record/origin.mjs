// What made this recording? Versions of everything that put bytes on the wire or took them off.

import { execFileSync } from "node:child_process";
import { release } from "node:os";

/** First match of a version number in what the command prints on either stream; null when it is not installed. */
function version(command, args) {
  try {
    const text = execFileSync("sh", ["-c", `"$0" "$@" 2>&1`, command, ...args], { encoding: "utf8" });
    return /\d+\.\d+(?:\.\d+)?/.exec(text)?.[0] ?? null;
  } catch {
    return null;
  }
}

const TOOLS = {
  node: () => process.versions.node,
  nginx: () => version("nginx", ["-v"]),
  mariadb: () => version("mariadbd", ["--version"])?.replace(/^.*Ver /, "") ?? null,
  haproxy: () => version("haproxy", ["-v"]),
  postgresql: () => version("psql", ["--version"]),
  redis: () => version("redis-server", ["--version"]),
  python: () => version("python3", ["--version"]),
  tcpdump: () => version("tcpdump", ["--version"]),
};

/** `tools`: names from the table above. */
export function origin(tools, command) {
  const versions = { linux: /^\d+\.\d+/.exec(release())[0] };
  for (const tool of tools) versions[tool] = TOOLS[tool]();
  return { recorded_by: `bash samples/record/all.sh OUTDIR ${process.env.NAME}`, capture_command: command, versions };
}
