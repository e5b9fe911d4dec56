// Is Get-NetTCPConnection read in all the forms that PowerShell writes it in? Expected rows were read off the dumps by eye.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DumpReader } from "../../src/sockets/dump-format.ts";
import { netstatWindows } from "../../src/sockets/netstat-windows.ts";
import { powershellCsv } from "../../src/sockets/powershell-csv.ts";
import { powershellJson } from "../../src/sockets/powershell-json.ts";
import { powershellList } from "../../src/sockets/powershell-list.ts";
import { powershellTable } from "../../src/sockets/powershell-table.ts";
import { briefs, dumpFile, ofRows, readFile, readTogether, readWith } from "./read-with.ts";

const FORMS: readonly DumpReader[] = [powershellTable, powershellList, powershellCsv, powershellJson];

const TABLE = [
  "BOUND *:50600 *: 5012 -",
  "LISTEN *:135 *: 968 -",
  "ESTABLISHED 2001:db8:4380:14b7:e9ed:2362:72a:50600 2001:db8:4009:816::2005:443 5012 - cut",
  "BOUND *:50211 *: 4120 -",
  "BOUND *:50100 *: 6188 -",
  "ESTABLISHED 10.20.0.15:50211 10.20.0.40:1521 4120 -",
  "TIME_WAIT 10.20.0.15:50212 10.20.0.40:1521 - -",
  "CLOSE_WAIT 10.20.0.15:50300 192.0.2.80:443 5012 -",
  "FIN_WAIT_2 10.20.0.15:50301 192.0.2.80:443 5012 -",
  "LISTEN *:135 *: 968 -",
];

describe("the table", () => {
  it.each(["windows-tcpconnection-table.txt", "windows-tcpconnection-utf16.txt"])("is read: %s", (name) => {
    const { dump, foreign } = readFile(powershellTable, name);
    expect(briefs(dump)).toEqual(TABLE);
    expect(dump).toMatchObject({ unreadCount: 0, system: "windows", hasOwners: true });
    expect(foreign).toEqual(["PS C:\\> Get-NetTCPConnection", "PS C:\\>"]);
  });

  it("may have other columns in another order, numbers to the right, and names of two words", () => {
    expect(briefs(readFile(powershellTable, "windows-tcpconnection-select.txt").dump)).toEqual([
      "CLOSE_WAIT :50300 192.0.2.80:443 5012 java",
      "ESTABLISHED :50211 10.20.0.40:1521 14120 My App",
      "LISTEN :135 *: 968 svchost",
    ]);
  });

  it("is read where blanks were collapsed, and where the heading was cut off", () => {
    const text = new TextDecoder().decode(dumpFile("windows-tcpconnection-table.txt"));
    expect(briefs(readWith(powershellTable, text.replaceAll(/ {2,}/g, " ")).dump)).toEqual(TABLE);
    const rows = text.split("\n").filter((line) => /^[\d:]/.test(line));
    const { dump, begins } = readWith(powershellTable, rows.join("\n"));
    expect(briefs(dump)).toEqual(TABLE);
    expect(begins).toHaveLength(10);
  });

  it("may have columns whose headings are cut", () => {
    const text = [
      "LocalAd... LocalPort RemoteAd... RemoteP... State",
      "---------- --------- ----------- ---------- -----",
      "10.20.0.15 50300     192.0.2.80  443        CloseWait",
      "2001:db... 50301     2001:db8... 443        TimeWait",
    ].join("\n");
    expect(briefs(readWith(powershellTable, text).dump)).toEqual([
      "CLOSE_WAIT 10.20.0.15:50300 192.0.2.80:443 - -",
      "TIME_WAIT 2001:db:50301 2001:db8:443 - - cut",
    ]);
    expect(briefs(readWith(powershellTable, text.replaceAll("...", "…  ")).dump)).toHaveLength(2);
  });

  it("of UDP endpoints is none of ours, nor is a date a row", () => {
    expect(powershellTable.begins("LocalAddress                             LocalPort")).toBeNull();
    expect(powershellTable.begins("LocalAddress LocalPort State")).toBe("heading");
    const { foreign, dump } = readWith(
      powershellTable,
      "LocalAddress LocalPort State\n21.11.2026 13:39:08\n2026-11-21 13:39:08\n",
    );
    expect(foreign).toHaveLength(2);
    expect(dump.unreadCount).toBe(0);
  });

  it("counts a row that it cannot read", () => {
    const text =
      "LocalAddress LocalPort RemoteAddress RemotePort State\n10.0.0.1 50000 10.0.0.2 443 Nonsense\n10.0.0.1 x 10.0.0.2 443 Listen\n";
    expect(readWith(powershellTable, text).dump).toMatchObject({ rowCount: 0, unreadCount: 2 });
  });

  it("shows the sockets that are bound and never connected, which netstat hides", () => {
    const { dump } = readFile(powershellTable, "windows-bound-leak-tcpconnection.txt.gz");
    // Counted with awk: 30,005 rows in Bound, 30,000 of them of PID 5012, on 15,000 ports.
    expect(Object.fromEntries(dump.counts)).toEqual({ BOUND: 30_005, LISTEN: 4, ESTABLISHED: 5 });
    const ports = ofRows(dump, (row) => (row.state === "BOUND" && row.pid === 5012 ? row.local.port : null));
    const held = ports.filter((port) => port !== null);
    expect(held).toHaveLength(30_000);
    expect(new Set(held).size).toBe(15_000);
    expect([Math.min(...held), Math.max(...held)]).toEqual([49_700, 64_699]);
    const netstat = readFile(netstatWindows, "windows-bound-leak-netstat.txt").dump;
    expect(Object.fromEntries(netstat.counts)).toEqual({ LISTEN: 4, ESTABLISHED: 5 });
  });
});

describe("the list", () => {
  it("is read", () => {
    const { dump, foreign } = readFile(powershellList, "windows-tcpconnection-list.txt");
    expect(briefs(dump)).toEqual([
      "LISTEN *:135 *: 968 -",
      "CLOSE_WAIT 10.20.0.15:50300 192.0.2.80:443 5012 -",
      "BOUND *:50100 *: 6188 -",
    ]);
    expect(ofRows(dump, (row) => row.line)).toEqual([3, 13, 23]);
    expect(foreign).toEqual([]);
  });

  it("may have every property of a CIM object", () => {
    expect(briefs(readFile(powershellList, "windows-tcpconnection-list-full.txt").dump)).toEqual([
      "LISTEN 127.0.0.1:8080 *: 4816 -",
      "TIME_WAIT 10.20.0.15:50212 10.20.0.40:1521 - -",
    ]);
  });

  it("parts records by a property that comes again, and counts what is none", () => {
    const text = [
      "LocalAddress : 10.0.0.1",
      "LocalPort : 1",
      "State : Listen",
      "LocalAddress : 10.0.0.1",
      "LocalPort : 70000",
      "State : Listen",
      "",
      "LocalAddress : 10.0.0.1",
      "LocalPort : 53",
      "OwningProcess : 7",
    ].join("\n");
    const { dump } = readWith(powershellList, text);
    expect(briefs(dump)).toEqual(["LISTEN 10.0.0.1:1 : - -"]);
    expect(dump).toMatchObject({ unreadCount: 1, otherRows: 1 });
    expect(dump.unread[0]!.line).toBe(4);
  });
});

describe("CSV", () => {
  it("is read in any order, with #TYPE", () => {
    const { dump, begins } = readFile(powershellCsv, "windows-tcpconnection.csv");
    expect(briefs(dump)).toEqual([
      "LISTEN *:135 *: 968 -",
      "CLOSE_WAIT 10.20.0.15:50300 192.0.2.80:443 5012 -",
      "BOUND *:50100 *: 6188 -",
      "TIME_WAIT 10.20.0.15:50212 10.20.0.40:1521 - -",
    ]);
    expect(begins).toHaveLength(2);
  });

  it("is read with semicolons, doubled quotes and states as numbers", () => {
    expect(briefs(readFile(powershellCsv, "windows-tcpconnection-culture.csv").dump)).toEqual([
      "CLOSE_WAIT 10.20.0.15:50300 192.0.2.80:443 5012 java",
      'BOUND *:50100 *: 6188 a "b";c',
      "LISTEN *:135 *: 968 svchost",
    ]);
  });

  it("is read without quotes, and what is no row of it is not", () => {
    const text = 'LocalAddress,LocalPort,State\n10.0.0.1,80,Listen\n10.0.0.1,80\n"10.0.0.1","80\n10.0.0.1,80,Nothing\n';
    const { dump, foreign } = readWith(powershellCsv, text);
    expect(briefs(dump)).toEqual(["LISTEN 10.0.0.1:80 : - -"]);
    expect(dump.unreadCount).toBe(2);
    expect(foreign).toEqual(["10.0.0.1,80"]);
  });

  it("begins with our properties only", () => {
    expect(powershellCsv.begins('"LocalAddress","LocalPort","OwningProcess"')).toBeNull();
    expect(powershellCsv.begins("#TYPE System.Diagnostics.Process")).toBeNull();
    expect(powershellCsv.begins("LocalAddress LocalPort State, and so on")).toBeNull();
  });
});

describe("JSON", () => {
  const rows = [
    "LISTEN *:135 *: 968 -",
    "CLOSE_WAIT 10.20.0.15:50300 192.0.2.80:443 5012 java & {friends}",
    "BOUND *:50100 *: 6188 -",
  ];
  const pretty = new TextDecoder().decode(dumpFile("windows-tcpconnection-json.txt"));
  const objects = JSON.parse(pretty) as Record<string, unknown>[];

  it("is read over lines, and in one", () => {
    const { dump, foreign } = readWith(powershellJson, pretty);
    expect(briefs(dump)).toEqual(rows);
    expect(foreign).toEqual([]);
    expect(ofRows(dump, (row) => row.line)).toEqual([2, 28, 38]);
    for (const text of [
      JSON.stringify(objects),
      JSON.stringify({ value: objects, Count: 3 }, null, 4),
      objects.map((o) => JSON.stringify(o)).join("\r\n"),
      `\ufeff${JSON.stringify(objects, null, 2)}`,
    ]) {
      expect(briefs(readWith(powershellJson, text).dump)).toEqual(rows);
    }
  });

  it("is read with words for states, and as a single object", () => {
    const one = {
      LocalAddress: "10.0.0.1",
      LocalPort: 1,
      RemoteAddress: "10.0.0.2",
      RemotePort: 2,
      State: "LastAck",
      OwningProcess: 7,
    };
    expect(briefs(readWith(powershellJson, JSON.stringify(one)).dump)).toEqual(["LAST_ACK 10.0.0.1:1 10.0.0.2:2 7 -"]);
  });

  // MSFT_NetTCPConnection, property State (Microsoft Learn).
  it.each([
    [1, "CLOSED"],
    [2, "LISTEN"],
    [3, "SYN_SENT"],
    [4, "SYN_RECEIVED"],
    [5, "ESTABLISHED"],
    [6, "FIN_WAIT_1"],
    [7, "FIN_WAIT_2"],
    [8, "CLOSE_WAIT"],
    [9, "CLOSING"],
    [10, "LAST_ACK"],
    [11, "TIME_WAIT"],
    [12, "CLOSED"],
    [100, "BOUND"],
  ])("State %i is %s", (number, state) => {
    const text = JSON.stringify({ LocalPort: 1, RemotePort: 2, State: number });
    expect(ofRows(readWith(powershellJson, text).dump, (row) => row.state)).toEqual([state]);
  });

  it("arrives in pieces of a line of megabytes", () => {
    const many = Array.from({ length: 20_000 }, (_, n) => ({ ...objects[1], LocalPort: 40_000 + (n % 20_000) }));
    const text = JSON.stringify(many);
    expect(text.length).toBeGreaterThan(40 * 65_536);
    const start = performance.now();
    const { dump, foreign } = readWith(powershellJson, text);
    expect(performance.now() - start).toBeLessThan(3000);
    expect(dump).toMatchObject({ rowCount: 20_000, unreadCount: 0 });
    expect(new Set(ofRows(dump, (row) => row.local.port)).size).toBe(20_000);
    expect(foreign).toEqual([]);
  });

  it("begins with our properties, or with a bracket alone", () => {
    expect(powershellJson.begins('{"a":1}')).toBeNull();
    expect(powershellJson.begins('  "LocalPort":  135,')).toBeNull();
    expect(powershellJson.begins("[java.exe]")).toBeNull();
    expect(powershellJson.begins("[")).toBe("row");
    expect(powershellJson.begins('[{"LocalPort":135}]')).toBe("row");
  });

  it("of another program gives nothing, and ends where it ends", () => {
    const { dump, foreign } = readWith(
      powershellJson,
      '{\n  "name": "x",\n  "list": [1, 2, {"a": true}]\n}\nState Recv-Q\n',
    );
    expect(dump).toMatchObject({ rowCount: 0, unreadCount: 0, otherRows: 0 });
    expect(foreign).toEqual(["State Recv-Q"]);
    expect(readWith(powershellJson, "{\nint main(void)\n").foreign).toEqual(["int main(void)"]);
  });

  it("that was cut off says so, and does not swallow what follows", () => {
    const cut = pretty.slice(0, pretty.lastIndexOf('"RemotePort"'));
    expect(readWith(powershellJson, cut).dump).toMatchObject({ rowCount: 2, unreadCount: 1 });
    const { dump, foreign } = readWith(powershellJson, `${cut}\nPS C:\\> netstat -ano\n`);
    expect(dump).toMatchObject({ rowCount: 2, unreadCount: 1 });
    expect(foreign).toEqual(["PS C:\\> netstat -ano"]);
  });

  it("counts an object that it cannot read", () => {
    const text = '[{"LocalPort":1,"State":77},{"LocalPort":"x","State":2},{"LocalPort":2,"State":2}]';
    expect(readWith(powershellJson, text).dump).toMatchObject({ rowCount: 1, unreadCount: 2 });
  });
});

describe("every form", () => {
  it("is known among all others, and one dump ends where another begins", () => {
    const files: [string, string][] = [
      ["windows-tcpconnection-table.txt", "powershell-table 10+0?0"],
      ["windows-netstat-anob.txt", "netstat-windows 6+1?0"],
      ["windows-tcpconnection-list.txt", "powershell-list 3+0?0"],
      ["windows-tcpconnection-select.txt", "powershell-table 3+0?0"],
      ["macos-netstat-an.txt", "netstat-bsd 8+9?0"],
      ["windows-tcpconnection-json.txt", "powershell-json 3+0?0"],
      ["windows-tcpconnection-json.txt", "powershell-json 3+0?0"],
      ["windows-tcpconnection.csv", "powershell-csv 4+0?0"],
      ["windows-tcpconnection-culture.csv", "powershell-csv 3+0?0"],
      ["freebsd-netstat-lan.txt", "netstat-bsd 3+1?0"],
      ["windows-netstat-ano-de.txt", "netstat-windows 11+1?0"],
      ["windows-netstat-anoq.txt", "netstat-windows 8+0?0"],
      ["windows-tcpconnection-list-full.txt", "powershell-list 2+0?0"],
    ];
    const { dumps, otherLines } = readTogether(...files.map(([name]) => dumpFile(name)));
    expect(dumps).toEqual(files.map(([, dump]) => dump));
    // The two prompts of the table, and three properties before the first that tells whose list it is.
    expect(otherLines).toBe(5);
  });

  it("never throws, whatever it reads", () => {
    const word = fc.constantFrom(
      "LocalAddress",
      "LocalPort",
      "State",
      "RemoteAddress",
      " : ",
      "----",
      '"',
      ",",
      ";",
      "{",
      "}",
      "[",
      "]",
      ":",
      "::",
      "0",
      "Listen",
      "...",
      "…",
      '"LocalPort"',
      "\\",
      "null",
      "  ",
    );
    const line = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(word).map((words) => words.join("")),
      fc.array(word).map((w) => w.join(" ")),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        for (const reader of FORMS) readWith(reader, lines.join("\n"));
      }),
    );
  });

  it("takes a line of 65,536 characters at once", () => {
    const heads = [
      "",
      "LocalAddress LocalPort State\n",
      "LocalAddress,LocalPort,State\n",
      '[{"LocalPort":1,"State":2},\n',
    ];
    for (const unit of [" ", "-", "- ", '"', '",', ",", "{", "[", "\\", '\\"', ": ", "Loc", "a ", "1", "…", ". "]) {
      const line = unit.repeat(Math.ceil(65_536 / unit.length)).slice(0, 65_536);
      for (const reader of FORMS) {
        for (const head of heads) {
          const start = performance.now();
          readWith(reader, `${head}${line}\n`);
          expect(performance.now() - start).toBeLessThan(500);
        }
      }
    }
  });
});
