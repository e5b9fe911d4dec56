// What does a TLS alert say? Names of RFC 8446 §6, RFC 5246 §7.2 and the registry of TLS alerts.

export const ALERT_LENGTH = 2;
export const CLOSE_NOTIFY = 0;
const USER_CANCELED = 90;
const WARNING = 1;
const FATAL = 2;

const NAMES = new Map<number, string>([
  [CLOSE_NOTIFY, "close_notify"],
  [1, "end_of_early_data"],
  [10, "unexpected_message"],
  [20, "bad_record_mac"],
  [21, "decryption_failed"],
  [22, "record_overflow"],
  [30, "decompression_failure"],
  [40, "handshake_failure"],
  [41, "no_certificate"],
  [42, "bad_certificate"],
  [43, "unsupported_certificate"],
  [44, "certificate_revoked"],
  [45, "certificate_expired"],
  [46, "certificate_unknown"],
  [47, "illegal_parameter"],
  [48, "unknown_ca"],
  [49, "access_denied"],
  [50, "decode_error"],
  [51, "decrypt_error"],
  [52, "too_many_cids_requested"],
  [60, "export_restriction"],
  [70, "protocol_version"],
  [71, "insufficient_security"],
  [80, "internal_error"],
  [86, "inappropriate_fallback"],
  [USER_CANCELED, "user_canceled"],
  [100, "no_renegotiation"],
  [109, "missing_extension"],
  [110, "unsupported_extension"],
  [111, "certificate_unobtainable"],
  [112, "unrecognized_name"],
  [113, "bad_certificate_status_response"],
  [114, "bad_certificate_hash_value"],
  [115, "unknown_psk_identity"],
  [116, "certificate_required"],
  [117, "general_error"],
  [120, "no_application_protocol"],
  [121, "ech_required"],
]);

export type Alert = { kind: "farewell" | "refusal"; name: string };

/** Null for what changes nothing: a warning, or bytes that are no alert in clear. */
export function readAlert(level: number, description: number): Alert | null {
  if (level !== WARNING && level !== FATAL) return null;
  if (description === CLOSE_NOTIFY) return { kind: "farewell", name: "close_notify" };
  if (level === WARNING) return null;
  return { kind: "refusal", name: NAMES.get(description) ?? `alert_${description}` };
}

/** Could these two bytes be an alert in clear? */
export const isAlert = (level: number, description: number): boolean =>
  (level === WARNING || level === FATAL) && NAMES.has(description);
