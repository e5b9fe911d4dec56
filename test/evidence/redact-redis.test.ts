import { describe, expect, test } from "vitest";
import { redis } from "../../decoders/redis.ts";
import { redactRedis } from "../../src/evidence/redactors/redact-redis.ts";
import { C, gap, S, type Step } from "../decoders/recorder.ts";
import { testDamaged } from "./damaged-dialogue.ts";
import { expectSame, STRICT, segmented, twice } from "./redacted-stream.ts";
import { shownAs } from "./shown-as.ts";

const SECRETS = ["hunter2", "jane", "Swordfish", "9f86d081", "4711"];
const words = shownAs("redis");
const command = (...list: string[]): string =>
  `*${list.length}\r\n${list.map((w) => `$${w.length}\r\n${w}\r\n`).join("")}`;
const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

const dialogue: Step[] = [
  C(command("HELLO", "3", "AUTH", "app", "hunter2", "SETNAME", "orders")),
  S(`%2\r\n${bulk("server")}${bulk("redis")}${bulk("version")}${bulk("7.2.4")}`),
  C(command("AUTH", "app", "hunter2")),
  S("+OK\r\n"),
  C(command("SELECT", "3")),
  S("+OK\r\n"),
  C(command("SET", "session:9f86d081884c7d65", "hunter2", "EX", "60")),
  S("+OK\r\n"),
  C(command("GET", "session:9f86d081884c7d65") + command("INCRBY", "count", "4711") + command("GET", "none")),
  S(`${bulk("hunter2")}:4711\r\n$-1\r\n`),
  C(command("HGETALL", "user:4711")),
  S(`%2\r\n${bulk("version")}${bulk("jane")}${bulk("pw")}${bulk("hunter2")}`),
  C(command("EVAL", "return 'hunter2'", "1", "lock:4711", "Swordfish")),
  S("-ERR user jane: unknown command 'hunter2', with args beginning with: 'Swordfish'\r\n".replace("user jane: ", "")),
  C(command("CONFIG", "SET", "requirepass", "hunter2")),
  S("+OK\r\n"),
  C(command("XREADGROUP", "GROUP", "jane", "c1", "BLOCK", "100", "STREAMS", "log:4711", ">")),
  S("*-1\r\n"),
  C("MULTI\r\nset a 'jane smith'\r\n"),
  S("+OK\r\n+QUEUED\r\n"),
  C(command("EXEC")),
  S("*2\r\n+OK\r\n-WRONGTYPE Operation against a key\r\n"),
  C(command("LRANGE", "list", "0", "-1")),
  S(`*3\r\n${bulk("jane")}${bulk("Swordfish")}*1\r\n:4711\r\n`),
  C(command("INFO", "server")),
  S(bulk("# Server\r\nredis_version:7.2.4\r\nos:jane\r\n")),
  C(command("PING")),
  S("+PONG\r\n"),
  C(command("SUBSCRIBE", "news", "user:4711")),
  S(`*3\r\n${bulk("subscribe")}${bulk("news")}:1\r\n*3\r\n${bulk("subscribe")}${bulk("user:4711")}:2\r\n`),
  S(`*3\r\n${bulk("message")}${bulk("news")}${bulk("jane")}`),
  C(command("QUIT")),
];
const cuts = {
  whole: (n: number) => [n],
  "byte by byte": () => [1],
  "by three and seven": () => [3, 7],
};

describe("what is decoded stays the same, what is secret does not", () => {
  test.each(Object.entries(cuts))("%s", (_, cut) => {
    const both = twice(segmented(dialogue, cut), redis, redactRedis);
    expect(both.before.exchanges.map((e) => e.request?.method)).toEqual(
      (
        "HELLO AUTH SELECT SET GET INCRBY GET HGETALL EVAL CONFIG_SET XREADGROUP MULTI SET EXEC LRANGE INFO PING SUBSCRIBE " +
        "QUIT"
      )
        .split(" ")
        .map((m) => m.replace("_", " ")),
    );
    expectSame(both, words);
    expect(both.after.labels).toEqual(both.before.labels);
    for (const side of [0, 1] as const)
      for (const secret of SECRETS) expect(both.left.text(side)).not.toContain(secret);
    expect(both.left.text(0)).toContain("$24\r\nsession:x000000000000000\r\n$7\r\nxxxxxxx\r\n");
    expect(both.left.text(1)).toContain("-ERR unknown command 'xxxxxxx'");
  });
  test("the shown target is the one that a report of the original shows", () => {
    const { after } = twice(dialogue, redis, redactRedis);
    expect(after.exchanges.map(words).map((e) => e.request?.target)).toContain("session:*");
  });
  test("strict: user and client by pseudonyms of the same length", () => {
    const { after } = twice(dialogue, redis, redactRedis, STRICT);
    expect(after.labels.get("user")).toBe("qqq");
    expect(after.labels.get("application")).toBe("qqqqqq");
  });
  test("addresses in errors are a report's to show, and not with strict", () => {
    const moved = [C(command("GET", "k")), S("-MOVED 3999 192.0.2.7:6381\r\n")];
    expect(twice(moved, redis, redactRedis).left.text(1)).toBe("-MOVED 0000 192.0.2.7:0000\r\n");
    expect(twice(moved, redis, redactRedis, STRICT).left.text(1)).not.toContain("192.0.2.7");
  });
});

test("a hole within a key", () => {
  const steps = [C("*2\r\n$3\r\nGET\r\n$9\r\nuser:4"), gap(0, 2), C("1\r\n"), S("$-1\r\n")];
  expectSame(twice(steps, redis, redactRedis), words);
});

testDamaged({ steps: dialogue, decoder: redis, redaction: redactRedis, words, secrets: SECRETS });
