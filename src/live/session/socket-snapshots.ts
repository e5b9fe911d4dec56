// Which sockets does this machine hold now? The text of `ss` or `netstat` with its time above, as `halfclose sockets` reads it.
//
// What the system has is found out with the first snapshot. A snapshot that cannot be taken is a reason in one line.

import { formatBytes } from "../../core/format.ts";
import { type Listing, runListing } from "./run-listing.ts";

/** A snapshot a few seconds: one that takes longer is of no moment any more. */
const TIMEOUT_MS = 4000;
/** Some 100,000 sockets. */
const MAX_BYTES = 16_000_000;

/**
 * In order of what they tell. ss: -t TCP, -a listening too (and bound ones, from iproute2 6.8 on), -n numbers, -o timers, -p
 * processes (of other users only for root); with -w, raw sockets, each row says which protocol it is of, and a bound TCP socket is
 * told from one of UDP. -i and -e would double the text with what nobody reads (src/sockets/ss.ts). Without -p for machines on which
 * looking through all processes takes too long.
 */
const COMMANDS: Partial<Record<NodeJS.Platform, readonly (readonly string[])[]>> = {
  linux: [
    ["ss", "-twanop"],
    ["ss", "-twano"],
    // net-tools; then busybox, which knows no -o.
    ["netstat", "-tanop"],
    ["netstat", "-tan"],
  ],
  darwin: [
    ["netstat", "-anv", "-p", "tcp"],
    ["netstat", "-an", "-p", "tcp"],
  ],
  win32: [
    // -q: bound ports too (from Windows 10 on). With -p TCP, IPv6 would be missing.
    ["netstat", "-anoq"],
    ["netstat", "-ano"],
  ],
};
const ELSEWHERE: readonly (readonly string[])[] = [
  ["netstat", "-an", "-p", "tcp"],
  ["netstat", "-an"],
];

export type Snapshot =
  | { readonly text: string; readonly command: string }
  /** Why there is none: one line. */
  | { readonly problem: string };

export class SocketSnapshots {
  readonly #run: typeof runListing;
  readonly #commands: readonly (readonly string[])[];
  /** Index of the command in use; those before it are not there, or too slow. */
  #at = 0;
  #works = false;

  constructor(platform: NodeJS.Platform = process.platform, run: typeof runListing = runListing) {
    this.#run = run;
    this.#commands = COMMANDS[platform] ?? ELSEWHERE;
  }

  /** Never rejects. */
  async take(): Promise<Snapshot> {
    const reasons: string[] = [];
    for (let at = this.#at; at < this.#commands.length; at++) {
      const command = this.#commands[at]!;
      const listing = await this.#run(command, { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
      if (listing.kind === "printed") {
        this.#at = at;
        this.#works = true;
        return { text: textOf(listing, command), command: command.join(" ") };
      }
      reasons.push(listing.reason);
      // One that worked before is tried again, unless it has become too slow.
      if (this.#works && listing.kind !== "slow") break;
      if (listing.kind === "slow" && at + 1 < this.#commands.length) this.#at = at + 1;
    }
    return { problem: [...new Set(reasons)].join("; ") };
  }
}

function textOf({ text, at, isCut }: Extract<Listing, { kind: "printed" }>, command: readonly string[]): string {
  const cut = isCut ? `# cut at ${formatBytes(MAX_BYTES)}: more sockets were there than are listed\n` : "";
  return `${new Date(at).toISOString()} $ ${command.join(" ")}\n${text}${text.endsWith("\n") ? "" : "\n"}${cut}`;
}

const ofThisMachine = new SocketSnapshots();

/** A snapshot of this machine. Rejects with its problem, in one line. */
export async function takeSnapshot(): Promise<string> {
  const snapshot = await ofThisMachine.take();
  if ("problem" in snapshot) throw new Error(snapshot.problem);
  return snapshot.text;
}
