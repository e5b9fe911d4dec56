// Are gRPC calls and how they ended read as the protocol writes them? (gRPC over HTTP/2)

import { describe, expect, it } from "vitest";
import { percentDecoded } from "../../decoders/http2-fields.ts";
import { C, data, END_STREAM, frame, headers, hello, rst, run, S, u32 } from "./http2-wire.ts";

describe("gRPC", () => {
  const call = (stream: number, path: string, more: Record<string, string> = {}) =>
    headers(stream, {
      ...{ ":method": "POST", ":scheme": "http", ":path": path, ":authority": "s:1" },
      ...{ "content-type": "application/grpc", te: "trailers", ...more },
    });
  const message = (stream: number, n: number, flags = 0) =>
    frame(0, flags, stream, [0, ...u32(n), ...new Uint8Array(n)]);
  const head = (stream: number) => headers(stream, { ":status": "200", "content-type": "application/grpc" });
  const trailers = (stream: number, fields: Record<string, string>) => headers(stream, fields, END_STREAM);

  it("a unary call that succeeds", () => {
    const sink = run([
      ...hello,
      C(call(1, "/shop.Inventory/GetStock"), message(1, 3, END_STREAM)),
      S(head(1), message(1, 7), trailers(1, { "grpc-status": "0" })),
    ]);
    expect(sink.lines()).toEqual(["POST /shop.Inventory/GetStock @s:1. > 200."]);
    expect(sink.exchanges[0]!.response!.error).toBeNull();
    expect(sink.exchanges[0]!.responseBytes).toBe(12);
  });

  it.each([
    ["1", "CANCELLED"],
    ["4", "DEADLINE_EXCEEDED"],
    ["8", "RESOURCE_EXHAUSTED"],
    ["14", "UNAVAILABLE"],
    ["16", "UNAUTHENTICATED"],
    ["77", "77"],
  ])("grpc-status %s in the trailers is %s, on the answer that began without it", (status, code) => {
    const sink = run([
      ...hello,
      C(call(1, "/s.S/M"), message(1, 0, END_STREAM)),
      S(head(1)),
      S(message(1, 4)),
      S(trailers(1, { "grpc-status": status, "grpc-message": "no%20room%21 50%" })),
    ]);
    expect(sink.exchanges[0]!.response).toEqual({
      ...{ frame: 5, time: 5000, status: 200 },
      error: { code, text: "no room! 50%" },
    });
  });

  it("trailers only", () => {
    const fields = { ":status": "200", "content-type": "application/grpc", "grpc-status": "5", "grpc-message": "gone" };
    const sink = run([...hello, C(call(1, "/s.S/M")), S(headers(1, fields, END_STREAM))]);
    expect(sink.log.slice(-2)).toEqual(["response NOT_FOUND", "response complete"]);
    expect(sink.exchanges[0]!.response!.error).toEqual({ code: "NOT_FOUND", text: "gone" });
  });

  it("a deadline: the client cancels", () => {
    const sink = run([...hello, C(call(1, "/s.S/Hang", { "grpc-timeout": "1S" }), message(1, 1, 1)), C(rst(1, 8))]);
    expect(sink.log).toEqual(["request POST /s.S/Hang", "request complete", "cancelled"]);
  });

  it("both ways streaming: the head is the answer, the trailers are its end", () => {
    const sink = run([
      ...hello,
      C(call(1, "/s.S/Chat"), message(1, 2)),
      S(head(1), message(1, 2)),
      C(message(1, 2)),
      S(message(1, 2)),
      C(data(1, 0, END_STREAM)),
      S(trailers(1, { "grpc-status": "0" })),
    ]);
    expect(sink.log).toEqual(["request POST /s.S/Chat", "response 200", "request complete", "response complete"]);
  });

  it.each([
    ["/grpc.health.v1.Health/Watch", {}, true],
    ["/etcdserverpb.Watch/Watch", {}, true],
    ["/news.Feed/SubscribeTopic", {}, true],
    ["/news.Feed/Subscriptions", {}, false],
    ["/shop.Watch/Get", {}, false],
    ["/grpc.health.v1.Health/Watch", { "grpc-timeout": "5S" }, false],
  ])("%s with %j means to wait: %s", (path, more, waits) => {
    expect(run([...hello, C(call(1, path, more))]).exchanges[0]!.request!.waits ?? false).toBe(waits);
  });

  it("decodes messages as gRPC encodes them", () => {
    expect(percentDecoded("f%C3%BCll: 100%25%0A")).toBe("füll: 100%\n");
    expect(percentDecoded("%zz % %4")).toBe("%zz % %4");
    expect(percentDecoded("%ff%")).toBe("\ufffd%");
  });
});
