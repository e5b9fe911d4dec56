// Are tokens and passwords put into headers as RFC 6750 and RFC 7617 say, and never into an error?

import { describe, expect, it } from "vitest";
import { basicFrom, bearer, tokenHeader, tokenOf } from "../../src/ticket/credentials/authorization.ts";
import { concealing, hidingPath } from "../../src/ticket/http/secrets.ts";
import { TicketError } from "../../src/ticket/ticket-error.ts";

describe("headers", () => {
  it("bear tokens", () => {
    expect(bearer(" abc\n", "X_TOKEN").headers).toEqual({ Authorization: "Bearer abc" });
    expect(bearer("abc", "X_TOKEN", "token").headers).toEqual({ Authorization: "token abc" });
    expect(tokenHeader("PRIVATE-TOKEN", "abc", "X_TOKEN")).toEqual({
      headers: { "PRIVATE-TOKEN": "abc" },
      source: "X_TOKEN",
    });
  });

  it("bear logins and passwords: the examples of RFC 7617 §2 and §2.1", () => {
    expect(basicFrom("Aladdin", "open sesame", "s").headers.Authorization).toBe("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    expect(basicFrom("test", "123£", "s").headers.Authorization).toBe("Basic dGVzdDoxMjPCow==");
    expect(basicFrom("a", ":b:", "s").headers.Authorization).toBe(`Basic ${btoa("a::b:")}`);
  });

  it("refuse what they cannot bear, and name the source alone", () => {
    const wrong = [
      () => tokenOf("", "X_TOKEN"),
      () => tokenOf("planted one", "X_TOKEN"),
      () => tokenOf("planted\r\nX: 1", "X_TOKEN"),
      () => tokenOf("plantedü", "X_TOKEN"),
      () => basicFrom("planted:x", "planted", "X_TOKEN"),
      () => basicFrom("", "planted", "X_TOKEN"),
      () => basicFrom("a", "planted\n", "X_TOKEN"),
    ];
    for (const build of wrong) {
      expect(build).toThrow(TicketError);
      expect(build).toThrow(/^X_TOKEN holds no /);
      expect(build).not.toThrow(/planted/);
    }
  });
});

describe("secrets in a text", () => {
  it("are dots, whole and in parts, the longest first", () => {
    const conceal = concealing(basicFrom("anna", "pa55word", "s"));
    expect(conceal(`"Basic ${btoa("anna:pa55word")}" of anna is pa55word`)).toBe('"…" of anna is …');
    expect(concealing({ headers: { A: "Bearer abcdef", B: "abcdefgh" }, source: "s" })("abcdefgh, abcdef")).toBe(
      "…, …",
    );
    expect(concealing({ headers: { A: "token abc" }, source: "s" })("abc")).toBe("abc");
    expect(concealing(null)("as it is")).toBe("as it is");
  });

  it("may be a path", () => {
    const hide = hidingPath(new URL("https://hooks.example.com/services/T0001/planted-key?sig=planted-sig"), (t) => t);
    const said = "Cannot POST /services/T0001/planted-key?sig=planted-sig; planted-key of services; planted-sig";
    expect(hide(said)).toBe("Cannot POST …; … of services; …");
  });
});
