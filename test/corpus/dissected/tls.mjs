// What did tshark read of TLS in clear, connection by connection: the name asked for, what the server chose, and the alerts?

import { find, findAll, shown } from "../dissect.mjs";
import { Connections } from "./exchange.mjs";

const CLIENT_HELLO = "1";
const SERVER_HELLO = "2";
const FATAL = "2";
/** The version of a record, and the type of the server's hello, of SSL 2.0. */
const SSL_2 = "0x0002";
const SSL_2_SERVER_HELLO = "4";
const CLOSE_NOTIFY = "0";
const VERSIONS = new Map([
  [0x0002, "SSL 2.0"],
  [0x0300, "SSL 3.0"],
  [0x0301, "TLS 1.0"],
  [0x0302, "TLS 1.1"],
  [0x0303, "TLS 1.2"],
  [0x0304, "TLS 1.3"],
]);
/** Drafts of TLS 1.3. */
const DRAFT = 0x7f00;

/**
 * Of each fact the last that was said. An alert is its frame and its number; "encrypted" when it is not in clear. Warnings change
 * nothing, but for close_notify.
 * @typedef {{frame: number, ends: readonly [string, string], sni: string | null, version: string | null, alpn: string | null,
 *   alerts: {frame: number, description: string}[]}} Facts
 * @returns {Facts[]}
 */
export function tls(messages) {
  const connections = new Connections((m) => ({
    frame: m.at,
    ends: [m.from, m.to],
    sni: null,
    version: null,
    alpn: null,
    alerts: [],
  }));
  for (const m of messages) {
    const c = connections.of(m);
    for (const hello of findAll(m.node, "tls.handshake")) {
      const type = shown(hello, "tls.handshake.type");
      if (type === CLIENT_HELLO) c.sni = shown(hello, "tls.handshake.extensions_server_name") ?? c.sni;
      if (type !== SERVER_HELLO) continue;
      const version =
        shown(hello, "tls.handshake.extensions.supported_version") ?? shown(hello, "tls.handshake.version");
      if (version !== null) c.version = versionName(Number(version));
      c.alpn = shown(hello, "tls.handshake.extensions_alpn_str") ?? c.alpn;
    }
    for (const record of findAll(m.node, "tls.record")) {
      if (shown(record, "tls.record.version") === SSL_2 && shown(record, "tls.handshake.type") === SSL_2_SERVER_HELLO) {
        c.version = versionName(Number(shown(record, "tls.handshake.version")));
      }
      for (const alert of findAll(record, "tls.alert_message")) {
        const level = find(alert, "tls.alert_message.level")?.show;
        const description = shown(alert, "tls.alert_message.desc") ?? "encrypted";
        if (level !== undefined && level !== FATAL && description !== CLOSE_NOTIFY) continue;
        c.alerts.push({ frame: m.place(record.pos), description });
      }
    }
  }
  return [...connections.all.values()];
}

const versionName = (version) =>
  (version & 0xff00) === DRAFT
    ? `TLS 1.3 (draft ${version & 0xff})`
    : (VERSIONS.get(version) ?? `0x${version.toString(16).padStart(4, "0")}`);
