// Does reassembly hold against sequence numbers that wrap, segments that contradict each other, and bodies of gigabytes? Gigabytes are
// jumps of the numbers that were acknowledged, not bytes: work and memory go by packets.

import { describe, expect, it } from "vitest";
import { analyze } from "../../src/index.ts";
import { Dialogue, type From } from "./made.ts";

const read = (dialogue: Dialogue) => analyze([dialogue.source], { detail: true });
const GET = "GET /a HTTP/1.1\r\nHost: example.com\r\n\r\n";
const SECOND = "GET /second HTTP/1.1\r\nHost: example.com\r\n\r\n";
const NOTHING = "HTTP/1.1 204 No Content\r\n\r\n";

async function said(dialogue: Dialogue): Promise<string[]> {
  const { exchanges } = await read(dialogue);
  return exchanges!.map((e) => `${e.request?.target} ${e.response?.status} ${e.outcome}`);
}

describe("numbers that wrap", () => {
  it.each([
    ["within a head", -20],
    ["between the SYN and the first byte", -1],
    ["at 2³¹, where signs change", 0x7fffffff - 19],
  ])("%s", async (_, isn) => {
    const dialogue = new Dialogue({ isn: { c: isn, s: isn } });
    dialogue.say("c", GET).say("s", `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${"x".repeat(100)}`);
    dialogue.say("c", SECOND).say("s", NOTHING).close();
    const { exchanges, flows } = await read(dialogue);
    expect(exchanges!.map((e) => e.outcome)).toEqual(["answered", "answered"]);
    expect(flows![0]).toMatchObject({ retransmissions: { client: 0, server: 0 }, ending: "closed" });
  });

  it("many times over in one connection: 40 GB", async () => {
    const dialogue = new Dialogue();
    dialogue.say("c", GET).say("s", `HTTP/1.1 200 OK\r\nContent-Length: ${40e9}\r\n\r\n`).skip("s", 40e9);
    expect(await said(dialogue.say("c", SECOND).say("s", NOTHING))).toEqual([
      "/a 200 answered",
      "/second 204 answered",
    ]);
  });
});

describe("segments that overlap with different data", () => {
  const ACK = 16;
  const bytes = (words: string) => new TextEncoder().encode(words);
  const piece = (dialogue: Dialogue, from: From, words: string, at: number): void =>
    dialogue.segment(from, ACK, bytes(words), (1001 + at) | 0);

  it("in order: what came first is read, as the receiver would", async () => {
    const dialogue = new Dialogue();
    piece(dialogue, "c", "GET /first HTTP/1.1\r\n", 0);
    piece(dialogue, "c", "GET /other HTTP/1.1\r\nHost: example.com\r\n\r\n", 0);
    expect(await said(dialogue.say("s", NOTHING))).toEqual(["/first 204 answered"]);
  });

  it("beyond a hole: what came first is kept, whatever comes over it and around it", async () => {
    const dialogue = new Dialogue();
    const request = "GET /first HTTP/1.1\r\nHost: example.com\r\n\r\n";
    piece(dialogue, "c", request.slice(5, 10), 5);
    piece(dialogue, "c", `o${"other".repeat(3)}`.slice(0, 10), 3);
    piece(dialogue, "c", request.slice(10), 10);
    piece(dialogue, "c", request.slice(0, 5), 0);
    const [line] = await said(dialogue.say("s", NOTHING));
    expect(line).toContain("first");
  });
});

describe("holes", () => {
  const SPREAD = 4096;

  it("a window of 1 GB with a byte here and there: held by number, not by width", async () => {
    const dialogue = new Dialogue();
    const start = dialogue.next.c;
    // Every second place of 1 GB, over and over, none of which was acknowledged.
    for (let n = 0; n < 4 * SPREAD; n++) {
      dialogue.segment("c", 16, Uint8Array.of(120), (start + 1 + (((n * 7919) % SPREAD) * 2 ** 30) / SPREAD) | 0);
    }
    dialogue.say("s", "x");
    const { totals, flows, captures } = await read(dialogue);
    expect(totals).toMatchObject({ flows: 1, tcp_segments: captures[0]!.packets });
    // Each byte is either there, or one that was missing.
    expect(flows![0]!.missing_bytes.client).toBeLessThanOrEqual(2 ** 30);
  });
});

describe("bodies beyond 2³¹ and 2³²", () => {
  it.each([2 ** 31, 2 ** 32, 2 ** 32 + 5])("Content-Length: %i", async (length) => {
    const dialogue = new Dialogue();
    dialogue.say("c", GET).say("s", `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`).skip("s", length);
    dialogue.say("c", SECOND).say("s", NOTHING);
    expect(dialogue.records.length).toBeLessThan(60);
    expect(await said(dialogue)).toEqual(["/a 200 answered", "/second 204 answered"]);
  });

  it.each([2 ** 31, 2 ** 32, 2 ** 32 + 5])("a chunk of %i", async (length) => {
    const dialogue = new Dialogue();
    dialogue.say("c", GET).say("s", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    dialogue
      .say("s", `${length.toString(16)}\r\n`)
      .skip("s", length)
      .say("s", "\r\n0\r\n\r\n");
    dialogue.say("c", SECOND).say("s", NOTHING);
    expect(await said(dialogue)).toEqual(["/a 200 answered", "/second 204 answered"]);
  });

  it.each(["ffffffffffffffff", "10000000000000000", "8000000000000000", `${"0".repeat(60)}5`, "-1", "5".repeat(5000)])(
    "a chunk size of %s is no reason to misread what was said before it",
    async (size) => {
      const dialogue = new Dialogue();
      dialogue.say("c", GET).say("s", NOTHING).say("c", SECOND);
      dialogue.say("s", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nabcde\r\n0\r\n\r\n`);
      const lines = await said(dialogue.say("s", "x".repeat(1000)));
      expect(lines.slice(0, 2)).toEqual(["/a 204 answered", "/second 200 answered"]);
      expect(lines.length).toBe(2);
    },
  );

  it.each(["18446744073709551616", "-5", "9007199254740993", "5, 6"])("Content-Length: %s", async (length) => {
    const dialogue = new Dialogue();
    dialogue.say("c", GET).say("s", `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nabcde`);
    expect(await said(dialogue.say("s", "x".repeat(1000)))).toEqual(["/a 200 answered"]);
  });
});
