// Where do halfclose and tshark differ in what TLS says in clear?

/** RFC 8446 §6, RFC 5246 §7.2 and the registry of TLS alerts: those that end a connection, as tshark numbers them. */
const ALERTS = {
  0: "close_notify",
  10: "unexpected_message",
  20: "bad_record_mac",
  21: "decryption_failed",
  22: "record_overflow",
  40: "handshake_failure",
  42: "bad_certificate",
  43: "unsupported_certificate",
  44: "certificate_revoked",
  45: "certificate_expired",
  46: "certificate_unknown",
  47: "illegal_parameter",
  48: "unknown_ca",
  49: "access_denied",
  50: "decode_error",
  51: "decrypt_error",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  86: "inappropriate_fallback",
  109: "missing_extension",
  110: "unsupported_extension",
  112: "unrecognized_name",
  113: "bad_certificate_status_response",
  115: "unknown_psk_identity",
  116: "certificate_required",
  120: "no_application_protocol",
};
const FACTS = ["sni", "version", "alpn"];
/** Remarks that halfclose keeps of a flow: the first ones and the last. */
const KEPT = 8;

/** Caches call the server's version so too. */
const OTHER_VERSIONS = ["redis", "memcached"];

/** Has halfclose seen TLS on this flow? */
export const hasTls = (flow, notes) =>
  flow.protocol === "tls" || (!OTHER_VERSIONS.includes(flow.protocol) && notes?.labels.has("version") === true);

/** Is this remark about an alert? */
export const isOfTls = ({ text }) => /^TLS alert |^an encrypted alert$/.test(text);

/** @param {import("./dissected/tls.mjs").Facts[]} theirs */
export function compareTls(theirs, { flows, notes }) {
  const differences = [];
  let commands = 0;
  let responses = 0;
  const known = new Set();
  for (const their of theirs) {
    const flow = flows.find((f) => isOf(f, their));
    const alerts = their.alerts.map(({ frame, description }) => `${ALERTS[description] ?? description} in ${frame}`);
    commands += FACTS.filter((name) => their[name] !== null).length;
    responses += alerts.length;
    if (flow === undefined || !hasTls(flow, notes[flow.flow])) {
      differences.push(`TLS from frame ${their.frame}: only tshark`);
      continue;
    }
    known.add(flow.flow);
    const { labels, remarks } = notes[flow.flow] ?? { labels: new Map(), remarks: [] };
    for (const name of FACTS) {
      const our = labels.get(name) ?? null;
      if (our !== their[name]) {
        differences.push(
          `${name} from frame ${their.frame}: ${their[name] ?? "none"} (tshark), ${our ?? "none"} (halfclose)`,
        );
      }
    }
    const ours = remarks.filter(isOfTls).map(alertOf);
    const kept = alerts.length > KEPT ? [...alerts.slice(0, KEPT - 1), alerts.at(-1)] : alerts;
    for (const a of kept.filter((x) => !ours.includes(x))) differences.push(`alert ${a}: only tshark`);
    for (const a of ours.filter((x) => !kept.includes(x))) differences.push(`alert ${a}: only halfclose`);
  }
  for (const flow of flows) {
    if (known.has(flow.flow) || !hasTls(flow, notes[flow.flow])) continue;
    const { labels, remarks } = notes[flow.flow] ?? { labels: new Map(), remarks: [] };
    // Joined midway there may be nothing in clear.
    if (labels.size + remarks.length > 0) differences.push(`TLS from frame ${flow.first_frame}: only halfclose`);
  }
  return commands + responses + differences.length === 0 ? null : { commands, responses, unread: 0, differences };
}

const alertOf = ({ frame, text }) => `${text.startsWith("TLS alert ") ? text.slice(10) : "encrypted"} in ${frame}`;

function isOf(flow, { frame, ends }) {
  const ours = [flow.client, flow.server].map(({ address, port }) => `${address} ${port}`);
  return ours.includes(ends[0]) && ours.includes(ends[1]) && flow.first_frame <= frame && frame <= flow.last_frame;
}
