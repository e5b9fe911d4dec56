// What did the kernel show, and when? Reads the lab's recordings: snapshots of `ss`, and packet times by tcpdump, a reader
// that nobody here wrote.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** As ss writes them; sockets that are no connection (LISTEN, UNCONN) are left out. */
const STATES = {
  "SYN-SENT": "SYN_SENT",
  "SYN-RECV": "SYN_RECEIVED",
  ESTAB: "ESTABLISHED",
  "FIN-WAIT-1": "FIN_WAIT_1",
  "FIN-WAIT-2": "FIN_WAIT_2",
  "CLOSE-WAIT": "CLOSE_WAIT",
  CLOSING: "CLOSING",
  "LAST-ACK": "LAST_ACK",
  "TIME-WAIT": "TIME_WAIT",
};
const NO_CONNECTION = new Set(["LISTEN", "UNCONN"]);

/** `127.0.0.1:80`, `[::1]:80`, `[::ffff:127.0.0.1]:80`, `192.0.2.1%client0:80` → `ADDRESS PORT`. */
const endpoint = (text) => {
  const colon = text.lastIndexOf(":");
  const address = text
    .slice(0, colon)
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "")
    .replace(/^::ffff:(?=\d+\.)/, "");
  return `${address} ${text.slice(colon + 1)}`;
};

/** A socket's name: its two endpoints as its own host sees them. */
export const socketKey = (local, remote) => `${local} > ${remote}`;

/** @returns {{before: bigint, after: bigint, sockets: Map<string, string>}[]} in order of time */
export function readSnapshots(file) {
  const snapshots = [];
  let sockets = new Map();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue;
    const words = line.split(/\s+/);
    if (words[0] === "@") {
      sockets = new Map();
      snapshots.push({ before: BigInt(words[1]), after: BigInt(words[2]), sockets });
      continue;
    }
    if (NO_CONNECTION.has(words[0])) continue;
    const state = STATES[words[0]];
    if (state === undefined) throw new Error(`${file}: unknown state in ${JSON.stringify(line)}`);
    sockets.set(socketKey(endpoint(words[3]), endpoint(words[4])), state);
  }
  // The last one may be cut short by the signal that ended it.
  return snapshots.slice(0, -1);
}

/** When did packets of a socket pass? By endpoint, so that a redirected connection's two halves are found too. */
export class PacketTimes {
  /** @type {Map<string, bigint[]>} */
  #times = new Map();
  /** Those with SYN, FIN or RST. @type {Map<string, bigint[]>} */
  #turns = new Map();
  /** @type {Set<string>} */
  #pairs = new Set();

  constructor(files) {
    for (const file of files) this.#read(file);
    for (const times of [...this.#times.values(), ...this.#turns.values()])
      times.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Is any packet of it in the capture? */
  has(key) {
    return this.#pairs.has(key);
  }

  /** Those of the endpoint that has fewer: a client's port belongs to one connection. */
  within(key, from, to) {
    return fewer(this.#times, key).filter((t) => t >= from && t <= to);
  }

  /** Those of them that open, close or reset. */
  turnsWithin(key, from, to) {
    return fewer(this.#turns, key).filter((t) => t >= from && t <= to);
  }

  #read(file) {
    const text = execFileSync("tcpdump", ["-n", "-tt", "-r", file], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "ignore"],
    });
    for (const [, s, us, a, aPort, b, bPort, flags] of text.matchAll(
      /^(\d+)\.(\d{6}).*? IP6? (\S+)\.(\d+) > (\S+)\.(\d+): Flags \[(\S*)\]/gm,
    )) {
      const time = BigInt(s) * 1_000_000_000n + BigInt(us) * 1000n;
      const ends = [`${a} ${aPort}`, `${b} ${bPort}`];
      for (const end of ends) {
        append(this.#times, end, time);
        if (/[SFR]/.test(flags)) append(this.#turns, end, time);
      }
      this.#pairs.add(socketKey(ends[0], ends[1])).add(socketKey(ends[1], ends[0]));
    }
  }
}

function append(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function fewer(map, key) {
  const [a, b] = key.split(" > ").map((end) => map.get(end) ?? []);
  return a.length < b.length ? a : b;
}
