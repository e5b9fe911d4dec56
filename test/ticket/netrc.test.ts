// Is .netrc read as curl reads it?

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Settings } from "../../src/ticket/credentials/credentials.ts";
import { basicFromNetrc, bearerFromNetrc, netrcEntry, parseNetrc } from "../../src/ticket/credentials/netrc.ts";

const settings = (files: Record<string, string>): Settings => ({
  env: {},
  homeFile: async (path) => files[path] ?? null,
});

describe("parseNetrc", () => {
  it.each<[string, string, ReturnType<typeof parseNetrc>]>([
    [
      "one line",
      "machine a.example.com login anna password s3cret\n",
      [{ machine: "a.example.com", login: "anna", password: "s3cret" }],
    ],
    [
      "many lines, any order, CRLF, a byte order mark",
      "\ufeffmachine a.example.com\r\n\tpassword s3cret\r\n  login anna\r\n",
      [{ machine: "a.example.com", login: "anna", password: "s3cret" }],
    ],
    [
      "two machines and default, account passed over",
      "machine a.example.com login a account x password 1 machine b.example.com password 2 default login d password 3",
      [
        { machine: "a.example.com", login: "a", password: "1" },
        { machine: "b.example.com", login: null, password: "2" },
        { machine: null, login: "d", password: "3" },
      ],
    ],
    [
      "comments, at the beginning and behind an entry, never within a value",
      "# machine x.example.com login x password x\nmachine a.example.com # login y\nlogin #anna password #s3cret # end",
      [{ machine: "a.example.com", login: "#anna", password: "#s3cret" }],
    ],
    [
      "values that are keywords",
      "machine a.example.com login login password machine",
      [{ machine: "a.example.com", login: "login", password: "machine" }],
    ],
    [
      "quotes and escapes",
      'machine "a.example.com" login "anna b" password "a\\"b\\\\c\\td\\ne\\x"',
      [{ machine: "a.example.com", login: "anna b", password: 'a"b\\c\td\nex' }],
    ],
    [
      "a backslash without quotes is one",
      "machine a.example.com password a\\nb",
      [{ machine: "a.example.com", login: null, password: "a\\nb" }],
    ],
    [
      "a macro up to its empty line",
      "machine a.example.com password 1\nmacdef init\ncd /pub\nmachine x.example.com password x\n\nmachine b.example.com password 2",
      [
        { machine: "a.example.com", login: null, password: "1" },
        { machine: "b.example.com", login: null, password: "2" },
      ],
    ],
    [
      "a backslash at the end of all",
      'machine a.example.com password "x\\',
      [{ machine: "a.example.com", login: null, password: "x" }],
    ],
    ["a macro without an end", "macdef init\nmachine x.example.com password x", []],
    ["nothing behind a keyword", "machine", []],
    [
      "no password behind it",
      "machine a.example.com password",
      [{ machine: "a.example.com", login: null, password: null }],
    ],
    ["a value before any machine", "login anna password x", []],
  ])("%s", (_, text, entries) => expect(parseNetrc(text)).toEqual(entries));

  it("ends for every text, and gives back what is written in quotes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array().map((bytes) => String.fromCharCode(...bytes)),
        (text) => void parseNetrc(text),
      ),
    );
    const pieces = fc.constantFrom(
      "machine ",
      "default ",
      "login ",
      "password ",
      "macdef ",
      '"',
      "\\",
      "#",
      "\n",
      " ",
      "x",
    );
    fc.assert(fc.property(fc.array(pieces), (words) => void parseNetrc(words.join(""))));
    const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
    fc.assert(
      fc.property(fc.string(), fc.string(), (login, password) => {
        const [entry] = parseNetrc(`machine a.example.com login ${quoted(login)} password ${quoted(password)}`);
        expect(entry).toEqual({ machine: "a.example.com", login, password });
      }),
    );
  });
});

describe("the entry of an address", () => {
  const text =
    "machine A.example.com login anna password one\nmachine b.example.com login bert\nmachine b.example.com login carl password two\n" +
    "machine ::1 password six\ndefault login dora password rest";

  it("is that of its host, whatever the port and the case, the first with a password", async () => {
    const here = settings({ ".netrc": text });
    expect(await netrcEntry(here, "https://a.EXAMPLE.com:8443/x")).toEqual({
      login: "anna",
      password: "one",
      source: "~/.netrc",
    });
    expect((await netrcEntry(here, "https://b.example.com"))?.login).toBe("carl");
    expect((await netrcEntry(here, "http://[::1]:3000/"))?.password).toBe("six");
    expect((await netrcEntry(here, "https://sub.a.example.com"))?.login).toBe("dora");
    expect(await netrcEntry(here, "not an address")).toBeNull();
  });

  it("is none without a file, or where default is for FTP; _netrc is read where .netrc is not", async () => {
    expect(await netrcEntry(settings({}), "https://a.example.com")).toBeNull();
    const ftp = settings({ ".netrc": "default login anonymous password user@example.com" });
    expect(await netrcEntry(ftp, "https://a.example.com")).toBeNull();
    expect((await netrcEntry(settings({ _netrc: text }), "https://a.example.com"))?.password).toBe("one");
  });

  it("becomes a header", async () => {
    const here = settings({ ".netrc": text });
    expect(await bearerFromNetrc(here, "https://a.example.com")).toEqual({
      headers: { Authorization: "Bearer one" },
      source: "~/.netrc",
    });
    expect((await bearerFromNetrc(here, "https://a.example.com", "token"))?.headers.Authorization).toBe("token one");
    // echo -n anna:one | base64
    expect((await basicFromNetrc(here, "https://a.example.com"))?.headers.Authorization).toBe("Basic YW5uYTpvbmU=");
    expect(await basicFromNetrc(here, "http://[::1]/")).toBeNull();
  });
});
