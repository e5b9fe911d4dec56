// Does the Redis decoder find commands, answers and their pairs? Expected values are counted by hand from the protocol
// specification; the dialogues are those that redis-server 7.0 holds.

import { describe, expect, it } from "vitest";
import { redis } from "../../decoders/redis.ts";
import { bytesOf, C, type Cut, end, gap, play, type Recorder, S, type Step } from "./recorder.ts";

const command = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((w) => `$${w.length}\r\n${w}\r\n`).join("")}`;
const Q = (...words: string[]): Step => C(command(...words));

const CUTS: Cut[] = [(n) => [n], () => [1], () => [2], () => [7], () => [3, 1, 11]];

/** Plays whole and in pieces; all tell the same. */
function run(steps: Step[]): Recorder {
  const whole = play(steps, CUTS[0], "one segment", redis);
  for (const cut of CUTS) {
    for (const pieces of ["one segment", "segments"] as const) {
      const r = play(steps, cut, pieces, redis);
      expect(lines(r)).toEqual(lines(whole));
      expect([...r.labels]).toEqual([...whole.labels]);
      expect(r.remarks.map((m) => [m.kind, m.code, m.text])).toEqual(
        whole.remarks.map((m) => [m.kind, m.code, m.text]),
      );
    }
  }
  return whole;
}

/** One line an exchange: what was asked, `.` when complete, and what was answered; `w` when it means to wait, `t` in a transaction. */
function lines(r: Recorder): string[] {
  return r.exchanges.map((x) => {
    const q = x.request;
    const asked =
      q === null
        ? "?"
        : `${`${q.method} ${q.target}`.trim()}${q.host === null ? "" : ` @${q.host}`}${q.waits ? " w" : ""}`;
    const error = x.response?.error;
    const answer =
      x.response === null
        ? "-"
        : `${error ? `${error.code}: ${error.text}` : `${x.responseBytes}`}${x.responseComplete ? "." : ""}`;
    return `${asked}${x.requestComplete ? "." : ""} > ${answer}${x.inTransaction ? " t" : ""}${x.doubt ? ` (${x.doubt})` : ""}`;
  });
}

describe("commands and answers", () => {
  it("pairs in order, in a pipeline too, and counts the bytes of values", () => {
    const r = run([
      C(
        command("SET", "greeting", "hello") +
          command("get", "greeting") +
          command("INCR", "n") +
          command("GET", "none"),
      ),
      S("+OK\r\n$5\r\nhello\r\n:1\r\n$-1\r\n"),
    ]);
    expect(lines(r)).toEqual(["SET greeting. > 2.", "GET greeting. > 5.", "INCR n. > 1.", "GET none. > 0."]);
  });

  it("gives the frame and time of a message's first byte", () => {
    const r = play(
      [Q("GET", "k"), S("$3\r\n"), S("abc\r\n"), Q("GET", "m"), S("$-1\r\n")],
      undefined,
      undefined,
      redis,
    );
    expect(r.exchanges.map((x) => [x.request!.frame, x.response!.frame])).toEqual([
      [1, 2],
      [4, 5],
    ]);
  });

  it("reports a command whose value is still being sent, and its end", () => {
    const r = play([C("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\nabc")], undefined, undefined, redis);
    expect(lines(r)).toEqual(["SET k > -"]);
    const done = play([C("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\nabc"), C("defghij\r\n")], undefined, undefined, redis);
    expect(done.exchanges[0]).toMatchObject({ requestComplete: true, requestEnd: 2000 });
  });

  it("names the first key wherever it stands, and subcommands", () => {
    const r = run([
      Q("EVAL", "return 1", "1", "key", "arg"),
      Q("EVAL", "return ARGV[1]", "0", "value"),
      Q("EVALSHA", "abc123", "0", "value"),
      Q("BITOP", "AND", "dest", "src"),
      Q("OBJECT", "ENCODING", "k"),
      Q("CLUSTER", "SLOTS"),
      Q("CONFIG", "SET", "requirepass", "geheim"),
      Q("XREAD", "COUNT", "2", "STREAMS", "s", "0"),
      Q("XREADGROUP", "GROUP", "block", "c", "BLOCK", "0", "STREAMS", "s2", ">"),
      Q("BLMPOP", "0", "2", "l1", "l2", "LEFT"),
      Q("MIGRATE", "h", "6379", "mk", "0", "10", "AUTH", "geheim"),
      Q("JSON.GET", "doc", "$"),
      Q("PUBLISH", "channel", "message"),
      Q("HIDDEN", "geheim"),
    ]);
    expect(lines(r)).toEqual(
      [
        "EVAL key",
        "EVAL",
        "EVALSHA abc123",
        "BITOP dest",
        "OBJECT ENCODING k",
        "CLUSTER SLOTS",
        "CONFIG SET requirepass",
        "XREAD s",
        "XREADGROUP s2 w",
        "BLMPOP l1 w",
        "MIGRATE mk",
        "JSON.GET doc",
        "PUBLISH channel",
        "HIDDEN",
      ].map((l) => `${l}. > -`),
    );
  });

  it("reads inline commands", () => {
    const r = run([C('PING\r\nset k "a b c"\r\n\r\nget k\n'), S("+PONG\r\n+OK\r\n$5\r\na b c\r\n")]);
    expect(lines(r)).toEqual(["PING. > 4.", "SET k. > 2.", "GET k. > 5."]);
  });

  it("takes errors apart", () => {
    const r = run([
      Q("LPUSH", "s", "x"),
      S("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"),
      Q("GET", "k"),
      S("-MOVED 3999 127.0.0.1:6381\r\n"),
      Q("GET", "k"),
      S("!21\r\nSYNTAX invalid syntax\r\n"),
      Q("GET", "k"),
      S("-BAD\r\n"),
    ]);
    expect(lines(r)).toEqual([
      "LPUSH s. > WRONGTYPE: Operation against a key holding the wrong kind of value.",
      "GET k. > MOVED: 3999 127.0.0.1:6381.",
      "GET k. > SYNTAX: invalid syntax.",
      "GET k. > BAD: .",
    ]);
  });

  it("follows the database selected, and goes back when that failed", () => {
    const r = run([
      C(command("SELECT", "3") + command("GET", "a")),
      S("+OK\r\n$-1\r\n"),
      Q("SELECT", "99"),
      S("-ERR DB index is out of range\r\n"),
      Q("GET", "b"),
      S("$-1\r\n"),
    ]);
    expect(lines(r).map((l) => l.split(" >")[0])).toEqual(["SELECT 3.", "GET a @3.", "SELECT 99 @3.", "GET b @3."]);
  });

  it("knows a transaction from MULTI to EXEC or DISCARD", () => {
    const r = run([
      Q("GET", "a"),
      S("$-1\r\n"),
      Q("MULTI"),
      S("+OK\r\n"),
      Q("SET", "a", "1"),
      S("+QUEUED\r\n"),
      Q("NOSUCH"),
      S("-ERR unknown command\r\n"),
      Q("EXEC"),
      S("-EXECABORT Transaction discarded because of previous errors.\r\n"),
      Q("MULTI"),
      S("+OK\r\n"),
      Q("INCR", "a"),
      S("+QUEUED\r\n"),
      Q("EXEC"),
      S("*1\r\n:1\r\n"),
    ]);
    expect(r.exchanges.map((x) => x.inTransaction)).toEqual([null, true, true, true, false, true, true, false]);
  });
});

describe("RESP 3", () => {
  it("steps over every type, nested, with attributes and in pieces", () => {
    const answers = [
      "_\r\n",
      "#t\r\n",
      ",1.5e-3\r\n",
      ",inf\r\n",
      "(3492890328409238509324850943850943825024385\r\n",
      "=15\r\ntxt:Some string\r\n",
      "%2\r\n+a\r\n*2\r\n:1\r\n_\r\n+b\r\n~1\r\n#f\r\n",
      "|1\r\n+ttl\r\n:3600\r\n*2\r\n:1\r\n|1\r\n+x\r\n%1\r\n+y\r\n:1\r\n:2\r\n",
      "$?\r\n;4\r\nHell\r\n;2\r\no!\r\n;0\r\n",
      "*?\r\n:1\r\n%?\r\n+a\r\n:1\r\n.\r\n$?\r\n;1\r\nx\r\n;0\r\n.\r\n",
      "*0\r\n",
      "*-1\r\n",
      "$0\r\n\r\n",
    ];
    const r = run([...answers.map((_, i) => Q("GET", `k${i}`)), S(answers.join(""))]);
    expect(r.exchanges.length).toBe(answers.length);
    expect(r.exchanges.every((x) => x.response !== null && x.responseComplete)).toBe(true);
  });

  it("takes pushes for no answers, and HELLO for the version", () => {
    const hello =
      "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:9\r\n";
    const r = run([
      Q("HELLO", "3", "AUTH", "bob", "geheim", "SETNAME", "shop"),
      S(`${hello}$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n`),
      S(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"),
      Q("GET", "k"),
      S(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n$1\r\nv\r\n"),
    ]);
    expect(lines(r).length).toBe(2);
    expect(lines(r)[1]).toBe("GET k. > 1.");
    expect([...r.labels]).toEqual([
      ["user", "bob"],
      ["application", "shop"],
      ["version", "7.0.15"],
    ]);
    expect(JSON.stringify(r)).not.toContain("geheim");
  });
});

describe("what a server says on its own", () => {
  const confirm = (word: string, channel: string, n: number) =>
    `*3\r\n$${word.length}\r\n${word}\r\n$${channel.length}\r\n${channel}\r\n:${n}\r\n`;

  it("confirms subscriptions channel by channel, and messages answer nothing", () => {
    const r = run([
      Q("subscribe", "c1", "c2"),
      S(confirm("subscribe", "c1", 1) + confirm("subscribe", "c2", 2)),
      S("*3\r\n$7\r\nmessage\r\n$2\r\nc1\r\n$2\r\nhi\r\n"),
      Q("PING"),
      S("*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
      Q("UNSUBSCRIBE"),
      S(confirm("unsubscribe", "c1", 1) + confirm("unsubscribe", "c2", 0)),
      Q("LRANGE", "l", "0", "-1"),
      S("*2\r\n$7\r\nmessage\r\n$1\r\nx\r\n"),
    ]);
    expect(lines(r).map((l) => l.replace(/> \d+/, ">"))).toEqual([
      "SUBSCRIBE c1 w. >.",
      "PING. >.",
      "UNSUBSCRIBE w. >.",
      "LRANGE l. >.",
    ]);
  });

  it("confirms by push in RESP 3, other answers between", () => {
    const r = run([
      C(command("SUBSCRIBE", "x", "y") + command("GET", "k")),
      S(">3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\ny\r\n:2\r\n$1\r\nv\r\n"),
      S(">3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$2\r\nhi\r\n"),
    ]);
    expect(lines(r)).toEqual(["SUBSCRIBE x w. > 22.", "GET k. > 1."]);
  });

  it("reports commands to a monitor", () => {
    const r = run([
      Q("MONITOR"),
      S('+OK\r\n+1795261084.166896 [0 127.0.0.1:59464] "SET" "a" "b"\r\n'),
      Q("QUIT"),
      S("+OK\r\n"),
    ]);
    expect(lines(r)).toEqual(["MONITOR w. > 2.", "QUIT. > 2."]);
    expect(r.remarks).toMatchObject([{ kind: "farewell", side: 0 }]);
  });

  it("leaves replication alone once it runs", () => {
    const r = run([
      Q("PSYNC", "?", "-1"),
      S("\n\n"),
      S("+FULLRESYNC 8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb 0\r\n"),
      S("$5\r\nREDIS"),
      S(command("SET", "a", "1")),
    ]);
    expect(lines(r)).toEqual(["PSYNC w. > 53."]);
    expect(r.isUpgraded).toBe(true);
    const midway = run([C(command("SET", "a", "1")), S(command("REPLCONF", "ACK", "12"))]);
    expect(midway.exchanges.map((x) => x.doubt)).toEqual(["gap"]);
  });

  it("keeps silent after CLIENT REPLY OFF and SKIP", () => {
    const r = run([
      C(
        command("CLIENT", "REPLY", "OFF") +
          command("SET", "a", "1") +
          command("CLIENT", "REPLY", "ON") +
          command("GET", "a"),
      ),
      S("+OK\r\n$1\r\n1\r\n"),
      C(command("CLIENT", "REPLY", "SKIP") + command("SET", "a", "2") + command("GET", "a")),
      S("$1\r\n2\r\n"),
    ]);
    expect(lines(r)).toEqual(["CLIENT REPLY. > 2.", "GET a. > 1.", "GET a. > 1."]);
  });
});

describe("refusals", () => {
  it("are remarks, and answers too when something was asked", () => {
    const alone = run([S("-ERR max number of clients reached\r\n"), end(1, "fin")]);
    expect(alone.exchanges).toEqual([]);
    expect(alone.remarks).toMatchObject([
      { side: 1, kind: "refusal", code: "ERR", text: "max number of clients reached" },
    ]);
    const asked = run([Q("PING"), S("-ERR max number of clients reached\r\n")]);
    expect(lines(asked)).toEqual(["PING. > ERR: max number of clients reached."]);
    expect(asked.remarks.map((m) => m.code)).toEqual(["ERR"]);
    const noauth = run([Q("GET", "k"), S("-NOAUTH Authentication required.\r\n")]);
    expect(noauth.remarks).toEqual([]);
    expect(run([S("-DENIED Redis is running in protected mode\r\n")]).remarks.map((m) => m.code)).toEqual(["DENIED"]);
  });
});

describe("secrets", () => {
  it("are kept nowhere, not even where a server repeats them", () => {
    const r = run([
      Q("AUTH", "geheim"),
      S("+OK\r\n"),
      Q("AUTH", "bob", "geheim"),
      S("+OK\r\n"),
      Q("HELLO", "3", "AUTH", "bob", "geheim"),
      S("-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `bob`, `geheim`, \r\n"),
      Q("ACL", "SETUSER", "bob", "on", ">geheim"),
      C("AUTH geheim\r\n"),
    ]);
    expect(r.exchanges.length).toBe(5);
    expect(JSON.stringify(r)).not.toContain("geheim");
    expect(r.labels.get("user")).toBe("bob");
  });
});

describe("holes", () => {
  it("are counted off inside a string", () => {
    const r = play(
      [
        C("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000\r\n"),
        gap(0, 990),
        C("0123456789\r\n"),
        S("+OK\r\n"),
        Q("GET", "k"),
        S("$1000\r\nabc"),
        gap(1, 997),
        S("\r\n"),
        Q("GET", "m"),
        S("$-1\r\n"),
      ],
      undefined,
      undefined,
      redis,
    );
    expect(lines(r)).toEqual(["SET k. > 2.", "GET k. > 1000.", "GET m. > 0."]);
  });

  it("a lost answer leaves its command in doubt, and no other", () => {
    const r = play(
      [Q("GET", "a"), gap(1, 9), Q("GET", "b"), S("$1\r\nb\r\n"), Q("GET", "c"), S("$1\r\nc\r\n")],
      undefined,
      undefined,
      redis,
    );
    expect(lines(r)).toEqual(["GET a. > - (gap)", "GET b. > 1.", "GET c. > 1."]);
    expect(r.exchanges[2]!.response!.frame).toBe(5);
  });

  it("a lost answer to a batch ends with that batch", () => {
    const batch = (...keys: string[]) => C(keys.map((k) => command("GET", k)).join(""));
    const r = play(
      [
        batch("a", "b", "c"),
        S("$1\r\na\r\n"),
        gap(1, 7),
        S("$1\r\nc\r\n"),
        batch("d", "e"),
        S("$1\r\nd\r\n$1\r\ne\r\n"),
      ],
      undefined,
      undefined,
      redis,
    );
    // Which of b and c was answered, the capture does not tell; d and e it does.
    expect(r.exchanges.map((x) => x.response?.frame ?? null)).toEqual([2, 3, null, 5, 5]);
    expect(r.exchanges[2]!.doubt).toBe("gap");
  });

  it("a lost command leaves an answer without one", () => {
    const r = play([gap(0, 20), S("$1\r\na\r\n"), Q("GET", "b"), S("$1\r\nb\r\n")], undefined, undefined, redis);
    expect(lines(r)).toEqual(["? > 1.", "GET b. > 1."]);
  });

  it("joined midway, goes on with the next message, whoever speaks first", () => {
    const r = play([S("$3\r\nabc\r\n"), Q("GET", "b"), S("$1\r\nb\r\n")], undefined, undefined, redis);
    expect(lines(r)).toEqual(["? > 3.", "GET b. > 1."]);
    // Answers to HGETALL look like commands. One has too many words for TYPE; of the other, what follows shows who is who.
    const hash = play(
      [S(command("type", "book", "title", "x")), Q("GET", "b"), S("$1\r\nb\r\n"), Q("GET", "c"), S("$1\r\nc\r\n")],
      undefined,
      undefined,
      redis,
    );
    expect(lines(hash).slice(-2)).toEqual(["GET b. > 1.", "GET c. > 1."]);
    const taken = play(
      [S(command("info", "x")), Q("GET", "b"), S("$1\r\nb\r\n"), Q("GET", "c"), S("$1\r\nc\r\n")],
      undefined,
      undefined,
      redis,
    );
    expect(lines(taken).at(-1)).toBe("GET c. > 1.");
  });
});

describe("probe", () => {
  const probe = (text: string) => redis.probe(bytesOf(text), 0, text.length);
  it("recognises commands, answers and refusals, at every length", () => {
    for (const text of [
      "*1\r\n$4\r\nPING\r\n",
      command("SET", "k", "v"),
      "*2\r\n:1\r\n:2\r\n",
      "$5\r\nhello\r\n",
      "$-1\r\n",
      "%1\r\n+a\r\n:1\r\n",
      ">2\r\n$10\r\ninvalidate\r\n",
      "+PONG\r\n",
      "-ERR max number of clients reached\r\n",
      "-NOAUTH Authentication required.\r\n",
      "PING\r\n*1\r\n$4\r\nPING\r\n",
    ]) {
      expect(probe(text), text).toBe("yes");
      for (let n = 0; n < text.length; n++) expect(probe(text.slice(0, n)), `${text} cut at ${n}`).not.toBe("no");
    }
    expect(probe("PING\r\n")).toBe("more");
    expect(probe("info replication\r\n")).toBe("more");
    expect(probe("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nxxx")).toBe("yes");
    expect(probe("$100000\r\nxxx")).toBe("yes");
  });

  it("leaves others alone", () => {
    for (const text of [
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",
      "220 mail.example ESMTP\r\n",
      "EHLO a.example\r\n",
      "AUTH LOGIN\r\n",
      "AUTH TLS\r\n",
      "QUIT\r\n",
      "+OK POP3 ready\r\n",
      "+OK\r\n",
      "-ERR unknown command\r\n",
      "-ERR [AUTH] Authentication failed.\r\n",
      "USER bob\r\n",
      "* OK IMAP4rev1 ready\r\n",
      "* 18 EXISTS\r\n",
      "a1 LOGIN bob x\r\n",
      "+ idling\r\n",
      "NICK bob\r\n",
      ":irc.example 001 bob :Welcome\r\n",
      "PING :irc.example\r\n",
      'INFO {"server_id":"N"}\r\n',
      "CONNECT {}\r\nPING\r\n",
      "200 news.example ready\r\n",
      "MODE READER\r\n",
      ":10010000214601360121470136007EFE09D2190140\r\n",
      "$GPGGA,123519,4807.038,N\r\n",
      "$Lock EXTENDEDPROTOCOL|",
      "#EXTM3U\r\n",
      "%PDF-1.4\n",
      "~/a",
      "\x16\x03\x01\x02\x00\x01",
      "<?xml version='1.0'?>",
    ]) {
      expect(probe(text), text).toBe("no");
    }
  });
});
