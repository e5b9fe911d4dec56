import { describe, expect, test } from "vitest";
import { memcached } from "../../decoders/memcached.ts";
import { redactMemcached } from "../../src/evidence/redactors/redact-memcached.ts";
import { C, S, type Step } from "../decoders/recorder.ts";
import { testDamaged } from "./damaged-dialogue.ts";
import { expectSame, segmented, twice } from "./redacted-stream.ts";
import { shownAs } from "./shown-as.ts";

const SECRETS = ["hunter2", "jane", "9f86d081", "4711"];
const words = shownAs("memcached");

const dialogue: Step[] = [
  C("set session:9f86d081 0 60 7\r\nhunter2\r\n"),
  S("STORED\r\n"),
  C("get session:9f86d081 user_4711\r\n"),
  S("VALUE session:9f86d081 0 7\r\nhunter2\r\nVALUE user_4711 0 4 17\r\njane\r\nEND\r\n"),
  C("set quiet 0 0 4 noreply\r\njane\r\nincr count 4711\r\n"),
  S("4711\r\n"),
  C("cas k 0 0 2 18\r\nab\r\n"),
  S("EXISTS\r\n"),
  C("delete item:4711\r\n"),
  S("NOT_FOUND\r\n"),
  C("mg user:4711 t v Ohunter2 k\r\n"),
  S("VA 7 t60 Ohunter2 kuser:4711\r\nhunter2\r\n"),
  C("ms user:4711 4 T0\r\njane\r\n"),
  S("HD\r\n"),
  C("mn\r\n"),
  S("MN\r\n"),
  C("stats\r\n"),
  S("STAT pid 4711\r\nSTAT version 1.6.18\r\nEND\r\n"),
  C("lru_crawler metadump all\r\n"),
  S("key=jane exp=-1 la=4711\nEND\r\n"),
  C("verbosity 1\r\n"),
  S("CLIENT_ERROR bad value 'hunter2'\r\n"),
  C("version\r\n"),
  S("VERSION 1.6.18\r\n"),
  C("quit\r\n"),
];
const cuts = {
  whole: (n: number) => [n],
  "byte by byte": () => [1],
  "by three and seven": () => [3, 7],
};

describe("what is decoded stays the same, what is secret does not", () => {
  test.each(Object.entries(cuts))("%s", (_, cut) => {
    const both = twice(segmented(dialogue, cut), memcached, redactMemcached);
    expect(both.before.exchanges.map((e) => e.request?.method)).toEqual(
      "SET GET INCR CAS DELETE MG MS MN STATS LRU_CRAWLER VERBOSITY VERSION".split(" "),
    );
    expectSame(both, words);
    expect(both.after.labels).toEqual(both.before.labels);
    for (const side of [0, 1] as const)
      for (const secret of SECRETS) expect(both.left.text(side)).not.toContain(secret);
    expect(both.left.text(0)).toContain("set session:x0000000 0 60 7\r\nxxxxxxx\r\n");
    expect(both.left.text(1)).toContain("VALUE session:x0000000 0 7\r\nxxxxxxx\r\n");
    expect(both.left.text(1)).toContain("CLIENT_ERROR bad value 'xxxxxxx'\r\n");
  });
});

testDamaged({ steps: dialogue, decoder: memcached, redaction: redactMemcached, words, secrets: SECRETS });
