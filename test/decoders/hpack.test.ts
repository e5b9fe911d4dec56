// Does the HPACK decoder read what RFC 7541 encodes, and never guess?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HpackDecoder } from "../../decoders/hpack.ts";
import { huffmanDecode } from "../../decoders/hpack-huffman.ts";
import { MAX_TABLE_SIZE } from "../../decoders/hpack-table.ts";
import { TextCache } from "../../decoders/http1-text.ts";
import { hex, join } from "./http2-wire.ts";

const texts = new TextCache();
const open = (wanted: ReadonlySet<string> | null = null) => new HpackDecoder(wanted, texts);

function read(decoder: HpackDecoder, block: Uint8Array) {
  const fields: string[] = [];
  const whole = decoder.decode(block, 0, block.length, {
    field: (name, value) => fields.push(`${name ?? "?"}: ${value ?? "?"}`),
  });
  return whole ? fields : [...fields, "!"];
}

const REQUESTS = [
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"],
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"],
  [":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"],
];
const DATE_21 = "date: Mon, 21 Oct 2013 20:13:21 GMT";
const DATE_22 = "date: Mon, 21 Oct 2013 20:13:22 GMT";
const RESPONSES = [
  [":status: 302", "cache-control: private", DATE_21, "location: https://www.example.com"],
  [":status: 307", "cache-control: private", DATE_21, "location: https://www.example.com"],
  [
    ...[":status: 200", "cache-control: private", DATE_22, "location: https://www.example.com"],
    ...["content-encoding: gzip", "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ],
];
/** Size of the dynamic table: 256 (RFC 7541 §6.3: 31 + 97 + 128). */
const SIZE_256 = [0x3f, 0xe1, 0x01];

describe("RFC 7541 Appendix C", () => {
  it.each([
    ["C.2.1", "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", "custom-key: custom-header", 1],
    ["C.2.2", "040c 2f73 616d 706c 652f 7061 7468", ":path: /sample/path", 0],
    ["C.2.3", "1008 7061 7373 776f 7264 0673 6563 7265 74", "password: secret", 0],
    ["C.2.4", "82", ":method: GET", 0],
  ])("%s, one field", (_, block, field, entries) => {
    const decoder = open();
    expect(read(decoder, hex(block))).toEqual([field]);
    expect(decoder.entries).toBe(entries);
  });

  it.each([
    [
      "C.3, without Huffman",
      "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "8286 84be 5808 6e6f 2d63 6163 6865",
      "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ],
    [
      "C.4, with Huffman",
      "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
      "8286 84be 5886 a8eb 1064 9cbf",
      "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ],
  ])("%s: requests", (_, ...blocks) => {
    const decoder = open();
    blocks.forEach((block, n) => {
      expect(read(decoder, hex(block))).toEqual(REQUESTS[n]);
      expect(decoder.entries).toBe(n + 1);
    });
  });

  it.each([
    [
      "C.5, without Huffman",
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d
       546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      "4803 3330 37c1 c0bf",
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f
       6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b
       2076 6572 7369 6f6e 3d31`,
    ],
    [
      "C.6, with Huffman",
      `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7
       8f0b 97c8 e9ae 82ae 43d3`,
      "4883 640e ffc1 c0bf",
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335
       dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ],
  ])("%s: responses, with a table of 256 octets", (_, ...blocks) => {
    const decoder = open();
    read(decoder, hex("3fe101"));
    // The table after each of them, as the appendix shows it.
    const entries = [4, 4, 3];
    blocks.forEach((block, n) => {
      expect(read(decoder, hex(block))).toEqual(RESPONSES[n]);
      expect(decoder.entries).toBe(entries[n]);
    });
  });
});

describe("the dynamic table", () => {
  const CUSTOM = hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572");

  it("what is not there is unknown, and no error: it may have been added before the capture", () => {
    expect(read(open(), hex("be"))).toEqual(["?: ?"]);
    // A literal whose name is at index 70; and its entry keeps its place.
    const decoder = open();
    expect(read(decoder, hex("7f07 0178 be"))).toEqual(["?: ?", "?: ?"]);
    expect(decoder.entries).toBe(1);
  });

  it("after a loss, only what is added since is known, at its place counted from the newest", () => {
    const decoder = open();
    expect(read(decoder, join(CUSTOM, [0xbe]))).toHaveLength(2);
    decoder.forget();
    expect(read(decoder, join([0xbe], CUSTOM, [0xbe, 0xbf]))).toEqual([
      "?: ?",
      "custom-key: custom-header",
      "custom-key: custom-header",
      "?: ?",
    ]);
  });

  it("an entry larger than the table empties it (RFC 7541 §4.4), and takes no other's place", () => {
    const decoder = open();
    read(decoder, CUSTOM);
    // ":path" with 4,100 octets: 4,096 are not enough.
    expect(read(decoder, join([0x44, 0x7f, 0x85, 0x1f], new Uint8Array(4100).fill(0x61)))[0]).toHaveLength(2055);
    expect(decoder.entries).toBe(1);
    expect(read(decoder, join(CUSTOM, [0xbe, 0xbf, 0xc0]))).toEqual([
      "custom-key: custom-header",
      "custom-key: custom-header",
      "?: ?",
      "?: ?",
    ]);
  });

  it("a size of 0 empties it, and nothing stays in it", () => {
    const decoder = open();
    read(decoder, join(CUSTOM, CUSTOM, [0x20]));
    expect(decoder.entries).toBe(0);
    for (let k = 0; k < 100; k++) read(decoder, CUSTOM);
    expect(decoder.entries).toBeLessThanOrEqual(1);
  });

  it("is never kept larger than 64 KiB, whatever size is announced", () => {
    const decoder = open();
    // 2²⁸ octets announced; each entry of the field of C.2.1 counts 10 + 13 + 32.
    read(decoder, hex("3fe1ffff7f"));
    const added = join(...Array.from({ length: 100 }, () => CUSTOM));
    for (let k = 0; k < 100; k++) read(decoder, added);
    expect(decoder.entries).toBe(Math.floor(MAX_TABLE_SIZE / 55));
    expect(read(decoder, hex("be"))).toEqual(["custom-key: custom-header"]);
  });

  it("256 octets keep what fits (RFC 7541 §4.1: 32 more than name and value)", () => {
    const decoder = open();
    read(decoder, join(SIZE_256, ...Array.from({ length: 9 }, () => CUSTOM)));
    expect(decoder.entries).toBe(4);
  });
});

describe("values that are not wanted", () => {
  it("are passed by, and are no text in the table either", () => {
    const decoder = open(new Set([":path"]));
    // authorization (index 23) with a literal, added; then by reference; :path by its side.
    const block = join([0x57, 6], new TextEncoder().encode("s3cr3t"), [0xbe, 0x84]);
    expect(read(decoder, block)).toEqual(["authorization: ?", "authorization: ?", ":path: /"]);
    expect(JSON.stringify(decoder)).not.toContain("s3cr3t");
  });
});

describe("what is no header block", () => {
  it.each([
    ["index 0", "80"],
    ["an index that does not end", "ff8080"],
    ["an index of five more octets", "ffffffffff7f"],
    ["a string longer than the block", "000a61"],
    ["a string that is not there", "4103"],
    ["Huffman padding of a whole octet", "0182 1fff"],
    ["Huffman padding that is not of ones", "0181 18"],
    ["the Huffman code of EOS", "0184 ffffffff"],
  ])("%s ends it, and the table is forgotten", (_, block) => {
    const decoder = open();
    read(decoder, hex("400161 0162"));
    expect(read(decoder, join([0x82], hex(block)))).toEqual([":method: GET", "!"]);
    expect(decoder.entries).toBe(0);
    expect(read(decoder, hex("be"))).toEqual(["?: ?"]);
  });
});

describe("Huffman", () => {
  // Codes as Appendix B prints them.
  it.each([
    ["0", "00000"],
    ["a", "00011"],
    [" ", "010100"],
    [":", "1011100"],
    ["X", "11111100"],
    ["?", "1111111100"],
    ["+", "11111111011"],
    ["#", "111111111010"],
    ["$", "1111111111001"],
    ["^", "11111111111100"],
    ["<", "111111111111100"],
    ["\\", "1111111111111110000"],
    ["\u00d0", "1111111111111110010"],
    ["\u0000", "1111111111000"],
    ["\n", "111111111111111111111111111100"],
    ["\r", "111111111111111111111111111101"],
    ["\u0016", "111111111111111111111111111110"],
    ["\u00ff", "11111111111111111111101110"],
  ])("%j is %s", (text, code) => {
    const bits = code.padEnd(Math.ceil(code.length / 8) * 8, "1");
    const bytes = Uint8Array.from({ length: bits.length / 8 }, (_, i) =>
      Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2),
    );
    const out = new Uint8Array(4);
    expect(huffmanDecode(bytes, 0, bytes.length, out)).toBe(1);
    expect(String.fromCharCode(out[0]!)).toBe(text);
  });

  it("counts what there is no room for", () => {
    expect(huffmanDecode(new Uint8Array(5), 0, 5, new Uint8Array(2))).toBe(8);
  });
});

describe("anything", () => {
  it("never throws, and reports nothing twice", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (blocks) => {
        const decoder = open();
        for (const block of blocks) expect(read(decoder, block).length).toBeLessThanOrEqual(block.length + 1);
      }),
      { numRuns: 3000 },
    );
  });

  it("a bomb costs a call for each octet: 4,000 octets, named 60,000 times", () => {
    const decoder = open();
    const entry = join([0x44, 0x7f, 0xa1, 0x1e], new Uint8Array(4000).fill(0x61));
    read(decoder, entry);
    const bomb = new Uint8Array(60_000).fill(0xbe);
    let calls = 0;
    let first: string | null = null;
    decoder.decode(bomb, 0, bomb.length, {
      field: (_, value) => {
        calls++;
        first ??= value;
      },
    });
    expect(calls).toBe(60_000);
    expect(first).toHaveLength(2048);
  });
});
