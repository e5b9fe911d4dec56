// Does the TLS decoder read what hellos and alerts say in clear, and nothing else? Values from tshark and the RFCs' tables.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tls } from "../../decoders/tls.ts";
import type { Side } from "../../src/core/stream-decoder.ts";
import { type Cut, end, gap, play, type Recorder, type Step } from "./recorder.ts";
import {
  CLIENT_12,
  CLIENT_13,
  CLIENT_FINISHED_12,
  DATA_13,
  ENCRYPTED_ALERT,
  HIDDEN_ALERT,
  RETRY_13,
  SERVER_12,
  SERVER_13,
} from "./tls-bytes.ts";

const bytes = (...list: (number | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(list.flatMap((x) => (typeof x === "number" ? [x] : [...x])));
const say = (side: Side, ...list: (number | Uint8Array)[]): Step => ({ side, bytes: bytes(...list) });
const facts = (r: Recorder) => Object.fromEntries(r.labels);
const run = (steps: Step[], cut?: Cut, pieces?: "one segment" | "segments") => play(steps, cut, pieces, tls);
const record = (type: number, body: number[], version = 3): Uint8Array =>
  bytes(type, 3, version, body.length >> 8, body.length & 255, Uint8Array.from(body));
const alert = (level: number, description: number) => record(21, [level, description]);
const data = (n: number) => record(23, Array<number>(n).fill(0xa5));
/** Cuts a handshake record into records of `size` bytes, as RFC 8446 §5.1 allows. */
function fragmented(whole: Uint8Array, size: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 5; at < whole.length; at += size) parts.push(record(22, [...whole.subarray(at, at + size)], 1));
  return bytes(...parts);
}

const DIALOGUE_12 = [
  say(0, CLIENT_12),
  say(1, SERVER_12),
  say(0, CLIENT_FINISHED_12),
  say(1, data(300)),
  say(0, ENCRYPTED_ALERT),
  end(0, "fin"),
];
const FACTS_12 = { sni: "shop.example", version: "TLS 1.2", alpn: "http/1.1" };

describe("what hellos say", () => {
  it("TLS 1.2: name, version, the server's choice of ALPN", () => {
    expect(facts(run(DIALOGUE_12))).toEqual(FACTS_12);
  });

  it("TLS 1.3: the version stands in an extension, ALPN is encrypted", () => {
    expect(facts(run([say(0, CLIENT_13), say(1, SERVER_13, DATA_13)]))).toEqual({
      sni: "db.example",
      version: "TLS 1.3",
    });
  });

  it("a HelloRetryRequest tells the version too", () => {
    expect(facts(run([say(1, RETRY_13)]))).toEqual({ version: "TLS 1.3" });
  });

  it("a server that answers in plain HTTP is heard", () => {
    const answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    const r = run([
      say(0, CLIENT_12),
      say(
        1,
        Uint8Array.from(answer, (ch) => ch.charCodeAt(0)),
      ),
    ]);
    expect(r.upgradedTo).toBe("http");
  });

  it("the client's offer is no fact", () => {
    expect(facts(run([say(0, CLIENT_12)]))).toEqual({ sni: "shop.example" });
  });

  it("either side may be the server", () => {
    expect(facts(run([say(1, CLIENT_12), say(0, SERVER_12)]))).toEqual(FACTS_12);
  });

  it.each([1, 3, 4, 50])("a hello in records of %i bytes", (size) => {
    expect(facts(run([say(0, fragmented(CLIENT_12, size)), say(1, fragmented(SERVER_12, size))]))).toEqual(FACTS_12);
  });

  it.each([1, 2, 7])("GREASE and unknown extensions before the name, segments of %i bytes", (n) => {
    // client_version, random, session, one cipher, one compression; extensions 0x0a0a (GREASE), 0xfe0d (ECH), server_name.
    const name = [..."a.example"].map((c) => c.charCodeAt(0));
    const sni = [0, 0, 0, name.length + 5, 0, name.length + 3, 0, 0, name.length, ...name];
    const extensions = [0x0a, 0x0a, 0, 1, 0, 0xfe, 0x0d, 0, 2, 7, 7, ...sni];
    const random = Array<number>(32).fill(9);
    const body = [3, 3, ...random, 0, 0, 4, 0x1a, 0x1a, 0x13, 1, 1, 0, 0, extensions.length, ...extensions];
    const hello = record(22, [1, 0, 0, body.length, ...body], 1);
    expect(facts(run([say(0, hello)], () => [n], "segments"))).toEqual({ sni: "a.example" });
  });

  it.each([
    [0x0300, "SSL 3.0"],
    [0x0301, "TLS 1.0"],
    [0x0302, "TLS 1.1"],
    [0x7f12, "TLS 1.3 (draft 18)"],
    [0x0305, undefined],
  ])("a ServerHello of version %i", (version, name) => {
    const isDraft = version >> 8 === 0x7f;
    const tail = isDraft ? [0x13, 1, 0, 0] : [0, 0x13, 1, 0];
    const body = [version >> 8, version & 255, ...Array<number>(32).fill(9), ...tail];
    expect(run([say(1, record(22, [2, 0, 0, body.length, ...body]))]).labels.get("version")).toBe(name);
  });

  it("a hello cut by the snap length: the name when it is there, no version that the cut may hide", () => {
    expect(facts(run([say(0, CLIENT_12.subarray(0, 150)), gap(0, 25, "snap")]))).toEqual({ sni: "shop.example" });
    expect(facts(run([say(1, SERVER_13.subarray(0, 60)), gap(1, 90, "snap")]))).toEqual({});
  });

  it("SSL 2.0: its ClientHello opens TLS, or SSL 2.0 itself", () => {
    const v2 = (version: number[]) =>
      bytes(
        0x80,
        9 + 6 + 16,
        1,
        ...version,
        0,
        6,
        0,
        0,
        0,
        16,
        0,
        0,
        0x2f,
        1,
        0,
        0x80,
        Uint8Array.from(Array(16).keys()),
      );
    const v2Server = bytes(0x80, 11 + 4 + 3 + 16, 4, 0, 1, 0, 2, 0, 4, 0, 3, 0, 16, ...Array<number>(23).fill(5));
    expect(tls.probe(v2([3, 1]), 0, 33)).toBe("yes");
    expect(facts(run([say(0, v2([3, 1])), say(1, SERVER_12), say(0, alert(2, 40))]))).toEqual({
      version: "TLS 1.2",
      alpn: "http/1.1",
    });
    const old = run([say(0, v2([0, 2])), say(1, v2Server), say(1, alert(2, 40))], () => [1], "segments");
    expect(facts(old)).toEqual({ version: "SSL 2.0" });
    expect(old.remarks).toEqual([]);
  });
});

describe("alerts", () => {
  it.each([
    [40, "handshake_failure"],
    [45, "certificate_expired"],
    [48, "unknown_ca"],
    [112, "unrecognized_name"],
    [116, "certificate_required"],
    [200, "alert_200"],
  ])("fatal %i is the refusal %s", (code, name) => {
    const r = run([say(0, CLIENT_12), say(1, alert(2, code))]);
    expect(r.remarks).toEqual([
      { side: 1, frame: 2, time: 2000, kind: "refusal", code: name, text: `TLS alert ${name}` },
    ]);
  });

  it.each([1, 2])("close_notify, level %i, is a farewell", (level) => {
    expect(run([say(0, alert(level, 0))]).remarks).toMatchObject([
      { side: 0, kind: "farewell", code: null, text: "TLS alert close_notify" },
    ]);
  });

  it("a warning is neither", () => {
    expect(run([say(1, alert(1, 112)), say(1, alert(3, 40)), say(0, data(9))]).remarks).toEqual([]);
  });

  it("an encrypted one is a farewell, in the frame of its first byte", () => {
    const r = run(DIALOGUE_12, () => [4], "segments");
    const before = [CLIENT_12, SERVER_12, CLIENT_FINISHED_12, data(300)].reduce(
      (n, b) => n + Math.ceil(b.length / 4),
      0,
    );
    expect(r.remarks).toMatchObject([
      { side: 0, frame: before + 1, kind: "farewell", code: null, text: "an encrypted alert" },
    ]);
  });

  it("TLS 1.3 hides it, behind ChangeCipherSpec one may still come in clear", () => {
    const start = [say(0, CLIENT_13), say(1, SERVER_13)];
    expect(run([...start, say(0, HIDDEN_ALERT)]).remarks).toEqual([]);
    const ccs = record(20, [1]);
    expect(run([...start, say(0, ccs, alert(2, 42))]).remarks).toMatchObject([{ side: 0, code: "bad_certificate" }]);
  });
});

describe("gaps and joining midway", () => {
  it("a gap within a body is stepped over", () => {
    const r = run([say(0, data(100).subarray(0, 50)), gap(0, 55), say(0, ENCRYPTED_ALERT)]);
    expect(r.remarks).toHaveLength(1);
  });

  it("behind a longer one it goes on where a segment starts with records", () => {
    const lost = [say(0, data(100).subarray(0, 50)), gap(0, 56)];
    expect(run([...lost, say(0, 0x15, 0x03), say(0, ENCRYPTED_ALERT)]).remarks).toHaveLength(1);
    expect(run([...lost, say(0, 0x15, 0x03, 0x03, 0x00, 0x1a, 1)]).remarks).toEqual([]);
    expect(run([...lost, say(0, data(7), ENCRYPTED_ALERT)]).remarks).toHaveLength(1);
  });

  it("a hello with a hole leaves what follows readable", () => {
    const r = run([say(0, CLIENT_12.subarray(0, 30)), gap(0, 200), say(0, ENCRYPTED_ALERT)]);
    expect(facts(r)).toEqual({});
    expect(r.remarks).toHaveLength(1);
  });
});

describe("probe", () => {
  const probe = (...list: (number | Uint8Array)[]) => {
    const all = bytes(0xff, ...list, 0xff);
    return tls.probe(all, 1, all.length - 1);
  };

  it("knows hellos by eleven bytes, records that end with the segment, chained records", () => {
    expect(probe(CLIENT_12.subarray(0, 10))).toBe("more");
    expect(probe(CLIENT_12.subarray(0, 11))).toBe("yes");
    expect(probe(SERVER_13)).toBe("yes");
    expect(probe(data(40))).toBe("yes");
    expect(probe(ENCRYPTED_ALERT)).toBe("yes");
    expect(probe(alert(2, 40))).toBe("yes");
    expect(probe(data(40), data(50).subarray(0, 5))).toBe("yes");
    expect(probe(data(40), data(50).subarray(0, 4))).toBe("more");
    expect(probe(data(40).subarray(0, 44))).toBe("more");
  });

  it("is not taken in", () => {
    expect(probe(data(40), 0x47)).toBe("no");
    expect(probe(alert(7, 40))).toBe("no");
    expect(probe(0x17, 0x03, 0x05)).toBe("no");
    expect(probe(0x17, 0x03, 0x03, 0x48, 0x01)).toBe("no");
    expect(probe(...[..."GET / HTTP/1.1"].map((c) => c.charCodeAt(0)))).toBe("no");
    expect(probe(0x80, 0x2e, 0x01, 0x03, 0x01, 0, 7, 0, 0, 0, 16)).toBe("no");
    // MySQL's greeting, PostgreSQL's startup, HTTP/2's preface.
    expect(probe(0x4a, 0, 0, 0, 0x0a, 0x35)).toBe("no");
    expect(probe(0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f)).toBe("no");
    expect(probe(0x50, 0x52, 0x49)).toBe("no");
  });

  it("says more only of a beginning of yes", () => {
    for (const whole of [CLIENT_12, CLIENT_13, SERVER_12, RETRY_13, ENCRYPTED_ALERT, data(70)]) {
      const answers = Array.from({ length: whole.length }, (_, n) => probe(whole.subarray(0, n + 1)));
      expect(answers.lastIndexOf("more")).toBeLessThan(answers.indexOf("yes"));
      expect(answers).not.toContain("no");
    }
  });
});

describe("any bytes, any cuts", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      CLIENT_12,
      SERVER_12,
      CLIENT_13,
      SERVER_13,
      RETRY_13,
      CLIENT_FINISHED_12,
      ENCRYPTED_ALERT,
      data(30),
    ),
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(alert(2, 40), alert(1, 0), record(22, [1, 0xff, 0xff, 0xff, 3, 3])),
  );
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ side: fc.constantFrom<Side>(0, 1), bytes: piece }) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom<Side>(0, 1), fc.nat(400)).map(([s, n]) => gap(s, n)) },
  );

  it("never throw, and pieces of a segment change nothing", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (steps, cuts) => {
          const whole = run([...steps, end(0, "fin"), end(1, "fin")]);
          for (const r of [run(DIALOGUE_12, () => cuts), run(DIALOGUE_12, () => cuts, "segments")]) {
            expect(facts(r)).toEqual(FACTS_12);
            expect(r.remarks).toHaveLength(1);
          }
          for (const m of whole.remarks) expect(m.frame).toBeGreaterThan(0);
        },
      ),
    );
  });

  it("a ClientHello that claims 16 MiB is read from what is kept", () => {
    const claim = bytes(22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff, CLIENT_12.subarray(9), new Uint8Array(0x4000 - 170));
    const more = bytes(22, 3, 1, 0x40, 0, new Uint8Array(0x4000));
    const r = run([say(0, claim), say(0, more), say(0, more), end(0, "fin")]);
    expect(facts(r)).toEqual({ sni: "shop.example" });
  });
});
