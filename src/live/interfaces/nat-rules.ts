// Which NAT rules send connections to another port or host than the one called? Read from `iptables-save -t nat` and
// `nft list ruleset` (iptables-extensions(8): REDIRECT, DNAT; nft(8): redirect, dnat). A hint, no simulation: what else a rule
// asks for (interface, source, owner, marks) is not judged.

export interface NatRule {
  /** Port that was called; null: any, or more than one. */
  readonly port: number | null;
  /** Null: this machine (REDIRECT). */
  readonly toAddress: string | null;
  /** Null: the same. */
  readonly toPort: number | null;
}

/** Rules that are kept; a node with services of Kubernetes has tens of thousands, of which one port needs a few. */
const MAX_RULES = 10_000;
const MAX_LINE = 2000;

/** Reads both languages; a line that is neither is passed over. */
export function readNatRules(text: string): NatRule[] {
  const rules = new Map<string, NatRule>();
  for (const line of text.split("\n")) {
    if (rules.size === MAX_RULES) break;
    if (line.length > MAX_LINE) continue;
    const rule = ofIptables(line) ?? ofNft(line);
    if (rule !== null) rules.set(`${rule.port} ${rule.toAddress} ${rule.toPort}`, rule);
  }
  return [...rules.values()];
}

/** `-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001`, `-j DNAT --to-destination 172.17.0.2:80`. */
function ofIptables(line: string): NatRule | null {
  if (!line.startsWith("-A ") || / -p (?!tcp\b)/.test(line)) return null;
  const port = portOf(/ --dport (\d{1,5})(?= |$)/.exec(line)?.[1]);
  if (/ -j REDIRECT(?= |$)/.test(line)) {
    return { port, toAddress: null, toPort: portOf(/ --to-ports (\d{1,5})(?= |$)/.exec(line)?.[1]) };
  }
  const to = / -j DNAT .{0,200}?--to-destination (\S{1,80})/.exec(line)?.[1];
  return to === undefined ? null : { port, ...targetOf(to) };
}

/** `tcp dport 80 counter packets 0 bytes 0 redirect to :15001`, `dnat to 172.17.0.2:80`. */
function ofNft(line: string): NatRule | null {
  if (/(?:^|\s)udp (?:d|s)port /.test(line)) return null;
  const port = portOf(/(?:^|\s)tcp dport (\d{1,5})(?=\s)/.exec(line)?.[1]);
  const redirect = /\sredirect to :(\d{1,5})(?=\s|$)/.exec(line);
  if (redirect !== null) return { port, toAddress: null, toPort: portOf(redirect[1]) };
  const to = /\sdnat (?:ip6? )?to (\S{1,80})/.exec(line)?.[1];
  return to === undefined ? null : { port, ...targetOf(to) };
}

/** `172.17.0.2:80`, `[2001:db8::2]:80`, `172.17.0.2`. */
function targetOf(text: string): { toAddress: string; toPort: number | null } {
  const m = /^(\[[0-9a-f:]{2,45}\]|[\d.]{7,15}):(\d{1,5})$/i.exec(text);
  return m === null ? { toAddress: text, toPort: null } : { toAddress: m[1]!, toPort: portOf(m[2]) };
}

function portOf(text: string | undefined): number | null {
  const port = Number(text);
  return text !== undefined && port > 0 && port < 65_536 ? port : null;
}
