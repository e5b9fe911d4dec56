// HTTP/2 as a stream, known from before or upgraded to, and gRPC over it: which requests and responses does a flow carry?
// (RFC 9113; h2c: RFC 7540 §3.2; https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)
//
// http2-session.ts reads frames, http2-streams.ts makes exchanges of them, hpack.ts reads their header fields.

import type { ExchangeSink, StreamDecoder } from "../src/core/stream-decoder.ts";
import { TextCache } from "./http1-text.ts";
import { Chain, prefaceAt } from "./http2-frames.ts";
import { Http2Session } from "./http2-session.ts";

class Http2Decoder implements StreamDecoder {
  readonly protocol = "http2";
  /** Scratch and cache shared by all flows: nothing of one flow shows in another's. */
  private readonly texts = new TextCache();
  private readonly chain = new Chain();

  /**
   * The client's preface; the SETTINGS of a server; or, joined midway, two frames or more that follow one another and fill the
   * segment exactly.
   */
  probe(bytes: Uint8Array, start: number, end: number): "yes" | "no" | "more" {
    const preface = prefaceAt(bytes, start, end);
    if (preface !== "no") return preface === "whole" ? "yes" : "more";
    const { chain } = this;
    chain.read(bytes, start, end);
    return chain.exact && (chain.frames > 1 || chain.settings) ? "yes" : "no";
  }

  open(sink: ExchangeSink): Http2Session {
    return new Http2Session(sink, this.texts, this.chain);
  }
}

export const http2: StreamDecoder = new Http2Decoder();
