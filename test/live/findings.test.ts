// Is each finding told once when it is new, again when it has grown, and when it is over? And is the capture left in peace meanwhile?

import { describe, expect, test } from "vitest";
import { manyClients } from "../../src/core/analysis.ts";
import { type FindingNews, type FoundNow, KnownFindings, newsLines } from "../../src/live/findings/finding-news.ts";
import { type AnalysisThread, FindingWatch } from "../../src/live/findings/finding-watch.ts";
import type { AnalysisAnswer, AnalysisRequest } from "../../src/live/findings/finding-worker.ts";

const found = (count: number, more: Partial<FoundNow> = {}): FoundNow => ({
  analysis: "half-closed-connections",
  severity: "high",
  title: `127.0.0.1:8280 holds ${count} connections half-closed`,
  summary: "",
  subject: { holder: { address: "127.0.0.1", port: 8280 }, peer: { address: "127.0.0.1" } },
  count,
  ...more,
});
const news = (known: KnownFindings, ...findings: FoundNow[]): string[] =>
  known.update(findings).map(({ news: what, finding }) => `${what} ${finding.count}`);

describe("news", () => {
  test("new once; grown when doubled since it was told; over when it is gone", () => {
    const known = new KnownFindings();
    expect(news(known, found(10))).toEqual(["new 10"]);
    expect(news(known, found(19))).toEqual([]);
    expect(news(known, found(20))).toEqual(["grown 20"]);
    expect(news(known, found(39))).toEqual([]);
    expect(news(known, found(40))).toEqual(["grown 40"]);
    expect(news(known)).toEqual(["over 40"]);
    expect(news(known)).toEqual([]);
    expect(news(known, found(5))).toEqual(["new 5"]);
  });

  test("a higher severity is news, a lower one is not", () => {
    const known = new KnownFindings();
    known.update([found(10)]);
    expect(news(known, found(11, { severity: "critical" }))).toEqual(["grown 11"]);
    expect(news(known, found(12, { severity: "medium" }))).toEqual([]);
  });

  test("what is harmless by itself is left to the report", () => {
    const known = new KnownFindings();
    expect(news(known, found(10, { severity: "info" }))).toEqual([]);
    expect(news(known, found(10, { severity: "low" }))).toEqual(["new 10"]);
  });

  test("who it is about tells findings apart, and the order of the report stays", () => {
    const other = found(3, { subject: { holder: { address: "192.0.2.1" }, peer: null } });
    const known = new KnownFindings();
    expect(news(known, other, found(10))).toEqual(["new 3", "new 10"]);
    expect(news(known, found(10))).toEqual(["over 3"]);
  });

  test("many clients are one case while their number grows, at either end", () => {
    const service = { address: "192.0.2.1", port: 80 };
    const of = (count: number): FoundNow[] => {
      const clients = manyClients(count);
      return [
        { holder: service, peer: clients },
        { holder: clients, peer: service },
      ].map((subject) => found(count, { subject }));
    };
    const known = new KnownFindings();
    expect(news(known, ...of(20))).toEqual(["new 20", "new 20"]);
    expect(news(known, ...of(21))).toEqual([]);
    expect(news(known, ...of(40))).toEqual(["grown 40", "grown 40"]);
  });

  test("one or two lines within the width, with time, severity and title", () => {
    const at = "2026-03-01T18:34:05.123456789Z";
    expect(newsLines({ news: "new", finding: found(113) }, at, 80)).toEqual([
      "18:34:05 NEW   HIGH     127.0.0.1:8280 holds 113 connections half-closed",
    ]);
    const long = newsLines({ news: "grown", finding: found(9, { title: "word ".repeat(60).trim() }) }, at, 80);
    expect(long.length).toBe(2);
    expect(Math.max(...long.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(long[1]).toMatch(/^ {24}word.*…$/);
    expect(
      newsLines({ news: "over", finding: found(9) }, at, 80)
        .join(" ")
        .replace(/ +/g, " "),
    ).toContain("no longer in the packets kept");
  });
});

describe("the thread beside the capture", () => {
  /** A thread of the test's own, and a clock in its hand. */
  function watching() {
    const asked: AnalysisRequest[] = [];
    let answer: (answer: AnalysisAnswer) => void = () => {};
    let die: (why: string) => void = () => {};
    let now = 0;
    let threads = 0;
    const told: FindingNews[] = [];
    const notices: string[] = [];
    const files = ["a.pcapng"];
    const watch = new FindingWatch({
      everyMs: 10_000,
      options: { redact: "default" },
      inputs: () => ({ files, sockets: ["a.sockets.txt"] }),
      steadyClock: () => now,
      tell: (items) => void told.push(...items),
      notice: (text) => void notices.push(text),
      start(): AnalysisThread {
        threads++;
        return {
          postMessage: (request) => void asked.push(request),
          onAnswer: (of) => {
            answer = of;
          },
          onDeath: (of) => {
            die = of;
          },
          end() {},
        };
      },
    });
    const at = (second: number): number => {
      now = second * 1000;
      watch.look();
      return asked.length;
    };
    return {
      watch,
      asked,
      told,
      notices,
      files,
      at,
      answer: (a: AnalysisAnswer) => answer(a),
      die: (why: string) => die(why),
      threads: () => threads,
    };
  }

  test("every 10 s, over the files and snapshots there are then; never two at a time", () => {
    const w = watching();
    expect([w.at(5), w.at(10), w.at(25)]).toEqual([0, 1, 1]);
    expect(w.asked[0]).toEqual({ files: ["a.pcapng"], options: { redact: "default", sockets: ["a.sockets.txt"] } });
    w.answer({ findings: [found(3)] });
    expect(w.told.map((t) => t.news)).toEqual(["new"]);
  });

  test("at most a quarter of the time: one that takes 8 s is followed by 24 s of rest, and that is said once", () => {
    const w = watching();
    w.at(10);
    w.at(18);
    w.answer({ findings: [] });
    // The first one also had its thread to start: nothing is said of it.
    expect(w.notices).toEqual([]);
    expect([w.at(41), w.at(42)]).toEqual([1, 2]);
    for (const second of [50, 82]) {
      w.at(second);
      w.answer({ findings: [] });
    }
    expect(w.notices).toEqual([
      "looking through the packets kept takes 8.0 s: findings are made anew about every 32 s",
    ]);
  });

  test("a quick one keeps the cadence", () => {
    const w = watching();
    w.at(10);
    w.at(11);
    w.answer({ findings: [] });
    expect([w.at(19.9), w.at(20)]).toEqual([1, 2]);
    expect(w.notices).toEqual([]);
  });

  test("nothing kept yet: nothing is asked", () => {
    const w = watching();
    w.files.length = 0;
    expect(w.at(10)).toBe(0);
  });

  test("a thread that dies is started again, three times at most; findings told stay told", () => {
    const w = watching();
    w.at(10);
    w.answer({ findings: [found(3)] });
    for (const second of [20, 40, 60]) {
      w.at(second);
      w.die("out of memory");
    }
    expect([w.threads(), w.notices.length]).toEqual([3, 3]);
    expect(w.notices[2]).toContain("not tried again");
    expect(w.at(500)).toBe(4);
    expect(w.told.length).toBe(1);
  });

  test("what failed once is no news, and what comes after the end neither", () => {
    const w = watching();
    w.at(10);
    w.answer({ failed: "a.pcapng: no such file" });
    expect([w.told, w.notices]).toEqual([[], []]);
    w.at(20);
    w.watch.end();
    w.answer({ findings: [found(3)] });
    expect(w.told).toEqual([]);
  });
});
