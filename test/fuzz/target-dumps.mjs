// Is a socket dump read alike however its bytes come in, and does any text break a reader or what is said of it?

import { expect, expectSame } from "./judge.mjs";
import { spoiltText } from "./seeds.mjs";
import { joined } from "./writer.mjs";

/** So many inputs go the whole way, to findings and texts: that costs more than reading. */
const WHOLE_WAY = 12;
/** Rows that one table takes before it is a new one: making one costs more than a small dump. */
const MAX_ROWS = 10_000;
const LINES = [
  "Active Internet connections (servers and established)",
  "Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name",
  "tcp        0      0 192.0.2.1:8280          192.0.2.2:40001         CLOSE_WAIT  77/java",
  "tcp6       1      0 ::1:9000                :::*                    LISTEN      -",
  "State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process",
  'CLOSE-WAIT 1      0      192.0.2.1%eth0:8280 [2001:db8::2]:443 users:(("java",pid=7,fd=9)) timer:(keepalive,1min2sec,0)',
  "  TCP    192.0.2.1:135          192.0.2.7:0              ABHÖREN          912",
  "COMMAND  PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME",
  "java    77 app   12u  IPv4  12345      0t0  TCP 192.0.2.1:8280->192.0.2.2:40001 (CLOSE_WAIT)",
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
  "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0",
  "LocalAddress                        LocalPort RemoteAddress                       RemotePort State       AppliedSetting OwningProcess",
  '"LocalAddress","LocalPort","RemoteAddress","RemotePort","State","OwningProcess"',
  '"192.0.2.1","8280","192.0.2.2","443","CloseWait","7"',
  '[{"LocalAddress":"192.0.2.1","LocalPort":8280,"State":8,"OwningProcess":7},',
  "LocalPort : 8280",
  "p77",
  "cjava",
  "n192.0.2.1:8280->192.0.2.2:40001",
  "TST=CLOSE_WAIT",
  "Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)    rhiwat shiwat pid epid",
  "tcp4       0      0  192.0.2.1.8280         192.0.2.2.40001        CLOSE_WAIT 131072 131072 77 0",
  "tcp46      0      0  *.8080                 *.*                    LISTEN",
  "tcp6       0      0  2001:db8::1.443        2001:db8::2.50000      TIME_WAIT",
  "TCP:   123 (estab 5, closed 100, orphaned 0, timewait 90)",
  "Total: 200",
  "f12",
  "PTCP",
  "tIPv4",
  " [java.exe]",
  "  Aktive Verbindungen",
  "CLOSE_WAIT",
  "2026-03-01T12:00:00Z",
  "Sun Mar  1 12:00:00 UTC 2026",
  "$ ss -tanp",
  "```",
  "",
];

export async function dumpTarget(dist, seeds) {
  const { DumpFile } = await import(`${dist}/src/sockets/read-dumps.js`);
  const { SocketColumns } = await import(`${dist}/src/sockets/socket-columns.js`);
  const { loadServicePort } = await import(`${dist}/src/service-list.js`);
  const { readSockets } = await import(`${dist}/src/read-sockets.js`);
  const { renderSocketsText } = await import(`${dist}/src/report/sockets-text.js`);
  const { renderSocketsMarkdown } = await import(`${dist}/src/report/sockets-markdown.js`);
  let columns = new SocketColumns(null);
  const servicePort = loadServicePort();
  const texts = seeds.dumps.map((b) => (isWide(b) ? wide(b) : new TextDecoder().decode(b)));

  function make(r) {
    const made = () => Array.from({ length: 1 + r.small(12) }, () => r.pick(LINES)).join("\n");
    let bytes = spoiltText(r, texts.length > 0 && r.oneIn(2) ? pieceOf(r, r.pick(texts)) : made(), made);
    if (r.oneIn(12)) bytes = utf16(r, bytes);
    const sizes = r.oneIn(4) ? [1] : [1 + r.small(60), 1 + r.small(200)];
    return { bytes, sizes, isWhole: r.oneIn(WHOLE_WAY), level: r.pick(["default", "strict", "none"]) };
  }

  /** Its head and some of its rows: all of it, seldom. */
  function pieceOf(r, text) {
    if (r.oneIn(20)) return text;
    const lines = text.split("\n");
    const from = r.int(lines.length);
    return [...lines.slice(0, 3), ...lines.slice(from, from + r.small(12))].join("\n");
  }

  function read(bytes, sizes) {
    if (columns.count > MAX_ROWS) columns = new SocketColumns(null);
    const file = new DumpFile({ source: "dump 1", columns, servicePort });
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const n = sizes.length === 0 ? bytes.length : sizes[turn % sizes.length];
      // A view of a buffer that is used again.
      const piece = joined([Uint8Array.of(0x31), bytes.subarray(at, at + n), Uint8Array.of(0x0a)]).subarray(
        1,
        1 + Math.min(n, bytes.length - at),
      );
      file.feed(piece);
      piece.fill(0x7f);
      at += n;
    }
    const { dumps, otherLines, leftOut } = file.end();
    const shown = dumps.map((d) => {
      const rows = Array.from(d.rows(), (x) => {
        const { line, local, remote, state, recvQ, sendQ, pid, process: name, isCut, expiresIn } = x;
        return [
          line,
          local.address,
          local.port,
          remote.address,
          remote.port,
          state,
          recvQ,
          sendQ,
          pid,
          name,
          isCut,
          expiresIn,
        ];
      });
      expect(rows.length === d.rowCount - d.notKept, () => `${rows.length} rows of ${d.rowCount}`);
      return [
        d.format,
        d.source,
        d.takenAt,
        d.firstLine,
        d.lastLine,
        d.rowCount,
        [...d.counts],
        d.otherRows,
        d.unreadCount,
        d.unread,
        rows,
      ];
    });
    return JSON.stringify([shown, otherLines, leftOut]);
  }

  function run({ bytes, sizes, isWhole, level }) {
    expectSame(read(bytes, []), read(bytes, sizes), "fed in pieces");
    if (isWhole) return wholeWay(bytes, level);
  }

  async function wholeWay(bytes, redact) {
    const said = await readSockets([bytes, bytes], { redact, redactKey: "k" });
    JSON.stringify([...said.dumps]);
    const series = said.series();
    if (series.length === 0) return;
    const report = { version: "0", series, remarks: said.remarks, redaction: said.redaction };
    renderSocketsText(report, { unicode: true, width: 80 });
    renderSocketsMarkdown(report);
  }

  function grow(r, bytes) {
    const { bytes: some } = make(r);
    const lines = new TextDecoder().decode(some).split("\n");
    const from = r.int(lines.length);
    // Lines over and over, or one line that is long.
    const part = r.oneIn(3) ? (lines[from] ?? "x") : `${lines.slice(from, from + 1 + r.small(5)).join("\n")}\n`;
    const head = `${lines.slice(0, from).join("\n")}\n`;
    const encoder = new TextEncoder();
    return (n) => ({
      bytes: encoder.encode(head + part.repeat(Math.ceil((bytes * n) / (part.length + 1)))),
      sizes: [1448],
      isWhole: false,
      level: "none",
    });
  }

  return { name: "dumps", make, run, grow };
}

const isWide = (b) => (b[0] === 0xff && b[1] === 0xfe) || (b[0] === 0xfe && b[1] === 0xff);
const wide = (b) => new TextDecoder(b[0] === 0xff ? "utf-16le" : "utf-16be").decode(b);

function utf16(r, bytes) {
  const text = new TextDecoder().decode(bytes);
  const little = r.oneIn(2);
  const out = [little ? [0xff, 0xfe] : [0xfe, 0xff]];
  if (r.oneIn(4)) out.pop();
  for (const unit of text.split("").map((c) => c.charCodeAt(0)))
    out.push(little ? [unit & 255, unit >> 8] : [unit >> 8, unit & 255]);
  return Uint8Array.from(out.flat());
}
