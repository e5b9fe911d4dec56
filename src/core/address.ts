// How is an address written? IPv4 in dotted decimal; IPv6 as RFC 5952 asks (lower case, longest run of zeros as "::").

/** An endpoint as every output shows it. */
export interface Endpoint {
  address: string;
  port: number;
}

/** `address` as a signed or unsigned 32-bit integer. */
export const formatIpv4 = (address: number): string =>
  `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;

/** `groups`: eight 16-bit numbers. IPv4-mapped addresses are written ::ffff:192.0.2.1 (RFC 5952 §5). */
export function formatIpv6(groups: readonly number[]): string {
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIpv4((groups[6]! << 16) | groups[7]!)}`;
  }
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > bestLength) {
      best = i;
      bestLength = n;
    }
    if (n > 0) i += n - 1;
  }
  const hex = (part: readonly number[]): string => part.map((g) => g.toString(16)).join(":");
  return best < 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + bestLength))}`;
}

const LOOPBACK_NAMES = new Set(["localhost", "ip6-localhost", "localhost.localdomain"]);

/** What dumps print for 127.0.0.1 and ::1 without -n. */
export const isLoopbackName = (text: string): boolean => LOOPBACK_NAMES.has(text.toLowerCase());

/** RFC 1122 §3.2.1.3, RFC 4291 §2.5.3, or such a name. */
export const isLoopback = (address: string): boolean =>
  address.startsWith("127.") || address === "::1" || isLoopbackName(address);

/** `127.0.0.1:8280`, `[::1]:8280`; without the port for an endpoint that has none. */
export function formatEndpoint(e: { address: string; port?: number | undefined }): string {
  const host = e.address.includes(":") && e.port !== undefined ? `[${e.address}]` : e.address;
  return e.port === undefined ? host : `${host}:${e.port}`;
}
