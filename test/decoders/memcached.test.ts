// Does the memcached decoder find commands, answers and their pairs? Expected values are counted by hand from
// doc/protocol.txt; the dialogues are those that memcached 1.6.18 holds.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memcached } from "../../decoders/memcached.ts";
import { bytesOf, C, type Cut, end, gap, play, type Recorder, S, type Step } from "./recorder.ts";

const CUTS: Cut[] = [(n) => [n], () => [1], () => [2], () => [7], () => [3, 1, 11]];

/** Plays whole and in pieces; all tell the same. */
function run(steps: Step[]): Recorder {
  const whole = play(steps, CUTS[0], "one segment", memcached);
  for (const cut of CUTS) {
    for (const pieces of ["one segment", "segments"] as const) {
      const r = play(steps, cut, pieces, memcached);
      expect(lines(r)).toEqual(lines(whole));
      expect([...r.labels]).toEqual([...whole.labels]);
      expect(r.remarks.map((m) => [m.kind, m.code, m.text])).toEqual(
        whole.remarks.map((m) => [m.kind, m.code, m.text]),
      );
    }
  }
  return whole;
}

const once = (steps: Step[]): Recorder => play(steps, undefined, undefined, memcached);

function lines(r: Recorder): string[] {
  return r.exchanges.map((x) => {
    const q = x.request;
    const asked =
      q === null ? "?" : `${`${q.method} ${q.target}`.trim()}${q.waits ? " w" : ""}${x.requestComplete ? "." : ""}`;
    const error = x.response?.error;
    const answer =
      x.response === null
        ? "-"
        : `${error ? `${error.code}: ${error.text}` : `${x.responseBytes}`}${x.responseComplete ? "." : ""}`;
    return `${asked} > ${answer}${x.doubt ? ` (${x.doubt})` : ""}`;
  });
}

describe("commands and answers", () => {
  it("pairs what a client asks one by one", () => {
    const r = run([
      C("set a 0 0 5\r\nhello\r\n"),
      S("STORED\r\n"),
      C("get a\r\n"),
      S("VALUE a 0 5\r\nhello\r\nEND\r\n"),
      C("gets a b\r\n"),
      S("VALUE a 0 5 17\r\nhello\r\nVALUE b 0 2 18\r\n\r\n\r\nEND\r\n"),
      C("get none\r\n"),
      S("END\r\n"),
      C("add a 0 0 1\r\nx\r\n"),
      S("NOT_STORED\r\n"),
      C("cas a 0 0 3 1\r\nabc\r\n"),
      S("EXISTS\r\n"),
      C("incr n 5\r\n"),
      S("15\r\n"),
      C("gat 100 n\r\n"),
      S("VALUE n 0 2\r\n15\r\nEND\r\n"),
      C("touch n 9\r\n"),
      S("TOUCHED\r\n"),
      C("delete n\r\n"),
      S("DELETED\r\n"),
      C("delete n\r\n"),
      S("NOT_FOUND\r\n"),
      C("version\r\n"),
      S("VERSION 1.6.18\r\n"),
      C("flush_all\r\n"),
      S("OK\r\n"),
    ]);
    expect(lines(r)).toEqual([
      "SET a. > 0.",
      "GET a. > 5.",
      "GETS a. > 7.",
      "GET none. > 0.",
      "ADD a. > 0.",
      "CAS a. > 0.",
      "INCR n. > 0.",
      "GAT n. > 2.",
      "TOUCH n. > 0.",
      "DELETE n. > 0.",
      "DELETE n. > 0.",
      "VERSION. > 0.",
      "FLUSH_ALL. > 0.",
    ]);
    expect(r.labels.get("version")).toBe("1.6.18");
  });

  it("pairs in a pipeline", () => {
    const r = run([
      C("set p 0 0 1\r\n1\r\nget p\r\nincr p 1\r\nstats items\r\ndelete p\r\n"),
      S("STORED\r\nVALUE p 0 1\r\n1\r\nEND\r\n2\r\nSTAT items:1:number 1\r\nSTAT items:1:age 0\r\nEND\r\nDELETED\r\n"),
    ]);
    // "STAT items:1:number 1" has 21 characters, "STAT items:1:age 0" has 18.
    expect(lines(r)).toEqual(["SET p. > 0.", "GET p. > 1.", "INCR p. > 0.", "STATS. > 39.", "DELETE p. > 0."]);
  });

  it("gives the frame of a message's first byte", () => {
    const r = once([C("set a 0 0 5\r\n"), C("hel"), C("lo\r\n"), S("STOR"), S("ED\r\n")]);
    expect(r.exchanges[0]).toMatchObject({ request: { frame: 1 }, requestEnd: 3000, response: { frame: 4 } });
  });

  it("expects no answer after noreply, nor to quit, which is a farewell", () => {
    const r = run([
      C("set q 0 0 3 noreply\r\nabc\r\nget q\r\n"),
      S("VALUE q 0 3\r\nabc\r\nEND\r\n"),
      C("flush_all noreply\r\nquit\r\n"),
    ]);
    expect(lines(r)).toEqual(["GET q. > 3."]);
    expect(r.remarks).toMatchObject([{ kind: "farewell", side: 0 }]);
  });

  it("takes errors apart", () => {
    const r = run([
      C("get a\r\n"),
      S("END\r\n"),
      C("bogus geheim\r\n"),
      S("ERROR\r\n"),
      C("incr a 1\r\n"),
      S("CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"),
      C("set h 0 0 10\r\n0123456789\r\n"),
      S("SERVER_ERROR object too large for cache\r\n"),
      C("set bad x y z\r\n"),
      S("CLIENT_ERROR bad command line format\r\n"),
    ]);
    expect(lines(r)).toEqual([
      "GET a. > 0.",
      "?. > ERROR: .",
      "INCR a. > CLIENT_ERROR: cannot increment or decrement non-numeric value.",
      "SET h. > SERVER_ERROR: object too large for cache.",
      "SET bad. > CLIENT_ERROR: bad command line format.",
    ]);
    expect(JSON.stringify(r)).not.toContain("geheim");
  });

  it("follows a server that takes two bytes behind data, whatever they are", () => {
    const r = run([C("set b 0 0 3\r\nabcdef\r\n"), S("CLIENT_ERROR bad data chunk\r\nERROR\r\n")]);
    expect(lines(r)).toEqual(["SET b. > CLIENT_ERROR: bad data chunk.", "?. > ERROR: ."]);
  });

  it("reads a dump of keys, whose lines end with LF alone", () => {
    const r = run([
      C("lru_crawler metadump all\r\n"),
      S("key=a exp=-1 la=1\nkey=b exp=-1 la=2\nEND\r\n"),
      C("mn\r\n"),
      S("MN\r\n"),
    ]);
    expect(lines(r)).toEqual(["LRU_CRAWLER. > 34.", "MN. > 0."]);
  });

  it("leaves the log of watch alone", () => {
    const r = run([C("watch fetchers\r\n"), S("OK\r\nts=1 gid=1 type=item_get key=a\r\n")]);
    expect(lines(r)).toEqual(["WATCH w. > 0."]);
    expect(r.isUpgraded).toBe(true);
  });
});

describe("meta commands", () => {
  it("are answered in one line, with data behind VA", () => {
    const r = run([
      C("ms k 4 T90\r\nabcd\r\nmg k v t\r\nmg none v\r\nmd k\r\nma n N0 J13 v\r\nme k\r\n"),
      S("HD\r\nVA 4 t90\r\nabcd\r\nEN\r\nHD\r\nVA 2\r\n13\r\nEN\r\n"),
    ]);
    expect(lines(r)).toEqual(["MS k. > 0.", "MG k. > 4.", "MG none. > 0.", "MD k. > 0.", "MA n. > 2.", "ME k. > 0."]);
  });

  it("that are quiet are no exchanges, whether they say something or not", () => {
    const r = run([
      C("mg a v q\r\nmg b v q\r\nms c 1 q\r\nx\r\nma d q\r\nmn\r\n"),
      S("VA 1\r\nb\r\nNF\r\nMN\r\n"),
      C("get a\r\n"),
      S("END\r\n"),
    ]);
    expect(lines(r)).toEqual(["MN. > 0.", "GET a. > 0."]);
  });
});

describe("refusals", () => {
  it("at the open are remarks", () => {
    for (const code of ["ERROR", "SERVER_ERROR"]) {
      const r = run([S(`${code} Too many open connections\r\n`), end(1, "fin")]);
      expect(r.exchanges).toEqual([]);
      expect(r.remarks).toMatchObject([{ side: 1, kind: "refusal", code, text: "Too many open connections" }]);
    }
    const asked = run([C("get a\r\n"), S("ERROR Too many open connections\r\n")]);
    expect(lines(asked)).toEqual(["GET a. > ERROR: Too many open connections."]);
    expect(asked.remarks.length).toBe(1);
  });
});

describe("holes", () => {
  it("are counted off inside data", () => {
    const r = once([
      C("set a 0 0 1000\r\nabc"),
      gap(0, 999),
      S("STORED\r\n"),
      C("get a\r\n"),
      S("VALUE a 0 1000\r\n"),
      gap(1, 1000),
      S("\r\nEND\r\n"),
      C("get b\r\n"),
      S("END\r\n"),
    ]);
    expect(lines(r)).toEqual(["SET a. > 0.", "GET a. > 1000.", "GET b. > 0."]);
  });

  it("a lost answer leaves its command in doubt, and no other", () => {
    const r = once([C("get a\r\n"), gap(1, 5), C("get b\r\n"), S("END\r\n"), C("get c\r\n"), S("END\r\n")]);
    expect(lines(r)).toEqual(["GET a. > - (gap)", "GET b. > 0.", "GET c. > 0."]);
    expect(r.exchanges[2]!.response!.frame).toBe(5);
  });

  it("a lost command leaves an answer without one", () => {
    expect(lines(once([gap(0, 7), S("STORED\r\n"), C("get b\r\n"), S("END\r\n")]))).toEqual(["? > 0.", "GET b. > 0."]);
  });

  it("joined midway, goes on with the next line", () => {
    const r = once([S("VALUE a 0 3\r\nabc\r\nEND\r\n"), C("get b\r\n"), S("END\r\n")]);
    expect(lines(r)).toEqual(["? > 3.", "GET b. > 0."]);
    const lost = once([C("get b\r\n"), S("rest of a value"), S("END\r\n")]);
    expect(lost.exchanges.map((x) => x.response?.frame)).toEqual([3]);
  });
});

describe("probe", () => {
  const probe = (text: string) => memcached.probe(bytesOf(text), 0, text.length);
  it("recognises commands, answers and refusals, at every length", () => {
    for (const text of [
      "get a\r\n",
      "gets a b c\r\n",
      "gat 10 a\r\n",
      "set a 0 0 5\r\nhello\r\n",
      "cas a 0 0 5 77 noreply\r\n",
      "incr n 1\r\n",
      "touch n 10\r\n",
      "delete user:7\r\n",
      "flush_all\r\n",
      "mg k v t\r\n",
      "ms k 4 T90\r\nabcd\r\n",
      "version\r\nget a\r\n",
      "VALUE a 0 5\r\nhello\r\n",
      "VERSION 1.6.18\r\n",
      "STAT pid 1\r\n",
      "STORED\r\n",
      "ERROR Too many open connections\r\n",
      "SERVER_ERROR out of memory\r\n",
    ]) {
      expect(probe(text), text).toBe("yes");
      const line = text.indexOf("\n") + 1;
      for (let n = 0; n < line; n++) expect(probe(text.slice(0, n)), `${text} cut at ${n}`).toBe("more");
    }
    for (const text of ["version\r\n", "stats\r\n", "mn\r\n", "delete 7\r\n"]) expect(probe(text), text).toBe("more");
    expect(probe(`get ${"key:0123456789 ".repeat(40)}`)).toBe("yes");
  });

  it("leaves others alone", () => {
    for (const text of [
      "GET / HTTP/1.1\r\n\r\n",
      "get / http/1.0\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",
      "220 mail.example ESMTP\r\n",
      "EHLO a.example\r\n",
      "ehlo a.example\r\n",
      "quit\r\n",
      "QUIT\r\n",
      "STAT\r\n",
      "STAT 17\r\n",
      "STAT /pub\r\n",
      "SITE CHMOD 644 a\r\n",
      "VRFY bob\r\n",
      "EXPN list\r\n",
      "NEWNEWS * 20260101 000000\r\n",
      "NICK bob\r\n",
      "CAP LS 302\r\n",
      "CWD /pub\r\n",
      "+OK\r\n",
      "user bob\r\n",
      "list\r\n",
      "retr 1\r\n",
      "DELETED\r\n",
      "NOT_FOUND\r\n",
      "put 0 0 60 5\r\nhello\r\n",
      "reserve\r\n",
      "watch emails\r\n",
      "stats-job 7\r\n",
      "touch 7\r\n",
      "SSH-2.0-OpenSSH_9.2\r\n",
      "*1\r\n$4\r\nPING\r\n",
      "set k v\r\n",
    ]) {
      expect(probe(text), text).toBe("no");
    }
  });
});

const pieces = [
  ...[
    "get a\r\n",
    "set a 0 0 3\r\n",
    "abc\r\n",
    "set a 0 0 3 noreply\r\n",
    "mg a q\r\n",
    "mn\r\n",
    "ms k 3\r\n",
    "stats\r\n",
    "quit\r\n",
  ],
  ...[
    "VALUE a 0 3\r\n",
    "END\r\n",
    "STORED\r\n",
    "VA 3\r\n",
    "HD\r\n",
    "MN\r\n",
    "EN\r\n",
    "STAT a b\r\n",
    "ERROR\r\n",
    "12\r\n",
    "SERVER_ERROR x\r\n",
  ],
  ...[
    "\r\n",
    "\n",
    "\r",
    " ",
    "x",
    "\u0000",
    "\u00ff",
    "99999999999",
    "lru_crawler metadump all\r\n",
    "watch x\r\n",
    "VALUE a 0 99999999\r\n",
  ],
];
const text = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((p) => bytesOf(p.join("")));
const side = fc.constantFrom<0 | 1>(0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ side, bytes: text }) },
  { weight: 1, arbitrary: fc.record({ side, bytes: fc.uint8Array({ maxLength: 40 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      side,
      gap: fc.integer({ min: 0, max: 50 }),
      reason: fc.constantFrom<"missing" | "snap">("missing", "snap"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ side, end: fc.constantFrom<"fin" | "reset" | "capture">("fin", "reset", "capture") }),
  },
);

describe("anything", () => {
  it("never throws, and no exchange is answered, completed or doubted twice", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        for (const x of once(steps).exchanges) expect(x.doubts.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 3000 },
    );
  });

  it("never throws in a probe, and reads nothing outside", () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        const padded = new Uint8Array(bytes.length + 8).fill(0x0a);
        padded.set(bytes, 4);
        expect(memcached.probe(padded, 4, 4 + bytes.length)).toBe(memcached.probe(bytes, 0, bytes.length));
      }),
      { numRuns: 3000 },
    );
  });

  it("of any value and any cut, tells the same", () => {
    const value = fc
      .array(fc.constantFrom("a", "\r\n", "END\r\n", "get x\r\n", "\u0000", "STORED\r\n"), { maxLength: 6 })
      .map((v) => v.join(""));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (values, n) => {
        const steps = [
          C(values.map((v, i) => `set k${i} 0 0 ${v.length}\r\n${v}\r\nget k${i}\r\n`).join("")),
          S(values.map((v, i) => `STORED\r\nVALUE k${i} 0 ${v.length}\r\n${v}\r\nEND\r\n`).join("")),
        ];
        const expected = values.flatMap((v, i) => [`SET k${i}. > 0.`, `GET k${i}. > ${v.length}.`]);
        expect(lines(once(steps))).toEqual(expected);
        expect(lines(play(steps, () => [n], "segments", memcached))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
