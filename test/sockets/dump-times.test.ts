// Which times does a dump's surrounding say? The expected times are what GNU `date -u -d @…` prints for the same instant:
// 1772390045 is 2026-03-01 18:34:05 UTC, a Sunday.

import { describe, expect, test } from "vitest";
import { timeInLine, timeInName } from "../../src/sockets/dump-times.ts";

const AT = 1_772_390_045_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;
const SECOND = 1000;

const sure = (ms: number) => ({ ms, zoneAssumed: false });
const assumed = (ms: number) => ({ ms, zoneAssumed: true });

describe("lines", () => {
  test.each([
    // ISO 8601, date -Is, date --rfc-3339
    ["2026-03-01T18:34:05Z", sure(AT)],
    ["2026-03-01 18:34:05", assumed(AT)],
    ["2026-03-01T18:34:05.120+02:00", sure(AT - 2 * HOUR + 120)],
    ["2026-03-01T18:34:05,123456789+0200", sure(AT - 2 * HOUR + 123)],
    ["2026-03-01 18:34:05-03:30", sure(AT + 3.5 * HOUR)],
    ["=== 2026-03-01 18:34:05 ===", assumed(AT)],
    ["[2026-03-01T18:34:05Z] netstat", sure(AT)],
    ["[2026-03-01 18:34:05] root@web1:~# netstat -ant", assumed(AT)],
    ["2026/03/01 18:34:05", assumed(AT)],
    ["2026-03-01 18:34", assumed(AT - 5 * SECOND)],
    ["Sun 2026-03-01 18:34:05 UTC", sure(AT)],
    ["2026-03-01  9:34:05.12", assumed(AT - 9 * HOUR + 120)],
    ["Start time: 20260301183405", assumed(AT)],
    ["20260301T183405Z", sure(AT)],
    // date, C locale and others
    ["Sun Mar  1 18:34:05 UTC 2026", sure(AT)],
    ["Sun Mar  1 19:34:05 CET 2026", sure(AT)],
    ["Sun Mar  1 13:34:05 EST 2026", sure(AT)],
    ["Sun Mar  1 21:34:05 +03 2026", sure(AT)],
    ["Sun Mar  1 18:34:05 CST 2026", assumed(AT)],
    ["Sun Mar  1 18:34:05 2026", assumed(AT)],
    ["Sun 01 Mar 2026 06:34:05 PM CET", sure(AT - HOUR)],
    ["Sun Mar  1 06:34:05 PM UTC 2026", sure(AT)],
    ["Sun  1 Mar 18:34:05 GMT 2026", sure(AT)],
    ["Sun, 01 Mar 2026 18:34:05 +0000", sure(AT)],
    ["So 1. Mär 19:34:05 CET 2026", sure(AT)],
    ["dim. 01 mars 2026 18:34:05 UTC", sure(AT)],
    ["domingo, 1 de marzo de 2026 18:34:05", assumed(AT)],
    ["2026年 03月 01日 星期日 18:34:05 CST", assumed(AT)],
    ["2026年  3月  1日 日曜日 18:34:05 JST", sure(AT - 9 * HOUR)],
    ["lsof at Sun Mar  1 18:34:05 UTC 2026:", sure(AT)],
    // date +%s, +%s.%N, +%s%3N
    ["1772390045", sure(AT)],
    ["  1772390045.120000000", sure(AT + 120)],
    ["1772390045120", sure(AT + 120)],
    ["=== 1772390045 ===", sure(AT)],
    // Windows
    ["Sunday, March 1, 2026 6:34:05 PM", assumed(AT)],
    ["Sonntag, 1. März 2026 18:34:05", assumed(AT)],
    ["Sun 03/01/2026 18:34:05.12", assumed(AT + 120)],
    ["01.03.2026 18:34:05,12", assumed(AT + 120)],
    ["15/03/2026 18:34:05", assumed(AT + 14 * 24 * HOUR)],
    ["03/15/2026  6:34:05 PM", assumed(AT + 14 * 24 * HOUR)],
    ["03/03/2026 18:34", assumed(AT + 2 * 24 * HOUR - 5 * SECOND)],
    ["12/31/2026 12:00:00 AM", assumed(Date.UTC(2026, 11, 31))],
    ["10.0.0.5 - - [01/Mar/2026:18:34:05 +0000]", sure(AT)],
    ["01-Mar-2026 18:34:05", assumed(AT)],
  ])("%s", (line, time) => {
    expect(timeInLine(line)).toEqual(time);
  });

  test.each([
    "",
    "root@web1 18:34:05 ~ #",
    "18:34:05",
    "2026-03-01",
    "01/03/2026 18:34:05",
    "Mon 03/01/2026 18:34:05",
    "Mar  1 18:34:05 web1 kernel: TCP: out of memory",
    "2026-02-30 18:34:05",
    "2026-03-01 24:34:05",
    "1889-03-01 18:34:05",
    "2101-03-01 18:34:05",
    "Sun Mar 32 18:34:05 UTC 2026",
    "Sunday, March 1, 2026 13:34:05 PM",
    // Ports, process ids, addresses
    "tcp 0 0 10.0.0.5:8280 10.0.0.6:51234 CLOSE_WAIT 2026/java",
    "tcp6 0 0 2001:db8::2026:3:1.18:34 fe80::1.443",
    "LISTEN 0 128 [2026:3:1:18:34:5:0:1]:22",
    "99999999999",
    "4294967295",
    "177239004",
    "total 1772390045 packets",
    "10.0.0.5.20260301183405",
  ])("no time: %s", (line) => {
    expect(timeInLine(line)).toBeNull();
  });

  test("a leap second, and the end of a year", () => {
    expect(timeInLine("2016-12-31T23:59:60Z")).toEqual(sure(Date.UTC(2017, 0, 1)));
    expect(timeInLine("Thu Dec 31 23:59:59 UTC 2026")).toEqual(sure(Date.UTC(2026, 11, 31, 23, 59, 59)));
  });

  test("a line of any length", () => {
    const long = `${"12:34:56 de ".repeat(100_000)}2026-03-01 18:34:05`;
    expect(timeInLine(long)).toBeNull();
    expect(timeInLine(`${"=".repeat(500_000)}1772390045`)).toBeNull();
  });
});

describe("names", () => {
  test.each([
    ["netstat-20260301-183405.txt", assumed(AT)],
    ["ss_2026-03-01T18-34-05Z.log", sure(AT)],
    ["2026-03-01_18.34.05-netstat.txt", assumed(AT)],
    ["ss-1772390045.txt", sure(AT)],
    ["ss-1772390045.5.txt", sure(AT + 500)],
    ["ss.1772390045120", sure(AT + 120)],
    ["dumps/20260301/183405.txt", assumed(AT)],
    ["dumps/2026-03-01/18-34-05/ss.txt", assumed(AT)],
    ["dumps\\2026\\netstat 2026-03-01 18.34.05.txt", assumed(AT)],
    ["netstat_202603011834.txt", assumed(AT - 5 * SECOND)],
    ["web1.20260301183405", assumed(AT)],
    ["2026-03-01T18:34:05+0200.txt", sure(AT - 2 * HOUR)],
    ["20260301-183405-0042.txt", assumed(AT)],
    ["20260301-000000/netstat-20260301-183405.txt", assumed(AT)],
    ["2026-03-01T18h34m05.txt", assumed(AT)],
  ])("%s", (name, time) => {
    expect(timeInName(name)).toEqual(time);
  });

  test.each([
    "netstat.txt",
    "2026-03-01.txt",
    "lsof-4852.txt",
    "ss-10.0.0.5-8280.txt",
    "20261301-183405.txt",
    "2026030118.txt",
    "1234.txt",
    "9999999999.txt",
    "00001772390045.txt",
  ])("no time: %s", (name) => {
    expect(timeInName(name)).toBeNull();
  });

  test("minutes count", () => expect(timeInName("2026-03-01_18.35.05")?.ms).toBe(AT + MINUTE));
});
