// Is `netstat` of Linux read as net-tools, Red Hat and busybox write it, in every language they speak?

import { describe, expect, it } from "vitest";
import { loadServicePort } from "../../src/service-list.ts";
import { netstatLinux } from "../../src/sockets/netstat-linux.ts";
import { ss } from "../../src/sockets/ss.ts";
import { COUNTS, countsOf, ROWS, socketsOf } from "./linux-rows.ts";
import { briefs, ofRows, readFile, readWith } from "./read-with.ts";

const HEADING = "Proto Recv-Q Send-Q Local Address           Foreign Address         State      ";
const of = (...lines: string[]) => readWith(netstatLinux, lines.join("\n"));
const isCut = (text: string): boolean => text.includes("2001:db8");

describe("recordings of netstat", () => {
  const sockets = socketsOf(readFile(ss, "linux-ss-tan.txt").dump);

  it.each([
    ["netstat-an", 2],
    ["netstat-anp", 2],
    ["netstat-antoe", 0],
    ["netstat-antpoe", 0],
    ["netstat-antW", 0],
    ["netstat-at", 0],
    ["busybox-netstat-tan", 0],
  ])("%s shows what ss shows", (name, others) => {
    const { dump, foreign } = readFile(netstatLinux, `linux-${name}.txt`);
    expect(countsOf(dump)).toEqual(COUNTS);
    expect(dump).toMatchObject({ rowCount: ROWS, unreadCount: 0, otherRows: others, system: "linux" });
    expect(dump.hasOwners).toBe(name.includes("p", 8));
    expect(foreign).toEqual([]);
    if (name === "netstat-at") return;
    expect(socketsOf(dump).filter((row) => !isCut(row))).toEqual(sockets.filter((row) => !isCut(row)));
    // Two ends of one connection to a long address; busybox cuts nothing.
    const isWide = name === "netstat-antW" || name === "busybox-netstat-tan";
    expect(ofRows(dump, (row) => row.isCut).filter(Boolean).length).toBe(isWide ? 0 : 2);
    if (isWide) expect(socketsOf(dump)).toEqual(sockets);
  });

  it("reads timers, and owners where there are any", () => {
    const { dump } = readFile(netstatLinux, "linux-netstat-antpoe.txt");
    const timed = ofRows(dump, (row) => (row.expiresIn === null ? "" : row.state)).filter((s) => s !== "");
    expect(timed.sort()).toEqual(["FIN_WAIT_2", "TIME_WAIT"]);
    expect(new Set(ofRows(dump, (row) => row.process))).toEqual(new Set(["python3", null]));
    const owned = ofRows(dump, (row) => row.pid !== null).filter(Boolean).length;
    const { dump: other } = readFile(ss, "linux-ss-tanp.txt");
    expect(owned).toBe(ofRows(other, (row) => row.pid !== null).filter(Boolean).length);
  });
});

describe("lines of netstat", () => {
  it("keeps the port of a cut address", () => {
    const { dump } = of(
      HEADING,
      "tcp6       0      0 2001:db8:1234:567:37166 2001:db8:1234::http-alt ESTABLISHED",
      // Whole: 22 characters and the colon. It could as well be cut.
      "tcp        0      0 shop-7.internal.ex:8280 localhost:synapse-nhttp ESTABLISHED",
    );
    expect(briefs(dump)).toEqual([
      "ESTABLISHED 2001:db8:1234:567:37166 2001:db8:1234:: - - cut",
      "ESTABLISHED shop-7.internal.ex:8280 localhost: - - cut",
    ]);
    const wide = of(HEADING, "tcp6 0 0 2001:db8:1234:5678:9abc::1:8280 2001:db8:1:2::77:40000 ESTABLISHED").dump;
    expect(briefs(wide)).toEqual(["ESTABLISHED 2001:db8:1234:5678:9abc::1:8280 2001:db8:1:2::77:40000 - -"]);
  });

  it("reads localhost:synapse-nhttp as port 8280", () => {
    const session = netstatLinux.open(loadServicePort());
    const ports: unknown[] = [];
    const into = {
      socket: (...args: unknown[]) => {
        ports.push(...args);
        return into;
      },
      queues: () => into,
    };
    session.read("tcp 0 0 localhost:synapse-nhttp localhost:webcache ESTABLISHED", into as never);
    expect(ports).toEqual(["ESTABLISHED", "localhost", 8280, "localhost", 8080]);
  });

  it("reads the wider columns of Red Hat", () => {
    const { dump } = of(
      "Proto Recv-Q Send-Q Local Address               Foreign Address             State      ",
      "tcp        0      0 ::ffff:10.0.0.5:8280        2001:db8:1234:5678:9a:40000 ESTABLISHED 1234/java",
    );
    expect(briefs(dump)).toEqual(["ESTABLISHED 10.0.0.5:8280 2001:db8:1234:5678:9a:40000 1234 java cut"]);
  });

  it("reads programs with blanks, colons and nothing, and every order of columns", () => {
    const { dump } = of(
      HEADING,
      "tcp 0 0 10.0.0.5:80 192.0.2.7:1 CLOSE_WAIT 1234/nginx: worker p",
      "tcp 0 0 10.0.0.5:80 192.0.2.7:2 CLOSE_WAIT 1000 4711 12/a b (c) on (1.20/0/0)",
      "tcp 0 0 10.0.0.5:80 192.0.2.7:3 TIME_WAIT www-data 0 - timewait (32.10/0/0)",
      "tcp 0 0 10.0.0.5:80 192.0.2.7:4 TIME_WAIT - 時間待ち (7.00/0/0)",
      "tcp 0 0 10.0.0.5:80 192.0.2.7:5 ESTABLISHED keepalive (7190.10/0/0)",
      "tcp 0 0 10.0.0.5:80 192.0.2.7:6 ESTABLISHED 77/",
    );
    expect(
      ofRows(dump, (row) => [row.pid, row.process, row.expiresIn === null ? null : Math.round(row.expiresIn * 100)]),
    ).toEqual([
      [1234, "nginx: worker p", null],
      [12, "a b (c)", null],
      [null, null, 3210],
      [null, null, 700],
      [null, null, null],
      [77, null, null],
    ]);
  });

  it.each([
    ["Aktive Internetverbindungen (Server und stehende Verbindungen)", "VERBUNDEN", "ESTABLISHED"],
    ["Connexions Internet actives (serveurs et établies)", "ESTABLISHED", "ESTABLISHED"],
    ["Conexões Internet Ativas (servidores e estabelecidas)", "ESPERANDO_FECHAR", "CLOSE_WAIT"],
    ["Aktivní Internetová spojení (servery a navázaná spojení)", "POSLEDNÍ ACK", "LAST_ACK"],
    ["稼働中のインターネット接続 (サーバと確立)", "TIME_WAIT", "TIME_WAIT"],
  ])("reads %s", (title, word, state) => {
    const { dump, begins } = of(title, `tcp 0 0 10.0.0.5:80 192.0.2.7:1 ${word} 5/java`);
    expect(briefs(dump)).toEqual([`${state} 10.0.0.5:80 192.0.2.7:1 5 java`]);
    expect(begins[0]).toBe(title);
  });

  it.each([
    "Proto Recv-Q Send-Q Adresse locale          Adresse distante        Etat       ",
    "Proto 受信-Q 送信-Q 内部アドレス            外部アドレス            状態       ",
    "Proto Přích-F Odch-F Místní Adresa          Vzdálená Adresa         Stav     ",
    "Proto  VvJrk SaatJrk Kohalik aadress        Väline aadress          Olek       ",
  ])("takes %s for a heading", (heading) => expect(netstatLinux.begins(heading)).toBe("heading"));

  it.each([
    "tcp4       0      0  10.0.0.5.8280          192.0.2.7.40000        ESTABLISHED",
    "tcp        0      0  10.0.0.5.8280          *.*                    LISTEN",
    "tcp6       0      0  ::1.631                *.*                    LISTEN",
    "tcp6       0      0  fe80::1%lo0.http       fe80::2.40000          ESTABLISHED",
    "tcp46      0      0  *.8280                 *.*                    LISTEN",
    "Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)",
    "  TCP    10.0.0.5:8280          192.0.2.7:40000        ESTABLISHED     1234",
    "Proto RefCnt Flags       Type       State         I-Node   Path",
  ])("leaves to others: %s", (line) => {
    expect(netstatLinux.begins(line)).toBeNull();
    expect(of(HEADING, line).dump.rowCount).toBe(0);
  });

  it("counts what it cannot read", () => {
    const { dump, begins } = of(
      HEADING,
      "tcp 0 0 10.0.0.5:80 192.0.2.7:1 ETABLIE",
      "tcp 0 0 10.0.0.5:99999 192.0.2.7:1 LISTEN",
      "tcp 0 0 10.0.0.5:80 192.0.2.7:1",
    );
    expect(dump).toMatchObject({ rowCount: 0, unreadCount: 3 });
    expect(begins).toEqual([HEADING]);
  });
});
