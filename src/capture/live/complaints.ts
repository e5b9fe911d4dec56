// Why did tcpdump or dumpcap not capture, or stop? Read from what it wrote on standard error.
//
// The words are those of libpcap 1.8 to 1.10 (pcap-linux.c, gencode.c, grammar.y), tcpdump 4.9 to 4.99 and dumpcap 2.6 to 4.4; tried with
// tcpdump 4.99.3, dumpcap 4.0.17 and libpcap 1.10.3 on Linux 6.

export type ComplaintKind =
  | "no-permission"
  | "no-such-interface"
  | "interface-down"
  | "interface-gone"
  | "bad-filter"
  /** tcpdump gives root's rights away to a user that is not there, or may not. */
  | "no-such-user"
  | "other";

export interface Complaint {
  readonly kind: ComplaintKind;
  /** In the program's own words, one line. */
  readonly text: string;
}

/** The first that fits wins: dumpcap's advice on permissions names devices, and a filter may hold any of these words. */
const KINDS: readonly (readonly [ComplaintKind, RegExp])[] = [
  ["bad-filter", /^invalid capture filter|isn't a valid capture filter/i],
  ["no-such-user", /couldn't find user|couldn't change to '|failed to (?:set|drop) .*(?:uid|gid|privileges)/i],
  // cap aborts with an assertion in cb_packets when the device can no longer be polled.
  ["interface-gone", /interface disappeared|no longer attached|interface went down|network is down|cb_packets/i],
  ["interface-down", /is not up\b/i],
  ["no-such-interface", /no such device|no device named|doesn't exist|interface .* not found/i],
  ["no-permission", /permission to (?:perform this )?capture|permission denied|operation not permitted/i],
  [
    "bad-filter",
    /filter expression|syntax error|unknown (?:host|network|port|protocol|ether|osi)|illegal (?:token|char|qualifier|port|protocol)|invalid (?:qualifier|port|ip|mask|protocol|number)|qualifier|expression rejects|can't parse|no VLAN support|not supported (?:for|on|by) |only supported|invalid name|not applicable|non-network bits|mask length|bogus/i,
  ],
];

/** What both programs write without complaint. */
const PROGRESS =
  /^(?:tcpdump: )?(?:listening on |data link type |verbose output suppressed|dropped privs)|^Capturing on |^File: |^Packets|^\d+ packets? |^tcpdump: \d+ packets? |cap_set_proc\(\)|^Warning: /;
/** How dumpcap quotes libpcap behind its own words. */
const FILTER_REASON = /isn't a valid capture filter \((?<reason>.*)\)\.?$/;

/** What the program complained of; null when it only reported. */
export function complaintOf(lines: readonly string[]): Complaint | null {
  const said = lines
    .filter((line) => !PROGRESS.test(line))
    .map((line) => line.replace(/^(?:tcpdump|dumpcap|cap): /, ""));
  if (said.length === 0) return null;
  for (const [kind, pattern] of KINDS) {
    const found = said.find((line) => pattern.test(line));
    if (found === undefined) continue;
    if (found.includes("cb_packets")) return { kind, text: "the device can no longer be read" };
    const reason =
      kind === "bad-filter" ? said.map((line) => FILTER_REASON.exec(line)?.groups?.reason).find(Boolean) : null;
    return { kind, text: reason ?? found };
  }
  return { kind: "other", text: said[0] };
}
