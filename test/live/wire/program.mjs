// How is `halfclose capture` started, waited for and read in a live run?

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { sleep, until } from "./room.mjs";

export const DIST = resolve(process.env.HALFCLOSE_DIST ?? join(import.meta.dirname, "../../../dist"));
export const MAIN = join(DIST, "src/cli/main.js");
const STARTS_WITHIN_MS = 15_000;

const folders = [...new Set([...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"])];
const programs = (name) => folders.map((folder) => join(folder, name)).filter(existsSync);

/** The folder of npm's cap, where it is installed beside the program and can be loaded. */
function capFolder() {
  try {
    const require = createRequire(MAIN);
    require("cap");
    return [dirname(require.resolve("cap/package.json"))];
  } catch {
    return [];
  }
}

const files = { dumpcap: programs("dumpcap"), tcpdump: programs("tcpdump"), cap: capFolder() };

/** The engines that this machine has. */
export const ENGINES = Object.keys(files).filter((name) => files[name].length > 0);

/** Where they are: {path, isFolder}. */
export const ENGINE_FILES = Object.entries(files).flatMap(([name, paths]) =>
  paths.map((path) => ({ path, isFolder: name === "cap" })),
);

/** Packet sockets of a namespace: a capture that is under way has one. */
const packetSockets = (host) => host.run("cat", "/proc/net/packet").trim().split("\n").length - 1;

/** Starts a command line of halfclose and waits until it captures. */
export async function startCapture(host, args, options) {
  const before = packetSockets(host);
  const child = host.start([process.execPath, MAIN, ...args], options);
  const started = await until(() => child.end !== null || packetSockets(host) > before, STARTS_WITHIN_MS);
  if (started === null) throw new Error(`no capture within ${STARTS_WITHIN_MS} ms: ${child.stderr}`);
  // A socket is there before its filter and its buffer are.
  await sleep(700);
  return child;
}

/** Runs it to its end. */
export async function runHalfclose(host, args, withinMs, options) {
  const child = host.start([process.execPath, MAIN, ...args], options);
  if ((await child.within(withinMs)) === null)
    throw new Error(`halfclose ${args.join(" ")}: no end within ${withinMs} ms`);
  return child;
}

export const filesIn = (folder, ending = ".pcapng") =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(ending))
        .sort()
        .map((name) => join(folder, name))
    : [];

export const readReport = (path) => JSON.parse(readFileSync(path, "utf8"));

/** Kilobytes of a process that are in memory now. */
export function residentKb(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
}

/**
 * The lines of the summary: {at: ms of arrival, column → text}. The cells stand below the end of their column's name, in the header
 * above them.
 */
export function summaryRows(lines) {
  let columns = null;
  const rows = [];
  for (const { text, at } of lines) {
    if (/\bestab\b/.test(text)) {
      columns = [...text.matchAll(/time UTC|\S+/g)].map((found) => ({
        name: found[0],
        end: found.index + found[0].length,
      }));
    } else if (columns !== null && /^\d\d:\d\d:\d\d /.test(text)) {
      const cells = columns.map(({ name, end }, n) => [name, text.slice(columns[n - 1]?.end ?? 0, end).trim()]);
      rows.push({ at, ...Object.fromEntries(cells) });
    }
  }
  return rows;
}
