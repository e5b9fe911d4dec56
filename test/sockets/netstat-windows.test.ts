// Is `netstat` of Windows read as it is written, in the languages and code pages it is written in? Expected rows were read off the
// dumps by eye.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { netstatWindows } from "../../src/sockets/netstat-windows.ts";
import { windowsStateOf } from "../../src/sockets/windows-state-words.ts";
import { briefs, ofRows, readFile, readWith } from "./read-with.ts";

const read = (name: string) => readFile(netstatWindows, `windows-netstat-${name}.txt`);

describe("netstat of Windows", () => {
  it("reads -ano", () => {
    const { dump, foreign } = read("ano-en");
    expect(briefs(dump)).toEqual([
      "LISTEN *:135 *: 968 -",
      "LISTEN *:445 *: 4 -",
      "ESTABLISHED 10.20.0.15:50211 10.20.0.40:1521 4120 -",
      "TIME_WAIT 10.20.0.15:50212 10.20.0.40:1521 - -",
      "TIME_WAIT 10.20.0.15:50213 10.20.0.40:1521 - -",
      "CLOSE_WAIT 10.20.0.15:50300 192.0.2.80:443 4120 -",
      "SYN_SENT 10.20.0.15:50301 192.0.2.80:443 4120 -",
      "FIN_WAIT_2 10.20.0.15:50302 192.0.2.80:443 4120 -",
      "LISTEN *:135 *: 968 -",
      "LISTEN ::1:49670 *: 712 -",
      "LAST_ACK 2001:db8::15:50400 2001:db8::80:443 4120 -",
    ]);
    expect(dump).toMatchObject({ otherRows: 2, unreadCount: 0, hasOwners: true, system: "windows" });
    expect(foreign).toEqual(["C:\\Windows\\system32>netstat -ano"]);
    expect(ofRows(dump, (row) => row.recvQ).every((recvQ) => recvQ === null)).toBe(true);
  });

  it.each(["ano-de", "ano-de-cp850"])("reads German words: %s", (name) => {
    const { dump, begins } = read(name);
    expect(Object.fromEntries(dump.counts)).toEqual({
      LISTEN: 3,
      ESTABLISHED: 2,
      TIME_WAIT: 1,
      CLOSE_WAIT: 3,
      FIN_WAIT_2: 1,
      SYN_SENT: 1,
    });
    expect(dump).toMatchObject({ otherRows: 1, unreadCount: 0 });
    // The title, the headings, and every row.
    expect(begins.length).toBe(2 + 12);
  });

  it("gives a row the program that -b names below it", () => {
    const { dump, foreign } = read("anob");
    expect(briefs(dump)).toEqual([
      "LISTEN *:135 *: 968 svchost.exe",
      "LISTEN *:445 *: 4 -",
      "LISTEN *:8443 *: 5012 java.exe",
      "CLOSE_WAIT 10.20.0.15:50300 192.0.2.80:443 5012 java.exe",
      "TIME_WAIT 10.20.0.15:50301 192.0.2.80:443 - -",
      "ESTABLISHED 10.20.0.15:50302 192.0.2.80:443 5012 java.exe",
    ]);
    expect(dump).toMatchObject({ otherRows: 1, unreadCount: 0 });
    expect(foreign).toEqual([]);
  });

  it("reads -b in a language it does not know", () => {
    const text = [
      "  TCP    0.0.0.0:445            0.0.0.0:0              ABHÖREN         4",
      " Es konnten keine Besitzerinformationen abgerufen werden.",
      "  TCP    10.0.0.1:50000         10.0.0.2:443           HERGESTELLT     77",
      " [java.exe]",
      "Fertig.",
    ].join("\r\n");
    const { dump, foreign } = readWith(netstatWindows, text);
    expect(briefs(dump)).toEqual(["LISTEN *:445 *: 4 -", "ESTABLISHED 10.0.0.1:50000 10.0.0.2:443 77 java.exe"]);
    expect(foreign).toEqual(["Fertig."]);
  });

  it("reads the bound ports of -q", () => {
    const { dump } = read("anoq");
    expect(Object.fromEntries(dump.counts)).toEqual({ LISTEN: 2, ESTABLISHED: 1, BOUND: 5 });
    const leaked = ofRows(dump, (row) => (row.pid === 6188 ? row.local.port : null)).filter((port) => port !== null);
    expect(leaked).toEqual([50100, 50101, 50102, 50100]);
  });

  it("reads -t, where the offload state stands behind the state", () => {
    expect(briefs(read("ant").dump)).toEqual([
      "LISTEN *:80 *: - -",
      "ESTABLISHED 10.20.0.15:50211 10.20.0.40:1521 - -",
      "TIME_WAIT 10.20.0.15:50212 10.20.0.40:1521 - -",
    ]);
    const both = "  TCP    10.0.0.1:50000         10.0.0.2:443           CLOSE_WAIT      77\tInHost      ";
    expect(briefs(readWith(netstatWindows, both).dump)).toEqual(["CLOSE_WAIT 10.0.0.1:50000 10.0.0.2:443 77 -"]);
  });

  it("counts the endpoints of -x as none of TCP", () => {
    const text = "  Kernel      8 Listener       [fe80::1%8]:445        NA                     0\n";
    expect(readWith(netstatWindows, text).dump).toMatchObject({ rowCount: 0, otherRows: 1, unreadCount: 0 });
  });

  it("keeps the names of -f", () => {
    expect(briefs(read("f").dump)).toEqual([
      "ESTABLISHED 10.20.0.15:50211 db7.example.com:1521 - -",
      "CLOSE_WAIT 10.20.0.15:50212 storage-7.a-long-name.example.net:443 - -",
    ]);
  });

  it("sees no peer in the host's own name and port 0, as -a without -n prints it", () => {
    const text =
      "  TCP    0.0.0.0:135            PC-7:0                 ABHÖREN\n  TCP    127.0.0.1:5354         PC-7:64607             WARTEND\n";
    expect(briefs(readWith(netstatWindows, text).dump)).toEqual([
      "LISTEN *:135 *: - -",
      "TIME_WAIT 127.0.0.1:5354 PC-7:64607 - -",
    ]);
  });

  it("takes an unknown word without a peer for LISTEN, a second one for BOUND, and one with a peer for nothing", () => {
    const text = [
      "  Prot   Oma osoite             Vieras osoite          Tila            PID",
      "  TCP    0.0.0.0:135            0.0.0.0:0              ON KUULOLLA     968",
      "  TCP    [::]:445               [::]:0                 ON KUULOLLA     4",
      "  TCP    10.0.0.1:50001         10.0.0.2:443           KIINNI          77",
      "  TCP    0.0.0.0:50002          0.0.0.0:0              VARATTU         77",
    ].join("\n");
    const { dump, begins } = readWith(netstatWindows, text);
    expect(briefs(dump)).toEqual(["LISTEN *:135 *: 968 -", "LISTEN *:445 *: 4 -", "BOUND *:50002 *: 77 -"]);
    expect(dump.unread.map(({ line }) => line)).toEqual([4]);
    expect(begins[0]).toContain("Oma osoite");
  });

  it("tells a heading by its shape, and Linux from Windows", () => {
    const begins = (line: string) => netstatWindows.begins(line);
    expect(begins("  Proto  Lokale Adresse         Remoteadresse          Status           PID")).toBe("heading");
    expect(begins("  协议  本地地址          外部地址        状态           PID")).toBe("heading");
    expect(begins("  Proto  Adresse locale         Adresse distante       �tat")).toBe("heading");
    expect(begins("Proto Recv-Q Send-Q Local Address           Foreign Address         State")).toBeNull();
    expect(
      begins("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"),
    ).toBeNull();
    expect(begins("tcp        0      0 10.0.0.1:22             10.0.0.2:51000          ESTABLISHED")).toBeNull();
    expect(begins("  Name    Type    Size    Date")).toBeNull();
    expect(begins("TCP connections are counted")).toBeNull();
    expect(begins("  TCP    10.0.0.1:22            10.0.0.2:51000         ESTABLISHED")).toBe("row");
  });

  it("counts a row that it cannot read", () => {
    const text = "  TCP    10.0.0.1:99999         10.0.0.2:443           CLOSE_WAIT      77\n  TCP    10.0.0.1";
    expect(readWith(netstatWindows, text).dump).toMatchObject({ rowCount: 0, unreadCount: 2 });
  });

  it("knows the words of Microsoft's page, and damaged umlauts", () => {
    // Microsoft Learn, "netstat", "The possible values for State".
    expect(windowsStateOf("SYN_SEND")).toBe("SYN_SENT");
    expect(windowsStateOf("TIMED_WAIT")).toBe("TIME_WAIT");
    for (const word of [
      "ABHÖREN",
      "ABH\ufffdREN",
      "ABH\ufffd\ufffdREN",
      "ABH™REN",
      "ABHÃ–REN",
      "ABHOEREN",
      "Abhören",
    ]) {
      expect(windowsStateOf(word)).toBe("LISTEN");
    }
    expect(windowsStateOf("ABHREN")).toBeNull();
  });

  it("never throws, whatever it reads", () => {
    const word = fc.constantFrom(
      "TCP",
      "UDP",
      " ",
      "  ",
      "0.0.0.0:0",
      "[::1%12]:80",
      "LISTENING",
      "[a.exe]",
      "12",
      "\t",
      "x",
    );
    const line = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(word).map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        readWith(netstatWindows, lines.join("\n"));
      }),
    );
  });

  it("takes a line of 65,536 characters at once", () => {
    for (const unit of [" ", "  TCP ", "T", ":", "[", "[]", " x", "\t ", "0.", "Ö", "0:"]) {
      const line = unit.repeat(Math.ceil(65_536 / unit.length)).slice(0, 65_536);
      const start = performance.now();
      readWith(netstatWindows, `${line}\n  TCP ${line}\n`);
      expect(performance.now() - start).toBeLessThan(500);
    }
  });
});
