// What of a header block matters? (RFC 9113 §8.3, gRPC over HTTP/2)
//
// What identifies a request, the status, and how a gRPC call ended. The values of all other fields are passed by.

import { type Failure, MAX_TEXT } from "../src/core/stream-decoder.ts";
import type { FieldReceiver } from "./hpack.ts";

export const WANTED_FIELDS: ReadonlySet<string> = new Set([
  ...[":method", ":path", ":authority", ":status", "host", "x-request-id", "traceparent", "content-type"],
  ...["grpc-status", "grpc-message", "grpc-timeout"],
]);

/** https://github.com/grpc/grpc/blob/master/doc/statuscodes.md, by number. */
const GRPC_STATUS = [
  ...["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"],
  ...["PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED"],
  ...["INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"],
];

/** The fields of the block in hand: one per session, reused. Null: not there, or not known. */
export class Fields implements FieldReceiver {
  method: string | null = null;
  path: string | null = null;
  authority: string | null = null;
  requestId: string | null = null;
  traceparent: string | null = null;
  /** Null: none, or not three digits. */
  status: number | null = null;
  /** Fields that only a request has; only a response. */
  ofRequest = false;
  ofResponse = false;
  /** Fields of which not even the name is known, or the block was cut: what is missing may have been there. */
  doubtful = false;
  private host: string | null = null;
  private contentType: string | null = null;
  private grpcStatus: string | null = null;
  private grpcMessage: string | null = null;
  private hasTimeout = false;

  clear(): void {
    this.method = null;
    this.path = null;
    this.authority = null;
    this.requestId = null;
    this.traceparent = null;
    this.status = null;
    this.ofRequest = false;
    this.ofResponse = false;
    this.doubtful = false;
    this.host = null;
    this.contentType = null;
    this.grpcStatus = null;
    this.grpcMessage = null;
    this.hasTimeout = false;
  }

  // hot: per field.
  field(name: string | null, value: string | null): void {
    switch (name) {
      case null:
        this.doubtful = true;
        break;
      case ":method":
        this.ofRequest = true;
        this.method ??= value;
        break;
      case ":path":
        this.ofRequest = true;
        this.path ??= value;
        break;
      case ":authority":
        this.ofRequest = true;
        this.authority ??= value;
        break;
      case ":scheme":
      case ":protocol":
        this.ofRequest = true;
        break;
      case ":status":
        this.ofResponse = true;
        this.status ??= value !== null && /^[1-9][0-9][0-9]$/.test(value) ? Number(value) : null;
        break;
      case "host":
        this.host ??= value;
        break;
      case "x-request-id":
        this.requestId ??= value;
        break;
      case "traceparent":
        this.traceparent ??= value;
        break;
      case "content-type":
        this.contentType ??= value;
        break;
      case "grpc-status":
        this.grpcStatus ??= value;
        break;
      case "grpc-message":
        this.grpcMessage ??= value;
        break;
      case "grpc-timeout":
        this.hasTimeout = true;
        break;
    }
  }

  /** :path; of CONNECT, which has none, :authority (RFC 9113 §8.5); "?" when it is not known. */
  get target(): string {
    return this.path ?? (this.method === "CONNECT" ? this.authority : null) ?? "?";
  }

  get hostOrAuthority(): string | null {
    return this.authority ?? this.host;
  }

  get id(): string | null {
    return this.requestId || this.traceparent || null;
  }

  /** The call means to wait for what may never come: a gRPC watch or subscription, by its method's name, without a deadline. */
  get waits(): boolean {
    if (this.hasTimeout || this.path === null || !this.contentType?.startsWith("application/grpc")) return false;
    return /\/(Watch|Subscribe)(?![a-z])[^/]*$/.test(this.path);
  }

  /** How the gRPC call failed; null when it did not, when it is none, and before its end. */
  get failure(): Failure | null {
    const status = this.grpcStatus;
    if (status === null || !/^[0-9]{1,10}$/.test(status) || Number(status) === 0) return null;
    return {
      code: GRPC_STATUS[Number(status)] ?? String(Number(status)),
      text: percentDecoded(this.grpcMessage ?? ""),
    };
  }
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** grpc-message: UTF-8 bytes outside of printable ASCII as %XX; what is no such sequence stays as it is. */
export function percentDecoded(text: string): string {
  const decoded = text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
    utf8.decode(Uint8Array.from(run.slice(1).split("%"), (hex) => Number.parseInt(hex, 16))),
  );
  return decoded.slice(0, MAX_TEXT);
}
