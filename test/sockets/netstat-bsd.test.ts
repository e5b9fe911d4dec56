// Is `netstat` of macOS and FreeBSD read as it is written? Expected rows were read off the dumps by eye.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { netstatBsd } from "../../src/sockets/netstat-bsd.ts";
import { briefs, ofRows, readFile, readWith } from "./read-with.ts";

describe("netstat of macOS and FreeBSD", () => {
  it("reads -an of macOS, with the sections that are not of TCP", () => {
    const { dump, foreign } = readFile(netstatBsd, "macos-netstat-an.txt");
    expect(briefs(dump)).toEqual([
      "ESTABLISHED 10.0.0.5:51820 192.0.2.80:443 - -",
      "CLOSE_WAIT 10.0.0.5:51821 192.0.2.80:443 - -",
      // Sixteen characters of an address: cut, or whole by chance.
      "FIN_WAIT_1 2001:db8:85a3::1:51822 2001:db8:85a3:8d:443 - - cut",
      "ESTABLISHED ::1:8280 ::1:51830 - -",
      "TIME_WAIT 127.0.0.1:51831 127.0.0.1:8280 - -",
      "LISTEN *:8280 *: - -",
      "LISTEN fe80::1:3000 *: - -",
      "CLOSED *: *: - -",
    ]);
    // Three rows of UDP and ICMP, two of UNIX domain sockets, two modules, two kernel sockets.
    expect(dump).toMatchObject({ otherRows: 9, unreadCount: 0, system: "macos", hasOwners: false });
    expect(foreign).toEqual([]);
    const rows = ofRows(dump, (row) => [row.recvQ, row.sendQ]);
    expect(rows[1]).toEqual([31, 0]);
    expect(rows[2]).toEqual([0, 517]);
    // Bytes of a socket that only listens: not how many wait to be accepted.
    expect(rows[5]).toEqual([null, null]);
  });

  it("reads -anv of newer macOS, where a process's name may hold blanks", () => {
    const { dump } = readFile(netstatBsd, "macos-netstat-anv.txt");
    expect(briefs(dump)).toEqual([
      "LISTEN 127.0.0.1:4242 *: 2415 bun",
      "ESTABLISHED 127.0.0.1:4242 127.0.0.1:55910 2415 bun",
      "CLOSE_WAIT 10.0.0.5:55910 192.0.2.80:443 56664 Example App (He)",
      "TIME_WAIT 10.0.0.5:55911 192.0.2.80:443 - -",
    ]);
    expect(dump).toMatchObject({ otherRows: 1, unreadCount: 0, system: "macos", hasOwners: true });
  });

  it("reads -anv of older macOS, which has no names", () => {
    const { dump } = readFile(netstatBsd, "macos-netstat-anv-old.txt");
    expect(briefs(dump)).toEqual([
      "LISTEN *:80 *: 92386 -",
      "CLOSE_WAIT 10.0.0.5:55910 192.0.2.80:443 412 -",
      "TIME_WAIT 10.0.0.5:55911 192.0.2.80:443 - -",
    ]);
    expect(dump.system).toBe("macos");
  });

  it("reads FreeBSD", () => {
    const { dump } = readFile(netstatBsd, "freebsd-netstat-anp-tcp.txt");
    expect(dump.system).toBe("freebsd");
    expect(Object.fromEntries(dump.counts)).toEqual({
      ESTABLISHED: 1,
      CLOSE_WAIT: 2,
      LISTEN: 3,
      SYN_RECEIVED: 1,
      LAST_ACK: 1,
    });
    expect(briefs(dump)[1]).toBe("CLOSE_WAIT 10.0.0.5:14220 192.0.2.80:443 - -");
    expect(ofRows(dump, (row) => row.recvQ)).toEqual([0, 1, 1, null, null, null, 0, 0]);
  });

  it("reads the accept queues of -L: what waits, and the limit", () => {
    const { dump } = readFile(netstatBsd, "freebsd-netstat-lan.txt");
    expect(briefs(dump)).toEqual(["LISTEN *:8280 *: - -", "LISTEN *:22 *: - -", "LISTEN 127.0.0.1:25 *: - -"]);
    expect(ofRows(dump, (row) => [row.recvQ, row.sendQ])).toEqual([
      [193, 128],
      [0, 128],
      [0, 10],
    ]);
    expect(dump).toMatchObject({ otherRows: 1, unreadCount: 0 });
    const macos =
      "Current listen queue sizes (qlen/incqlen/maxqlen)\nListen         Local Address         \n0/0/128        *.8080\n";
    const read = readWith(netstatBsd, macos);
    expect(briefs(read.dump)).toEqual(["LISTEN *:8080 *: - -"]);
    expect(read.foreign).toEqual([]);
  });

  it("reads -x of FreeBSD and -A, whose further columns are none of ours", () => {
    // -x has no state.
    const x = [
      "Active Internet connections",
      "Proto Recv-Q Send-Q Local Address          Foreign Address        R-MBUF S-MBUF R-CLUS S-CLUS   rexmt persist    keep",
      "tcp4       0     44 10.0.0.5.22            10.0.0.4.15414              0      1      0      0    0.23    0.00 5321.34",
    ];
    const { dump, foreign } = readWith(netstatBsd, x.join("\n"));
    expect(briefs(dump)).toEqual(["UNKNOWN 10.0.0.5:22 10.0.0.4:15414 - -"]);
    expect(dump.system).toBe("freebsd");
    expect(foreign).toEqual([]);
    const a = [
      "Active Internet connections",
      "Tcpcb            Proto Recv-Q Send-Q Local Address      Foreign Address    (state)",
      "fffff8000b472100 tcp4       0      0 10.0.0.5.22        10.0.0.4.15414     ESTABLISHED",
    ];
    expect(briefs(readWith(netstatBsd, a.join("\n")).dump)).toEqual(["ESTABLISHED 10.0.0.5:22 10.0.0.4:15414 - -"]);
  });

  it("knows its rows without a heading, and those of Linux are not its own", () => {
    const begins = (line: string) => netstatBsd.begins(line);
    expect(begins("tcp4       0      0 *.22                   *.*                    LISTEN")).toBe("row");
    expect(begins("tcp4       0      0  10.0.0.5.51821         192.0.2.80.https       CLOSE_WAIT")).toBe("row");
    expect(
      begins("tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      812/sshd"),
    ).toBeNull();
    expect(begins("tcp        0      0 host.example.com:ssh    peer.example.com:51000  ESTABLISHED")).toBeNull();
    expect(begins("tcp6       0      0 :::8280                 :::*                    LISTEN")).toBeNull();
    expect(begins("Active Internet connections (servers and established)")).toBeNull();
    expect(
      begins("Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name"),
    ).toBeNull();
    expect(begins("Active Internet connections (including servers)")).toBe("heading");
    expect(begins("Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)")).toBe("heading");
  });

  it("does not name the system where the blanks were collapsed", () => {
    const { dump } = readWith(netstatBsd, "tcp4 0 0 10.0.0.5.51821 192.0.2.80.443 CLOSE_WAIT\n");
    expect(briefs(dump)).toEqual(["CLOSE_WAIT 10.0.0.5:51821 192.0.2.80:443 - -"]);
    expect(dump.system).toBeNull();
  });

  it("reads a cut address as a beginning", () => {
    const { dump } = readWith(
      netstatBsd,
      "tcp6       0      0  2001:db8:85a3:8d.443   fe80::1234:5678:.51822 CLOSE_WAIT\n",
    );
    expect(briefs(dump)).toEqual(["CLOSE_WAIT 2001:db8:85a3:8d:443 fe80::1234:5678::51822 - - cut"]);
  });

  it("counts a row that it cannot read", () => {
    const text =
      "tcp4       0      0 10.0.0.5.22            10.0.0.31.99999        ESTABLISHED\ntcp4       0      0 *.22  *.*  WHAT\n";
    expect(readWith(netstatBsd, text).dump).toMatchObject({ rowCount: 0, unreadCount: 2 });
  });

  it("never throws, whatever it reads", () => {
    const word = fc.constantFrom(
      "tcp4",
      "tcp",
      "udp6",
      "0",
      "*.*",
      "::1.80",
      "a:1",
      "LISTEN",
      "0/0/128",
      "ffff",
      "stream",
      "(state)",
    );
    const line = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(word).map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        readWith(netstatBsd, lines.join("\n"));
      }),
    );
  });

  it("takes a line of 65,536 characters at once", () => {
    for (const unit of [" ", "t", ".", "*.", "a ", "tcp4 ", "0/", "1 ", "Listen ", " 0"]) {
      const line = unit.repeat(Math.ceil(65_536 / unit.length)).slice(0, 65_536);
      const start = performance.now();
      readWith(netstatBsd, `${line}\ntcp4 0 0 ${line}\n`);
      expect(performance.now() - start).toBeLessThan(500);
    }
  });
});
