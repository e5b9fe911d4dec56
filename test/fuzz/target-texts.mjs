// Do the texts of the wire pass redaction and escaping, whatever they say, in time that grows with their length?

import { expect } from "./judge.mjs";

const PARTS = [
  "'",
  '"',
  "`",
  "''",
  "\\",
  "$",
  "$a$",
  "--",
  "/*",
  "*/",
  "#",
  "(",
  ")",
  "=",
  "?",
  "&",
  ";",
  "@",
  "://",
  "http://",
  "u:p@",
  "Bearer ",
  "eyJhbGciOiJIUzI1NiJ9.",
  "token=",
  "password",
  "AKIA",
  "x".repeat(20),
  "0123456789abcdef",
  "192.0.2.1",
  "[2001:db8::1]:80",
  "shop.example.com",
  "a.b.",
  "-",
  "_",
  "%",
  "%2f",
  "%zz",
  "+",
  ":",
  "/",
  "|",
  "\n",
  "\r",
  "\t",
  " ",
  "\u0000",
  "\u001b[2J",
  "\u202e",
  "é",
  "😀",
  "\ud800",
  "<script>",
  "**",
  "]((",
  "```",
  "$1",
  "1e9",
  "E'",
  "N'",
  "_utf8",
  "Key (email)=(",
  ") already exists",
  "Duplicate entry '",
  "SELECT ",
  "VALUES (",
  "1, 2)",
  "user:",
  "{}",
];
const PROTOCOLS = ["http", "http2", "mysql", "postgresql", "redis", "memcached", "tls", "framed", "unknown"];

export async function textTarget(dist) {
  const at = (file) => import(`${dist}/src/core/${file}.js`);
  const [target, error, key, secrets, sql, escapes, pseudonyms, wrap] = await Promise.all(
    ["redact-target", "redact-error", "redact-key", "redact-secrets", "redact-sql", "escape", "pseudonyms", "wrap"].map(
      at,
    ),
  );
  const { fillKey } = await import(`${dist}/src/evidence/redactors/fill-key.js`);
  const names = pseudonyms.makePseudonyms("a key of the fuzzer's own");
  const quiet = () => {};
  const ways = {
    ...Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, (t) => target.redactTarget(t, protocol, quiet)])),
    authority: (t) => target.redactAuthority(t, quiet),
    error: (t) => error.redactErrorText(t, quiet, ["SELECT name"]),
    key: (t) => key.redactKey(t, quiet),
    tokens: (t) => secrets.redactTokens(t, quiet),
    decoded: (t) => secrets.decoded(t),
    secret: (t) => String(secrets.looksSecret(t)),
    sql: (t) => sql.redactSql(t),
    visible: escapes.visible,
    ascii: escapes.ascii,
    json: (t) => String(JSON.stringify(JSON.parse(escapes.inertJson(JSON.stringify(t))))),
    markdown: escapes.markdown,
    span: escapes.codeSpan,
    cell: escapes.cellCode,
    block: (t) => escapes.codeBlock([t, t]),
    cut: (t) => wrap.cut(t, 40, "…"),
    within: (t) => sameLength(t, names.within(t)),
    hostName: (t) => sameLength(t, names.hostName(t)),
    report: (t) => pseudonyms.withinReport(names, t),
    fill(t) {
      const bytes = new TextEncoder().encode(`<${t}>`);
      fillKey(bytes, 1, bytes.length - 1);
      expect(bytes[0] === 0x3c && bytes.at(-1) === 0x3e, "wrote beside the key");
      return "";
    },
  };
  const all = Object.keys(ways);

  function sameLength(before, after) {
    expect(before.length === after.length, () => `${before.length} characters became ${after.length}`);
    return after;
  }

  function some(r) {
    let text = "";
    for (let n = 1 + r.small(14); n > 0; n--) text += r.oneIn(6) ? r.text(r.small(8)) : r.pick(PARTS);
    return text;
  }

  const make = (r) => ({ way: r.pick(all), text: some(r) });

  function run({ way, text }) {
    const out = ways[way](text);
    expect(typeof out === "string", () => `${way} gives ${typeof out}`);
  }

  function grow(r, bytes) {
    const { way, text } = make(r);
    const part = r.oneIn(2) ? r.pick(PARTS) : some(r);
    return (n) => ({ way, text: text + part.repeat(Math.ceil((bytes * n) / Math.max(1, part.length))) });
  }

  return { name: "texts", make, run, grow };
}
